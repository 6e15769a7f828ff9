"""A network: layers in a row, their parameters in one flat vector, and workspaces to run them in."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from handgrad.errors import UserError
from handgrad.kernels import backend
from handgrad.kernels import recorder as new_recorder
from handgrad.nn.init import initial_array
from handgrad.nn.layers import Layer, Plan, chain
from handgrad.nn.params import Array, Layout, Shape, aligned
from handgrad.nn.workspace import Input, SlotBuilder, Workspace
from handgrad.rng import Stream, derive, generator

if TYPE_CHECKING:
    from handgrad.kernels.program import Recorder


class Network:
    """Layers in a row with their parameters.

    The parameters lie in the flat vector `theta` and their gradients in `grad`, both placed by `layout`; what is kept
    but not trained, such as running means, lies in `state`, placed by `state_layout`. A network can be pickled and
    copied: the copy has the same layers, `theta` and `state`, and zeros in `grad`.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, from the input on; at least one.
    in_shape : tuple of int
        Shape of the input of one image, (H, W, C) or (I,).
    seed : int
        Where the initial weights come from.
    dtype : dtype
        float32 to work with, float64 to check gradients.

    Raises
    ------
    UserError
        When there are no layers, or one of them cannot follow the shape before it.

    Examples
    --------
    >>> from handgrad.nn.layers import Dense, Flatten, ReLU
    >>> network = Network([Flatten(), Dense(100), ReLU(), Dense(10)], (28, 28, 1))
    >>> network.forward(np.zeros((2, 28, 28, 1), np.float32), network.workspace(2, kernels="naive")).shape
    (2, 10)
    """

    def __init__(
        self, layers: Sequence[Layer], in_shape: Shape, seed: int = 0, dtype: npt.DTypeLike = np.float32
    ) -> None:
        if not layers:
            raise UserError("a network without layers: expected at least one")
        self._allocate(tuple(layers), tuple(in_shape), np.dtype(dtype))
        self.initialise(seed)

    def _allocate(self, layers: tuple[Layer, ...], in_shape: Shape, dtype: np.dtype[Any]) -> None:
        self.layers, self.in_shape, self.dtype = layers, in_shape, dtype
        self.plans = chain.chain_plan(layers, in_shape)
        self.layout = Layout(chain.params(self.plans))
        self.state_layout = Layout(chain.state(self.plans))
        self.theta = aligned((self.layout.size,), dtype)
        self.grad = aligned((self.layout.size,), dtype)
        self.state = aligned((self.state_layout.size,), dtype)

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("layers", "in_shape", "dtype", "theta", "state")}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        # The arrays are allocated anew: unpickled ones start anywhere, these on a cache line.
        self._allocate(saved["layers"], saved["in_shape"], saved["dtype"])
        self.theta[:], self.state[:] = saved["theta"], saved["state"]

    @property
    def out_shape(self) -> Shape:
        """Shape of the output for one image, (K,) for K classes."""
        return self.plans[-1].out_shape

    def initialise(self, seed: int) -> None:
        """Set `theta` and `state` to their initial values.

        Parameters
        ----------
        seed : int
            Equal seeds give equal bytes.
        """
        for layout, flat in ((self.layout, self.theta), (self.state_layout, self.state)):
            for i, (name, (_, param)) in enumerate(layout.places.items()):
                random = generator(seed, Stream.INIT, i)
                layout.view(flat, name)[...] = initial_array(param.init, param.shape, random)

    def workspace(
        self, n: int, train: bool = False, kernels: str = "compiled", recorder: "Recorder | None" = None,
        input_gradient: bool = False, fixed: bool = False,
    ) -> Workspace:  # fmt: skip
        """Allocate the arrays of a run.

        Parameters
        ----------
        n : int
            Images in a batch.
        train : bool
            Whether the run trains; else it predicts.
        kernels : {'naive', 'compiled'}
            `naive` is NumPy and starts at once; `compiled` writes the kernels of the first batch down as a program, and
            runs that for each. A float64 network always takes `naive`.
        recorder : Recorder, optional
            What writes kernels down for a program of the caller's, in which forward and backward are a part.
        input_gradient : bool
            Whether a run that predicts has a backward too, which gives the gradient with respect to the images. It
            takes `naive` kernels.
        fixed : bool
            Whether the weights stay as they are while the workspace is used: what the kernels make of them is computed
            once. Without effect in training.

        Returns
        -------
        Workspace
            To be given to `forward` and `backward`.
        """
        naive = self.dtype != np.float32 or kernels == "naive" or input_gradient
        backward = train or input_gradient
        chosen, tape = backend("naive" if naive else kernels), None if naive else recorder or new_recorder()
        scratch = aligned((chosen.threads(), 0 if naive else chain.scratch(self.plans, n)), self.dtype)
        params, grads = (dict(self.layout.views(flat)) for flat in (self.theta, self.grad))
        state = dict(self.state_layout.views(self.state))
        builder = SlotBuilder(
            train, backward, tape.kernels if tape else chosen, self.dtype, scratch, params, grads, state
        )
        slots = builder.chain(self.plans, Input(n, self.in_shape, input_gradient))
        x = aligned((n, *self.in_shape), self.dtype)  # (N, *in_shape)
        dlogits = aligned((n if backward else 0, *self.out_shape), self.dtype)  # (N, K)
        tape = None if recorder else tape
        return Workspace(n, train, chosen, slots, builder.random, x, dlogits, scratch, tape, fixed, builder.kept)

    def kernels(self) -> set[str]:
        """Return which kernels an answer takes.

        Returns
        -------
        set of str
            Their names.
        """
        tape = new_recorder()
        ws = self.workspace(1, recorder=tape)
        self.forward(ws.x, ws)
        return tape.take().names

    def draw(self, ws: Workspace, seed: int, step: int) -> None:
        """Set the keys of one step's random numbers; `forward` does so, a program of it does not.

        Parameters
        ----------
        ws : Workspace
            The arrays of the run.
        seed : int
            The seed of the run.
        step : int
            The step; the same seed and step give the same numbers.
        """
        for slot, place in ws.random:
            slot.key[...] = derive(seed, Stream.DROPOUT, step, *place)

    def forward(self, x: Array, ws: Workspace, seed: int = 0, step: int = 0) -> Array:
        """Compute the logits of a batch.

        Parameters
        ----------
        x : numpy.ndarray, shape ``(N, *in_shape)``
            The images, with the shape and dtype of `ws.x`, in C order.
        ws : Workspace
            The arrays of the run.
        seed, step : int
            Keys of the dropout of a training run.

        Returns
        -------
        numpy.ndarray, shape (N, K)
            The logits, an array of the workspace: the next batch overwrites it.

        Raises
        ------
        UserError
            When x has another shape, dtype or order.
        """
        if x.shape != ws.x.shape or x.dtype != ws.x.dtype or not x.flags.c_contiguous:
            order = "" if x.flags.c_contiguous else ", not C-contiguous"
            raise UserError(f"images {x.shape} {x.dtype}{order}: expected {ws.x.shape} {ws.x.dtype} in C order")
        self.draw(ws, seed, step)
        return ws.replay("forward", lambda x: chain.chain_forward(self.layers, x, ws.slots), x, ws.x)

    def backward(self, dlogits: Array, ws: Workspace) -> Array | None:
        """Overwrite `grad` with the gradient of the loss with respect to `theta`.

        Parameters
        ----------
        dlogits : numpy.ndarray, shape (N, K)
            Gradient of the loss with respect to the logits; its numbers are used up.
        ws : Workspace
            The arrays of the same run, as `forward` left them.

        Returns
        -------
        numpy.ndarray, shape ``(N, *in_shape)``, or None
            The gradient with respect to the images, where the workspace was made with `input_gradient`.
        """
        return ws.replay("backward", lambda dy: chain.chain_backward(self.layers, dy, ws.slots), dlogits, ws.dlogits)

    def count(self, i: int) -> int:
        """Return the number of parameters of a layer.

        Parameters
        ----------
        i : int
            Index of the layer.

        Returns
        -------
        int
            Those of the layers inside it are counted too.
        """
        return _count(self.plans[i])

    def __repr__(self) -> str:
        lines = [f"{'input':<24}{shape_text(self.in_shape):>12}", *_lines(self.layers, self.plans)]
        return "\n".join([*lines, f"{self.layout.count:,} parameters"])


def _count(plan: Plan) -> int:
    return sum(math.prod(param.shape) for param in chain.params([plan]))


def _lines(layers: Sequence[Layer], plans: Sequence[Plan], indent: str = "") -> Iterator[str]:
    """One line for each layer; below layers that stand side by side in one, theirs, equal ones once."""
    for layer, plan in zip(layers, plans, strict=True):
        yield f"{indent + layer.describe():<24}{shape_text(plan.out_shape):>12}{_count(plan) or '':>12}"
        if plan.member_rows is not None:
            for member, inner in dict(zip(layer.inner, plan.inner, strict=True)).items():
                in_a_row = bool(inner.inner) and inner.own_output == "never"  # nothing but the layers inside it
                rows = (member.inner, inner.inner) if in_a_row else ((member,), (inner,))
                yield from _lines(*rows, indent + "  ")


def shape_text(shape: Shape) -> str:
    """Write a shape as text.

    Parameters
    ----------
    shape : tuple of int
        Any shape.

    Returns
    -------
    str
        Such as `28x28x1`.
    """
    return "x".join(map(str, shape))
