"""MNIST's 10,000 test images, answered by a model once: they judge, and nothing is chosen by them."""

import asyncio
from functools import cache
from weakref import WeakKeyDictionary

import numpy as np

from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.nn.params import Array
from handgrad.web.queue import BATCH, Batches
from handgrad.web.served import Served


@cache
def test_images() -> Images:
    """Return MNIST's test images.

    Returns
    -------
    Images
        10,000 of them.
    """
    images = load("mnist").test
    assert images
    return images


class Evaluation:
    """Judges models by MNIST's test images.

    Parameters
    ----------
    batches : Batches
        Answers them, a batch at a time, so that others need not wait.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches, self._turn = batches, asyncio.Lock()
        self._scores: WeakKeyDictionary[Served, Array] = WeakKeyDictionary()

    async def scores(self, served: Served) -> Array:
        """Return what a model says of all test images.

        Parameters
        ----------
        served : Served
            The model.

        Returns
        -------
        float32 array (10000, 10)
            Its scores, as `Model.scores` gives them.

        Raises
        ------
        UserError
            For a model of other images.
        Problem
            Where too many images wait.
        """
        images = await asyncio.to_thread(test_images)
        if served.shape != images.nhwc.shape[1:] or served.model.classes != images.classes:
            raise UserError(f"{served.name}: expected a model of the ten digits, 28x28, as MNIST has them")
        async with self._turn:
            if served not in self._scores:
                parts = [
                    await self._batches.scores(served, images.nhwc[first : first + BATCH])
                    for first in range(0, len(images), BATCH)
                ]
                self._scores[served] = np.concatenate(parts)
            return self._scores[served]
