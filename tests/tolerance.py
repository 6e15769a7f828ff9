"""How near two ways to one number must come: one figure for each dtype, relative to the largest number expected."""

import numpy as np

RELATIVE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


def assert_close(got: object, want: object, times: float = 1.0, terms: object = None) -> None:
    """Every number of `got` within the tolerance of its dtype, `times` over; a NaN must meet a NaN.

    terms: for sums that may nearly cancel, what they would be if every term counted with its absolute value.
    """
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    largest = float(np.nanmax(np.abs(want if terms is None else terms), initial=0.0))
    limit = times * RELATIVE[got.dtype] * max(largest, 1e-30)
    np.testing.assert_allclose(got, want, rtol=0, atol=limit)
