"""Pens and pictures: middle lines drawn as strangers' pens and cameras show them, then fitted as reading fits them.

Pens are thin or fat, hard or soft at the edge; pencils are grainy. Some drawings are small pictures, of two levels or
of grey, and some went through JPEG. Sizes are in pixels of a canvas that shows a digit three times as large as MNIST.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from handgrad.reading.fit import fit
from handgrad.training.strokes import Floats, Mask, Pens

Pixels = npt.NDArray[np.uint8]

SIDE = 28
ZOOM = 3  # canvas pixels for a pixel of an image
CANVAS = 96
# Stroke widths in pixels of an image, and how often each range is drawn.
WIDTHS = ((0.5, 1.3, 0.45), (1.3, 2.6, 0.35), (2.6, 4.4, 0.2))
SHARP = 0.5  # share of the pens with a hard edge
HARD, SOFT = 0.6, 4.0  # widths of an edge
BLURRED = 2.0  # an edge is at most so many times as wide as its stroke
SMALL, JPEG, PENCIL = 0.32, 0.12, 0.12  # shares of the drawings
SMALLEST, LARGEST = 11, 28  # pixels of a small picture's longer side
FINEST = 0.3  # share of the pens that are as fine as the picture allows
TWO_LEVEL, SQUARE = 0.65, 0.4  # shares of the small pictures
SLIM = 0.3  # width for its height up to which a small picture is never made square: it might be a 1
COVERED = (0.3, 0.5)  # share of a pixel from which it is ink, where there are two levels
QUALITY = (15, 60)  # of JPEG
JPEG_NOISE = 0.15  # ink that is fainter counts as paper
GRAIN = 0.7  # of a pencil: the largest share of ink that paper does not take


@dataclass(frozen=True)
class _Small:
    """How a drawing becomes a small picture."""

    side: int  # pixels of its longer side
    covered: float  # share of a pixel from which it is ink, 0 for grey levels
    square: bool  # whether it is as wide as high, whatever was drawn


def drawn(lines: Mask, random: np.random.Generator) -> list[Floats]:
    """Return drawings of lines, each with a pen of its own.

    Parameters
    ----------
    lines : bool array (N, H, W)
        Middle lines on canvases.
    random : numpy.random.Generator
        What pens and pictures are drawn from.

    Returns
    -------
    list of float32 array (h, w)
        Ink from 0 to 1; small pictures are smaller than the canvas, and all 0 where nothing is drawn.
    """
    small = [_small(random) if random.random() < SMALL else None for _ in lines]
    ink = _pens(lines, small, random).draw(lines)
    return [_picture(image, each, random) for image, each in zip(ink, small, strict=True)]


def fitted(drawings: list[Floats]) -> Pixels:
    """Return drawings as a network sees them.

    Parameters
    ----------
    drawings : list of float32 array (h, w)
        Ink from 0 to 1.

    Returns
    -------
    uint8 array (N, 28, 28)
        Each cut out, scaled and centred.
    """
    return np.stack([fit(drawing, SIDE, SIDE) for drawing in drawings]) if drawings else np.empty((0, SIDE, SIDE), "u1")


def _pens(lines: Mask, small: list[_Small | None], random: np.random.Generator) -> Pens:
    low, high, share = np.array(WIDTHS).T
    kind = random.choice(len(WIDTHS), len(lines), p=share)
    width = random.uniform(low[kind], high[kind]) * ZOOM
    edge = np.where(random.random(len(lines)) < SHARP, HARD, random.uniform(HARD, SOFT, len(lines)))
    rows, columns = (lines.any(axis=axis) for axis in (2, 1))
    longer = np.maximum(rows.sum(axis=1), columns.sum(axis=1))
    # A stroke of a small picture is a pixel wide at least: finer ones would have gaps.
    least = np.array([length / each.side if each else 0 for length, each in zip(longer, small, strict=True)])
    width = np.where(random.random(len(lines)) < FINEST, np.maximum(least, np.minimum(width, ZOOM)), width)
    width = np.maximum(width, least)
    return Pens((width / 2).astype(np.float32), np.minimum(edge, np.maximum(BLURRED * width, HARD)).astype(np.float32))


def _small(random: np.random.Generator) -> _Small:
    covered = float(random.uniform(*COVERED)) if random.random() < TWO_LEVEL else 0.0
    return _Small(int(random.integers(SMALLEST, LARGEST + 1)), covered, bool(random.random() < SQUARE))


def _picture(ink: Floats, small: _Small | None, random: np.random.Generator) -> Floats:
    if small:
        return _shrunk(ink, small)
    if random.random() < PENCIL:
        ink = ink * (1 - random.uniform(0, GRAIN) * random.random(ink.shape, np.float32)).astype(np.float32)
    return _as_jpeg(ink, random) if random.random() < JPEG else ink


def _shrunk(ink: Floats, small: _Small) -> Floats:
    """Ink cut out and averaged over the pixels of a small picture."""
    from PIL import Image

    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0) for axis in (1, 0))
    if not rows.size:
        return ink
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = small.side / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    if small.square and min(height, width) > SLIM * small.side:
        height = width = small.side
    shrunk = np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.BOX))
    return (shrunk >= min(small.covered, float(shrunk.max()))).astype(np.float32) if small.covered else shrunk


def _as_jpeg(ink: Floats, random: np.random.Generator) -> Floats:
    """Ink as it comes out of a JPEG file."""
    from PIL import Image

    file = io.BytesIO()
    grey = Image.fromarray(np.rint(255 - 255 * ink).astype(np.uint8))
    grey.save(file, "JPEG", quality=int(random.integers(*QUALITY)))
    back = 1 - np.asarray(Image.open(file), np.float32) / np.float32(255)
    back[back < JPEG_NOISE] = 0
    return back
