"""The models that a server answers with: loaded in the background, each by a name that tells no path."""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from handgrad import __version__
from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.model.answering import KeptLogits
from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels
from handgrad.model.shipped import FOLDER, MODEL_FILE, model_file
from handgrad.nn.params import Array
from handgrad.web.problem import Problem

ODD = re.compile(r"[^A-Za-z0-9._-]+")  # what a name in an address should not have


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
        self._logits = KeptLogits(self.model.network, self.model.preprocess, self.model.kernels)

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


class Models:
    """The models of a server.

    Parameters
    ----------
    given : sequence of str
        Names of models that come along, model files or run folders; the first one is the default.

    Raises
    ------
    UserError
        Where two have one name, or there is no such file.
    """

    def __init__(self, given: Sequence[str]) -> None:
        self._files = named_files(given)
        self._executor = ThreadPoolExecutor(1, "handgrad-models")
        self._loading: dict[str, Future[Served]] = {}

    @property
    def names(self) -> list[str]:
        """Their names; the default comes first."""
        return list(self._files)

    def start(self, then: Callable[[], None]) -> None:
        """Begin to load them, in the background.

        Parameters
        ----------
        then : callable
            Called once they are loaded.
        """
        for name, file in self._files.items():
            self._loading[name] = self._executor.submit(Served, name, file)
            self._loading[name].add_done_callback(_told)
        self._executor.submit(then)

    def close(self) -> None:
        """Load no more."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def states(self) -> dict[str, str]:
        """Return how far loading is.

        Returns
        -------
        dict of str to str
            `loading`, `ready` or `failed` by name.
        """
        return {name: _state(self._loading.get(name)) for name in self._files}

    async def get(self, name: str = "") -> Served:
        """Return a model, as soon as it is loaded.

        Parameters
        ----------
        name : str
            Its name; empty for the default.

        Returns
        -------
        Served
            The model.

        Raises
        ------
        Problem
            Where there is none, or its file is damaged.
        """
        name = name or next(iter(self._files))
        if name not in self._files:
            known = ", ".join(self._files)
            raise Problem(404, f"model '{name[:80]}': there is none of this name, expected one of {known}", "model")
        future = self._loading[name]
        try:
            return future.result() if future.done() else await asyncio.wrap_future(future)
        except UserError:
            raise Problem(
                503, f"model '{name}' could not be loaded; the server's log says why, ask another model", "model"
            ) from None

    async def half(self, served: Served) -> bytes:
        """Return the file of a model, made without keeping others waiting.

        Parameters
        ----------
        served : Served
            The model.

        Returns
        -------
        bytes
            See `Served.half`.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: served.half)


def named_files(given: Sequence[str]) -> dict[str, Path]:
    """Return the files of models by the names that requests use.

    Parameters
    ----------
    given : sequence of str
        Names of models that come along, model files or run folders.

    Returns
    -------
    dict of str to pathlib.Path
        In the same order. A file is called by its name without the ending, a run folder's by that of the folder.

    Raises
    ------
    UserError
        Where two have one name, or there is no such file.
    """
    files: dict[str, Path] = {}
    for each in given:
        file = model_file(each)
        if not file.is_file():
            raise UserError(f"{each}: no such model file; give a name, a .safetensors file or a run folder")
        path = file.resolve()
        name = ODD.sub("-", path.parent.name if path.name == MODEL_FILE else path.stem) or "model"
        if files.get(name, file) != file:
            raise UserError(f"{each}: two models are called '{name}'; rename one of them")
        files[name] = file
    return files


def checked(given: Sequence[str]) -> list[str]:
    """Return the names of models, those of the user's own opened to see that they are sound.

    Parameters
    ----------
    given : sequence of str
        As for `named_files`.

    Returns
    -------
    list of str
        In the same order.

    Raises
    ------
    UserError
        Where there is no such file, or it is damaged.
    """
    files = named_files(given)
    for file in files.values():
        if file.parent != FOLDER:
            Model.load(file)
    return list(files)


def _state(future: Future[Served] | None) -> str:
    if future is None or not future.done():
        return "loading"
    return "failed" if future.cancelled() or future.exception() else "ready"


def _told(future: Future[Served]) -> None:
    if not future.cancelled() and (error := future.exception()):
        logging.getLogger("handgrad").error("a model could not be loaded: %s", error)
