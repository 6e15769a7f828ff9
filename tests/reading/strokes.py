"""Digits drawn as strokes, on paper such as people have: on tables, ruled, in boxes, in shadow."""

import numpy as np
from PIL import Image, ImageDraw

Grey = np.ndarray
STEPS = 24  # points of an arc


def arc(x: float, y: float, wide: float, high: float, start: float, stop: float) -> list[tuple[float, float]]:
    """Points of an ellipse about a middle, between two angles in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, stop, STEPS))
    return [(x + wide * np.cos(angle), y + high * np.sin(angle)) for angle in angles]


# Strokes of each digit, in a box 0.6 wide and 1 high, y from the top.
STROKES = {
    "0": [arc(0.3, 0.5, 0.28, 0.48, -90, 270)],
    "1": [[(0.12, 0.2), (0.34, 0.02), (0.34, 0.98)]],
    "2": [[*arc(0.3, 0.28, 0.26, 0.26, -170, 30), (0.04, 0.96), (0.58, 0.96)]],
    "3": [[*arc(0.28, 0.26, 0.26, 0.23, -150, 80), *arc(0.28, 0.72, 0.29, 0.25, -80, 150)]],
    "4": [[(0.4, 0.02), (0.04, 0.64), (0.58, 0.64)], [(0.4, 0.34), (0.4, 0.98)]],
    "5": [[(0.54, 0.03), (0.12, 0.03), (0.1, 0.44), *arc(0.28, 0.68, 0.28, 0.28, -120, 140)]],
    "6": [[(0.46, 0.03), *arc(0.3, 0.68, 0.26, 0.28, -170, 190)]],
    "7": [[(0.04, 0.04), (0.56, 0.04), (0.22, 0.98)]],
    "8": [[*arc(0.3, 0.26, 0.22, 0.23, 90, 450)], [*arc(0.3, 0.73, 0.27, 0.25, -90, 270)]],
    "9": [[*arc(0.3, 0.28, 0.24, 0.26, 0, -360), (0.54, 0.28), (0.5, 0.98)]],
    "/": [[(0.5, -0.05), (0.1, 1.05)]],
    "-": [[(0.08, 0.55), (0.5, 0.55)]],
    "+": [[(0.05, 0.55), (0.55, 0.55)], [(0.3, 0.3), (0.3, 0.8)]],
    "=": [[(0.05, 0.45), (0.5, 0.45)], [(0.05, 0.65), (0.5, 0.65)]],
}


class Sheet:
    """Paper to draw on, in grey levels."""

    def __init__(self, height: int, width: int, level: int = 225) -> None:
        self.image = Image.new("L", (width, height), level)
        self.draw = ImageDraw.Draw(self.image)

    def stroke(self, points: list[tuple[float, float]], pen: int, ink: int) -> None:
        """A line through points, with round ends."""
        self.draw.line(points, fill=ink, width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            self.draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=ink)

    def write(self, text: str, left: float, top: float, tall: float = 60, pen: int = 5, ink: int = 40,
              step: float = 0.85, fall: float = 0.0) -> None:  # fmt: skip
        """Digits and signs side by side; each so many heights to the right of the one before, and lower by `fall`."""
        for i, sign in enumerate(text):
            x, y = left + i * step * tall, top + i * fall * tall
            for points in STROKES[sign]:
                self.stroke([(x + tall * u, y + tall * v) for u, v in points], pen, ink)

    def pixels(self, noise: float = 1.5) -> Grey:
        """The picture, with some grain."""
        random = np.random.default_rng(0)
        grain = random.normal(0, noise, (self.image.height, self.image.width))
        return (np.asarray(self.image) + grain).clip(0, 255).astype(np.uint8)
