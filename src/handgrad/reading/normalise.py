"""A picture of a digit -> the image that a network was trained on: bright ink on dark, of one size."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from handgrad.datasets.pictures import decode, to_grey


def normalise(path: str | Path, height: int, width: int) -> npt.NDArray[np.uint8]:
    """uint8 (height, width), ink bright on a dark ground, from a picture of one digit in any size and polarity.

    Transparent parts count as white paper, EXIF orientation is applied, and a picture whose border is lighter than its
    mean is inverted. UserError for a file that is missing, no picture, damaged or too large.
    """
    from PIL import Image

    grey = to_grey(decode(Path(path)))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = 255 - grey if np.median(border) > grey.mean() else grey
    if ink.shape == (height, width):
        return ink
    return np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.LANCZOS))
