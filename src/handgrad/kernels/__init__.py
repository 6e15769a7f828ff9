"""Functions on arrays, three ways: `naive` (NumPy), `serial` and `parallel` (compiled). Same names, same arguments.

The letters in shapes and names, here and in every kernel:

- N images in a batch; M rows of any kind; H, W, C height, width and channels of an image;
- K the side of a filter (in a loss, the number of classes), F filters; I, O the widths of a layer's input and output;
- dx, dw, ... gradients of the loss with respect to x, w, ...; dy is that with respect to a layer's output;
- `out` and the names with d come first and are written (but dy, which comes in); all else is read;
- floor: 0 folds a ReLU into the kernel (`max(floor, ...)`), minus infinity does not.
"""

from handgrad.kernels import naive
from handgrad.kernels.protocol import Array, Kernels
from handgrad.kernels.registry import document

__all__ = ["Array", "Kernels", "backend"]

for _name in [name for name in vars(Kernels) if not name.startswith("_")]:
    document(getattr(Kernels, _name))


def backend(name: str) -> Kernels:
    """Give the kernels of one kind; the compiled ones import Numba only when asked for.

    Parameters
    ----------
    name : str
        `naive` for NumPy; `serial` for compiled code in one thread; `parallel` for compiled code in all threads, which
        no two threads of a process may call at the same time.

    Returns
    -------
    Kernels
        The functions.
    """
    if name == "naive":
        return naive
    from handgrad.kernels import compiled

    return {"serial": compiled.serial, "parallel": compiled.parallel}[name]
