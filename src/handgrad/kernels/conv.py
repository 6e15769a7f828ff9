"""Convolution of any odd size and stride: patches laid out as rows, then a matrix product.

A thread takes one image at a time, pads it with zeros and copies its patches to the rows of a matrix (im2col:
Chellapilla, Puri and Simard 2006), which then passes through the register tile. 3x3 filters on many channels go to
`winograd.py` instead.
"""

import numpy as np

from handgrad.kernels.gemm import NO_FLOOR, own_numbers, pack_panels, rows_by_panel, thread_range
from handgrad.kernels.jit import address, fill, jit, vector, view
from handgrad.kernels.native import meet
from handgrad.kernels.protocol import Images, Matrix, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.scratch import (
    conv_forward_layout,
    conv_input_gradient_layout,
    conv_weight_gradient_layout,
    padded_image,
)
from handgrad.kernels.sizes import BYTES, PARTS
from handgrad.kernels.vector.column_pass import add_rows
from handgrad.kernels.vector.pack import copy_rows, copy_vector, transpose
from handgrad.kernels.vector.tile import LANES, WIDTH


@jit
def _pad(padded, image, height, width, channels, pad):
    # padded (H + 2 pad, W + 2 pad, C), image (H, W, C), addresses: to the middle; the border stays 0
    row = (width + 2 * pad) * channels
    copy_rows(padded + BYTES * (pad * row + pad * channels), row, image, width * channels, height, width * channels)


@jit
def _patches(to, padded, pitch, channels, height, width, size, stride):
    # to (height * width, size * size * C), the patch under each output; padded (H, pitch, C); addresses
    # whole vectors are copied: what is too much is overwritten by the next, or lies in the vector behind each array
    run = size * channels
    for y in range(height):
        for x in range(width):
            at = padded + BYTES * (y * stride * pitch + x * stride) * channels
            for _ in range(size):
                for k in range(0, run, LANES):
                    copy_vector(to + BYTES * k, at + BYTES * k, LANES)
                to += BYTES * run
                at += BYTES * pitch * channels


@jit
def _add(total, row):
    # total += row, of one size
    for k in range(total.size):
        total[k] += row[k]


@jit
def _add_patches(padded, patches, pitch, channels, height, width, size, stride):
    # padded (H, pitch, C) += each row of patches (height * width, size * size * C), where it came from; addresses
    run = size * channels
    for y in range(height):
        for x in range(width):
            to = padded + BYTES * (y * stride * pitch + x * stride) * channels
            for i in range(size):
                at = patches + BYTES * ((y * width + x) * size + i) * run
                _add(view(to + BYTES * i * pitch * channels, (run,)), view(at, (run,)))


@kernel
def conv_forward(
    out: Images, x: Images, w: Images, b: Vector, floor: float, stride: int, pad: int, scratch: Matrix,
    team: Team,
) -> None:  # fmt: skip
    (_, rows, columns, channels), (_, height, width, n_out) = x.shape, out.shape
    size, depth, pixels = w.shape[0], w.size // n_out, height * width
    rest = padded_image(rows, columns, channels, pad, LANES)
    panels_at, patches_at, _ = conv_forward_layout(rest, pixels, depth, n_out, LANES)
    padded = address(scratch) + BYTES * team.t * scratch.shape[1]
    panels, patches = padded + BYTES * panels_at, padded + BYTES * patches_at
    fill(padded, (rows + 2 * pad) * (columns + 2 * pad) * channels, np.float32(0))
    pack_panels(panels, address(w), n_out, depth, n_out)
    first, last = thread_range(x.shape[0], 1, team.t, team.threads)
    for n in range(first, last):
        _pad(padded, address(x) + BYTES * n * rows * columns * channels, rows, columns, channels, pad)
        _patches(patches, padded, columns + 2 * pad, channels, height, width, size, stride)
        for f in range(0, n_out, WIDTH):
            start, c = address(b) + BYTES * f, address(out) + BYTES * (n * pixels * n_out + f)
            panel, n_cols = panels + BYTES * f * depth, min(WIDTH, n_out - f)
            rows_by_panel(patches, depth, 1, panel, start, 0, c, n_out, pixels, depth, n_cols, np.float32(floor))


