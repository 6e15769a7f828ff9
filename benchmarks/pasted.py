"""Pictures such as users have, made of MNIST digits: pasted, on shaded and textured paper, whole pages of them."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Random = np.random.Generator


def cut(digit: Pixels) -> Pixels:
    """The digit without its frame."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resized(digit: Pixels, height: int, room: int) -> Pixels:
    """So tall, or less where it would be wider than there is room."""
    width = max(1, round(digit.shape[1] * height / digit.shape[0]))
    if width > room:
        height, width = max(1, round(height * room / width)), room
    return np.asarray(Image.fromarray(digit).resize((width, height), Image.Resampling.BICUBIC))


def pasted(digit: Pixels, random: Random) -> Pixels:
    """Anywhere on a plain square of 20 to 2,000 pixels, 14 tall or more, dark on light or light on dark."""
    side = round(np.exp(random.uniform(np.log(20), np.log(2000))))
    tall = round(np.exp(random.uniform(np.log(14), np.log(side))))
    ink = resized(cut(digit), tall, side)
    out = np.zeros((side, side), np.uint8)
    top, left = random.integers(0, side - ink.shape[0] + 1), random.integers(0, side - ink.shape[1] + 1)
    out[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return 255 - out if random.random() < 0.5 else out


def paper(shape: tuple[int, int], random: Random) -> Floats:
    """Grey levels of paper under uneven light, half of it in a shadow as a rule, with the grain of its surface."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width] / max(shape)
    turn = random.uniform(0, 2 * np.pi)
    slope = np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5)
    light = random.uniform(160, 250) * (1 - random.uniform(0, 0.45) * (slope + 0.7) / 1.4)
    if random.random() < 0.6:
        turn = random.uniform(0, 2 * np.pi)
        edge = np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5) - random.uniform(-0.3, 0.3)
        light *= 1 - random.uniform(0.2, 0.5) / (1 + np.exp(-edge * random.uniform(8, 40)))
    grain = ndimage.gaussian_filter(random.standard_normal(shape), random.uniform(0.5, 3))
    return light * (1 + random.uniform(0.0, 0.04) * grain / grain.std())


def on_paper(digit: Pixels, random: Random) -> Pixels:
    """Written on paper under uneven light, photographed with some noise, 60 to 400 pixels a side."""
    side = int(random.integers(60, 400))
    ink = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)) / 255
    grey = paper((side, side), random) * (1 - random.uniform(0.35, 0.85) * ink)
    return (grey + random.normal(0, random.uniform(0, 5), grey.shape)).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Page:
    """A page as JPEG, and what stands on it, line by line."""

    jpeg: bytes
    lines: tuple[str, ...]


def page(
    pixels: Pixels, labels: Pixels, random: Random, size: tuple[int, int] = (1200, 1600), lines: int = 5, each: int = 8
) -> Page:
    """Lines of digits (N, 28, 28) drawn at random, turned by up to 10 degrees, in perspective, shaded, as a JPEG."""
    height, width = size
    ink = np.zeros((height, width), np.float32)
    pitch = height * 0.8 / lines
    tall = min(pitch * 0.6, width * 0.8 / each * 0.8)
    texts = []
    for line in range(lines):
        rows = random.integers(0, len(labels), each)
        texts.append("".join(str(label) for label in labels[rows]))
        left = width * 0.1 + random.uniform(0, 0.03) * width
        for row in rows:
            digit = resized(cut(pixels[row]), round(tall * random.uniform(0.85, 1.1)), round(tall * 1.1))
            top = int(height * 0.1 + pitch * (line + 0.5) - digit.shape[0] / 2 + random.uniform(-0.06, 0.06) * tall)
            at = ink[top : top + digit.shape[0], int(left) : int(left) + digit.shape[1]]
            np.maximum(at, digit[:, : at.shape[1]] / np.float32(255), out=at)
            left += digit.shape[1] + tall * random.uniform(0.15, 0.4)
    ink = _seen_aslant(ink, random)
    grey = paper(size, random) * (1 - random.uniform(0.4, 0.85) * ink)
    grey += random.normal(0, random.uniform(0, 5), size)
    buffer = BytesIO()
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=int(random.integers(40, 95)))
    return Page(buffer.getvalue(), tuple(texts))


def _seen_aslant(ink: NDArray[np.float32], random: Random) -> NDArray[np.float32]:
    """Turned about the middle and seen in perspective: the corners of the page move."""
    height, width = ink.shape
    turn = np.radians(random.uniform(-10, 10))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    middle = np.array([width, height]) / 2
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = (corners - middle) @ spin.T * 0.95 + middle + random.uniform(-0.03, 0.03, (4, 2)) * width
    rows = []
    for (x, y), (u, v) in zip(moved, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    mapping = np.linalg.solve(np.array(rows), corners.reshape(-1))
    warped = Image.fromarray(ink).transform(
        (width, height), Image.Transform.PERSPECTIVE, tuple(mapping), Image.Resampling.BICUBIC
    )
    return np.asarray(warped).clip(0, 1)
