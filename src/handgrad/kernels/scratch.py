"""Where the regions of the kernels' scratch memory lie, and how much a thread needs in all.

A layer plans its memory with these functions, and the compiled kernels call the very same ones for their addresses (see
`jit.py`): size and addresses cannot disagree. All count float32 numbers ("floats"). A layout is a tuple of offsets of
regions, one behind the other; its last entry is the total. `lanes` and `rows` describe the register tile: floats in a
vector, rows of the tallest tile. Plans are made for the largest tile, as only the compiler knows the processor's.
"""

from handgrad.kernels.sizes import MAX_LANES, MAX_ROWS, SPLIT, ceil_div, round_up, row_stride


def copied_rows(n: int, row: int, lanes: int) -> int:
    """Count the floats of a copy of n rows at `row_stride`; none where they lie at that stride already.

    Parameters
    ----------
    n, row, lanes : int
        Number of rows, floats in a row, floats in a vector.

    Returns
    -------
    int
        The floats.
    """
    stride = row_stride(row, lanes)
    return 0 if stride == row else n * stride


def strip_rows(rows: int) -> int:
    """Count the rows of a matrix that are repacked at a time: whole tiles, and whole vectors once transposed.

    Parameters
    ----------
    rows : int
        Rows of the tallest tile.

    Returns
    -------
    int
        The rows.
    """
    return 4 * rows


def transpose_spare(lanes: int) -> int:
    """Count the floats of the two squares in which `pack.transpose` works.

    Parameters
    ----------
    lanes : int
        Floats in a vector.

    Returns
    -------
    int
        The floats.
    """
    return 2 * lanes * lanes


def dense_first_part(n_in: int, n_out: int) -> int:
    """Count the inputs in the first of the two parts in which `dense_forward` takes its sums.

    Sums of a row of the batch must not depend on the other rows or on the number of threads: nor does this.

    Parameters
    ----------
    n_in, n_out : int
        Widths of the input and of the output.

    Returns
    -------
    int
        About half of the inputs; all, where the layer is so small that there is no other part.
    """
    half = ceil_div(n_in, 4) // 2 * 4
    return half if half > 0 and n_in * n_out >= SPLIT else n_in


def dense_forward_layout(n: int, n_in: int, n_out: int, lanes: int) -> tuple[int, int, int, int, int]:
    """Lay out the scratch of `dense_forward`.

    Parameters
    ----------
    n, n_in, n_out, lanes : int
        Batch size, widths of the input and of the output, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of a panel of w, of a copy of x, of a row of zeros and of the second part of the sums, which the threads
        share, and the total.
    """
    copy = n_in * 2 * lanes
    zeros = copy + copied_rows(n, n_in, lanes)
    if dense_first_part(n_in, n_out) == n_in:
        return 0, copy, zeros, zeros, zeros
    rest = zeros + round_up(n_out, lanes)
    return 0, copy, zeros, rest, rest + n * n_out


def dense_input_gradient_layout(n: int, n_out: int, lanes: int, rows: int) -> tuple[int, int, int, int, int, int]:
    """Lay out the scratch of `dense_input_gradient`.

    Parameters
    ----------
    n, n_out, lanes, rows : int
        Batch size, width of the output, floats in a vector, rows of the tallest tile.

    Returns
    -------
    tuple of int
        Offsets of a row of zeros, the spare of `transpose`, a strip of w, a strip of dx.T and the panels of dy.T, and
        the total.
    """
    width = 2 * lanes
    spare = width
    strip = spare + transpose_spare(lanes)
    result = strip + copied_rows(strip_rows(rows), n_out, lanes)
    panels = result + strip_rows(rows) * width
    return 0, spare, strip, result, panels, panels + round_up(n, width) * n_out


def dense_weight_gradient_layout(n: int, n_out: int, lanes: int, rows: int) -> tuple[int, int, int, int]:
    """Lay out the scratch of `dense_weight_gradient`.

    Parameters
    ----------
    n, n_out, lanes, rows : int
        Batch size, width of the output, floats in a vector, rows of the tallest tile.

    Returns
    -------
    tuple of int
        Offsets of a row of zeros, a strip of x and the panels of dy, and the total.
    """
    strip = 2 * lanes
    panels = strip + n * strip_rows(rows)
    return 0, strip, panels, panels + n * round_up(n_out, 2 * lanes)


