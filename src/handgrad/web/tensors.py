"""Tensors of the Open Inference Protocol: as JSON, or as bytes behind it."""

import base64
import binascii
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.responses import Response

from handgrad.images.arrays import as_pixels
from handgrad.model.preprocess import Pixels
from handgrad.web.problem import bad

JSON_LENGTH = "Inference-Header-Content-Length"  # a header: how many bytes of a body are JSON
NUMBERS = {"UINT8": "u1", "FP32": "<f4"}
MOST_AXES = 8
PICTURES = 32  # picture files in a request, at most: each takes some milliseconds


@dataclass(frozen=True)
class Tensor:
    """An input of a request.

    Parameters
    ----------
    datatype : str
        UINT8, FP32 or BYTES.
    shape : tuple of int
        Its shape.
    data : bytes or list
        Its elements: bytes as they came behind the JSON, or a list from the JSON.
    """

    datatype: str
    shape: tuple[int, ...]
    data: Any


def read_input(content: Any, tail: bytes) -> Tensor:
    """Return the one input of a request.

    Parameters
    ----------
    content : object
        The request's JSON.
    tail : bytes
        What stands behind it.

    Returns
    -------
    Tensor
        The input, of whatever name.

    Raises
    ------
    Problem
        Where there is not exactly one, or it is not described as the protocol wants it.
    """
    inputs = content.get("inputs") if isinstance(content, dict) else None
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise bad('"inputs": expected a list of one object, {"name", "shape", "datatype", "data"}')
    tensor = inputs[0]
    datatype, shape = tensor.get("datatype"), tensor.get("shape")
    if datatype not in (*NUMBERS, "BYTES"):
        raise bad(f"datatype '{str(datatype)[:40]}': expected UINT8, FP32, or BYTES of picture files")
    if (
        not isinstance(shape, list)
        or len(shape) > MOST_AXES
        or not all(type(n) is int and 0 <= n < 1 << 31 for n in shape)
    ):
        raise bad(f"shape {str(shape)[:60]}: expected a list of whole numbers, such as [1, 28, 28, 1]")
    parameters = tensor.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None:
        return Tensor(datatype, tuple(shape), tensor.get("data"))
    if size != len(tail):
        raise bad(f"binary_data_size {str(size)[:40]}: {len(tail)} bytes stand behind the JSON, expected as many")
    return Tensor(datatype, tuple(shape), tail)


def pixels_in(tensor: Tensor, shape: tuple[int, int, int], most: int) -> Pixels:
    """Return the images in a tensor of numbers.

    Parameters
    ----------
    tensor : Tensor
        Of grey levels from 0 to 255; floats may be from 0 to 1.
    shape : tuple of int
        Height, width and channels of an image.
    most : int
        Images in a request, at most.

    Returns
    -------
    uint8 array (N, H, W, C)
        The images.

    Raises
    ------
    Problem, UserError
        Where its elements are not what it says, or no images of this shape.
    """
    kind = np.dtype(NUMBERS[tensor.datatype])
    if isinstance(tensor.data, bytes):
        got = len(tensor.data) // kind.itemsize if len(tensor.data) % kind.itemsize == 0 else -1
        values = np.frombuffer(tensor.data, kind) if got >= 0 else None
    else:
        values = _numbers(tensor.data, tensor.datatype)
    if values is None or values.size != math.prod(tensor.shape):
        count = "bytes that are no whole elements" if values is None else f"{values.size} elements"
        raise bad(f"a tensor of shape {list(tensor.shape)} with {count}: expected {math.prod(tensor.shape)} elements")
    pixels = as_pixels(values.reshape(tensor.shape), shape, "pixels")
    if not 1 <= len(pixels) <= most:
        raise bad(f"{len(pixels)} images: expected 1 to {most} in a request; send several requests")
    return pixels


def _numbers(data: Any, datatype: str) -> Any:
    """Elements from JSON, flat or nested, as an array of the type that they are said to have."""
    try:
        values = np.asarray(data).ravel()
    except (ValueError, TypeError, OverflowError):
        values = np.empty(0, object)
    kinds = "iu" if datatype == "UINT8" else "iuf"
    if values.size and values.dtype.kind not in kinds:
        raise bad(f'"data" of {datatype}: got something else, expected a list of numbers of this type')
    if datatype == "FP32":
        return values.astype(np.float32)
    if values.size and not 0 <= values.min() <= values.max() <= 255:
        raise bad(f'"data" of UINT8: got {values.min()} to {values.max()}, expected 0 to 255')
    return values.astype(np.uint8)


def pictures_in(tensor: Tensor, most: int) -> list[bytes]:
    """Return the picture files in a tensor of BYTES.

    Parameters
    ----------
    tensor : Tensor
        Its elements are the files; in JSON they are base64.
    most : int
        Images in a request, at most.

    Returns
    -------
    list of bytes
        The files.

    Raises
    ------
    Problem
        Where its elements are not what it says.
    """
    files = _prefixed(tensor.data) if isinstance(tensor.data, bytes) else _decoded(tensor.data)
    if len(files) != math.prod(tensor.shape):
        raise bad(f"a tensor of shape {list(tensor.shape)} with {len(files)} elements: expected as many as it says")
    if not 1 <= len(files) <= min(most, PICTURES):
        raise bad(f"{len(files)} pictures: expected 1 to {min(most, PICTURES)} in a request; send several requests")
    return files


def _prefixed(data: bytes) -> list[bytes]:
    """Elements that each stand behind their length, four bytes with the lowest first."""
    files: list[bytes] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        if at + 4 + length > len(data):
            raise bad(f"BYTES: element {len(files)} is cut off; expected its length in 4 bytes, then as many bytes")
        files.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return files


def _decoded(data: Any) -> list[bytes]:
    if not isinstance(data, list) or not all(isinstance(each, str) for each in data):
        raise bad('"data" of BYTES: expected a list of texts, each the base64 of a picture file')
    try:
        return [base64.b64decode(each, validate=True) for each in data]
    except (binascii.Error, ValueError):
        raise bad('"data" of BYTES: some are no base64; encode the bytes of each picture file as base64') from None


def encoded(answer: dict[str, Any], outputs: list[tuple[str, str, Any, bool]]) -> Response:
    """Return an answer with tensors.

    Parameters
    ----------
    answer : dict of str to object
        What stands in the JSON beside the outputs.
    outputs : list of (str, str, array or list of str, bool)
        Name, datatype, values, and whether they are to stand behind the JSON as bytes.

    Returns
    -------
    Response
        Of application/json, or application/octet-stream where something stands behind the JSON.
    """
    described, tails = [], []
    for name, datatype, values, binary in outputs:
        shape = list(values.shape) if isinstance(values, np.ndarray) else [len(values)]
        tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
        if binary:
            tails.append(_packed(values))
            tensor["parameters"] = {"binary_data_size": len(tails[-1])}
        else:
            tensor["data"] = values.ravel().tolist() if isinstance(values, np.ndarray) else values
        described.append(tensor)
    head = json.dumps({**answer, "outputs": described}, separators=(",", ":")).encode()
    if not tails:
        return Response(head, media_type="application/json")
    headers = {JSON_LENGTH: str(len(head))}
    return Response(b"".join([head, *tails]), headers=headers, media_type="application/octet-stream")


def _packed(values: Any) -> bytes:
    if isinstance(values, np.ndarray):
        return values.astype("<f4", copy=False).tobytes()
    texts = [value.encode() for value in values]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
