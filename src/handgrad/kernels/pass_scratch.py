"""Where the regions of the scratch memory of batch normalisation and distortion lie; told in `scratch.py`."""

from handgrad.kernels.sizes import MAX_LANES, NORM_CHUNK, PAD, ceil_div, round_up


def chunk_rows(channels: int) -> int:
    """Count the rows that batch normalisation takes at a time.

    Parameters
    ----------
    channels : int
        Floats in a row.

    Returns
    -------
    int
        The rows.
    """
    return max(1, NORM_CHUNK // channels)


def batch_norm_layout(rows: int, channels: int) -> tuple[int, int, int, int, int, int]:
    """Lay out the scratch of batch normalisation, in the first thread's row for all.

    Parameters
    ----------
    rows, channels : int
        Rows of the input, floats in a row.

    Returns
    -------
    tuple of int
        Offsets of the chunks' second sums (the first ones are at 0) and of four vectors, and the total.
    """
    sums = ceil_div(rows, chunk_rows(channels)) * channels
    vectors = 2 * sums
    return sums, vectors, vectors + channels, vectors + 2 * channels, vectors + 3 * channels, vectors + 4 * channels


def batch_norm_scratch(rows: int, channels: int) -> int:
    """Count the floats that one thread needs for batch normalisation.

    Parameters
    ----------
    rows, channels : int
        Rows of the input, floats in a row.

    Returns
    -------
    int
        The floats, whole vectors.
    """
    return round_up(batch_norm_layout(rows, channels)[-1], MAX_LANES)


def warp_layout(height: int, width: int, channels: int) -> tuple[int, int, int, int]:
    """Lay out the scratch of `warp`, which begins with a padded image.

    Parameters
    ----------
    height, width, channels : int
        Shape of an image.

    Returns
    -------
    tuple of int
        Offsets of a second padded image, of a row of x and a row of y, and the total.
    """
    padded = (height + 2 * PAD) * (width + 2 * PAD) * channels
    return padded, 2 * padded, 2 * padded + width, 2 * padded + 2 * width


def warp_scratch(height: int, width: int, channels: int) -> int:
    """Count the floats that one thread needs for `warp`, and for `corrupt`.

    Parameters
    ----------
    height, width, channels : int
        Shape of an image.

    Returns
    -------
    int
        The floats, whole vectors.
    """
    return round_up(warp_layout(height, width, channels)[-1], MAX_LANES)
