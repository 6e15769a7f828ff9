"""The page as a file of its own, with models and digits inside: it needs no server and no network."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.web.bundle import page
from handgrad.web.stored import digits, features


def page_file(models: Mapping[str, Model]) -> str:
    """Return the page with models inside.

    Parameters
    ----------
    models : mapping of str to Model
        The models, by the names that the page shows; the first one is chosen at the start.

    Returns
    -------
    str
        One HTML file. Weights are stored in 16 bits.

    Raises
    ------
    UserError
        For a model that does not see single digits of 28x28 grey levels.

    Examples
    --------
    >>> from handgrad import pretrained
    >>> len(page_file({"tiny": pretrained("tiny")})) < 1_200_000
    True
    """
    data: dict[str, bytes] = {}
    for name, model in models.items():
        check(name, model)
        data[f"model:{name}"] = half_precision(model)
        data[f"features:{name}"] = features(model)
    return page([*models], {**data, "digits": digits()}).text


def check(name: str, model: Model) -> None:
    """Check that the page can show a model.

    Parameters
    ----------
    name : str
        What the message calls it.
    model : Model
        The model.

    Raises
    ------
    UserError
        For one that does not see single digits of 28x28 grey levels.
    """
    shape = model.network.in_shape
    if shape != (28, 28, 1) or model.pictures != "digits":
        size = "x".join(map(str, shape))
        raise UserError(f"{name}: sees {model.pictures} of {size}, expected a model of digits, 28x28x1, as robust")


def half_precision(model: Model) -> bytes:
    """Return a model's file with weights in 16 bits.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    bytes
        A safetensors file, see `Model.save`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, half=True)
        return path.read_bytes()
