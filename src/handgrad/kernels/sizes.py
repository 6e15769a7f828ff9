"""How much scratch the compiled kernels need, without importing what compiles them."""

MOST_LANES = 16  # floats in the widest vector register that the tile is built for
MOST_ROWS = 12
CHUNK = 1 << 14  # numbers that one thread handles at a time; no more than these are not worth waking another for

TILES = 48  # of a convolution by Winograd's method that pass through its steps together; a multiple of MOST_ROWS
NONE = 255  # instead of a place in a pooling square: all of it was below the floor
PARTS = 8  # of a batch, in which convolutions sum up their weights' gradients


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


def winograd_scratch(n_in: int, n_out: int) -> int:
    """Numbers of float32 that one thread needs for any pass of a 3x3 convolution from n_in to n_out channels."""
    points, width = 36, 2 * MOST_LANES
    wide_in, wide_out = _padded(n_in, width), _padded(n_out, width)
    weights = points * max(n_in * wide_out, n_out * wide_in) + 9 * n_in * n_out + 2 * MOST_LANES**2
    small = 4 * max(wide_in, wide_out) + points * MOST_LANES
    blocks = points * (TILES * (wide_in + wide_out) + 2 * MOST_LANES)
    products = points * (n_in * wide_out + MOST_LANES)
    return _padded(small + blocks + max(weights, products), MOST_LANES)


def conv_scratch(in_shape: tuple[int, ...], out_shape: tuple[int, ...], size: int, pad: int) -> int:
    """Numbers of float32 that one thread needs for any pass of a convolution from (H, W, C) to (H', W', F)."""
    height, width, n_in = in_shape
    pixels, n_out, depth = out_shape[0] * out_shape[1], out_shape[2], size * size * n_in
    lines = 2 * MOST_LANES
    framed = (height + 2 * pad) * (width + 2 * pad) * n_in + 2 * MOST_LANES
    wide_out, wide_depth = _padded(n_out, lines), _padded(depth, lines)
    forward = depth * wide_out + pixels * depth
    input_gradient = lines + n_out * wide_depth + max(pixels * depth, depth * n_out + 2 * MOST_LANES**2)
    weight_gradient = pixels * (wide_out + depth)
    return _padded(framed + max(forward, input_gradient, weight_gradient) + MOST_LANES, MOST_LANES)
