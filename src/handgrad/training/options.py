"""Options: fields of a dataclass that carry their own help, range and group, so that each is stated once."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from numbers import Integral, Real
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from handgrad.errors import UserError

ONE = 1 - 1e-9  # the largest value of a rate that must stay below 1


@dataclass(frozen=True)
class Option:
    """What is known of a field besides its type and default.

    Parameters
    ----------
    help : str
        What it does, in one sentence.
    group : str
        The heading that it stands under in help texts and documentation.
    low, high : float
        The least and the largest number; of each number, where there are several.
    choices : tuple of str
        The words that are taken, or nothing where any word is.
    """

    help: str
    group: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()

    @property
    def values(self) -> str:
        """The values that are taken, in words; nothing where any word is."""
        if self.choices:
            return ", ".join(self.choices)
        if self.high == self.low:
            return ""
        return f"{self.low:g} to below 1" if self.high == ONE else f"{self.low:g} to {self.high:g}"


def option(
    default: Any, help: str, low: float = 0.0, high: float = 0.0, *, group: str, choices: tuple[str, ...] = ()
) -> Any:
    """Return a dataclass field that is an option.

    Parameters
    ----------
    default : object
        The field's default.
    help : str
        What it does, in one sentence.
    low, high : float
        The least and the largest number.
    group : str
        The heading that it stands under.
    choices : tuple of str
        The words that are taken.

    Returns
    -------
    dataclasses.Field
        To stand on the right of a field's annotation.
    """
    return field(default=default, metadata={"option": Option(help, group, low, high, choices)})


@dataclass(frozen=True)
class Named:
    """An option with the name, type and default of its field.

    Parameters
    ----------
    name : str
        The field's name.
    kind : type
        `bool`, `int`, `float` or `str`: of the value, or of each of them.
    many : bool
        Whether the value is a tuple.
    default : object
        The field's default.
    option : Option
        The rest.
    """

    name: str
    kind: type
    many: bool
    default: Any
    option: Option

    def checked(self, value: Any) -> Any:
        """Return a value as the field holds it.

        NumPy's numbers become Python's, whole numbers become floats where floats are expected, and lists, arrays and
        single values become tuples.

        Parameters
        ----------
        value : object
            What was given.

        Returns
        -------
        bool, int, float, str or tuple
            The value, of the field's type and within its range.

        Raises
        ------
        UserError
            For a value of another type, out of range, or none of the choices.
        """
        if not self.many:
            return self._one(value)
        values = value if isinstance(value, list | tuple | np.ndarray) else [value]
        return tuple(self._one(each) for each in values)

    def _one(self, value: Any) -> Any:
        made = self._typed(value)
        o = self.option
        if o.choices and made not in o.choices:
            raise UserError(f"{self.name} is '{made}': expected one of {', '.join(o.choices)}")
        if self.kind in (int, float) and not o.low <= made <= o.high:
            top = "1, not including it" if o.high == ONE else f"{o.high:g}"
            raise UserError(f"{self.name} is {brief(made)}: expected a number from {o.low:g} to {top}")
        return made

    def _typed(self, value: Any) -> Any:
        a_bool = isinstance(value, bool | np.bool_)
        if self.kind is bool and a_bool:
            return bool(value)
        if self.kind is int and isinstance(value, Integral) and not a_bool:
            return int(value)
        if self.kind is float and isinstance(value, Real) and not a_bool:
            return _as_float(self.name, value)
        if self.kind is str and isinstance(value, str):
            return str(value)
        raise UserError(f"{self.name} is {brief(value)}: expected {self.kind.__name__}")


def _as_float(name: str, value: Real) -> float:
    try:
        return float(value)
    except OverflowError:
        raise UserError(f"{name} is a whole number of more than 308 digits: expected a smaller one") from None


def brief(value: Any) -> str:
    """Return a value as a message shows it: integers of thousands of digits and deep lists have no text at all.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    str
        At most 60 letters.

    Examples
    --------
    >>> brief(["a", 1])
    "['a', 1]"
    """
    if isinstance(value, int) and abs(value) > 10**18:
        return "a whole number of more than 18 digits"
    try:
        text = repr(value) if not isinstance(value, Real) else str(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too deep or long to show"
    return text if len(text) <= 60 else f"{text[:57]}..."


@cache
def options(kind: type) -> dict[str, Named]:
    """Return the options of a dataclass.

    Parameters
    ----------
    kind : type
        A dataclass.

    Returns
    -------
    dict of str to Named
        By name, in the order of the fields; fields that are no options are left out.
    """
    return {each.name: each for each in _named(kind)}


def _named(kind: type) -> Iterator[Named]:
    hints = get_type_hints(kind)
    for each in fields(kind):
        if "option" in each.metadata:
            hint = hints[each.name]
            many = get_origin(hint) is tuple
            yield Named(each.name, get_args(hint)[0] if many else hint, many, each.default, each.metadata["option"])


def described_options(kind: type, names: Container[str] | None = None) -> str:
    """Describe the options of a dataclass as a section of a docstring does.

    Parameters
    ----------
    kind : type
        A dataclass.
    names : container of str, optional
        Those to describe, if not all.

    Returns
    -------
    str
        Lines to stand where the first of them is indented already.
    """
    lines = []
    for name, each in options(kind).items():
        if names is not None and name not in names:
            continue
        what = f"tuple of {each.kind.__name__}" if each.many else each.kind.__name__
        values = f" Values: {each.option.values}." if each.option.values else ""
        lines.append(f"{name} : {what}\n        {each.option.help}{values}")
    return "\n    ".join(lines)


def document_options(kind: type) -> None:
    """List the options of a dataclass in its docstring, where it says {options}.

    Parameters
    ----------
    kind : type
        A dataclass.
    """
    kind.__doc__ = (kind.__doc__ or "").replace("{options}", described_options(kind))
