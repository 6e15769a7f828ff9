"""Strokes of all ten digits as people draw them on a pad: several styles, moved, small, large, thin and thick."""

from collections.abc import Iterator

import numpy as np

# Points "x,y" in tenths of the pad's side, strokes apart by |. Corners are cut, as a hand does not make them.
STYLES = {
    "0": (
        "5,1.5 3,2.6 2.6,5 3.2,7.6 5,8.6 6.9,7.6 7.4,5 6.8,2.6 5,1.5 4.4,1.7",
        "5.8,1.8 4,2 3.2,5 3.8,8 5.4,8.4 6.5,6.6 6.6,3.6 5.6,1.7 5,1.7",
        "4.6,2.4 3,4 3,6.4 5,7.6 7,6.2 7,4 5.4,2.6 4.4,2.5",
    ),
    "1": ("5,1.5 5,8.5", "3.4,3.4 5.2,1.5 5.2,5 5.2,8.6", "5.8,1.6 4.4,8.6", "3.6,3 5,1.5 5,8.4|3.6,8.5 6.5,8.4"),
    "2": (
        "3,3 3.8,1.8 5.6,1.5 6.8,2.8 6.2,4.8 4.6,6.8 3,8.4 5,8.4 7.3,8.4",
        "3,3.2 4.4,1.6 6.5,2.2 6.3,4.2 4.6,6.8 3.2,8 3.2,7.2 4.4,7.4 5.6,8.2 7.3,8.2",
        "3.2,2 6.8,2 6.8,5 3.2,5 3.2,8.4 6.9,8.4",
    ),
    "3": (
        "3.1,2.4 4.4,1.5 6.2,1.8 6.6,3.4 5.6,4.6 4.4,4.8 6,5.1 7,6.6 6.2,8.2 4.4,8.6 3,7.8",
        "3,1.8 6.8,1.8 4.7,4.4 6.3,4.8 7,6.6 5.8,8.4 4.2,8.6 3,7.8",
    ),
    "4": (
        "3.7,1.6 3.1,4 3,5.5 5,5.5 7.4,5.4|6.2,2.8 6.1,5.4 6,8.7",
        "6,1.5 4.4,3.8 2.8,6.1 5,6.1 7.5,6.1|6,1.5 6,5 6,8.7",
        "3.4,1.8 3.2,5 6.6,5|6.6,1.8 6.6,5 6.6,8.6",
    ),
    "5": (
        "6.7,1.6 5,1.6 3.6,1.6 3.4,4.4 4.6,4 6.2,4.4 6.9,6.2 6,8 4.4,8.6 3,7.9",
        "3.6,1.8 3.4,4.6 5,4.2 6.6,5 6.8,6.8 5.6,8.4 3.2,8|3.6,1.8 5,1.7 6.9,1.6",
    ),
    "6": (
        "6.3,1.6 4.6,2.8 3.4,5 3.2,7 4,8.4 5.8,8.6 6.9,7.4 6.5,5.8 5,5.3 3.6,6.2",
        "5.6,1.4 4,4.2 3.4,6.8 4.4,8.5 6,8.3 6.5,6.8 5.6,5.7 4.2,6 3.6,7",
    ),
    "7": (
        "3,1.8 5,1.8 7,1.8 5.8,4.6 4.4,8.6",
        "3,1.8 5,1.8 7,1.8 5.6,5 4.6,8.6|3.8,5.1 5.2,5 6.7,4.9",
        "3,2.8 3,1.8 5,1.9 7,1.7 5.4,5 5,8.6",
    ),
    "8": (
        "5.2,4.8 3.7,3.8 3.6,2.2 5,1.4 6.4,2.2 6.3,3.8 5,4.8 3.5,6.2 3.4,7.8 5,8.7 6.6,7.8 6.6,6.2 5,4.8",
        "6.4,2.4 5,1.5 3.7,2.6 4.4,4.2 6.2,5.8 6.5,7.6 5,8.7 3.6,7.7 4,6 5.8,4.2 6.4,2.4",
    ),
    "9": (
        "6.6,3.2 5.6,1.6 4,1.7 3.3,3.4 4,4.9 5.6,4.8 6.6,3.2 6.5,5.6 6.2,8.7",
        "6.5,2.6 5,1.5 3.5,2.6 3.7,4.4 5.4,4.9 6.5,3.4 6.5,2.4 6.6,5.6 5.8,8 4,8.5",
    ),
}  # fmt: skip
PLAIN_PEN = 20.0  # units of the pad, of which its side has 280
CHANGES = {  # scale, shift in tenths of the pad, slant, width of the pen
    "plain": (1.0, (0.0, 0.0), 0.0, PLAIN_PEN),
    "off-centre": (0.55, (2.0, 2.0), 0.0, 16.0),
    "small": (0.3, (-1.5, 1.0), 0.0, 9.0),
    "thin": (1.0, (0.0, 0.0), 0.0, 5.0),
    "thick": (0.9, (0.0, 0.0), 0.0, 34.0),
    "large": (1.25, (0.0, 0.0), 0.0, 24.0),
    "slanted": (0.9, (0.0, 0.0), -0.25, PLAIN_PEN),
}
ROUNDS = 2  # of cutting corners (Chaikin 1974)


UNSTEADY = 0.18  # deviation of a point, in tenths of the pad, where a hand is unsteady


def drawings(seed: int | None = None) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Each digit in each style and way, how it is drawn, and the drawing as the page keeps it.

    With a seed, the hand is unsteady.
    """
    random = None if seed is None else np.random.default_rng(seed)
    for digit, styles in STYLES.items():
        for number, style in enumerate(styles):
            for change, (scale, shift, slant, pen) in CHANGES.items():
                lines = [_points(line, scale, shift, slant, random) for line in style.split("|")]
                strokes = [{"width": pen, "points": [[x, y, 0.5] for x, y in line]} for line in lines]
                yield digit, f"{change}, style {number}", {"base": None, "strokes": strokes}


def _points(
    line: str, scale: float, shift: tuple[float, float], slant: float, random: np.random.Generator | None
) -> list[list[float]]:
    points = np.array([[float(part) for part in point.split(",")] for point in line.split()])
    if random:
        points += random.normal(0, UNSTEADY, points.shape)
    for _ in range(ROUNDS):
        early, late = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.concatenate([points[:1], np.stack([early, late], axis=1).reshape(-1, 2), points[-1:]])
    points = (points - 5) * scale
    points[:, 0] += slant * points[:, 1]
    return (28 * (points + 5 + shift)).round(2).tolist()
