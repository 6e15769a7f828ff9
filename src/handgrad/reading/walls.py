"""The walls of tables: upright lines from rule to rule."""

from handgrad.reading.masks import Mask, dilated
from handgrad.reading.straight import Thin, find_straight, ink_of

REACH = 3  # pixels beyond a rule's width within which a wall ends at it
MIN_COVERED = 0.5  # share of a wall's length that has ink
WALL, WALL_LINK = 0.7, 0.3  # digit heights of a cell's wall, and of its gaps
WALL_WIDTH = 1.0  # pixels by which it is thicker than the lines at most


def find_walls(slim: Mask, rules: Mask, size: float, width: float) -> Mask:
    """Return the walls of cells: upright lines from rule to rule that are as thin as these.

    Parameters
    ----------
    slim : numpy.ndarray
        Bool (H, W), ink that is thin from left to right.
    rules : numpy.ndarray
        Bool (H, W), the ink of level lines.
    size : float
        The height of digits, in pixels.
    width : float
        The width of the level lines, in pixels.

    Returns
    -------
    numpy.ndarray
        Bool (H, W), a part of `slim`.
    """
    lines, labels = find_straight(Thin(slim.T), size, width + WALL_WIDTH, WALL_LINK)
    reach = round(width) + REACH
    near = dilated(rules, reach).T
    thickest = width + WALL_WIDTH
    lines = [line for line in lines if line.thickness <= thickest and line.covered >= MIN_COVERED]
    walls = [
        line for line in lines
        if line.length >= WALL * size and _at(near, line.left, line.start) and _at(near, line.right - 1, line.end)
    ]  # fmt: skip
    return (ink_of(walls, labels) & slim.T).T


def _at(near: Mask, x: float, y: float) -> bool:
    row, column = (min(max(round(place), 0), side - 1) for place, side in zip((y, x), near.shape, strict=True))
    return bool(near[row, column])
