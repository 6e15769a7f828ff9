"""Pictures for tests of reading, made of the first training images of MNIST."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

from handgrad.datasets import load


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The first validation images and their labels."""
    _, valid = load("mnist").split()
    return valid.pixels[:200], valid.labels[:200]


def placed(digit: np.ndarray, side: int, tall: int, top: int, left: int) -> np.ndarray:
    """uint8 (side, side): the 20 rows of ink scaled to `tall`, bright on black, its 28x28 frame's corner placed."""
    full = round(28 * tall / 20)
    ink = np.asarray(Image.fromarray(digit).resize((full, full), Image.Resampling.BICUBIC))
    out = np.zeros((side + 2 * full, side + 2 * full), np.uint8)
    out[full + top : full + top + full, full + left : full + left + full] = ink
    return out[full : full + side, full : full + side]


def png(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def sheet(rows: list[list[int]], tall: int = 60, gap: int = 30) -> np.ndarray:
    """Dark digits on white, line by line; each number is an image's place in `digits`."""
    pixels, _ = digits()
    pitch, full = tall + 2 * gap, round(28 * tall / 20)
    out = np.zeros((pitch * len(rows) + 2 * gap, (tall + gap) * max(map(len, rows)) + 3 * gap), np.uint8)
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            ink = np.asarray(Image.fromarray(pixels[number]).resize((full, full), Image.Resampling.BICUBIC))
            at = out[gap + i * pitch :, gap + j * (tall + gap) :][:full, :full]
            np.maximum(at, ink[: at.shape[0], : at.shape[1]], out=at)
    return 255 - out
