"""`handgrad.images.deskew` as ONNX nodes: the same operations in the same precision, so the same grey levels.

Runtimes of 2021 have no `Floor` and no `Where` of doubles, so other operators stand for them.
"""

from __future__ import annotations

import numpy as np

from handgrad.export.onnx.nodes import Nodes
from handgrad.nn.params import Shape


def upright(g: Nodes, pixels: str, shape: Shape) -> str:
    """Shear slanted digits upright.

    Parameters
    ----------
    g : Nodes
        Where nodes are added.
    pixels : str
        A float32 value (N, H, W, C), grey levels.
    shape : tuple of int
        H, W and C.

    Returns
    -------
    str
        A float32 value (N, H, W, C), grey levels.
    """
    from onnx import TensorProto

    _, width, channels = shape
    columns = g.constant(np.arange(width), np.float64)
    source = g("Add", columns, _row_offsets(g, pixels, shape))  # (N, H, W)
    border = g.constant(-1, np.float64), g.constant(width, np.float64)
    whole = g("Cast", g("Cast", source, to=TensorProto.INT64), to=TensorProto.DOUBLE)  # towards 0
    floor = g("Sub", whole, g("Cast", g("Greater", whole, source), to=TensorProto.DOUBLE))
    left = g("Clip", floor, *border)
    limits = g.constant(0, np.float64), g.constant(1, np.float64)
    share = g("Cast", g("Clip", g("Sub", source, left), *limits), to=TensorProto.FLOAT)
    weight = g("Unsqueeze", share, g.numbers(3))  # (N, H, W, 1)
    at = g("Unsqueeze", g("Cast", left, to=TensorProto.INT64), g.numbers(3))
    at = g("Expand", at, g.numbers(1, 1, 1, channels))
    padded = g("Pad", pixels, g.numbers(0, 0, 1, 0, 0, 0, 2, 0))
    first = g("GatherElements", padded, g("Add", at, g.numbers(1)), axis=2)
    second = g("GatherElements", padded, g("Add", at, g.numbers(2)), axis=2)
    rest = g("Sub", g.constant(1, np.float32), weight)
    return g("Round", g("Add", g("Mul", rest, first), g("Mul", weight, second)))


def _row_offsets(g: Nodes, pixels: str, shape: Shape) -> str:
    """(N, H, 1) of float64: how many columns to the right the slant has moved each row."""
    from onnx import TensorProto

    height, width, _ = shape
    y, x = (g.constant(np.arange(n)[:, None], np.float64) for n in (height, width))
    y_squared = g.constant(np.arange(height)[:, None] ** 2, np.float64)
    ink = g("ReduceSum", g("Cast", pixels, to=TensorProto.DOUBLE), g.numbers(3), keepdims=0)  # (N, H, W)
    by_row = g("ReduceSum", ink, g.numbers(2), keepdims=0)  # (N, H)
    by_column = g("ReduceSum", ink, g.numbers(1), keepdims=0)
    total = g("Max", g("ReduceSum", by_row, g.numbers(1), keepdims=1), g.constant(1, np.float64))  # (N, 1)
    centre_y = g("Div", g("MatMul", by_row, y), total)  # (N, 1)
    centre_x = g("Div", g("MatMul", by_column, x), total)
    m_yy = g("Sub", g("Div", g("MatMul", by_row, y_squared), total), g("Mul", centre_y, centre_y))
    along = g("Squeeze", g("MatMul", ink, x), g.numbers(2))  # (N, H): sum of ink x in each row
    m_xy = g("Sub", g("Div", g("MatMul", along, y), total), g("Mul", centre_y, centre_x))
    least = g.constant(1e-6, np.float64)
    tall = g("Cast", g("Greater", m_yy, least), to=TensorProto.DOUBLE)
    lean = g("Mul", g("Div", m_xy, g("Max", m_yy, least)), tall)
    rows = g.constant(np.arange(height)[None, :], np.float64)
    offsets = g("Mul", lean, g("Sub", rows, centre_y))  # (N, H)
    return g("Unsqueeze", offsets, g.numbers(2))
