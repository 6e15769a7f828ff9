"""The models that a server answers with: loaded in the background, each by a name that tells no path."""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.shipped import FOLDER, MODEL_FILE, model_file
from handgrad.web.problem import Problem
from handgrad.web.served import Served

ODD = re.compile(r"[^A-Za-z0-9._-]+")  # what a name in an address should not have
TUNED = "-tuned"  # what ends the names of models that the server has tuned


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
        self._given = frozenset(self._files)
        self._executor = ThreadPoolExecutor(1, "handgrad-models")
        self._loading: dict[str, Future[Served]] = {}

    @property
    def names(self) -> list[str]:
        """Their names; the default comes first."""
        return list(self._files)

    def add(self, base: str, file: Path) -> str:
        """Add a model that was tuned, in place of the one that was tuned from the same model before.

        Parameters
        ----------
        base : str
            The name of the model that the tuning went on from.
        file : pathlib.Path
            Its file, which replaces that of the earlier one.

        Returns
        -------
        str
            Its name, once it is loaded.

        Raises
        ------
        UserError
            Where it cannot be loaded.
        """
        name = base.removesuffix(TUNED) + TUNED
        while name in self._given:  # the user's own of that name stays as it is
            name += TUNED
        loading = self._executor.submit(Served, name, file)
        loading.result()
        earlier = self._files.get(name)
        self._loading[name] = loading
        self._files = {**self._files, name: file}  # another dict, since requests walk through the one that is there
        if earlier:
            earlier.unlink(missing_ok=True)
        return name

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
