"""Pictures and self-contained HTML pages: what a training run did, and how good its model is."""

from handgrad.report.files import save, write_page
from handgrad.report.images import grid, mistakes
from handgrad.report.page import Headline, Table, evaluation_page, page, training_page
from handgrad.report.plots import confusion_matrix, curves, lr_curve
from handgrad.report.sweeps import level_curves, level_dots, sweep_page

__all__ = [
    "Headline",
    "Table",
    "confusion_matrix",
    "curves",
    "evaluation_page",
    "grid",
    "level_curves",
    "level_dots",
    "lr_curve",
    "mistakes",
    "page",
    "save",
    "sweep_page",
    "training_page",
    "write_page",
]
