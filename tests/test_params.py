"""Flat vectors: where parameters lie in them, and that arrays start on a cache line."""

from itertools import pairwise

import numpy as np
import pytest

from handgrad.nn.params import LINE, Layout, Param, Segment, aligned

PARAMS = [
    Param("0.w", (7, 5), "he", decay=True),
    Param("0.b", (5,)),
    Param("1.w", (5, 16), "he", decay=True, lr_scale=0.5),
    Param("1.b", (16,), lr_scale=0.5),
    Param("2.w", (16, 1), "he", decay=True),
    Param("2.b", (1,)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 5), (64,), (7, 0, 2), (2, 3, 4)])
def test_aligned(shape: tuple[int, ...], dtype: type) -> None:
    arrays = [aligned(shape, dtype) for _ in range(20)]
    for array in arrays:
        assert array.shape == shape and array.dtype == dtype
        assert array.flags.c_contiguous and array.flags.writeable
        assert array.ctypes.data % LINE == 0 or not array.size
        assert (array == 0).all()
        array[...] = 1
    assert not any(np.shares_memory(a, b) for a, b in pairwise(arrays))


def test_decayed_weights_come_first_and_equal_ones_make_one_segment() -> None:
    layout = Layout(PARAMS)
    assert list(layout.places) == ["1.w", "0.w", "2.w", "1.b", "0.b", "2.b"]
    # each starts on a line of 16 floats: 80 -> 80, 35 -> 48, 16 -> 16, then the biases
    assert layout.segments == [
        Segment(0, 80, True, 0.5),
        Segment(80, 144, True, 1.0),
        Segment(144, 160, False, 0.5),
        Segment(160, 192, False, 1.0),
    ]
    assert layout.size == 192
    assert layout.count == 35 + 5 + 80 + 16 + 16 + 1


def test_views_share_the_flat_vector_and_cover_it_once() -> None:
    layout = Layout(PARAMS)
    flat = aligned((layout.size,))
    for name, view in layout.views(flat):
        assert view.shape == layout.places[name][1].shape
        assert view.ctypes.data % LINE == 0
        view += 1
    assert flat.sum() == layout.count
    assert set(np.unique(flat)) == {0, 1}


def test_an_empty_layout() -> None:
    layout = Layout([])
    assert (layout.size, layout.count, layout.segments, list(layout.views(aligned((0,))))) == (0, 0, [], [])
