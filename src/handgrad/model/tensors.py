"""Safetensors files with a header of our own; what is wrong with one is said in a line."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import UserError
from handgrad.files import read_json, replace_file
from handgrad.nn.params import Array, Shape


def read_tensors(path: str | Path, formats: Sequence[str], kind: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read a file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    formats : sequence of str
        The formats that are read, the present one first.
    kind : str
        What an error calls the file: `model`, `checkpoint` or `line reader`.

    Returns
    -------
    tensors : dict of str to array
        By name.
    header : dict of str to object
        What `write_tensors` was given.

    Raises
    ------
    UserError
        For a file that is missing, damaged, or of another format.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise UserError(f"{path}: no such {kind} file; give a .safetensors file that training wrote")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = (file.metadata() or {}).get("handgrad", "")
            names = file.keys()  # a list: safe_open is no mapping, and cannot be looped over itself
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not a whole safetensors file ({error}); use another copy of it") from None
    try:
        header = read_json(metadata or "{}", dict[str, Any])
    except ValueError as error:
        raise UserError(f"{path}: the {kind}'s header is damaged ({error}); use another copy of the file") from None
    if header.get("format") not in formats:
        raise UserError(
            f"{path}: a safetensors file, but no {kind} of format {formats[0]}; give one that handgrad wrote"
        )
    if header.pop("blake2b", None) not in (None, _digest(tensors)):
        raise UserError(f"{path}: the {kind}'s weights differ from its checksum; use another copy of the file")
    return tensors, header


def write_tensors(path: str | Path, tensors: dict[str, Array], header: dict[str, Any]) -> None:
    """Write a file, whole or not at all.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    tensors : dict of str to array
        By name.
    header : dict of str to object
        Plain values; they become one entry of the file's metadata, as several have no fixed order.

    Raises
    ------
    UserError
        Where the file cannot be written.
    """
    replace_file(path, tensor_bytes(tensors, header))


def tensor_bytes(tensors: dict[str, Array], header: dict[str, Any]) -> bytes:
    """Return the bytes of such a file.

    Parameters
    ----------
    tensors : dict of str to array
        By name.
    header : dict of str to object
        As for `write_tensors`.

    Returns
    -------
    bytes
        The whole file.
    """
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    content: bytes = save(contiguous, {"handgrad": json.dumps({**header, "blake2b": _digest(contiguous)})})
    return content


def _digest(tensors: dict[str, Array]) -> str:
    """A hash of names, types, shapes and values. Files of earlier versions have none."""
    digest = blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape} ".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def checked_tensor(path: str | Path, tensors: dict[str, Array], name: str, shape: Shape) -> Array:
    """Return one of a file's tensors.

    Parameters
    ----------
    path : str or pathlib.Path
        The file, for errors.
    tensors : dict of str to array
        As `read_tensors` gave them.
    name : str
        Which tensor.
    shape : tuple of int
        The shape that it must have.

    Returns
    -------
    float32 array
        The tensor; float16, as models are shipped, is widened.

    Raises
    ------
    UserError
        Where it is missing, or of another shape or type.
    """
    found = tensors.get(name)
    if found is None or found.shape != tuple(shape) or found.dtype not in (np.float32, np.float16):
        got = "missing" if found is None else f"{found.dtype} {found.shape}"
        raise UserError(
            f"{path}: tensor '{name}' is {got}: expected float32 {tuple(shape)}; use another copy of the file"
        )
    return found.astype(np.float32, copy=False)
