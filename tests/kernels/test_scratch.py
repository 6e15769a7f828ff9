"""The layouts of scratch memory: enough for either tile, and no more than is used."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from handgrad.kernels import backend
from handgrad.kernels.scratch import (
    conv_forward_layout,
    conv_input_gradient_layout,
    conv_scratch,
    conv_weight_gradient_layout,
    dense_forward_layout,
    dense_input_gradient_layout,
    dense_scratch,
    dense_weight_gradient_layout,
    padded_image,
)
from handgrad.kernels.sizes import MAX_LANES, MAX_ROWS, PARTS, ceil_div, round_up
from handgrad.kernels.vector.tile import LANES, ROWS
from handgrad.kernels.winograd_scratch import (
    block_layout,
    filters_size,
    winograd_input_gradient_layout,
    winograd_scratch,
    winograd_weight_gradient_layout,
)
from kernels.twins import random

TILE_SHAPES = [(8, 6), (16, 12)]
DENSE = [(1, 1, 1), (5, 1024, 1), (3, 40, 77), (70, 300, 512), (128, 784, 100)]  # n, I, O
CONV = [(7, 5, 3, 16, 1, 0), (28, 28, 1, 32, 3, 1), (9, 9, 5, 7, 7, 3)]  # H, W, C, F, K, pad
WINOGRAD = [(8, 8), (9, 23), (64, 96), (20, 33)]  # C, F


def dense_layouts(case: tuple[int, ...], lanes: int, rows: int) -> list[tuple[int, ...]]:
    n, n_in, n_out = case
    return [
        dense_forward_layout(n, n_in, n_out, lanes),
        dense_input_gradient_layout(n, n_out, lanes, rows),
        dense_weight_gradient_layout(n, n_out, lanes, rows),
    ]


def conv_layouts(case: tuple[int, ...], lanes: int, rows: int) -> list[tuple[int, ...]]:
    height, width, n_in, n_out, size, pad = case
    pixels = (height + 2 * pad - size + 1) * (width + 2 * pad - size + 1)
    image = padded_image(height, width, n_in, pad, lanes)
    passes = (conv_forward_layout, conv_input_gradient_layout, conv_weight_gradient_layout)
    return [layout(image, pixels, size * size * n_in, n_out, lanes) for layout in passes]


def winograd_layouts(case: tuple[int, ...], lanes: int, rows: int) -> list[tuple[int, ...]]:
    passes = (block_layout, winograd_input_gradient_layout, winograd_weight_gradient_layout)
    return [layout(*case, lanes) for layout in passes]


def conv_planned(height: int, width: int, n_in: int, n_out: int, size: int, pad: int) -> int:
    out_shape = (height + 2 * pad - size + 1, width + 2 * pad - size + 1, n_out)
    return conv_scratch((height, width, n_in), out_shape, size, pad)


PLANS: list[tuple[Any, Any, tuple[int, ...]]] = [
    *((dense_layouts, dense_scratch, case) for case in DENSE), *((conv_layouts, conv_planned, case) for case in CONV),
    *((winograd_layouts, winograd_scratch, case) for case in WINOGRAD),
]  # fmt: skip


@pytest.mark.parametrize("tile", TILE_SHAPES, ids=str)
@pytest.mark.parametrize(("layouts", "planned", "case"), PLANS, ids=lambda each: getattr(each, "__name__", str(each)))
def test_what_a_layer_plans_is_enough_for_either_tile(layouts: Any, planned: Any, case: Any, tile: Any) -> None:
    found = layouts(case, *tile)
    assert all(0 <= a <= b for layout in found for a, b in pairwise(layout)), "regions lie one behind the other"
    assert max(layout[-1] for layout in found) <= planned(*case)


@pytest.mark.parametrize(("layouts", "planned", "case"), PLANS, ids=lambda each: getattr(each, "__name__", str(each)))
def test_what_a_layer_plans_is_the_need_of_the_largest_tile(layouts: Any, planned: Any, case: Any) -> None:
    needed = max(layout[-1] for layout in layouts(case, MAX_LANES, MAX_ROWS))
    assert planned(*case) == round_up(needed, MAX_LANES)


def calls(kind: str, case: tuple[int, ...]) -> list[tuple[str, list[Any]]]:
    """The passes of a layer with their arguments, but for the scratch memory."""
    if kind == "dense":
        n, n_in, n_out = case
        x, w, b, dy = random(n, n_in), random(n_in, n_out), random(n_out), random(n, n_out)
        return [
            ("forward", [np.empty_like(dy), x, w, b, 0.0]),
            ("input_gradient", [np.empty_like(x), dy, w]),
            ("weight_gradient", [np.empty_like(w), np.empty_like(b), x, dy]),
        ]
    height, width, n_in, n_out, size, pad = case if kind == "conv" else (9, 10, *case, 3, 1)
    x, w, b = random(2 * PARTS, height, width, n_in), random(size, size, n_in, n_out), random(n_out)
    dy = random(len(x), height + 2 * pad - size + 1, width + 2 * pad - size + 1, n_out)
    parts = np.empty((PARTS, *w.shape), np.float32), np.empty((PARTS, n_out), np.float32)
    filters = [np.empty(filters_size(n_in, n_out, LANES), np.float32), 0] if kind == "winograd" else []
    return [
        ("forward", [np.empty_like(dy), x, w, b, 0.0, 1, pad, *filters]),
        ("input_gradient", [np.empty_like(x), dy, w, 1, pad]),
        ("weight_gradient", [np.empty_like(w), np.empty_like(b), x, dy, 1, pad, *parts]),
    ]


LAYOUTS = {"dense": dense_layouts, "conv": conv_layouts, "winograd": winograd_layouts}
EXACT = [("dense", case) for case in DENSE] + [("conv", case) for case in CONV] + [("winograd", c) for c in WINOGRAD]
UNTOUCHED = np.uint32(0x7FC0BEEF)  # a NaN that no computation gives


def check_exact(kind: str, case: tuple[int, ...]) -> None:
    """With this processor's tile, nothing is written behind the layout, and its last region is written to.

    The last vector of a region may stay unused, and so may the columns that fill a panel up, and the second square in
    which small matrices are transposed.
    """
    for layout, (name, arguments) in zip(LAYOUTS[kind](case, LANES, ROWS), calls(kind, case), strict=True):
        total = layout[-1]
        last = max(at for at in layout if at < total)  # regions may be empty
        scratch = np.full(total + 8 * LANES, UNTOUCHED, np.uint32).view(np.float32)
        getattr(backend("compiled"), f"{kind}_{name}")(*arguments, scratch[None])
        touched = np.flatnonzero(scratch.view(np.uint32) != UNTOUCHED)
        assert touched[-1] < total, f"{kind}_{name}{case}: written behind the end"
        assert touched[-1] >= last, f"{kind}_{name}{case}: the last region is not used"
        assert total - touched[-1] <= max(2 * LANES * LANES, 4 * LANES), f"{kind}_{name}{case}: more than is used"


@pytest.mark.parametrize(("kind", "case"), EXACT, ids=str)
def test_kernels_use_their_layout_up_to_its_end(kind: str, case: tuple[int, ...]) -> None:
    check_exact(kind, case)


@pytest.mark.parametrize("n", range(10))
def test_rounding(n: int) -> None:
    assert ceil_div(n, 4) == -(-n // 4) == len(range(0, n, 4))
    assert round_up(n, 4) == 4 * ceil_div(n, 4)
