"""Functions on arrays, twice: `naive` in NumPy, and compiled. Same names, same arguments.

The letters in shapes and names, here and in every kernel:

- N images in a batch; M rows of any kind; H, W, C height, width and channels of an image;
- K the side of a filter (in a loss, the number of classes), F filters; I, O the widths of a layer's input and output;
- dx, dw, ... gradients of the loss with respect to x, w, ...; dy is that with respect to a layer's output;
- `out` and the names with d come first and are written (but dy, which comes in); all else is read;
- floor: 0 folds a ReLU into the kernel (`max(floor, ...)`), minus infinity does not.

How compiled kernels are made and run is told in `docs/kernels.md`.
"""

from typing import TYPE_CHECKING

from handgrad.kernels import naive
from handgrad.kernels.protocol import Array, Kernels
from handgrad.kernels.registry import KERNELS, document

if TYPE_CHECKING:
    from handgrad.kernels.program import Recorder

__all__ = ["Array", "Kernels", "backend", "recorder"]

for _name in ("threads", *KERNELS):
    document(getattr(Kernels, _name))


def backend(name: str) -> Kernels:
    """Give the kernels of one kind, which run when they are called.

    Parameters
    ----------
    name : {'naive', 'compiled'}
        `naive` for NumPy; `compiled` for compiled code, in as many threads as `threads.threads` says.

    Returns
    -------
    Kernels
        The functions.
    """
    if name == "naive":
        return naive
    from handgrad.kernels.program import COMPILED

    return COMPILED


def recorder() -> "Recorder":
    """Give a backend that writes down what it is asked for, to be run later: compiled code.

    Returns
    -------
    Recorder
        With its kernels, and `take`, which gives the program.
    """
    from handgrad.kernels.program import Recorder

    return Recorder()
