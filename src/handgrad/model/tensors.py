"""Safetensors files with a header of our own; what is wrong with one is said in a line."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import UserError
from handgrad.files import replace_file
from handgrad.nn.params import Array, Shape


def read_tensors(path: str | Path, expected: str, kind: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """(tensors by name, header) of a file of format `expected`; kind is what an error calls it."""
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
        header = json.loads(metadata) if metadata else {}
    except (ValueError, RecursionError):
        raise UserError(f"{path}: the header of this {kind} is damaged; use another copy of the file") from None
    if not isinstance(header, dict) or header.get("format") != expected:
        raise UserError(f"{path}: a safetensors file, but no {kind} of format {expected}; give one that handgrad wrote")
    return tensors, header


def write_tensors(path: str | Path, tensors: dict[str, Array], header: dict[str, Any]) -> None:
    """Write tensors and header, whole or not at all. The header is one entry: several have no fixed order."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    replace_file(path, save(contiguous, {"handgrad": json.dumps(header)}))


def take(path: str | Path, tensors: dict[str, Array], name: str, shape: Shape) -> Array:
    """The tensor called `name`, which must be of this shape, and float32; or float16, as models are shipped."""
    found = tensors.get(name)
    if found is None or found.shape != tuple(shape) or found.dtype not in (np.float32, np.float16):
        got = "missing" if found is None else f"{found.dtype} {found.shape}"
        raise UserError(
            f"{path}: tensor '{name}' is {got}: expected float32 {tuple(shape)}; use another copy of the file"
        )
    return found.astype(np.float32, copy=False)
