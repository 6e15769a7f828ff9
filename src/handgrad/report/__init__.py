"""Pictures and self-contained HTML pages: what a training run did, and how good its model is."""

from handgrad.report.files import save, write_page
from handgrad.report.images import grid, mistakes
from handgrad.report.page import Headline, Table, evaluation_page, page, training_page
from handgrad.report.plots import confusion_matrix, curves, lr_curve

__all__ = [
    "Headline",
    "Table",
    "confusion_matrix",
    "curves",
    "evaluation_page",
    "grid",
    "lr_curve",
    "mistakes",
    "page",
    "save",
    "training_page",
    "write_page",
]
