"""Small copies of a picture, on which large things are looked for."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MIN_CELLS = 4  # of a copy's shorter side


def coarse(level: Floats, cells: int, least: int = MIN_CELLS) -> Floats:
    """Return a copy whose longer side has so many cells at most; each is the mean of what it covers.

    Parameters
    ----------
    level : numpy.ndarray
        Grey levels, float32 (H, W).
    cells : int
        The most cells of the longer side, unless the picture is a strip.
    least : int
        The fewest cells of the shorter side, if it has as many pixels.

    Returns
    -------
    numpy.ndarray
        Float32, `level` itself where it is small enough.
    """
    from PIL import Image

    factor = min(max(level.shape) / cells, max(min(level.shape) / least, 1))
    if factor <= 1:
        return level
    height, width = (max(min(MIN_CELLS, side), round(side / factor)) for side in level.shape)
    return np.asarray(Image.fromarray(level).resize((width, height), Image.Resampling.BOX))


def enlarged(small: Floats, shape: tuple[int, ...]) -> Floats:
    """Return a small copy's levels at the picture's size.

    Parameters
    ----------
    small : numpy.ndarray
        Float32, as from `coarse`.
    shape : tuple of int
        Height and width to reach.

    Returns
    -------
    numpy.ndarray
        Float32 of that shape, bilinear between the cells.
    """
    from PIL import Image

    if small.shape == shape:
        return small
    return np.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
