"""Where values lie in one array: two that are needed at the same time do not overlap, others may."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from handgrad.export.graph import Graph

IN_PLACE = ("affine", "add", "relu")  # element by element: they may write where they read


@dataclass
class Block:
    """Room for a value, or for several of which each is made from the one before and takes its place.

    Parameters
    ----------
    size : int
        Elements.
    first, last : int
        The steps from which and until which it is needed.
    offset : int
        Its place in the array.
    """

    size: int
    first: int
    last: int
    offset: int = 0


def places(graph: Graph, values: Collection[int]) -> tuple[dict[int, int], int]:
    """Return where some of a graph's values lie in one array.

    Parameters
    ----------
    graph : Graph
        The steps.
    values : collection of int
        The values that lie in this array.

    Returns
    -------
    places : dict of int to int
        The offset of each of them, in elements.
    size : int
        Elements of the array.
    """
    blocks = _blocks(graph, values)
    placed: list[Block] = []
    for block in sorted({id(block): block for block in blocks.values()}.values(), key=lambda block: -block.size):
        beside = [other for other in placed if other.first <= block.last and block.first <= other.last]
        for other in sorted(beside, key=lambda other: other.offset):
            if block.offset + block.size > other.offset:
                block.offset = max(block.offset, other.offset + other.size)
        placed.append(block)
    size = max((block.offset + block.size for block in placed), default=0)
    return {value: block.offset for value, block in blocks.items()}, size


def _blocks(graph: Graph, values: Collection[int]) -> dict[int, Block]:
    """The block of each value."""
    last = {value: i for i, step in enumerate(graph.steps) for value in step.inputs}
    last[graph.result] = len(graph.steps)
    found: dict[int, Block] = {}
    if 0 in values:
        found[0] = Block(math.prod(graph.shapes[0]), -1, last[0])
    for i, step in enumerate(graph.steps):
        if step.out not in values:
            continue
        size = math.prod(graph.shapes[step.out])
        free = [found[value] for value in step.inputs if value in found and last[value] == i]
        if step.kind in IN_PLACE and free:
            block = free[0]
            block.last = last[step.out]
        else:
            block = Block(size, i, last[step.out])
        found[step.out] = block
    return found
