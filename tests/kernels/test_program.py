"""Programs: recorded is as immediate; cells; and what is refused."""

import numpy as np
import pytest

from handgrad.kernels import backend, recorder
from handgrad.kernels.program import Program
from handgrad.kernels.threads import cores, limited
from kernels.twins import new, random


def test_a_recorded_call_does_nothing_until_it_is_run() -> None:
    tape, out, x = recorder(), new(3, 20), random(3, 20)
    tape.kernels.relu_forward(out, x)
    assert np.isnan(out).all()
    program = tape.take()
    assert program.names == {"relu_forward"} and not tape.take().calls
    program.run()
    assert (out == np.maximum(x, 0)).all()
    x *= -1
    program.run()
    assert (out == np.maximum(x, 0)).all(), "arrays are looked at when it runs"


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_recorded_gives_the_bytes_of_immediate(count: int) -> None:
    found = []
    for kernels, tape in ((backend("compiled"), None), ((taped := recorder()).kernels, taped)):
        x, y, out = random(40, 999), random(40, 999, seed=1), new(40, 999)
        with limited(count):
            kernels.add(out, x, y, 0.0)
            kernels.dropout(out, out, 0.25, 77)
            kernels.relu_backward(y, out)
            if tape:
                tape.take().run()
        found.append(out.tobytes() + y.tobytes())
    assert found[0] == found[1]


def test_a_cell_is_read_each_time() -> None:
    tape, out, x, rate, key = recorder(), new(999), np.ones(999, np.float32), np.array(0.5), np.array(1)
    tape.kernels.dropout(out, x, rate, key)
    program, seen = tape.take(), set()
    for rate[...], key[...] in ((0.5, 1), (0.5, 2), (0.25, 1)):
        program.run()
        want = new(999)
        backend("compiled").dropout(want, x, float(rate), int(key))
        assert (out == want).all()
        seen.add(out.tobytes())
    assert len(seen) == 3


def test_an_empty_program_may_be_run() -> None:
    Program([]).run()


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (np.zeros((3, 4)), "out is float64 \\(3, 4\\): expected float32, 1 axes, in C order"),
        (np.zeros((3, 4), np.float32).T, "out is float32 \\(4, 3\\)"),
    ],
)
def test_arrays_of_another_kind_are_refused(x: np.ndarray, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        backend("compiled").relu_forward(x, x)


def test_a_number_of_axes_counts() -> None:
    flat = np.zeros(12, np.float32)
    with pytest.raises(TypeError, match="mean_pool_forward: out is float32"):
        backend("compiled").mean_pool_forward(flat, flat)


def test_scratch_for_fewer_threads_than_there_are_limits_them() -> None:
    x, gamma = random(70_000, 3), random(3, seed=1)
    found = []
    for rows, count in ((1, 4), (4, 4)):
        out, room = new(70_000, 3), np.full((rows + 1, 64), np.float32(-77))
        with limited(count):
            backend("compiled").batch_norm_apply(out, x, gamma, gamma**2, gamma, gamma, 1e-3, 0.0, room[:rows])
        assert (room[rows] == -77).all()
        found.append(out.tobytes())
    assert found[0] == found[1]


def test_the_number_of_threads_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_THREADS", "7")
    assert cores() == 7
    for wrong in ("0", "65", "two"):
        monkeypatch.setenv("HANDGRAD_THREADS", wrong)
        with pytest.raises(Exception, match=f"HANDGRAD_THREADS is '{wrong}': expected a number from 1 to 64"):
            cores()
