"""A convolution, by either method, against its twin, which runs in float64."""

import numpy as np

from handgrad.kernels import Kernels, naive
from handgrad.kernels.scratch import conv_scratch
from handgrad.kernels.sizes import MAX_LANES, PARTS
from handgrad.kernels.winograd_scratch import filters_size, winograd_scratch
from kernels.twins import guarded, random
from tolerance import assert_close

WINOGRAD_TIMES = 3.0  # its sums are of products up to 25 times as large as their total: the price of fewer of them


def check_convolution(kernels: Kernels, kind: str, case: tuple[int, ...]) -> list[bytes]:
    n, height, width, n_in, n_out, size, stride, pad = case
    down, across = ((side + 2 * pad - size) // stride + 1 for side in (height, width))
    x, w, b = random(n, height, width, n_in), random(size, size, n_in, n_out, seed=1), random(n_out, seed=2)
    dy = random(n, down, across, n_out, seed=3)
    by_conv = conv_scratch((height, width, n_in), (down, across, n_out), size, pad)
    numbers = winograd_scratch(n_in, n_out) if kind == "winograd" else by_conv
    scratch, whole_scratch = guarded(kernels.threads(), numbers)
    made = [guarded(*shape) for shape in (dy.shape, x.shape, w.shape, b.shape, (PARTS, *w.shape), (PARTS, n_out))]
    out, dx, dw, db, w_parts, b_parts = (array for array, _ in made)
    filters, whole_filters = guarded(filters_size(n_in, n_out, MAX_LANES))
    kept = (filters, 0) if kind == "winograd" else ()
    exact = [a.astype(np.float64) for a in (x, w, b, dy)]
    x64, w64, b64, dy64 = exact
    want, terms = ([np.empty(a.shape) for a in (out, dx, dw, db)] for _ in range(2))
    times, outputs = WINOGRAD_TIMES if kind == "winograd" else 1.0, []
    passes = ("forward", "input_gradient", "weight_gradient")
    mine, mine_dx, mine_dw = (getattr(kernels, f"{kind}_{name}") for name in passes)
    twin, twin_dx, twin_dw = (getattr(naive, f"{kind}_{name}") for name in passes)
    ax, aw, ab, ady = (np.abs(a) for a in exact)
    twin(terms[0], ax, aw, ab, 0.0, stride, pad, *kept, scratch)
    twin_dx(terms[1], ady, aw, stride, pad, scratch)
    twin_dw(terms[2], terms[3], ax, ady, stride, pad, w_parts, b_parts, scratch)
    for floor in (0.0, -np.inf):
        scratch[:] = np.nan  # what the last kernel left there must not matter
        mine(out, x, w, b, floor, stride, pad, *kept, scratch)
        twin(want[0], x64, w64, b64, floor, stride, pad, *kept, scratch)
        assert_close(out, want[0], times, terms[0])
        outputs.append(out.tobytes())
    scratch[:] = np.nan
    mine_dx(dx, dy, w, stride, pad, scratch)
    twin_dx(want[1], dy64, w64, stride, pad, scratch)
    scratch[:] = np.nan
    mine_dw(dw, db, x, dy, stride, pad, w_parts, b_parts, scratch)
    twin_dw(want[2], want[3], x64, dy64, stride, pad, w_parts, b_parts, scratch)
    for got, wanted, size in zip((dx, dw, db), want[1:], terms[1:], strict=True):
        assert_close(got, wanted, times, size)
    for whole in (whole_scratch, whole_filters, *(each for _, each in made)):
        whole()
    assert all((a == e).all() for a, e in zip((x, w, b, dy), exact, strict=True)), "an input was written to"
    return [*outputs, dx.tobytes(), dw.tobytes(), db.tobytes()]
