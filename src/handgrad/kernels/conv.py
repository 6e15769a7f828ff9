"""Convolution of any odd size and stride: patches laid out as rows, then a matrix product.

A thread takes one image at a time, pads it with zeros and copies its patches to the rows of a matrix (im2col:
Chellapilla, Puri and Simard 2006), which then passes through the register tile. 3x3 filters on many channels go to
`winograd.py` instead.
"""

import numpy as np
from numba import prange

from handgrad.kernels.gemm import pack_panels, rows_by_panel, thread_range
from handgrad.kernels.jit import jit
from handgrad.kernels.protocol import Array
from handgrad.kernels.registry import kernel
from handgrad.kernels.scratch import (
    conv_forward_layout,
    conv_input_gradient_layout,
    conv_weight_gradient_layout,
    padded_image,
)
from handgrad.kernels.sizes import PARTS
from handgrad.kernels.vector.column_pass import add_rows
from handgrad.kernels.vector.pack import BYTES, copy_rows, copy_vector, transpose
from handgrad.kernels.vector.tile import LANES, WIDTH


@jit
def _pad(padded, image, pad):
    # padded (H + 2 pad, W + 2 pad, C), image (H, W, C): the image is copied to the middle, the border stays 0
    height, width, channels = image.shape
    for y in range(height):
        to = padded.ctypes.data + BYTES * ((y + pad) * padded.shape[1] + pad) * channels
        copy_rows(to, 0, image.ctypes.data + BYTES * y * width * channels, 0, 1, width * channels)


@jit
def _patches(to, padded, height, width, size, stride):
    # to: address of (height * width, size * size * C), the patch under each output
    # whole vectors are copied: what is too much is overwritten by the next, or lies in the vector behind each array
    _, pitch, channels = padded.shape
    run = size * channels
    for y in range(height):
        for x in range(width):
            at = padded.ctypes.data + BYTES * (y * stride * pitch + x * stride) * channels
            for _ in range(size):
                for k in range(0, run, LANES):
                    copy_vector(to + BYTES * k, at + BYTES * k, LANES)
                to += BYTES * run
                at += BYTES * pitch * channels


@jit
def _add_patches(padded, patches, height, width, size, stride):
    # padded (H, W, C) += each row of patches (height * width, size * size * C), where it came from
    channels = padded.shape[2]
    run = size * channels
    for y in range(height):
        for x in range(width):
            for i in range(size):
                at = ((y * width + x) * size + i) * run
                to = padded[y * stride + i].reshape(-1)[x * stride * channels : x * stride * channels + run]
                row = patches[at : at + run]
                for k in range(run):
                    to[k] += row[k]


@jit
def _zeroed(own, height, width, channels, pad):
    # -> zeros (H + 2 pad, W + 2 pad, C) at the start of a thread's scratch, and the offset of the region behind them
    size = (height + 2 * pad) * (width + 2 * pad) * channels
    own[:size] = 0
    padded = own[:size].reshape(height + 2 * pad, width + 2 * pad, channels)
    return padded, padded_image(height, width, channels, pad, LANES)


@jit
def _forward(out, x, w, b, floor, stride, pad, own, t, threads):
    # out (N, H', W', F), x (N, H, W, C), w (K, K, C, F), b (F,): thread t's images; own: its scratch
    _, height, width, n_out = out.shape
    size, depth, pixels = len(w), w.size // n_out, height * width
    padded, rest = _zeroed(own, x.shape[1], x.shape[2], x.shape[3], pad)
    panels_at, patches_at, _ = conv_forward_layout(rest, pixels, depth, n_out, LANES)
    panels, patches = own.ctypes.data + BYTES * panels_at, own.ctypes.data + BYTES * patches_at
    pack_panels(panels, w.ctypes.data, n_out, depth, n_out)
    first, last = thread_range(len(x), 1, t, threads)
    for n in range(first, last):
        _pad(padded, x[n], pad)
        _patches(patches, padded, height, width, size, stride)
        for f in range(0, n_out, WIDTH):
            start, c = b.ctypes.data + BYTES * f, out[n].ctypes.data + BYTES * f
            panel, n_cols = panels + BYTES * f * depth, min(WIDTH, n_out - f)
            rows_by_panel(patches, depth, 1, panel, start, 0, c, n_out, pixels, depth, n_cols, floor)


@kernel
def conv_forward(out: Array, x: Array, w: Array, b: Array, floor: float, stride: int, pad: int, scratch: Array) -> None:
    threads = scratch.shape[0]
    for t in prange(threads):
        _forward(out, x, w, b, floor, stride, pad, scratch[t], t, threads)


