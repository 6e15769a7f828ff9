"""The models that come with the package, and any model by its name or path."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.renamed import RECIPES

FOLDER = Path(__file__).parent / "pretrained"  # the files, each with its card
MODEL_FILE = "model.safetensors"  # of a run folder


def pretrained(name: str = "robust") -> Model:
    """Return a model that comes with the package.

    Parameters
    ----------
    name : str
        `robust`, `cnn`, `mlp` or `tiny`: each is called like its recipe. Its card is model/pretrained/NAME.md.

    Returns
    -------
    Model
        The model.

    Raises
    ------
    UserError
        For another name.

    Examples
    --------
    >>> pretrained("tiny").network.layout.count
    7426
    """
    return Model.load(shipped_file(name))


def shipped_names() -> tuple[str, ...]:
    """Return the names of the models that come with the package.

    Returns
    -------
    tuple of str
        In alphabetical order.
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.safetensors")))


def shipped_file(name: str) -> Path:
    """Return the file of a model that comes with the package.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UserError
        For another name.
    """
    known = shipped_names()
    name = RECIPES.get(name, name)
    if name not in known:
        raise UserError(f"no pretrained model '{name}': expected one of {', '.join(known)}, or the path of a model")
    return FOLDER / f"{name}.safetensors"


def model_file(given: str | os.PathLike[str]) -> Path:
    """Return the file of a model.

    A name goes before a path: `./robust` is the file or folder that is called so, and so is any `pathlib.Path`.

    Parameters
    ----------
    given : str or path-like
        The name of a model that comes with the package, a model file, or a run folder.

    Returns
    -------
    pathlib.Path
        The file; it need not exist.

    Raises
    ------
    UserError
        For a URL, and for a word that is neither a name nor a path.
    """
    if isinstance(given, str):
        if "://" in given:
            raise UserError(f"{given}: a model is read from a file; download it, and give its path")
        if RECIPES.get(given, given) in shipped_names() or not given:
            return shipped_file(given)
        if not Path(given).exists() and Path(given).name == given and not Path(given).suffix:
            return shipped_file(given)  # a word that is no path: the error names the models
    path = Path(given)
    return path / MODEL_FILE if path.is_dir() else path


def open_model(model: str | os.PathLike[str] | Model) -> Model:
    """Return a model, loaded if it is not yet.

    Parameters
    ----------
    model : str, path-like or Model
        See `model_file`; a `Model` is returned as it is.

    Returns
    -------
    Model
        The model. Those that come with the package are loaded once.

    Raises
    ------
    UserError
        Where there is none, or its file is damaged.
    """
    if isinstance(model, Model):
        return model
    file = model_file(model)
    return _loaded(file) if file.parent == FOLDER else Model.load(file)


@cache
def _loaded(file: Path) -> Model:
    return Model.load(file)