def padded_image(height: int, width: int, channels: int, pad: int, lanes: int) -> int:
    """Count the floats of an image padded with zeros, and of the vector behind it that may be read beyond its end.

    Parameters
    ----------
    height, width, channels : int
        Shape of the image.
    pad : int
        Rows and columns of zeros on each side.
    lanes : int
        Floats in a vector.

    Returns
    -------
    int
        The floats.
    """
    return round_up((height + 2 * pad) * (width + 2 * pad) * channels, lanes) + lanes


def conv_forward_layout(image: int, pixels: int, depth: int, n_out: int, lanes: int) -> tuple[int, int, int]:
    """Lay out the scratch of `conv_forward`.

    Parameters
    ----------
    image : int
        Floats of the padded image, which comes first.
    pixels, depth, n_out, lanes : int
        Pixels of the output, floats of the patch under each, filters, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of the panels of w and of the patches, and the total.
    """
    patches = image + depth * round_up(n_out, 2 * lanes)
    return image, patches, patches + pixels * depth + lanes


def conv_input_gradient_layout(
    image: int, pixels: int, depth: int, n_out: int, lanes: int
) -> tuple[int, int, int, int, int]:
    """Lay out the scratch of `conv_input_gradient`.

    Parameters
    ----------
    image : int
        Floats of the padded image, which comes first.
    pixels, depth, n_out, lanes : int
        Pixels of the output, floats of the patch under each, filters, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of a row of zeros, the panels of w.T, the patches (before them, w.T lies there) and the spare of
        `transpose`, and the total.
    """
    panels = image + 2 * lanes
    patches = panels + n_out * round_up(depth, 2 * lanes)
    spare = patches + depth * n_out
    return image, panels, patches, spare, max(patches + pixels * depth, spare + transpose_spare(lanes))


def conv_weight_gradient_layout(image: int, pixels: int, depth: int, n_out: int, lanes: int) -> tuple[int, int, int]:
    """Lay out the scratch of `conv_weight_gradient`.

    Parameters
    ----------
    image : int
        Floats of the padded image, which comes first.
    pixels, depth, n_out, lanes : int
        Pixels of the output, floats of the patch under each, filters, floats in a vector.

    Returns
    -------
    tuple of int
        Offsets of the panels of dy and of the patches, and the total.
    """
    patches = image + pixels * round_up(n_out, 2 * lanes)
    return image, patches, patches + pixels * depth + lanes


def dense_scratch(n: int, n_in: int, n_out: int) -> int:
    """Count the floats that one thread needs for any pass of a dense layer.

    Parameters
    ----------
    n, n_in, n_out : int
        Batch size, widths of the input and of the output.

    Returns
    -------
    int
        The floats, whole vectors.
    """
    layouts = (
        dense_forward_layout(n, n_in, n_out, MAX_LANES),
        dense_input_gradient_layout(n, n_out, MAX_LANES, MAX_ROWS),
        dense_weight_gradient_layout(n, n_out, MAX_LANES, MAX_ROWS),
    )
    return round_up(max(layout[-1] for layout in layouts), MAX_LANES)


def conv_scratch(in_shape: tuple[int, ...], out_shape: tuple[int, ...], size: int, pad: int) -> int:
    """Count the floats that one thread needs for any pass of a convolution.

    Parameters
    ----------
    in_shape, out_shape : tuple of int
        Shapes (H, W, C) of an input image and (H', W', F) of an output.
    size, pad : int
        Side of the filters; rows and columns of zeros on each side of an image.

    Returns
    -------
    int
        The floats, whole vectors.
    """
    height, width, n_in = in_shape
    image = padded_image(height, width, n_in, pad, MAX_LANES)
    pixels, depth, n_out = out_shape[0] * out_shape[1], size * size * n_in, out_shape[2]
    passes = (conv_forward_layout, conv_input_gradient_layout, conv_weight_gradient_layout)
    return round_up(max(layout(image, pixels, depth, n_out, MAX_LANES)[-1] for layout in passes), MAX_LANES)