@kernel
def conv_input_gradient(dx: Images, dy: Images, w: Images, stride: int, pad: int, scratch: Matrix, team: Team) -> None:
    # dy (pixels, F) @ w.T (F, depth) is the gradient with respect to the patches; each pixel lies in several of them
    (_, rows, columns, channels), (_, height, width, n_out) = dx.shape, dy.shape
    size, depth, pixels, pitch = w.shape[0], w.size // n_out, height * width, columns + 2 * pad
    rest = padded_image(rows, columns, channels, pad, LANES)
    zeros_at, panels_at, patches_at, spare_at, _ = conv_input_gradient_layout(rest, pixels, depth, n_out, LANES)
    padded = address(scratch) + BYTES * team.t * scratch.shape[1]
    zeros, panels = padded + BYTES * zeros_at, padded + BYTES * panels_at
    patches, spare = padded + BYTES * patches_at, padded + BYTES * spare_at
    fill(zeros, WIDTH, np.float32(0))
    transpose(patches, depth, address(w), n_out, depth, n_out, spare)
    pack_panels(panels, patches, depth, n_out, depth)
    first, last = thread_range(dx.shape[0], 1, team.t, team.threads)
    for n in range(first, last):
        at = address(dy) + BYTES * n * pixels * n_out
        for k in range(0, depth, WIDTH):
            c, panel, n_cols = patches + BYTES * k, panels + BYTES * k * n_out, min(WIDTH, depth - k)
            rows_by_panel(at, n_out, 1, panel, zeros, 0, c, depth, pixels, n_out, n_cols, NO_FLOOR)
        fill(padded, (rows + 2 * pad) * pitch * channels, np.float32(0))
        _add_patches(padded, patches, pitch, channels, height, width, size, stride)
        to, middle = address(dx) + BYTES * n * rows * columns * channels, padded + BYTES * pad * (pitch + 1) * channels
        copy_rows(to, columns * channels, middle, pitch * channels, rows, columns * channels)


@jit
def _weight_part(w_part, b_part, x, dy, size, stride, pad, own, part):
    # w_part (K, K, C, F), b_part (F,), own (the thread's scratch): addresses; the sums over one part of the images
    (_, rows, columns, channels), (_, height, width, n_out) = x.shape, dy.shape
    depth, pixels = size * size * channels, height * width
    rest = padded_image(rows, columns, channels, pad, LANES)
    panels_at, patches_at, _ = conv_weight_gradient_layout(rest, pixels, depth, n_out, LANES)
    panels, patches = own + BYTES * panels_at, own + BYTES * patches_at
    fill(own, (rows + 2 * pad) * (columns + 2 * pad) * channels, np.float32(0))
    fill(w_part, depth * n_out, np.float32(0))
    fill(b_part, n_out, np.float32(0))
    first, last = thread_range(x.shape[0], 1, part, PARTS)
    for n in range(first, last):
        _pad(own, address(x) + BYTES * n * rows * columns * channels, rows, columns, channels, pad)
        _patches(patches, own, columns + 2 * pad, channels, height, width, size, stride)
        at = address(dy) + BYTES * n * pixels * n_out
        pack_panels(panels, at, n_out, pixels, n_out)
        for f in range(0, n_out, WIDTH):
            c, n_cols, panel = w_part + BYTES * f, min(WIDTH, n_out - f), panels + BYTES * f * pixels
            rows_by_panel(patches, 1, depth, panel, c, n_out, c, n_out, depth, pixels, n_cols, NO_FLOOR)
        for f in range(0, n_out, LANES):
            here, to = (at + BYTES * f,), (b_part + BYTES * f,)
            add_rows(here, (), (), to, n_out, 0, pixels, n_out - f, np.float32(0))


@kernel
def conv_weight_gradient(
    dw: Images, db: Vector, x: Images, dy: Images, stride: int, pad: int, w_parts: Vector, b_parts: Vector,
    scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    own = address(scratch) + BYTES * team.t * scratch.shape[1]
    first, last = thread_range(PARTS, 1, team.t, team.threads)
    for part in range(first, last):
        w_part, b_part = address(w_parts) + BYTES * part * dw.size, address(b_parts) + BYTES * part * db.size
        _weight_part(w_part, b_part, x, dy, dw.shape[0], stride, pad, own, part)
    meet(team)
    add_parts(address(dw), address(w_parts), dw.size, team)
    add_parts(address(db), address(b_parts), db.size, team)


@jit
def add_parts(total, parts, size, team):
    # total (size,) = the sum of parts (PARTS, size), in their order; addresses
    first, last = own_numbers(size, team)
    fill(total + BYTES * first, last - first, np.float32(0))
    for part in range(PARTS):
        _add(vector(total, first, last), vector(parts + BYTES * part * size, first, last))
