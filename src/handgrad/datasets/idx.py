"""IDX, the file format of MNIST: a big-endian header, then the bytes of one array.

Header: two zero bytes, a code for the type, the number of dimensions, then each dimension as uint32.
Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import struct
import sys
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.gzipped import opened
from handgrad.errors import UserError

UINT8, INT32 = 0x08, 0x0C
CHUNK = 1 << 20
MAX_DIMS = 64  # NumPy's


def read(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of bytes, plain or gzipped: its content says which, not its name.

    No more is decompressed than the header announces, and one byte.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    ndarray of uint8
        The array in it, 1 to 64 dimensions.

    Raises
    ------
    UserError
        For a file that is missing, unreadable, not IDX, of another type than uint8, too short, too long, or damaged.
    """
    shape, body = _read(path, UINT8, itemsize=1)
    return np.frombuffer(body, np.uint8).reshape(shape)


def read_int32(path: Path) -> NDArray[np.int32]:
    """Read an IDX file of int32, which QMNIST keeps its labels in.

    Parameters
    ----------
    path : Path
        The file, plain or gzipped.

    Returns
    -------
    ndarray of int32
        The array in it.

    Raises
    ------
    UserError
        As `read` does, for another type than int32.
    """
    shape, body = _read(path, INT32, itemsize=4)
    return np.frombuffer(body, ">i4").reshape(shape).astype(np.int32)


def header(shape: tuple[int, ...]) -> bytes:
    """Return the IDX header of a uint8 array: followed by the array's bytes, it is the one file that holds the array.

    Parameters
    ----------
    shape : tuple of int
        The array's shape.

    Returns
    -------
    bytes
        The header.
    """
    return struct.pack(f">HBB{len(shape)}I", 0, UINT8, len(shape), *shape)


def write(path: Path, array: NDArray[np.uint8]) -> None:
    """Write an IDX file.

    Parameters
    ----------
    path : Path
        The file; it is gzipped, without a time stamp, if the name ends in `.gz`.
    array : ndarray of uint8
        What to write, 1 to 64 dimensions.

    Raises
    ------
    UserError
        For another type, and for an array without dimensions.
    """
    if array.dtype != np.uint8 or array.ndim < 1:
        raise UserError(f"{path}: got an array {array.dtype} of shape {array.shape}, expected uint8 (N, ...)")
    data = header(array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def read_pair(
    images_path: Path, labels_path: Path, classes: int | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read a file of images and the file of their labels.

    A labels file whose name ends in `-int` is QMNIST's: int32 (N, 8), with the class in the first column.

    Parameters
    ----------
    images_path, labels_path : Path
        The two files.
    classes : int, optional
        How many classes there are, if that is known.

    Returns
    -------
    pixels : ndarray of uint8, shape (N, H, W)
        The images.
    labels : ndarray of uint8, shape (N,)
        Their labels.

    Raises
    ------
    UserError
        For what `read` refuses, swapped files, other numbers of dimensions, counts that differ, and labels that are not
        below `classes`.
    """
    pixels = read(images_path)
    labels = _class_column(labels_path) if labels_path.name.removesuffix(".gz").endswith("-int") else read(labels_path)
    _check_dimensions(pixels, labels, images_path, labels_path)
    if len(pixels) != len(labels):
        raise UserError(
            f"{images_path} holds {len(pixels)} images but {labels_path} {len(labels)} labels; "
            "expected as many, so take both files from the same data set"
        )
    if classes is not None and len(labels) and labels.max() >= classes:
        raise UserError(
            f"{labels_path}: got the label {labels.max()}, expected 0 to {classes - 1} for {classes} classes"
        )
    return pixels, labels


def _check_dimensions(
    pixels: NDArray[np.uint8], labels: NDArray[np.uint8], images_path: Path, labels_path: Path
) -> None:
    if pixels.ndim == 1 and labels.ndim == 3:
        raise UserError(f"{images_path} holds labels and {labels_path} holds images: swap the two files")
    if pixels.ndim != 3:
        raise UserError(f"{images_path}: got {_kind(pixels.ndim)}, expected images (N, H, W)")
    if labels.ndim != 1:
        raise UserError(f"{labels_path}: got {_kind(labels.ndim)}, expected labels (N,)")


def _class_column(path: Path) -> NDArray[np.uint8]:
    table = read_int32(path)
    if table.ndim != 2 or not table.size:
        raise UserError(f"{path}: got an int32 array of shape {table.shape}, expected QMNIST's labels (N, 8)")
    column = table[:, 0]
    if column.min() < 0 or column.max() > 255:
        raise UserError(f"{path}: got labels from {column.min()} to {column.max()}, expected 0 to 255")
    return column.astype(np.uint8)


def _kind(ndim: int) -> str:
    names = {1: "labels", 3: "images"}
    return names.get(ndim, f"an array of {ndim} dimensions")


def _read(path: Path, code: int, itemsize: int) -> tuple[tuple[int, ...], bytearray]:
    with opened(path) as file:
        shape = _read_header(file, path, code)
        if math.prod(max(side, 1) for side in shape) * itemsize > sys.maxsize:
            raise UserError(f"{path}: got the shape {shape}, which no memory can hold; fetch it again")
        size = math.prod(shape) * itemsize
        body = bytearray()
        # In chunks, and no further than the header says: neither a huge header nor a small file that decompresses to
        # gigabytes makes us allocate what it claims.
        while chunk := file.read(min(CHUNK, size + 1 - len(body))):
            body += chunk
    if len(body) < size:
        raise UserError(f"{path}: got {len(body)} bytes after the header, expected {size}: truncated; fetch it again")
    if len(body) > size:
        raise UserError(f"{path}: got more than the {size} bytes that its header announces; fetch it again")
    return shape, body


def _read_header(file: BufferedIOBase, path: Path, code: int) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or not 1 <= magic[3] <= MAX_DIMS:
        raise UserError(f"{path}: got a file starting with {magic.hex() or 'nothing'}, expected IDX (0000..)")
    if magic[2] != code:
        raise UserError(
            f"{path}: got IDX of type 0x{magic[2]:02x}, expected 0x{code:02x} "
            f"({'uint8' if code == UINT8 else 'int32'}); convert it"
        )
    dims = file.read(4 * magic[3])
    if len(dims) < 4 * magic[3]:
        raise UserError(f"{path}: got {len(dims)} bytes of dimensions, expected {4 * magic[3]}: truncated header")
    return struct.unpack(f">{magic[3]}I", dims)
