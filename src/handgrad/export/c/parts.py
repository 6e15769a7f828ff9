"""The parts of a C file, written down one after another."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

TYPES = {"float32": "float", "int8": "int8_t"}
A_LINE = 12  # numbers
PLAIN = string.ascii_letters + string.digits + " "


@dataclass
class Parts:
    """What a C file consists of.

    Parameters
    ----------
    constants : list of str
        Definitions of weights and shapes.
    calls : list of str
        The body of `network`.
    functions : dict of str to None
        The functions that are called, in the order of their first call.
    flash : int
        Bytes of the constants.
    """

    constants: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    functions: dict[str, None] = field(default_factory=dict)
    flash: int = 0

    def array(self, array: NDArray[np.generic], name: str = "") -> str:
        """Define a constant array.

        Parameters
        ----------
        array : float32 or int8 array
            Its numbers.
        name : str
            Its name; a number where nothing is given.

        Returns
        -------
        str
            Its name.
        """
        name = name or f"weights_{len(self.constants)}"
        self.flash += array.nbytes
        texts = [number(value) for value in array.ravel()]
        lines = ",\n    ".join(", ".join(texts[i : i + A_LINE]) for i in range(0, len(texts), A_LINE))
        self.constants.append(f"static const {TYPES[array.dtype.name]} {name}[{len(texts)}] = {{\n    {lines}\n}};")
        return name

    def shape(self, numbers: Sequence[int]) -> str:
        """Define the constant shape of a convolution.

        Parameters
        ----------
        numbers : sequence of int
            As `conv_shape` has them.

        Returns
        -------
        str
            Its address.
        """
        name = f"shape_{len(self.constants)}"
        self.flash += 4 * len(numbers)
        self.constants.append(f"static const conv_shape {name} = {{{', '.join(map(str, numbers))}}};")
        return f"&{name}"

    def call(self, function: str, *arguments: object) -> None:
        """Call a function.

        Parameters
        ----------
        function : str
            Its name, which is that of its file.
        *arguments : object
            What it is given.
        """
        self.functions[function] = None
        self.calls.append(f"    {function}({', '.join(map(str, arguments))});")


def number(value: np.generic | float | int) -> str:
    """Write a number as C reads it back, bit by bit.

    Parameters
    ----------
    value : number
        An integer, or a float that is taken as float32.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> number(np.int8(-3)), number(0.1), number(1e-30)
    ('-3', '0.1f', '1e-30f')
    """
    return str(value) if isinstance(value, np.integer | int) else f"{np.float32(value)!s}f"


def text(words: Sequence[str]) -> Iterator[str]:
    """Write texts as C's string literals.

    Parameters
    ----------
    words : sequence of str
        Any texts.

    Yields
    ------
    str
        Each in quotes; what is no plain letter or digit is written as the numbers of its UTF-8 bytes.
    """
    for word in words:
        plain = (chr(b) if chr(b) in PLAIN else f"\\{b:03o}" for b in word.encode())
        yield f'"{"".join(plain)}"'
