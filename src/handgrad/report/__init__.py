"""Figures and self-contained HTML pages about training runs, sweeps and evaluations."""

from handgrad.report.files import save, write_page
from handgrad.report.images import grid, mistakes
from handgrad.report.page import Headline, Table, page
from handgrad.report.pages import evaluation_page, training_page
from handgrad.report.plots import confusion_matrix, curves, lr_curve
from handgrad.report.runs import run_curves
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
    "run_curves",
    "save",
    "sweep_page",
    "training_page",
    "write_page",
]
