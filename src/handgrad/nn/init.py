"""How weights start: random, with the spread that keeps signals level from layer to layer."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError

# The standard deviation for a layer with so many inputs and outputs.
SPREADS: dict[str, Callable[[int, int], float]] = {
    "he": lambda n_in, n_out: math.sqrt(2 / n_in),  # ReLU halves the power: He et al. 2015, equation 10
    "glorot": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),  # Glorot and Bengio 2010, equation 12
    "lecun": lambda n_in, n_out: math.sqrt(1 / n_in),  # LeCun et al. 1998, "Efficient BackProp", equation 16
}


def start(kind: str, shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """An array (..., I, O) of kind `zeros`, `ones`, `he`, `glorot`, `lecun`, or `normal:0.01` (that deviation)."""
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"))
    return spread(kind, math.prod(shape[:-1]), shape[-1]) * generator.standard_normal(shape)


def spread(kind: str, n_in: int, n_out: int) -> float:
    """The standard deviation that a kind gives to a layer with so many inputs and outputs."""
    if kind in SPREADS:
        return SPREADS[kind](n_in, n_out)
    name, _, number = kind.partition(":")
    try:
        deviation = float(number)
    except ValueError:
        deviation = math.nan
    if name != "normal" or not deviation > 0 or math.isinf(deviation):
        raise UserError(f"init is '{kind}': expected one of {', '.join(SPREADS)} or normal:DEVIATION, as normal:0.01")
    return deviation
