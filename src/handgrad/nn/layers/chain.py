"""Layers in a row: how they are planned, run forward and run backward, in a network and inside other layers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.params import Array, Param, Shape


def chain_plan(layers: Sequence[Layer], in_shape: Shape) -> tuple[Plan, ...]:
    """Return what each of several layers in a row needs; nothing is allocated.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, from the input on.
    in_shape : tuple of int
        Shape of the input of one image.

    Returns
    -------
    tuple of Plan
        A plan for each layer.

    Raises
    ------
    UserError
        When a layer cannot follow the one before it.
    """
    plans: list[Plan] = []
    for layer in layers:
        plans.append(layer.plan(plans[-1].out_shape if plans else in_shape))
    return tuple(plans)


def active(slots: Sequence[Slot]) -> list[int]:
    """Return the indices of the layers that have something to do: all but folded ReLUs.

    Parameters
    ----------
    slots : sequence of Slot
        Slots of layers in a row.

    Returns
    -------
    list of int
        Indices in ascending order.
    """
    return [i for i, slot in enumerate(slots) if not slot.folded]


def chain_forward(layers: Sequence[Layer], x: Array, slots: Sequence[Slot]) -> Array:
    """Compute the output of several layers in a row.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, from the input on.
    x : numpy.ndarray, shape (N, *in_shape)
        The input; it stays as it is.
    slots : sequence of Slot
        The arrays of each layer.

    Returns
    -------
    numpy.ndarray, shape (N, *out_shape)
        The output of the last layer.
    """
    for i in active(slots):
        x = layers[i].forward(x, slots[i])
    return x


def chain_backward(layers: Sequence[Layer], dy: Array | None, slots: Sequence[Slot]) -> Array | None:
    """Compute the gradients of several layers in a row, from the last to the first.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, from the input on.
    dy : numpy.ndarray, shape (N, *out_shape), or None
        Gradient of the loss with respect to the output of the last layer; it may be changed.
    slots : sequence of Slot
        The arrays of each layer, as `chain_forward` left them.

    Returns
    -------
    numpy.ndarray, shape (N, *in_shape), or None
        The gradient with respect to the input of the first layer; None where no layer below needs it.
    """
    for i in reversed(active(slots)):
        if dy is None:
            return None
        dy = layers[i].backward(dy, slots[i])
    return dy


def params(plans: Sequence[Plan]) -> Iterator[Param]:
    """Return the trained parameters of layers in a row, named by their place.

    Parameters
    ----------
    plans : sequence of Plan
        Plans of the layers.

    Returns
    -------
    Iterator of Param
        `0.w` is w of layer 0, and `0.1.gamma` is gamma of layer 1 inside layer 0.
    """
    return _named(plans, lambda plan: plan.params)


def state(plans: Sequence[Plan]) -> Iterator[Param]:
    """Return what layers in a row keep but do not train, named by its place.

    Parameters
    ----------
    plans : sequence of Plan
        Plans of the layers.

    Returns
    -------
    Iterator of Param
        Named as by `params`.
    """
    return _named(plans, lambda plan: plan.state)


def _named(plans: Sequence[Plan], own: Callable[[Plan], tuple[Param, ...]]) -> Iterator[Param]:
    for i, plan in enumerate(plans):
        for param in (*own(plan), *_named(plan.inner, own)):
            yield replace(param, name=f"{i}.{param.name}")


def scratch(plans: Sequence[Plan], n: int) -> int:
    """Return the scratch that the most demanding of several layers needs.

    Parameters
    ----------
    plans : sequence of Plan
        Plans of the layers.
    n : int
        Images in the batch.

    Returns
    -------
    int
        Floats for each thread.
    """
    return max((max(plan.scratch(n), scratch(plan.inner, n)) for plan in plans), default=0)
