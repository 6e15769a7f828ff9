"""Compiling the kernels that a recipe needs, before the clock starts."""

import time
from dataclasses import replace

import numpy as np

from handgrad.datasets import Images
from handgrad.kernels.compiling import Report, silent
from handgrad.kernels.store import has_compiler
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer


def compile_kernels(recipe: Recipe, data: Images, report: Report = silent) -> float:
    """Compile the kernels that a recipe needs, found by writing down a step on few and empty images.

    Parameters
    ----------
    recipe : Recipe
        What is to be trained.
    data : Images
        What it is to learn from: their size and classes count.
    report : callable
        Told, in one line, what is compiled and how long it takes.

    Returns
    -------
    float
        The seconds that it took; 0 where no compiler is installed.

    Raises
    ------
    UserError
        Where recipe and images do not fit.
    """
    from handgrad.kernels.objects import load

    if not has_compiler():
        return 0.0
    began = time.perf_counter()
    few = 2 * recipe.members
    pixels = np.zeros((few, *data.pixels.shape[1:]), np.uint8)
    images = replace(data, pixels=pixels, labels=np.zeros(few, np.uint8))
    tiny = recipe.change(batch=few, outliers=0.0, redrawn=0.0, all_data=False)
    load(_needed(Trainer(tiny, images, None)), report)
    return time.perf_counter() - began


def _needed(trainer: Trainer) -> set[str]:
    """Every kernel that a run calls: in its steps, for the average, for validation, and for the teacher."""
    names = trainer.begin().names | trainer.network.kernels() | {"softmax_cross_entropy"}
    names |= {"ema_step"} if trainer.ema else set()
    return names | (trainer.teacher.network.kernels() if trainer.teacher else set())
