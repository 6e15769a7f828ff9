"""3x3 convolution with stride 1 by Winograd's method: a quarter of the multiplications of the plain sum.

Tiles of 4x4 outputs are computed from 6x6 inputs in three steps: inputs to points (`winograd_transform.py`), one matrix
product a point through the register tile, and back. A block of TILES tiles passes through all three while it is in the
cache. The weight gradient is the same with other sizes: 3x3 outputs from 6x6 inputs and 4x4 gradients. It is summed
over the batch in PARTS parts, which are added in order, whatever the number of threads. Arguments are those of the
twins in `naive/conv.py`; the stride is 1.
"""

import numpy as np

from handgrad.kernels.conv import add_parts
from handgrad.kernels.gemm import NO_FLOOR, rows_by_panel, thread_range
from handgrad.kernels.jit import address, fill, jit, view
from handgrad.kernels.native import meet
from handgrad.kernels.protocol import Images, Integer, Matrix, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import BYTES, PARTS, POINTS, TAPS, TILES, ceil_div, round_up
from handgrad.kernels.vector.pack import copy_vector, transpose
from handgrad.kernels.vector.tile import LANES, UNIT, WIDTH
from handgrad.kernels.vector.winograd_transform import from_points, make_sandwich, of_inputs, to_points
from handgrad.kernels.winograd_scratch import (
    block_layout,
    products_step,
    tiles_step,
    winograd_input_gradient_layout,
    winograd_weight_gradient_layout,
)

SIDE = 4  # of a tile of outputs
ALL = POINTS * POINTS
ONES = POINTS + 1  # the pair of points (1, 1): the value of a polynomial there is the sum of its coefficients ...
DIVISOR = np.float32(36)  # ... which `to_points` divides by 6 along each axis

_inputs_to_points = make_sandwich(of_inputs())
_filters_to_points = make_sandwich(to_points(TAPS))
_gradients_to_points = make_sandwich(to_points(SIDE))
_points_to_outputs = make_sandwich(from_points(SIDE), finish=True)
_points_to_filters = make_sandwich(from_points(TAPS))


@jit
def _place(tile, down, across):
    # -> (image, row, column) of a tile among all tiles of a batch, `down` x `across` in each image
    return tile // (down * across), tile // across % down, tile % across


@jit
def _cut(patch, image, top, left, side, height, width, channels, n, zeros):
    # patch (side, side, LANES) = n channels of a square of the image (H, W, C), 0 outside it; addresses
    for i in range(side):
        for j in range(side):
            y, x = top + i, left + j
            inside = 0 <= y < height and 0 <= x < width
            source = image + BYTES * (y * width + x) * channels if inside else zeros
            copy_vector(patch + BYTES * (i * side + j) * LANES, source, n)


@jit
def _gather_inputs(to, step, row, x, pad, first, last, down, across, patch, zeros):
    # to (ALL, TILES, row), x (N, H, W, C): the 6x6 inputs of the tiles first to last, at their points `step` apart
    _, height, width, channels = x.shape
    for tile in range(first, last):
        n, top, left = _place(tile, down, across)
        top, left = SIDE * top - pad, SIDE * left - pad
        image = address(x) + BYTES * n * height * width * channels
        inside = top >= 0 and left >= 0 and top + POINTS <= height and left + POINTS <= width
        for c in range(0, channels, LANES):
            end, source = to + BYTES * ((tile - first) * row + c), image + BYTES * c
            if inside and c + LANES <= channels:
                source += BYTES * (top * width + left) * channels
                _inputs_to_points(end, POINTS * step, step, source, width * channels, channels)
            else:
                _cut(patch, source, top, left, POINTS, height, width, channels, channels - c, zeros)
                _inputs_to_points(end, POINTS * step, step, patch, POINTS * LANES, LANES)


@jit
def _gather_gradients(to, step, dy, first, last, down, across, patch, zeros):
    # to (ALL, panels, TILES, WIDTH), dy (N, H, W, F): the 4x4 gradients of the tiles first to last, at their points
    _, height, width, channels = dy.shape
    for tile in range(first, last):
        n, top, left = _place(tile, down, across)
        top, left = SIDE * top, SIDE * left
        image = address(dy) + BYTES * n * height * width * channels
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


