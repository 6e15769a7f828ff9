"""How much scratch the compiled kernels need, without importing what compiles them."""

MOST_LANES = 16  # floats in the widest vector register that the tile is built for
MOST_ROWS = 12


def _padded(n: int, unit: int) -> int:
    return -(-n // unit) * unit


def dense_scratch(n: int, n_in: int, n_out: int) -> int:
    """Numbers of float32 that one thread needs for any of the three products of (n, n_in) by (n_in, n_out)."""
    width, strip = 2 * MOST_LANES, 4 * MOST_ROWS
    forward = n_in * width + n * (n_in + MOST_LANES)
    turning = 2 * MOST_LANES**2
    input_gradient = turning + _padded(n, width) * n_out + strip * (width + n_out + MOST_LANES)
    weight_gradient = n * (_padded(n_out, width) + strip)
    return _padded(width + max(forward, input_gradient, weight_gradient), MOST_LANES)
