"""Learning from another model's answers: they tell a network more about an image than its label does."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.model.model import Model, shipped
from handgrad.nn.params import Array


class Teacher:
    """A trained model whose probabilities stand in for labels (Hinton, Vinyals and Dean 2015, "Distilling the
    Knowledge in a Neural Network", with temperature 1). It sees each batch as its pupil does.

    name: of a model in the package, or the path of a model file. share: of the target that is the teacher's, the rest
    is the label's. mean, scale (H, W, C): how the pupil's input was normalised. batch: images at a time.
    """

    def __init__(
        self, name: str, share: float, mean: Array, scale: Array, classes: tuple[str, ...], batch: int
    ) -> None:
        model = Model.load(Path(name) if Path(name).suffix else shipped(name))
        network = model.network
        if model.classes != classes or network.in_shape != mean.shape or network.out_shape != (len(classes),):
            raise UserError(
                f"teacher '{name}' answers {len(model.classes)} classes of images {network.in_shape}: expected the "
                f"{len(classes)} of the training images {mean.shape}; choose another, or set teacher to '' and "
                "distillation to 0"
            )
        self.model, self.share = model, share
        self.scale, self.shift = model.scale / scale, (mean - model.mean) * model.scale
        self.workspace = network.workspace(batch, kernels="parallel")

    @property
    def nbytes(self) -> int:
        """The memory that it works in."""
        return self.workspace.nbytes + self.model.network.theta.nbytes + self.model.network.grad.nbytes

    def correct(self, dlogits: Array, x: Array, labels: NDArray[np.uint8], smoothing: float) -> None:
        """Move the target of a gradient (N, K) from the labels (N,) towards the teacher's view of x (N, H, W, C)."""
        ws = self.workspace
        np.multiply(x, self.scale, out=ws.x)
        ws.x += self.shift
        target = softmax(self.model.network.forward(ws.x, ws))
        target -= np.float32(smoothing / target.shape[1])
        target[np.arange(len(labels)), labels] -= np.float32(1 - smoothing)
        target *= np.float32(self.share / len(labels))
        dlogits -= target
