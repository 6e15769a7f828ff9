"""Where the regions of the scratch memory of Winograd's method lie; told in `scratch.py`, counted in floats."""

from handgrad.kernels.scratch import transpose_spare
from handgrad.kernels.sizes import MAX_LANES, POINTS, TAPS, TILES, round_up


def tiles_step(row: int, lanes: int) -> int:
    """Give the stride from one point to the next in an array (POINTS, POINTS, TILES, row).

    It is a vector more than the tiles fill, so that the points do not share the same few cache sets.

    Parameters
    ----------
    row, lanes : int
        Floats of a tile's row at one point; floats in a vector.

    Returns
    -------
    int
        The stride in floats.
    """
    return TILES * row + lanes


def filters_size(n_in: int, n_out: int, lanes: int) -> int:
    """Count the floats of the filters at their points, (POINTS, POINTS, panels, C, 2 * lanes).

    Parameters
    ----------
    n_in, n_out, lanes : int
        Channels, filters, floats in a vector.

    Returns
    -------
    int
        The floats.
    """
    return POINTS * POINTS * n_in * round_up(n_out, 2 * lanes)


def block_layout(n_in: int, n_out: int, lanes: int) -> tuple[int, int, int, int, int, int]:
    """Lay out the scratch of `winograd_forward`: what a thread needs to convolve a block of TILES tiles.

    Parameters
    ----------
    n_in, n_out, lanes : int
        Channels, filters, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of a row of zeros, the bias, one patch of pixels, the inputs at their points and the products, and the
        total.
    """
    start = 2 * lanes
    patch = start + round_up(n_out, lanes)
    inputs = patch + POINTS * POINTS * lanes
    products = inputs + POINTS * POINTS * tiles_step(round_up(n_in, lanes), lanes)
    return 0, start, patch, inputs, products, products + POINTS * POINTS * tiles_step(round_up(n_out, lanes), lanes)


def winograd_input_gradient_layout(n_in: int, n_out: int, lanes: int) -> tuple[int, int, int, int]:
    """Lay out the scratch of `winograd_input_gradient`.

    Parameters
    ----------
    n_in, n_out, lanes : int
        Channels, filters, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of the turned filters at their points, which the first thread's row holds for all, of each thread's
        block (before it, the turned filters lie there) and of the spare of `transpose`, and the total.
    """
    block = filters_size(n_out, n_in, lanes)
    spare = block + TAPS * TAPS * n_in * n_out
    return 0, block, spare, max(block + block_layout(n_out, n_in, lanes)[-1], spare + transpose_spare(lanes))


def winograd_weight_gradient_layout(n_in: int, n_out: int, lanes: int) -> tuple[int, int, int, int, int, int]:
    """Lay out the scratch of `winograd_weight_gradient`.

    Parameters
    ----------
    n_in, n_out, lanes : int
        Channels, filters, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of a row of zeros, one patch of pixels, the inputs, the gradients and the products at their points, and
        the total.
    """
    points, patch = POINTS * POINTS, 2 * lanes
    inputs = patch + points * lanes
    gradients = inputs + points * tiles_step(round_up(n_in, lanes), lanes)
    products = gradients + points * tiles_step(round_up(n_out, 2 * lanes), lanes)
    return 0, patch, inputs, gradients, products, products + points * products_step(n_in, n_out, lanes)


def products_step(n_in: int, n_out: int, lanes: int) -> int:
    """Give the stride from one point to the next in the products (POINTS, POINTS, C, F) of the weight gradient.

    Parameters
    ----------
    n_in, n_out, lanes : int
        Channels, filters, floats in a vector.

    Returns
    -------
    int
        The stride in floats, a vector more than the products fill.
    """
    return n_in * round_up(n_out, lanes) + lanes


def winograd_scratch(n_in: int, n_out: int) -> int:
    """Count the floats that one thread needs for any pass of a 3x3 convolution by Winograd's method.

    Parameters
    ----------
    n_in, n_out : int
        Channels and filters.

    Returns
    -------
    int
        The floats, whole vectors.
    """
    passes = (block_layout, winograd_input_gradient_layout, winograd_weight_gradient_layout)
    return round_up(max(layout(n_in, n_out, MAX_LANES)[-1] for layout in passes), MAX_LANES)
