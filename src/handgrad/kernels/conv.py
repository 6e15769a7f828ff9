"""Convolution of any odd size and stride: patches laid out as rows, then the products of a dense layer.

A thread takes an image at a time: framed by zeros, its patches copied to the rows of a matrix (im2col: Chellapilla,
Puri and Simard 2006), which then passes through the register tile. 3x3 kernels on many channels go to `winograd.py`
instead. Images are (N, H, W, C), weights (K, K, C, F). Twins in `naive.py`.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.dense import rows_by_panel, share
from handgrad.kernels.sizes import PARTS
from handgrad.kernels.vector.column_pass import add_rows
from handgrad.kernels.vector.pack import BYTES, copy_rows, copy_vector, pack_columns, transpose
from handgrad.kernels.vector.tile import LANES, WIDTH

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous


@njit(nogil=True, error_model="numpy")
def _pack(to, source, n_rows, n_cols):
    """to (panels, n_rows, WIDTH) = a matrix (n_rows, n_cols)."""
    for c in range(0, n_cols, WIDTH):
        pack_columns(to + BYTES * c * n_rows, source + BYTES * c, n_cols, n_rows, min(WIDTH, n_cols - c))


@njit(nogil=True, error_model="numpy")
def _frame(framed, image, pad):
    height, width, channels = image.shape
    for y in range(height):
        to = framed.ctypes.data + BYTES * ((y + pad) * framed.shape[1] + pad) * channels
        copy_rows(to, 0, image.ctypes.data + BYTES * y * width * channels, 0, 1, width * channels)


@njit(nogil=True, error_model="numpy")
def _patches(to, framed, height, width, size, stride):
    """to (height * width, size * size * C) = the patch under each output; a line behind each array is spare."""
    _, pitch, channels = framed.shape
    run = size * channels
    for y in range(height):
        for x in range(width):
            at = framed.ctypes.data + BYTES * (y * stride * pitch + x * stride) * channels
            for _ in range(size):  # whole vectors: what is too much is written over next, or lies in the spare line
                for k in range(0, run, LANES):
                    copy_vector(to + BYTES * k, at + BYTES * k, LANES)
                to += BYTES * run
                at += BYTES * pitch * channels


@njit(nogil=True, error_model="numpy")
def _add_patches(framed, patches, height, width, size, stride):
    """Add each row of patches (height * width, size * size * C) to where it came from."""
    channels = framed.shape[2]
    run = size * channels
    for y in range(height):
        for x in range(width):
            for i in range(size):
                at = ((y * width + x) * size + i) * run
                to = framed[y * stride + i].reshape(-1)[x * stride * channels : x * stride * channels + run]
                row = patches[at : at + run]
                for k in range(run):
                    to[k] += row[k]


@njit(nogil=True, error_model="numpy")
def _framed(own, height, width, channels, pad):
    """An image of zeros at the start of a thread's room, and what is left of the room behind a spare line."""
    size = (height + 2 * pad) * (width + 2 * pad) * channels
    own[:size] = 0
    framed = own[:size].reshape(height + 2 * pad, width + 2 * pad, channels)
    return framed, own[(size // LANES + 2) * LANES :]


@njit(nogil=True, error_model="numpy")
def _forward(out, x, w, b, floor, stride, pad, own, t, threads):
    _, height, width, n_out = out.shape
    size, depth = len(w), w.size // n_out
    framed, rest = _framed(own, x.shape[1], x.shape[2], x.shape[3], pad)
    panels = rest.ctypes.data
    patches = panels + BYTES * depth * -(-n_out // WIDTH) * WIDTH
    _pack(panels, w.ctypes.data, depth, n_out)
    first, last = share(len(x), 1, t, threads)
    for n in range(first, last):
        _frame(framed, x[n], pad)
        _patches(patches, framed, height, width, size, stride)
        for f in range(0, n_out, WIDTH):
            start, c = b.ctypes.data + BYTES * f, out[n].ctypes.data + BYTES * f
            panel, n_cols = panels + BYTES * f * depth, min(WIDTH, n_out - f)
            rows_by_panel(patches, depth, 1, panel, start, 0, c, n_out, height * width, depth, n_cols, floor)


def conv_forward(out: Array, x: Array, w: Array, b: Array, floor: float, stride: int, pad: int, scratch: Array) -> None:
    """out (N, H', W', F) = max(floor, x (N, H, W, C) * w (K, K, C, F) + b (F,)), x framed by `pad` rows of zeros."""
    threads = scratch.shape[0]
    for t in prange(threads):
        _forward(out, x, w, b, floor, stride, pad, scratch[t], t, threads)


@njit(nogil=True, error_model="numpy")
def _input_gradient(dx, dy, w, stride, pad, own, t, threads):
    """dy (pixels, F) @ w.T (F, depth) is the gradient by the patches; each number of the image is in several."""
    _, height, width, n_out = dy.shape
    size, depth, pixels = len(w), w.size // n_out, height * width
    framed, rest = _framed(own, dx.shape[1], dx.shape[2], dx.shape[3], pad)
    rest[:WIDTH] = 0
    zeros = rest.ctypes.data
    panels = zeros + BYTES * WIDTH
    patches = rest[WIDTH + n_out * -(-depth // WIDTH) * WIDTH :]
    turned, spare = patches.ctypes.data, patches.ctypes.data + BYTES * depth * n_out
    transpose(turned, depth, w.ctypes.data, n_out, depth, n_out, spare)
    _pack(panels, turned, n_out, depth)
    first, last = share(len(dx), 1, t, threads)
    for n in range(first, last):
        for k in range(0, depth, WIDTH):
            c, panel, n_cols = patches.ctypes.data + BYTES * k, panels + BYTES * k * n_out, min(WIDTH, depth - k)
            at = dy[n].ctypes.data
            rows_by_panel(at, n_out, 1, panel, zeros, 0, c, depth, pixels, n_out, n_cols, -np.inf)
        framed[:] = 0
        _add_patches(framed, patches, height, width, size, stride)
        dx[n] = framed[pad : pad + dx.shape[1], pad : pad + dx.shape[2]]


def conv_input_gradient(dx: Array, dy: Array, w: Array, stride: int, pad: int, scratch: Array) -> None:
    """dx (N, H, W, C) from dy (N, H', W', F)"""
    threads = scratch.shape[0]
    for t in prange(threads):
        _input_gradient(dx, dy, w, stride, pad, scratch[t], t, threads)


@njit(nogil=True, error_model="numpy")
def _weight_part(dw, db, x, dy, stride, pad, own, part):
    """dw (K, K, C, F) and db (F,) of one part of the batch's images."""
    _, height, width, n_out = dy.shape
    size, depth, pixels = len(dw), dw.size // n_out, height * width
    framed, rest = _framed(own, x.shape[1], x.shape[2], x.shape[3], pad)
    panels = rest.ctypes.data
    patches = panels + BYTES * pixels * -(-n_out // WIDTH) * WIDTH
    dw[:], db[:] = 0, 0
    first, last = share(len(x), 1, part, PARTS)
    for n in range(first, last):
        _frame(framed, x[n], pad)
        _patches(patches, framed, height, width, size, stride)
        _pack(panels, dy[n].ctypes.data, pixels, n_out)
        for f in range(0, n_out, WIDTH):
            c, n_cols = dw.ctypes.data + BYTES * f, min(WIDTH, n_out - f)
            panel = panels + BYTES * f * pixels
            rows_by_panel(patches, 1, depth, panel, c, n_out, c, n_out, depth, pixels, n_cols, -np.inf)
        for f in range(0, n_out, LANES):
            at, to = (dy[n].ctypes.data + BYTES * f,), (db.ctypes.data + BYTES * f,)
            add_rows(at, (), (), to, n_out, 0, pixels, n_out - f, 0.0)


def conv_weight_gradient(
    dw: Array, db: Array, x: Array, dy: Array, stride: int, pad: int, w_parts: Array, b_parts: Array, scratch: Array
) -> None:
    """dw (K, K, C, F), db (F,) from x (N, H, W, C), dy (N, H', W', F); parts (PARTS, *) of each are written over."""
    threads = scratch.shape[0]
    for t in prange(threads):
        first, last = share(PARTS, 1, t, threads)
        for part in range(first, last):
            _weight_part(w_parts[part], b_parts[part], x, dy, stride, pad, scratch[t], part)
    add_parts(dw.reshape(-1), w_parts)
    add_parts(db, b_parts)


@njit(nogil=True, error_model="numpy")
def add_parts(total, parts):
    """total (size,) = the sum of parts (PARTS, *), in their order."""
    rows = parts.reshape(PARTS, -1)
    total[:] = rows[0]
    for part in range(1, PARTS):
        row = rows[part]
        for i in range(total.size):
            total[i] += row[i]
