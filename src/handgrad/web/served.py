"""A model that a server answers with."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from handgrad import __version__
from handgrad.kernels.loss import softmax
from handgrad.model.answering import KeptLogits
from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels
from handgrad.model.shipped import FOLDER
from handgrad.nn.params import Array


class Served:
    """A model with its name.

    Parameters
    ----------
    name : str
        How requests call it.
    file : pathlib.Path
        Where it comes from.
    """

    def __init__(self, name: str, file: Path) -> None:
        import handgrad.reading  # noqa: F401  what answers are made of: it takes long to import, so not before the page

        self.name, self.file = name, file
        self.model = Model.load(file)
        self._logits = KeptLogits(self.model.network, self.model.preprocess, self.model.kernels, fixed=True)

    @property
    def key(self) -> tuple[Path, str]:
        """What `lane.opened` takes to open the same model in another process."""
        return self.file, self.model.kernels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of its images."""
        height, width, channels = self.model.network.in_shape
        return height, width, channels

    def scores(self, pixels: Pixels) -> Array:
        """Return the probability of each class as `Model.scores` does, in one thread at a time.

        Parameters
        ----------
        pixels : uint8 array (N, H, W, C)
            Images.

        Returns
        -------
        float32 array (N, K)
            Probabilities; what a row lacks to 1 is that of none.
        """
        model = self.model
        scores: Array = softmax(self._logits(pixels) / np.float32(model.temperature))[:, : len(model.classes)]
        return scores

    @cached_property
    def half(self) -> bytes:
        """Its file with weights of 16 bits, as `Model.save` writes it."""
        return self.model.to_bytes(half=True)

    @cached_property
    def features(self) -> bytes:
        """How it sees the digits that the page keeps, see `stored.features`; nothing where it sees other images."""
        from handgrad.web.stored import features

        return features(self.model) if self.shape == (28, 28, 1) and self.model.pictures == "digits" else b""

    def card(self) -> str:
        """Return what there is to say about the model.

        Returns
        -------
        str
            Markdown.
        """
        card = self.file.with_suffix(".md")
        if self.file.parent == FOLDER and card.is_file():
            return card.read_text(encoding="utf-8")
        recipe = dict(self.model.record.get("recipe", {})).get("name", "unknown")
        rows = {"recipe": recipe, "seed": self.model.record.get("seed", "unknown"), **self.facts()}
        lines = [
            f"# {self.name}",
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {key} | {value} |" for key, value in rows.items()),
        ]
        return "\n".join([*lines, "", "```", repr(self.model.network), "```", ""])

    def facts(self) -> dict[str, Any]:
        """Return what a client has to know to ask it.

        Returns
        -------
        dict
            name, recipe, classes, input (height, width, channels), parameters, pictures and version.
        """
        model, recipe = self.model, dict(self.model.record.get("recipe", {})).get("name")
        return {
            "name": self.name, "recipe": recipe if isinstance(recipe, str) else None, "classes": list(model.classes),
            "input": list(self.shape), "parameters": model.network.layout.count, "pictures": model.pictures,
            "version": __version__,
        }  # fmt: skip
