"""Random distortion of images in one pass, from uint8 to standardised float32; its twin tells how."""

import numpy as np

from handgrad.kernels.gemm import thread_range
from handgrad.kernels.jit import address, byte_vector, fill, inlined, jit, view
from handgrad.kernels.naive.images import WARP
from handgrad.kernels.pass_scratch import warp_layout
from handgrad.kernels.pointwise import halves, hash32
from handgrad.kernels.protocol import ByteImages, Image, Images, Integer, Matrix, Rows, Vector
from handgrad.kernels.registry import Team, kernel
from handgrad.kernels.sizes import BYTES, PAD

DRAWS = 16  # random numbers set aside for one image
# Places in `limits`, and of the draw that each one scales; behind them, what else is drawn.
UNAUGMENTED, ROTATION, SHEAR, SCALE, SHIFT, ELASTIC, STROKE, FLIP = range(len(WARP))
SCALE_Y, SHIFT_Y, FIELD, ROLL, MIRROR = range(len(WARP), len(WARP) + 5)


@jit
def _draw(image, which, key0, key1):
    # -> uniform in [-1, 1]: draw `which` of an image of the batch
    return np.float32(hash32(image * DRAWS + which, key0, key1)) * np.float32(2.0**-31) - np.float32(1)


@inlined
def _load(padded, pixels, row, stroke, spare):
    # padded, spare (H + 2 PAD, W + 2 PAD, C), pixels (M, H, W, C): floats of image `row`, strokes thickened
    # (stroke > 0) or thinned (< 0)
    _, height, width, channels = pixels.shape
    run = width * channels
    for y in range(height):
        to = view(address(padded) + BYTES * ((y + PAD) * padded.shape[1] + PAD) * channels, (run,))
        from_ = byte_vector(address(pixels) + (row * height + y) * run, run)
        for i in range(run):
            to[i] = np.float32(from_[i])
    if stroke == 0:
        return
    a, b = view(address(spare), (spare.size,)), view(address(padded), (padded.size,))
    for i in range(a.size):
        a[i] = b[i]
    amount = np.float32(abs(stroke))
    for y in range(PAD, PAD + height):
        for x in range(PAD, PAD + width):
            for c in range(channels):
                extreme = spare[y, x, c]
                for dy in range(-1, 2):
                    for dx in range(-1, 2):
                        near = spare[y + dy, x + dx, c]
                        extreme = max(extreme, near) if stroke > 0 else min(extreme, near)
                padded[y, x, c] += amount * (extreme - spare[y, x, c])


@inlined
def _affine(image, limits, key0, key1):
    # -> (a, b, c, d, e, f): a pixel at (x, y) from the centre came from (a x + b y + c, d x + e y + f)
    turn = limits[ROTATION] * _draw(image, ROTATION, key0, key1)
    slant = limits[SHEAR] * _draw(image, SHEAR, key0, key1)
    wide = np.exp(-limits[SCALE] * _draw(image, SCALE, key0, key1))
    tall = np.exp(-limits[SCALE] * _draw(image, SCALE_Y, key0, key1))
    right = limits[SHIFT] * _draw(image, SHIFT, key0, key1)
    down = limits[SHIFT] * _draw(image, SHIFT_Y, key0, key1)
    if limits[FLIP] > 0 and _draw(image, FLIP, key0, key1) < 0:
        wide = -wide
    cos, sin = np.cos(turn), np.sin(turn)
    a, b = wide * (cos + slant * sin), wide * (slant * cos - sin)
    d, e = tall * sin, tall * cos
    return a, b, -(a * right + b * down), d, e, -(d * right + e * down)


@inlined
def _bilinear(out, i, padded, xs, ys, mean, scale, y):
    # row y of image i of out (N, H, W, C) from the four neighbours of each place xs, ys (W,)
    # which count from the corner of padded
    width, channels = out.shape[2], out.shape[3]
    for x in range(width):
        left, top = int(xs[x]), int(ys[x])
        fx, fy = xs[x] - np.float32(left), ys[x] - np.float32(top)
        for c in range(channels):
            above = padded[top, left, c] + fx * (padded[top, left + 1, c] - padded[top, left, c])
            below = padded[top + 1, left, c] + fx * (padded[top + 1, left + 1, c] - padded[top + 1, left, c])
            out[i, y, x, c] = (above + fy * (below - above) - mean[y, x, c]) * scale[y, x, c]


