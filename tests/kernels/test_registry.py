"""Every kernel is the same function three times: in the Protocol, in NumPy and compiled."""

import inspect
from types import FunctionType
from typing import Any

import pytest

from handgrad.kernels import Kernels, backend, compiled, naive
from handgrad.kernels.registry import KERNELS, kernel

DECLARED = {name: method for name, method in vars(Kernels).items() if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any]]:
    signature = inspect.signature(function)
    found = [(p.name, p.kind, p.default, p.annotation) for p in signature.parameters.values() if p.name != "self"]
    return [*found, signature.return_annotation]


def test_what_is_registered_is_what_the_protocol_declares() -> None:
    assert {*KERNELS, "threads"} == set(DECLARED)
    assert compiled.serial is backend("serial")


@pytest.mark.parametrize("name", DECLARED)
def test_signatures_agree(name: str) -> None:
    assert parameters(DECLARED[name]) == parameters(getattr(naive, name))
    if name in KERNELS:
        assert parameters(KERNELS[name].body) == parameters(getattr(naive, name))


@pytest.mark.parametrize("name", DECLARED)
def test_docstrings_come_from_the_twin(name: str) -> None:
    assert DECLARED[name].__doc__ == getattr(naive, name).__doc__
    assert name not in KERNELS or KERNELS[name].body.__doc__ == getattr(naive, name).__doc__


@pytest.mark.parametrize("kind", ["naive", "serial", "parallel"])
def test_every_backend_has_every_kernel(kind: str) -> None:
    assert all(callable(getattr(backend(kind), name)) for name in DECLARED)


def test_the_decorator_leaves_the_function_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.kernels.registry.KERNELS", {})
    from handgrad.kernels import registry

    def add(out, x, y, floor):
        """A docstring of its own."""

    assert kernel(add) is add and kernel(parallel=False)(add) is add
    assert registry.KERNELS["add"].body is add and not registry.KERNELS["add"].parallel
    assert add.__doc__ == "A docstring of its own." and isinstance(add, FunctionType)
