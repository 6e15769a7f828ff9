"""Compiling the kernels that a recipe needs, before the clock starts."""

import time
from dataclasses import replace

import numpy as np

from handgrad.datasets import Images
from handgrad.training.optim import EMA
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer


def compile_kernels(recipe: Recipe, data: Images) -> float:
    """Compile the kernels that a recipe needs, by training on few and empty images.

    Parameters
    ----------
    recipe : Recipe
        What is to be trained.
    data : Images
        What it is to learn from: their size and classes count.

    Returns
    -------
    float
        The seconds that it took.

    Raises
    ------
    UserError
        Where recipe and images do not fit.
    """
    began = time.perf_counter()
    few = 2 * recipe.members
    pixels = np.zeros((EMA.EVERY * few, *data.pixels.shape[1:]), np.uint8)
    images = replace(data, pixels=pixels, labels=np.zeros(len(pixels), np.uint8))
    tiny = recipe.change(
        hidden=(8,) * len(recipe.hidden), epochs=1, batch=few, outliers=0.0, redrawn=0.0, all_data=False
    )
    for _ in Trainer(tiny, images, images).run():
        pass
    return time.perf_counter() - began