@inlined
def _distort(out, pixels, row, mean, scale, fields, limits, image, key0, key1, padded, spare, xs, ys):
    # image number `image` of out (N, H, W, C) from number `row` of pixels (M, H, W, C); mean, scale (H, W, C),
    # fields (fields, H, W, 2)
    height, width = out.shape[1], out.shape[2]
    _load(padded, pixels, row, limits[STROKE] * _draw(image, STROKE, key0, key1), spare)
    a, b, c, d, e, f = _affine(image, limits, key0, key1)
    which = hash32(image * DRAWS + FIELD, key0, key1)
    which = which % np.uint32(fields.shape[0])
    roll = hash32(image * DRAWS + ROLL, key0, key1)
    roll_y, roll_x = roll % np.uint32(height), (roll >> np.uint32(16)) % np.uint32(width)
    mirror = hash32(image * DRAWS + MIRROR, key0, key1)
    strength = limits[ELASTIC] * np.float32(0.75 + 0.25 * _draw(image, ELASTIC, key0, key1))
    push_x = strength if mirror & np.uint32(1) else -strength
    push_y = strength if mirror & np.uint32(2) else -strength
    middle_x, middle_y = np.float32(0.5 * (width - 1)), np.float32(0.5 * (height - 1))
    top_x, top_y = np.float32(width + 2 * PAD - 2), np.float32(height + 2 * PAD - 2)
    for y in range(height):
        line = (y + roll_y) % height
        v = np.float32(y) - middle_y
        for x in range(width):
            at = x + roll_x
            at -= width if at >= width else 0
            u = np.float32(x) - middle_x
            place_x = a * u + b * v + c + push_x * fields[which, line, at, 0] + middle_x + np.float32(PAD)
            place_y = d * u + e * v + f + push_y * fields[which, line, at, 1] + middle_y + np.float32(PAD)
            xs[x] = min(max(place_x, np.float32(0)), top_x)
            ys[x] = min(max(place_y, np.float32(0)), top_y)
        _bilinear(out, image, padded, xs, ys, mean, scale, y)


@jit
def _standardise(out, pixels, mean, scale):
    # out, pixels, mean, scale: the numbers of one image
    for i in range(out.size):
        out[i] = (np.float32(pixels[i]) - mean[i]) * scale[i]


@kernel
def warp(
    out: Images, pixels: ByteImages, rows: Rows, mean: Image, scale: Image, fields: Images, limits: Vector,
    key: Integer, scratch: Matrix, team: Team,
) -> None:  # fmt: skip
    batch, height, width, channels = out.shape
    key0, key1 = halves(key)
    spare_at, xs_at, ys_at, _ = warp_layout(height, width, channels)
    own, shape = address(scratch) + BYTES * team.t * scratch.shape[1], (height + 2 * PAD, width + 2 * PAD, channels)
    fill(own, spare_at, np.float32(0))
    padded, spare = view(own, shape), view(own + BYTES * spare_at, shape)
    xs, ys = view(own + BYTES * xs_at, (width,)), view(own + BYTES * ys_at, (width,))
    size = height * width * channels
    first, last = thread_range(batch, 1, team.t, team.threads)
    for i in range(first, last):
        row = rows[i]
        if np.float32(0.5) + np.float32(0.5) * _draw(i, UNAUGMENTED, key0, key1) < limits[UNAUGMENTED]:
            to, from_ = view(address(out) + BYTES * i * size, (size,)), byte_vector(address(pixels) + row * size, size)
            _standardise(to, from_, view(address(mean), (size,)), view(address(scale), (size,)))
        else:
            _distort(out, pixels, row, mean, scale, fields, limits, i, key0, key1, padded, spare, xs, ys)