@jit
def _input_gradient(dx, dy, w, stride, pad, own, t, threads):
    # dx (N, H, W, C), dy (N, H', W', F), w (K, K, C, F): thread t's images
    # dy (pixels, F) @ w.T (F, depth) is the gradient with respect to the patches; each pixel lies in several of them
    _, height, width, n_out = dy.shape
    size, depth, pixels = len(w), w.size // n_out, height * width
    padded, rest = _zeroed(own, dx.shape[1], dx.shape[2], dx.shape[3], pad)
    zeros_at, panels_at, patches_at, spare_at, _ = conv_input_gradient_layout(rest, pixels, depth, n_out, LANES)
    own[zeros_at : zeros_at + WIDTH] = 0
    zeros, panels = own.ctypes.data + BYTES * zeros_at, own.ctypes.data + BYTES * panels_at
    patches, spare = own.ctypes.data + BYTES * patches_at, own.ctypes.data + BYTES * spare_at
    transpose(patches, depth, w.ctypes.data, n_out, depth, n_out, spare)
    pack_panels(panels, patches, depth, n_out, depth)
    first, last = thread_range(len(dx), 1, t, threads)
    for n in range(first, last):
        for k in range(0, depth, WIDTH):
            c, panel, n_cols = patches + BYTES * k, panels + BYTES * k * n_out, min(WIDTH, depth - k)
            at = dy[n].ctypes.data
            rows_by_panel(at, n_out, 1, panel, zeros, 0, c, depth, pixels, n_out, n_cols, -np.inf)
        padded[:] = 0
        _add_patches(padded, own[patches_at:], height, width, size, stride)
        dx[n] = padded[pad : pad + dx.shape[1], pad : pad + dx.shape[2]]


@kernel
def conv_input_gradient(dx: Array, dy: Array, w: Array, stride: int, pad: int, scratch: Array) -> None:
    threads = scratch.shape[0]
    for t in prange(threads):
        _input_gradient(dx, dy, w, stride, pad, scratch[t], t, threads)


@jit
def _weight_part(dw, db, x, dy, stride, pad, own, part):
    # dw (K, K, C, F), db (F,), x (N, H, W, C), dy (N, H', W', F): the sums over one part of the batch's images
    _, height, width, n_out = dy.shape
    size, depth, pixels = len(dw), dw.size // n_out, height * width
    padded, rest = _zeroed(own, x.shape[1], x.shape[2], x.shape[3], pad)
    panels_at, patches_at, _ = conv_weight_gradient_layout(rest, pixels, depth, n_out, LANES)
    panels, patches = own.ctypes.data + BYTES * panels_at, own.ctypes.data + BYTES * patches_at
    dw[:], db[:] = 0, 0
    first, last = thread_range(len(x), 1, part, PARTS)
    for n in range(first, last):
        _pad(padded, x[n], pad)
        _patches(patches, padded, height, width, size, stride)
        pack_panels(panels, dy[n].ctypes.data, n_out, pixels, n_out)
        for f in range(0, n_out, WIDTH):
            c, n_cols = dw.ctypes.data + BYTES * f, min(WIDTH, n_out - f)
            panel = panels + BYTES * f * pixels
            rows_by_panel(patches, 1, depth, panel, c, n_out, c, n_out, depth, pixels, n_cols, -np.inf)
        for f in range(0, n_out, LANES):
            at, to = (dy[n].ctypes.data + BYTES * f,), (db.ctypes.data + BYTES * f,)
            add_rows(at, (), (), to, n_out, 0, pixels, n_out - f, 0.0)


@kernel
def conv_weight_gradient(
    dw: Array, db: Array, x: Array, dy: Array, stride: int, pad: int, w_parts: Array, b_parts: Array, scratch: Array
) -> None:
    threads = scratch.shape[0]
    for t in prange(threads):
        first, last = thread_range(PARTS, 1, t, threads)
        for part in range(first, last):
            _weight_part(w_parts[part], b_parts[part], x, dy, stride, pad, scratch[t], part)
    add_parts(dw.reshape(-1), w_parts)
    add_parts(db, b_parts)


@jit
def add_parts(total, parts):
    # total (size,) = the sum of parts (PARTS, ...), in their order
    rows = parts.reshape(PARTS, -1)
    total[:] = rows[0]
    for part in range(1, PARTS):
        row = rows[part]
        for i in range(total.size):
            total[i] += row[i]
