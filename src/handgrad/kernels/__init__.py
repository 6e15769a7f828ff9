"""Functions on arrays, three ways: `naive` (NumPy), `serial` and `parallel` (compiled). Same names, same arguments."""

from typing import Any


def backend(name: str) -> Any:
    """The kernels called `naive`, `serial` or `parallel`; the compiled ones import Numba only when asked for."""
    if name == "naive":
        from handgrad.kernels import naive

        return naive
    from handgrad.kernels import compiled

    return {"serial": compiled.serial, "parallel": compiled.parallel}[name]
