"""Every public name has a numpydoc docstring: a sentence, and each parameter, return value and yield described."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from enum import EnumType
from types import ModuleType

import pytest
from numpydoc.validate import validate

# The rules of numpydoc: https://numpydoc.readthedocs.io/en/latest/validation.html
RULES = {
    "GL03", "GL06", "GL07", "GL08", "SS02", "SS03", "SS06", "PR01", "PR02", "PR03", "PR04", "PR07", "PR10", "RT01",
    "RT03", "YD01",
}  # fmt: skip


ROOMS = ("errors", "files", "rng", "signals", "kernels", "nn", "images", "datasets", "evaluation", "model", "reading",
         "report", "training", "sweeps", "bulk", "estimator", "export", "web")  # fmt: skip


def modules(room: str) -> Iterator[ModuleType]:
    module = importlib.import_module(f"handgrad.{room}")
    yield module
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"handgrad.{room}."):
        yield importlib.import_module(found.name)


def public_names(module: ModuleType) -> Iterator[str]:
    """Functions and classes that a module defines, and the members that a class defines, without an underscore."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(thing):
            if not getattr(thing, "_is_protocol", False):  # nobody makes one, so it has no parameters
                yield f"{module.__name__}.{name}"
            for member, what in vars(thing).items():
                kinds = classmethod | staticmethod | property
                inherited = not getattr(what, "__doc__", None) and inspect.getdoc(getattr(thing, member))
                if inherited or member.startswith("_"):
                    continue  # an override does what its base class says
                if inspect.isfunction(what) or isinstance(what, kinds):
                    yield f"{module.__name__}.{name}.{member}"
        elif inspect.isfunction(thing):
            yield f"{module.__name__}.{name}"


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_have_numpydoc_docstrings(room: str) -> None:
    wrong = []
    for module in modules(room):
        if not (module.__doc__ or "").strip():
            wrong.append(f"{module.__name__}: no docstring that says what the module is for")
        enums = {f"{module.__name__}.{name}" for name, thing in vars(module).items() if isinstance(thing, EnumType)}
        for name in public_names(module):
            rules = RULES - {"PR01"} if name in enums else RULES  # the parameters of an enumeration are Python's own
            wrong += [f"{name}: {rule} {text}" for rule, text in validate(name)["errors"] if rule in rules]
    assert not wrong, "\n".join(wrong)
