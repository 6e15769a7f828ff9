"""Layers in a row: how they are planned, run forward and run backward; for a network, and inside a Residual."""

from collections.abc import Callable, Iterator, Sequence

from handgrad.nn.layers.base import Layer, Plan, Slot
from handgrad.nn.layers.relu import ReLU
from handgrad.nn.params import Array, Param, Shape


def chain_plan(layers: Sequence[Layer], in_shape: Shape) -> tuple[Plan, ...]:
    """What each of the layers needs, behind an input of in_shape; nothing is allocated."""
    plans: list[Plan] = []
    for layer in layers:
        plans.append(layer.plan(plans[-1].out_shape if plans else in_shape))
    return tuple(plans)


def folded(layers: Sequence[Layer], i: int) -> bool:
    """Whether layer i is a ReLU that the layer before it does on the way."""
    return i > 0 and isinstance(layers[i], ReLU) and layers[i - 1].folds_relu


def active(layers: Sequence[Layer]) -> list[int]:
    """The layers that have something to do."""
    return [i for i in range(len(layers)) if not folded(layers, i)]


def chain_forward(layers: Sequence[Layer], x: Array, slots: Sequence[Slot]) -> Array:
    for i in active(layers):
        x = layers[i].forward(x, slots[i])
    return x


def chain_backward(layers: Sequence[Layer], dy: Array | None, slots: Sequence[Slot]) -> Array | None:
    """The gradient by the chain's input, None where nothing below wants it; dy may be used up."""
    for i in reversed(active(layers)):
        if dy is None:
            return None
        dy = layers[i].backward(dy, slots[i])
    return dy


def params(plan: Plan) -> Iterator[Param]:
    """A plan's parameters, named as in its slot; those of layers inside are `0.w`, `1.gamma`, ..."""
    yield from plan.params
    yield from _inside(plan, params)


def state(plan: Plan) -> Iterator[Param]:
    """The same for what is saved but not trained."""
    yield from plan.state
    yield from _inside(plan, state)


def _inside(plan: Plan, choose: Callable[[Plan], Iterator[Param]]) -> Iterator[Param]:
    for j, inner in enumerate(plan.inner):
        for p in choose(inner):
            yield Param(f"{j}.{p.name}", p.shape, p.init, p.decay, p.lr)


def scratch(plan: Plan, n: int) -> int:
    """Numbers a thread needs for a batch of n."""
    return max([plan.scratch(n), *(scratch(inner, n) for inner in plan.inner)])
