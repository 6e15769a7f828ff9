"""Every kernel is the same function three times: in the Protocol, in NumPy and compiled."""

import inspect
from typing import Any

import numpy as np
import pytest

from handgrad.kernels import Kernels, backend, compiler, naive
from handgrad.kernels.registry import BODIES, KERNELS, Team, kernel, kinds

compiler.register()
DECLARED = {name: method for name, method in vars(Kernels).items() if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any]]:
    signature = inspect.signature(function)
    found = [(p.name, p.kind, p.default, p.annotation) for p in signature.parameters.values() if p.name != "self"]
    return [*found, signature.return_annotation]


def test_what_is_registered_is_what_the_protocol_declares() -> None:
    assert {*KERNELS, "threads"} == set(DECLARED)
    assert set(KERNELS) <= set(BODIES) and {*BODIES} - {*KERNELS} == set(compiler.PARTS)


@pytest.mark.parametrize("name", DECLARED)
def test_signatures_agree(name: str) -> None:
    assert parameters(DECLARED[name]) == parameters(getattr(naive, name))
    if name in KERNELS:
        *own, team, result = parameters(BODIES[name])
        assert [*own, result] == parameters(getattr(naive, name)) and team[0] == "team" and team[-1] is Team


@pytest.mark.parametrize("name", DECLARED)
def test_docstrings_come_from_the_twin(name: str) -> None:
    assert DECLARED[name].__doc__ == getattr(naive, name).__doc__
    assert name not in KERNELS or BODIES[name].__doc__.startswith(getattr(naive, name).__doc__.rstrip())


@pytest.mark.parametrize("kind", ["naive", "compiled"])
def test_every_backend_has_every_kernel(kind: str) -> None:
    assert all(callable(getattr(backend(kind), name)) for name in DECLARED)


def test_the_decorator_leaves_the_function_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.kernels.registry.BODIES", found := {})

    def add(out, x, y, floor, team):
        """A docstring of its own."""

    assert kernel(add) is add and found == {"add": add}
    assert add.__doc__ == "A docstring of its own."


def test_the_kinds_of_arguments_are_those_of_the_protocol() -> None:
    f4, f8, i8 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)
    assert kinds("dropout") == (("out", f4, 1), ("x", f4, 1), ("rate", f8, 0), ("key", i8, 0))
    assert kinds("max_pool_forward")[1] == ("argmax", np.dtype(np.uint8), 4)
