"""Images turned by an angle, so that a model can answer for several views of one digit."""

import numpy as np
import numpy.typing as npt


def turn(pixels: npt.NDArray[np.uint8], degrees: float) -> npt.NDArray[np.uint8]:
    """Images (N, H, W, C) uint8, bright ink on dark, turned anticlockwise about their middle; bilinear, dark outside.

    Turned by 0 degrees they are the same array.
    """
    if degrees == 0:
        return pixels
    from scipy.ndimage import affine_transform  # slow to import, and most models look once

    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    source = np.eye(4)  # where each pixel comes from: only rows and columns change
    source[1:3, 1:3] = (cos, sin), (-sin, cos)
    middle = np.array([0, (pixels.shape[1] - 1) / 2, (pixels.shape[2] - 1) / 2, 0])
    moved = affine_transform(pixels.astype(np.float32), source, middle - source @ middle, order=1, mode="grid-constant")
    turned: npt.NDArray[np.uint8] = np.rint(moved.clip(0, 255)).astype(np.uint8)
    return turned
