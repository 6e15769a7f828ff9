"""Initial values of parameters: random weights whose scale keeps signals at the same level from layer to layer."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError

# Kind -> standard deviation of the weights of a layer with n_in inputs and n_out outputs.
STD: dict[str, Callable[[int, int], float]] = {
    "he": lambda n_in, n_out: math.sqrt(2 / n_in),  # ReLU halves the power: He et al. 2015, equation 10
    "glorot": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),  # Glorot and Bengio 2010, equation 12
    "lecun": lambda n_in, n_out: math.sqrt(1 / n_in),  # LeCun et al. 1998, "Efficient BackProp", equation 16
}


def initial_array(kind: str, shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the initial values of one parameter.

    Parameters
    ----------
    kind : str
        `zeros` or `ones`, or normally distributed numbers around 0, of the standard deviation that `std` gives.
    shape : tuple of int
        Shape of the parameter; weights have shape (..., I, O), all axes but the last being inputs of one output.
    generator : numpy.random.Generator
        Where random numbers come from.

    Returns
    -------
    numpy.ndarray of float64
        The values.

    Raises
    ------
    UserError
        When there is no such kind.

    Examples
    --------
    >>> initial_array("ones", (2,), np.random.default_rng(0)).tolist()
    [1.0, 1.0]
    """
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"))
    return std(kind, math.prod(shape[:-1]), shape[-1]) * generator.standard_normal(shape)


def std(kind: str, n_in: int, n_out: int) -> float:
    """Return the standard deviation of the initial weights of a layer.

    Parameters
    ----------
    kind : str
        `he`, `glorot` or `lecun`, or the deviation itself, as `normal:0.01`.
    n_in : int
        Inputs of each output of the layer.
    n_out : int
        Outputs of the layer.

    Returns
    -------
    float
        The standard deviation, above 0.

    Raises
    ------
    UserError
        When there is no such kind, or the deviation is not a finite number above 0.

    Examples
    --------
    >>> std("he", 200, 10)
    0.1
    """
    if kind in STD:
        return STD[kind](n_in, n_out)
    name, _, number = kind.partition(":")
    try:
        deviation = float(number)
    except ValueError:
        deviation = math.nan
    if name != "normal" or not deviation > 0 or math.isinf(deviation):
        raise UserError(f"init is '{kind}': expected one of {', '.join(STD)} or normal:DEVIATION, as normal:0.01")
    return deviation
