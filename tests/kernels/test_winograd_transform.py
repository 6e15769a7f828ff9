"""The matrices of Winograd's method."""

import numpy as np
import pytest

from handgrad.kernels.sizes import POINTS
from handgrad.kernels.vector.winograd_transform import from_points, of_inputs, to_points


@pytest.mark.parametrize(("outputs", "weights"), [(4, 3), (3, 4)])
def test_transforms_are_exact(outputs: int, weights: int) -> None:
    generator = np.random.Generator(np.random.Philox(1))
    x, w = generator.integers(-9, 9, 6), generator.integers(-9, 9, weights)
    there = [np.array(m, dtype=object) for m in (of_inputs(), to_points(weights), from_points(outputs))]
    assert (there[2] @ ((there[1] @ w) * (there[0] @ x))).tolist() == np.correlate(x, w, "valid").tolist()


def test_the_matrices_have_as_many_points_as_the_layouts_say() -> None:
    assert len(of_inputs()) == len(to_points(3)) == len(from_points(4)[0]) == POINTS
