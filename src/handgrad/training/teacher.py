"""Learning from another model's answers: they tell a network more about an image than its label does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import open_model
from handgrad.nn.params import Array

if TYPE_CHECKING:
    from handgrad.training.recipe import Recipe


class Teacher:
    """A trained model whose probabilities stand in for labels.

    After Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", with temperature 1. The teacher
    sees each batch as its pupil does.

    Parameters
    ----------
    recipe : Recipe
        Its `teacher` names the model, its `distillation` is the teacher's share of the target.
    preprocess : Preprocess
        What the pupil sees of an image.
    classes : tuple of str
        The classes that the pupil learns.
    batch : int
        Images at a time.

    Raises
    ------
    UserError
        Where the model does not fit the images or the classes, or sees them deskewed and the pupil does not.
    """

    def __init__(self, recipe: Recipe, preprocess: Preprocess, classes: tuple[str, ...], batch: int) -> None:
        name, in_shape = recipe.teacher, preprocess.mean.shape
        model = open_model(name)
        network, seen = model.network, model.preprocess
        if model.classes != classes or network.in_shape != in_shape or network.out_shape != (len(classes),):
            raise UserError(
                f"teacher '{name}' answers {len(model.classes)} classes of images {network.in_shape}: expected the "
                f"{len(classes)} of the training images {in_shape}; choose another, or set teacher to '' and "
                "distillation to 0"
            )
        if seen.deskew and not recipe.deskew:
            raise UserError(f"teacher '{name}' sees deskewed digits: set deskew, or choose another")
        self.network, self.share = network, recipe.distillation
        self.scale = seen.scale / preprocess.scale
        self.shift = (preprocess.mean - seen.mean) * seen.scale
        self.workspace = network.workspace(batch, kernels="compiled", fixed=True)

    @property
    def nbytes(self) -> int:
        """The memory that it works in, in bytes."""
        return self.workspace.nbytes + self.network.theta.nbytes + self.network.grad.nbytes

    def correct(self, dlogits: Array, x: Array, labels: NDArray[np.uint8], label_smoothing: float) -> None:
        """Move the target of a gradient from the labels towards the teacher's answers.

        Parameters
        ----------
        dlogits : float32 array (N, K)
            Gradient of the mean loss with respect to the logits, changed in place.
        x : float32 array (N, H, W, C)
            What the pupil saw.
        labels : uint8 array (N,)
            The labels that the gradient was computed with.
        label_smoothing : float
            The label smoothing that it was computed with.
        """
        ws = self.workspace
        np.multiply(x, self.scale, out=ws.x)
        ws.x += self.shift
        target = softmax(self.network.forward(ws.x, ws))
        target -= np.float32(label_smoothing / target.shape[1])
        target[np.arange(len(labels)), labels] -= np.float32(1 - label_smoothing)
        target *= np.float32(self.share / len(labels))
        dlogits -= target
