"""3x3 convolution with stride 1 by Winograd's method: a quarter of the multiplications of the plain sum.

Tiles of 4x4 outputs are worked out from 6x6 inputs in three steps: inputs to points (`transform.py`), one matrix
product a point through the register tile, and back. A block of TILES tiles passes through all three while it is in the
cache. The weight gradient is the same with other sizes: 3x3 outputs from 6x6 inputs and 4x4 gradients. Its sums over
the batch are made in PARTS parts, added up in their order, whatever the number of threads. Arguments as in `conv.py`;
the stride is 1. Twins in `naive.py`.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from handgrad.kernels.conv import add_parts
from handgrad.kernels.dense import rows_by_panel, share
from handgrad.kernels.sizes import PARTS, TILES
from handgrad.kernels.vector.pack import BYTES, copy_vector, transpose
from handgrad.kernels.vector.tile import LANES, UNIT, WIDTH
from handgrad.kernels.vector.winograd_transform import POINTS, from_points, make_sandwich, of_inputs, to_points

Array = Any  # in jitted code: NumPy arrays, float32 and C-contiguous

SIDE = 4  # of a tile of outputs
TAPS = 3
ALL = POINTS * POINTS
MIDDLE = POINTS + 1  # the pair of points (1, 1), at which a polynomial is the sum of its coefficients ...
DIVISOR = np.float32(36)  # ... here over 6 * 6

_inputs_to_points = make_sandwich(of_inputs())
_weights_to_points = make_sandwich(to_points(TAPS))
_gradients_to_points = make_sandwich(to_points(SIDE))
_points_to_outputs = make_sandwich(from_points(SIDE), finish=True)
_points_to_weights = make_sandwich(from_points(TAPS))


@njit(nogil=True, error_model="numpy")
def _padded(n, unit):
    return -(-n // unit) * unit


@njit(nogil=True, error_model="numpy")
def _place(tile, down, across):
    """(image, row, column) of a tile among all tiles of a batch, with so many down and across an image."""
    return tile // (down * across), tile // across % down, tile % across


@njit(nogil=True, error_model="numpy")
def _cut(patch, image, top, left, side, height, width, channels, n, zeros):
    """patch (side, side, LANES) = n channels of a square of the image; 0 outside it."""
    for i in range(side):
        for j in range(side):
            y, x = top + i, left + j
            inside = 0 <= y < height and 0 <= x < width
            source = image + BYTES * (y * width + x) * channels if inside else zeros
            copy_vector(patch + BYTES * (i * side + j) * LANES, source, n)


@njit(nogil=True, error_model="numpy")
def _gather_inputs(to, step, row, x, pad, first, last, down, across, patch, zeros):
    """to (ALL, TILES, row) = the points of the 6x6 inputs of the tiles first to last."""
    _, height, width, channels = x.shape
    for tile in range(first, last):
        n, top, left = _place(tile, down, across)
        top, left = SIDE * top - pad, SIDE * left - pad
        image = x.ctypes.data + BYTES * n * height * width * channels
        inside = top >= 0 and left >= 0 and top + POINTS <= height and left + POINTS <= width
        for c in range(0, channels, LANES):
            end, source = to + BYTES * ((tile - first) * row + c), image + BYTES * c
            if inside and c + LANES <= channels:
                source += BYTES * (top * width + left) * channels
                _inputs_to_points(end, POINTS * step, step, source, width * channels, channels)
            else:
                _cut(patch, source, top, left, POINTS, height, width, channels, channels - c, zeros)
                _inputs_to_points(end, POINTS * step, step, patch, POINTS * LANES, LANES)


@njit(nogil=True, error_model="numpy")
def _gather_gradients(to, step, dy, first, last, down, across, patch, zeros):
    """to (ALL, panels, TILES, WIDTH) = the points of the 4x4 gradients of the tiles first to last."""
    _, height, width, channels = dy.shape
    for tile in range(first, last):
        n, top, left = _place(tile, down, across)
        top, left = SIDE * top, SIDE * left
        image = dy.ctypes.data + BYTES * n * height * width * channels
        inside = top + SIDE <= height and left + SIDE <= width
        for c in range(0, channels, LANES):
            end = to + BYTES * ((c // WIDTH * TILES + tile - first) * WIDTH + c % WIDTH)
            source = image + BYTES * c
            if inside and c + LANES <= channels:
                source += BYTES * (top * width + left) * channels
                _gradients_to_points(end, POINTS * step, step, source, width * channels, channels)
            else:
                _cut(patch, source, top, left, SIDE, height, width, channels, channels - c, zeros)
                _gradients_to_points(end, POINTS * step, step, patch, SIDE * LANES, LANES)


@njit(nogil=True, error_model="numpy")
def _scatter_outputs(out, source, step, row, start, floor, first, last, down, across, patch):
    """The tiles first to last of out from source (ALL, TILES, row), start added, raised to the floor."""
    _, height, width, channels = out.shape
    for tile in range(first, last):
        n, top, left = _place(tile, down, across)
        top, left = SIDE * top, SIDE * left
        inside = top + SIDE <= height and left + SIDE <= width
        for c in range(0, channels, LANES):
            to = out.ctypes.data + BYTES * (((n * height + top) * width + left) * channels + c)
            at, from_ = source + BYTES * ((tile - first) * row + c), start + BYTES * c
            if inside and c + LANES <= channels:
                _points_to_outputs(to, width * channels, channels, at, POINTS * step, step, from_, floor)
                continue
            _points_to_outputs(patch, SIDE * LANES, LANES, at, POINTS * step, step, from_, floor)
            for i in range(min(SIDE, height - top)):
                for j in range(min(SIDE, width - left)):
                    piece = patch + BYTES * (i * SIDE + j) * LANES
                    copy_vector(to + BYTES * (i * width + j) * channels, piece, channels - c)


@njit(nogil=True, error_model="numpy")
def _weights(to, w, n_in, n_out, patch, t, threads):
    """to (ALL, panels, n_in, WIDTH) = the points of the weights at w (3, 3, n_in, n_out); thread t's share of n_in."""
    step, tap = _padded(n_out, WIDTH) * n_in, n_in * n_out
    begin, end = share(n_in, 1, t, threads)
    for c in range(begin, end):
        for f in range(0, n_out, LANES):
            end = to + BYTES * ((f // WIDTH * n_in + c) * WIDTH + f % WIDTH)
            source = w + BYTES * (c * n_out + f)
            if f + LANES <= n_out:
                _weights_to_points(end, POINTS * step, step, source, TAPS * tap, tap)
                continue
            for k in range(TAPS * TAPS):
                copy_vector(patch + BYTES * k * LANES, source + BYTES * k * tap, n_out - f)
            _weights_to_points(end, POINTS * step, step, patch, TAPS * LANES, LANES)


@njit(nogil=True, error_model="numpy")
def _turn(to, w, n_in, n_out, spare):
    """to (3, 3, n_out, n_in) = w (3, 3, n_in, n_out) turned by half a circle, inputs and outputs exchanged."""
    for k in range(TAPS * TAPS):
        at = to + BYTES * (TAPS * TAPS - 1 - k) * n_in * n_out
        transpose(at, n_in, w + BYTES * k * n_in * n_out, n_out, n_in, n_out, spare)


@njit(nogil=True, error_model="numpy")
def _convolve(out, x, points, bias, floor, pad, own, t, threads):
    """Thread t's blocks of out, from the weights at their points; bias 0 stands for none; own: this thread's room."""
    n_in, n_out = x.shape[3], out.shape[3]
    down, across = -(-out.shape[1] // SIDE), -(-out.shape[2] // SIDE)
    tiles = len(x) * down * across
    a_row, c_row, panels = _padded(n_in, LANES), _padded(n_out, LANES), _padded(n_out, WIDTH) // WIDTH
    own[: _padded(n_out, WIDTH)] = 0
    zeros = own.ctypes.data
    start = zeros + BYTES * _padded(n_out, WIDTH)
    patch = start + BYTES * c_row
    inputs = patch + BYTES * ALL * LANES
    a_step, c_step = TILES * a_row + LANES, TILES * c_row + LANES  # a line more: else all points share cache sets
    products = inputs + BYTES * ALL * a_step
    for c in range(0, n_out, LANES):
        copy_vector(start + BYTES * c, zeros, LANES)
        copy_vector(start + BYTES * c, bias + BYTES * c if bias else zeros, n_out - c)
    begin, end = share(tiles, UNIT, t, threads)
    for first in range(begin, end, TILES):
        last = min(end, first + TILES)
        _gather_inputs(inputs, a_step, a_row, x, pad, first, last, down, across, patch, zeros)
        for e in range(ALL):
            for p in range(panels):
                a, c = inputs + BYTES * e * a_step, products + BYTES * (e * c_step + p * WIDTH)
                b = points + BYTES * (e * panels + p) * n_in * WIDTH
                width = min(WIDTH, c_row - p * WIDTH)
                rows_by_panel(a, a_row, 1, b, zeros, 0, c, c_row, last - first, n_in, width, -np.inf)
        _scatter_outputs(out, products, c_step, c_row, start, floor, first, last, down, across, patch)


def winograd_forward(
    out: Array, x: Array, w: Array, b: Array, floor: float, stride: int, pad: int, scratch: Array
) -> None:
    """out (N, H', W', F) = max(floor, x (N, H, W, C) * w (3, 3, C, F) + b (F,)), x framed by `pad` rows of zeros."""
    threads = scratch.shape[0]
    n_in, n_out = w.shape[2:]
    shared = scratch[0].ctypes.data
    room = ALL * n_in * _padded(n_out, WIDTH)
    for t in prange(threads):
        _weights(shared, w.ctypes.data, n_in, n_out, scratch[t, room:].ctypes.data, t, threads)
    for t in prange(threads):
        own = scratch[t, _padded(room, LANES) :]
        _convolve(out, x, shared, b.ctypes.data, floor, pad, own, t, threads)


def winograd_input_gradient(dx: Array, dy: Array, w: Array, stride: int, pad: int, scratch: Array) -> None:
    """dx (N, H, W, C) from dy (N, H', W', F): the convolution of dy with the turned weights."""
    threads = scratch.shape[0]
    n_in, n_out = w.shape[2:]
    room = ALL * n_out * _padded(n_in, WIDTH)
    shared = scratch[0].ctypes.data
    turned = shared + BYTES * room
    spare = turned + BYTES * TAPS * TAPS * n_in * n_out
    _turn(turned, w.ctypes.data, n_in, n_out, spare)
    for t in prange(threads):
        patch = scratch[t, room + TAPS * TAPS * n_in * n_out :].ctypes.data
        _weights(shared, turned, n_out, n_in, patch, t, threads)
    for t in prange(threads):
        own = scratch[t, room:]
        _convolve(dx, dy, shared, 0, -np.inf, TAPS - 1 - pad, own, t, threads)


@njit(nogil=True, error_model="numpy")
def _weight_part(dw, db, x, dy, pad, own, part):
    """dw (3, 3, C, F) and db (F,) of one part of the batch's tiles."""
    n_in, n_out = x.shape[3], dy.shape[3]
    down, across = -(-dy.shape[1] // SIDE), -(-dy.shape[2] // SIDE)
    a_row, c_row, panels = _padded(n_in, LANES), _padded(n_out, LANES), _padded(n_out, WIDTH) // WIDTH
    own[:WIDTH] = 0
    zeros = own.ctypes.data
    patch = zeros + BYTES * WIDTH
    inputs = patch + BYTES * ALL * LANES
    a_step, b_step, c_step = TILES * a_row + LANES, panels * TILES * WIDTH + LANES, n_in * c_row + LANES
    gradients = inputs + BYTES * ALL * a_step
    products = gradients + BYTES * ALL * b_step
    begin, end = share(len(x) * down * across, TILES, part, PARTS)
    db[:], dw[:] = 0, 0
    for first in range(begin, end, TILES):
        last = min(end, first + TILES)
        _gather_inputs(inputs, a_step, a_row, x, pad, first, last, down, across, patch, zeros)
        _gather_gradients(gradients, b_step, dy, first, last, down, across, patch, zeros)
        for e in range(ALL):
            for p in range(panels):
                b = gradients + BYTES * (e * b_step + p * TILES * WIDTH)
                c = products + BYTES * (e * c_step + p * WIDTH)
                start, start_row = (zeros, 0) if first == begin else (c, c_row)
                width = min(WIDTH, c_row - p * WIDTH)
                a = inputs + BYTES * e * a_step
                rows_by_panel(a, 1, a_row, b, start, start_row, c, c_row, n_in, last - first, width, -np.inf)
        at = (gradients - own.ctypes.data) // BYTES + MIDDLE * b_step
        for tile in range(last - first):
            for f in range(n_out):
                db[f] += DIVISOR * own[at + (f // WIDTH * TILES + tile) * WIDTH + f % WIDTH]
    if begin < end:
        _to_weights(dw, products, c_step, c_row, patch)


@njit(nogil=True, error_model="numpy")
def _to_weights(dw, source, step, row, patch):
    n_in, n_out = dw.shape[2:]
    tap = n_in * n_out
    for c in range(n_in):
        for f in range(0, n_out, LANES):
            to, at = dw.ctypes.data + BYTES * (c * n_out + f), source + BYTES * (c * row + f)
            if f + LANES <= n_out:
                _points_to_weights(to, TAPS * tap, tap, at, POINTS * step, step)
                continue
            _points_to_weights(patch, TAPS * LANES, LANES, at, POINTS * step, step)
            for k in range(TAPS * TAPS):
                copy_vector(to + BYTES * k * tap, patch + BYTES * k * LANES, n_out - f)


def winograd_weight_gradient(
    dw: Array, db: Array, x: Array, dy: Array, stride: int, pad: int, w_parts: Array, b_parts: Array, scratch: Array
) -> None:
    """dw (3, 3, C, F), db (F,) from x (N, H, W, C), dy (N, H', W', F); parts (PARTS, *) of each are written over."""
    threads = scratch.shape[0]
    for t in prange(threads):
        first, last = share(PARTS, 1, t, threads)
        for part in range(first, last):
            _weight_part(w_parts[part], b_parts[part], x, dy, pad, scratch[t], part)
    add_parts(dw.reshape(-1), w_parts)
    add_parts(db, b_parts)
