"""Sizes that layers and kernels share, and the arithmetic of rounding; nothing here imports the compiler.

Compiled code calls these very functions: `jit.py` sees to it.
"""

BYTES = 4  # of a float32
MAX_LANES = 16  # of the widest vector register that the tile is built for
MAX_ROWS = 12
CHUNK = 1 << 14  # floats that one thread handles at a time; for fewer, no second thread is woken

SPLIT = 1 << 12  # weights of a dense layer from which on its sums are taken in two parts

NORM_CHUNK = 1 << 15  # floats of a chunk of rows in batch normalisation
PAD = 2  # background pixels around an image that is distorted: a look-up just outside needs no test

PARTS = 8  # of a batch: convolutions add up the weight gradient part by part, whatever the number of threads
NO_ARGMAX = 255  # stands where no pixel of a pooling square was above the floor

LEAST = 1e-30  # the smallest probability of which a logarithm is taken

POINTS = 6  # of Winograd's method, along each axis
TAPS = 3  # side of its filters
TILES = 48  # tiles that pass through its steps together; a multiple of MAX_ROWS


def ceil_div(n: int, d: int) -> int:
    """Divide, and round up.

    Parameters
    ----------
    n, d : int
        Dividend, and divisor above 0.

    Returns
    -------
    int
        The smallest integer that is not below n / d.
    """
    return -(-n // d)


def round_up(n: int, unit: int) -> int:
    """Round up to a whole number of units.

    Parameters
    ----------
    n, unit : int
        The number to round, and the unit, above 0.

    Returns
    -------
    int
        The smallest multiple of `unit` that is not below `n`.
    """
    return -(-n // unit) * unit


def row_stride(row: int, lanes: int) -> int:
    """Give the stride at which neighbouring rows of a matrix fall into different sets of the cache.

    Rows a large power of two apart would evict each other.

    Parameters
    ----------
    row, lanes : int
        Floats in a row and in a vector.

    Returns
    -------
    int
        `row`, or one vector more.
    """
    return row + lanes if row % 256 == 0 else row