@jit
def _scatter_outputs(out, source, step, row, start, floor, first, last, down, across, patch):
    # out (N, H, W, F), source (ALL, TILES, row): the tiles first to last, start (F,) added, raised to the floor
    _, height, width, channels = out.shape
    for tile in range(first, last):
        n, top, left = _place(tile, down, across)
        top, left = SIDE * top, SIDE * left
        inside = top + SIDE <= height and left + SIDE <= width
        for c in range(0, channels, LANES):
            to = address(out) + BYTES * (((n * height + top) * width + left) * channels + c)
            at, from_ = source + BYTES * ((tile - first) * row + c), start + BYTES * c
            if inside and c + LANES <= channels:
                _points_to_outputs(to, width * channels, channels, at, POINTS * step, step, from_, floor)
                continue
            _points_to_outputs(patch, SIDE * LANES, LANES, at, POINTS * step, step, from_, floor)
            for i in range(min(SIDE, height - top)):
                for j in range(min(SIDE, width - left)):
                    piece = patch + BYTES * (i * SIDE + j) * LANES
                    copy_vector(to + BYTES * (i * width + j) * channels, piece, channels - c)


@jit
def _filters(to, w, n_in, n_out, patch, t, threads):
    # to (ALL, panels, C, WIDTH), w (3, 3, C, F): thread t's channels of the filters, at their points; addresses
    step, tap = round_up(n_out, WIDTH) * n_in, n_in * n_out
    begin, end = thread_range(n_in, 1, t, threads)
    for c in range(begin, end):
        for f in range(0, n_out, LANES):
            at = to + BYTES * ((f // WIDTH * n_in + c) * WIDTH + f % WIDTH)
            source = w + BYTES * (c * n_out + f)
            if f + LANES <= n_out:
                _filters_to_points(at, POINTS * step, step, source, TAPS * tap, tap)
                continue
            for k in range(TAPS * TAPS):
                copy_vector(patch + BYTES * k * LANES, source + BYTES * k * tap, n_out - f)
            _filters_to_points(at, POINTS * step, step, patch, TAPS * LANES, LANES)


@jit
def _turn(to, w, n_in, n_out, spare, t, threads):
    # to (3, 3, F, C) = w (3, 3, C, F) turned by half a circle, channels and filters exchanged; addresses
    begin, end = thread_range(TAPS * TAPS, 1, t, threads)
    for k in range(begin, end):
        at = to + BYTES * (TAPS * TAPS - 1 - k) * n_in * n_out
        transpose(at, n_in, w + BYTES * k * n_in * n_out, n_out, n_in, n_out, spare)


@jit
def _bias(start, bias, n_out, zeros):
    # start (F rounded up to whole vectors) = bias (F,), or 0 where bias is the address 0; addresses
    for c in range(0, n_out, LANES):
        copy_vector(start + BYTES * c, zeros, LANES)
        copy_vector(start + BYTES * c, bias + BYTES * c if bias else zeros, n_out - c)


@jit
def _convolve(out, x, filters, bias, floor, pad, own, t, threads):
    # out (N, H', W', F), x (N, H, W, C), filters (ALL, panels, C, WIDTH) at an address, bias as in `_bias`
    # thread t's blocks of tiles; own: address of its scratch
    n_in, n_out = x.shape[3], out.shape[3]
    down, across = ceil_div(out.shape[1], SIDE), ceil_div(out.shape[2], SIDE)
    a_row, c_row, panels = round_up(n_in, LANES), round_up(n_out, LANES), ceil_div(n_out, WIDTH)
    a_step, c_step = tiles_step(a_row, LANES), tiles_step(c_row, LANES)
    zeros_at, start_at, patch_at, inputs_at, products_at, _ = block_layout(n_in, n_out, LANES)
    zeros, start, patch = own + BYTES * zeros_at, own + BYTES * start_at, own + BYTES * patch_at
    inputs, products = own + BYTES * inputs_at, own + BYTES * products_at
    fill(zeros, WIDTH, np.float32(0))
    _bias(start, bias, n_out, zeros)
    begin, end = thread_range(x.shape[0] * down * across, UNIT, t, threads)
    for first in range(begin, end, TILES):
        last = min(end, first + TILES)
        _gather_inputs(inputs, a_step, a_row, x, pad, first, last, down, across, patch, zeros)
        for e in range(ALL):
            for p in range(panels):
                a, c = inputs + BYTES * e * a_step, products + BYTES * (e * c_step + p * WIDTH)
                b = filters + BYTES * (e * panels + p) * n_in * WIDTH
                width = min(WIDTH, c_row - p * WIDTH)
                rows_by_panel(a, a_row, 1, b, zeros, 0, c, c_row, last - first, n_in, width, NO_FLOOR)
        _scatter_outputs(out, products, c_step, c_row, start, floor, first, last, down, across, patch)


@kernel
def winograd_forward(
    out: Images, x: Images, w: Images, b: Vector, floor: float, stride: int, pad: int, filters: Vector, kept: Integer,
    scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    if not kept:
        _filters(address(filters), address(w), w.shape[2], w.shape[3], own, team.t, team.threads)
        meet(team)
    _convolve(out, x, address(filters), address(b), np.float32(floor), pad, own, team.t, team.threads)


@kernel
def winograd_input_gradient(
    dx: Images, dy: Images, w: Images, stride: int, pad: int, scratch: Matrix, team: Team
) -> None:
    # the convolution of dy with the turned filters
    n_in, n_out = w.shape[2], w.shape[3]
    filters_at, block_at, spare_at, _ = winograd_input_gradient_layout(n_in, n_out, LANES)
    filters, turned = address(scratch) + BYTES * filters_at, address(scratch) + BYTES * block_at
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    _turn(turned, address(w), n_in, n_out, own + BYTES * spare_at, team.t, team.threads)
    meet(team)
    _filters(filters, turned, n_out, n_in, own + BYTES * spare_at, team.t, team.threads)
    meet(team)
    _convolve(dx, dy, filters, 0, NO_FLOOR, TAPS - 1 - pad, own + BYTES * block_at, team.t, team.threads)


@jit
def _weight_part(dw, db, x, dy, pad, own, part):
    # dw (3, 3, C, F), db (F,), own (the thread's scratch): addresses; the sums over one part of the batch's tiles
    n_in, n_out = x.shape[3], dy.shape[3]
    down, across = ceil_div(dy.shape[1], SIDE), ceil_div(dy.shape[2], SIDE)
    a_row, c_row, panels = round_up(n_in, LANES), round_up(n_out, LANES), ceil_div(n_out, WIDTH)
    a_step, b_step = tiles_step(a_row, LANES), tiles_step(panels * WIDTH, LANES)
    c_step = products_step(n_in, n_out, LANES)
    zeros_at, patch_at, inputs_at, gradients_at, products_at, _ = winograd_weight_gradient_layout(n_in, n_out, LANES)
    zeros, patch, inputs = own + BYTES * zeros_at, own + BYTES * patch_at, own + BYTES * inputs_at
    gradients, products = own + BYTES * gradients_at, own + BYTES * products_at
    fill(zeros, WIDTH, np.float32(0))
    begin, end = thread_range(x.shape[0] * down * across, TILES, part, PARTS)
    fill(db, n_out, np.float32(0))
    fill(dw, TAPS * TAPS * n_in * n_out, np.float32(0))
    for first in range(begin, end, TILES):
        last = min(end, first + TILES)
        _gather_inputs(inputs, a_step, a_row, x, pad, first, last, down, across, patch, zeros)
        _gather_gradients(gradients, b_step, dy, first, last, down, across, patch, zeros)
        for e in range(ALL):
            for p in range(panels):
                a, b = inputs + BYTES * e * a_step, gradients + BYTES * (e * b_step + p * TILES * WIDTH)
                c = products + BYTES * (e * c_step + p * WIDTH)
                start, start_row = (zeros, 0) if first == begin else (c, c_row)
                width = min(WIDTH, c_row - p * WIDTH)
                rows_by_panel(a, 1, a_row, b, start, start_row, c, c_row, n_in, last - first, width, NO_FLOOR)
        ones = view(gradients + BYTES * ONES * b_step, (b_step,))
        _add_bias_gradient(view(db, (n_out,)), ones, last - first)
    if begin < end:
        _to_filters(dw, products, n_in, n_out, c_step, c_row, patch)


@jit
def _add_bias_gradient(db, gradients, n_tiles):
    # db (F,) += the sum of gradients (panels, TILES, WIDTH) over the tiles; they are at the points (1, 1)
    for tile in range(n_tiles):
        for f in range(db.size):
            db[f] += DIVISOR * gradients[(f // WIDTH * TILES + tile) * WIDTH + f % WIDTH]


@jit
def _to_filters(dw, source, n_in, n_out, step, row, patch):
    # dw (3, 3, C, F) from source (ALL, C, row), whose points are `step` apart; addresses
    tap = n_in * n_out
    for c in range(n_in):
        for f in range(0, n_out, LANES):
            to, at = dw + BYTES * (c * n_out + f), source + BYTES * (c * row + f)
            if f + LANES <= n_out:
                _points_to_filters(to, TAPS * tap, tap, at, POINTS * step, step)
                continue
            _points_to_filters(patch, TAPS * LANES, LANES, at, POINTS * step, step)
            for k in range(TAPS * TAPS):
                copy_vector(to + BYTES * k * tap, patch + BYTES * k * LANES, n_out - f)


@kernel
def winograd_weight_gradient(
    dw: Images, db: Vector, x: Images, dy: Images, stride: int, pad: int, w_parts: Vector, b_parts: Vector,
    scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    first, last = thread_range(PARTS, 1, team.t, team.threads)
    for part in range(first, last):
        w_part, b_part = address(w_parts) + BYTES * part * dw.size, address(b_parts) + BYTES * part * db.size
        _weight_part(w_part, b_part, x, dy, pad, own, part)
    meet(team)
    add_parts(address(dw), address(w_parts), dw.size, team)
    add_parts(address(db), address(b_parts), db.size, team)
