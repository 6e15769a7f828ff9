"""One table of layers, one contract. Adding a layer is adding a row."""

import pickle
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.kernels.pass_scratch import batch_norm_scratch
from handgrad.kernels.sizes import PARTS
from handgrad.nn import layers as package
from handgrad.nn.gradients import TOLERANCE, slope_error
from handgrad.nn.layers import (
    LAYERS,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Ensemble,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Plan,
    ReLU,
    Residual,
    Sequential,
    Slot,
    chain,
)  # fmt: skip
from handgrad.nn.network import Network
from handgrad.nn.params import LINE, Shape
from handgrad.nn.workspace import Workspace
from tolerance import assert_close

Array = Any
N = 6
ROWS: dict[str, tuple[Layer, Shape]] = {
    "dense": (Dense(5), (7,)),
    "dense one": (Dense(1, "lecun"), (1,)),
    "dense wide": (Dense(37, "glorot", lr_scale=0.5), (65,)),
    "relu": (ReLU(), (6,)),
    "relu of images": (ReLU(), (3, 4, 2)),
    "dropout": (Dropout(0.4), (9,)),
    "dropout of images": (Dropout(0.1), (3, 4, 2)),
    "dropout of nothing": (Dropout(0.0), (9,)),
    "batch norm": (BatchNorm(), (6,)),
    "batch norm of images": (BatchNorm(momentum=0.5, eps=1e-3), (3, 4, 2)),
    "conv": (Conv(3), (5, 4, 2)),
    "conv of many channels": (Conv(9), (6, 5, 8)),
    "conv valid": (Conv(8, padding="valid"), (7, 6, 8)),
    "conv 5x5 stride 2": (Conv(4, 5, 2, init="glorot", lr_scale=0.5), (8, 7, 3)),
    "conv 1x1": (Conv(2, 1), (3, 3, 5)),
    "max pool": (MaxPool(), (4, 6, 3)),
    "max pool with a row left over": (MaxPool(), (5, 8, 2)),
    "global average pool": (GlobalAveragePool(), (3, 5, 4)),
    "residual": (Residual((Conv(3), BatchNorm(), ReLU())), (4, 3, 3)),
    "residual of two, with dropout": (Residual((Dense(6), ReLU(), Dropout(0.3), Dense(4))), (4,)),
    "residual in residual": (Residual((Residual((Dense(4), ReLU())), Dense(4))), (4,)),
    "sequential": (Sequential((Dense(6), ReLU(), Dropout(0.3), Dense(4))), (5,)),
    "ensemble": (Ensemble((Dense(4), Sequential((Dense(3), BatchNorm(), ReLU(), Dense(4))), Dense(4))), (5,)),
    "ensemble of one": (Ensemble((Dense(4),)), (5,)),
    "ensemble of images": (
        Ensemble((Sequential((Conv(3), ReLU(), Flatten(), Dense(4))), Sequential((GlobalAveragePool(), Dense(4))))),
        (3, 4, 2),
    ),
    "flatten": (Flatten(), (3, 4, 2)),
    "flatten flat": (Flatten(), (5,)),
}
# BatchNorm keeps any shape and has parameters, so what follows must give dx; Dropout keeps a ReLU from folding
BEFORE: tuple[Layer, ...] = (BatchNorm(), Dropout(0.0))


@pytest.fixture(params=ROWS)
def row(request: pytest.FixtureRequest) -> tuple[Layer, Shape]:
    return ROWS[request.param]


def normal(*shape: int, seed: int = 0, dtype: Any = np.float64) -> Array:
    return np.random.Generator(np.random.Philox(key=seed)).standard_normal(shape).astype(dtype)


def made(
    layer: Layer, in_shape: Shape, train: bool = True, n: int = N, dtype: Any = np.float64
) -> tuple[Workspace, Slot]:
    """The layer behind others, and its slot; parameters and state away from their start."""
    network = Network([*BEFORE, layer], in_shape, dtype=dtype)
    network.theta += 0.3 * normal(network.theta.size, seed=5, dtype=dtype)
    network.state += np.abs(normal(network.state.size, seed=6, dtype=dtype))
    ws = network.workspace(n, train, "compiled")
    ws.slots[-1].key = 12345
    return ws, ws.slots[-1]


def test_every_layer_has_a_row() -> None:
    assert {type(layer) for layer, _ in ROWS.values()} == set(LAYERS.values())


def test_every_module_of_the_folder_is_imported_and_every_layer_found_by_name() -> None:
    modules = [module.name for module in iter_modules(package.__path__, f"{package.__name__}.")]
    assert len(modules) == len(list(Path(package.__file__).parent.glob("[!_]*.py"))) and set(modules) <= set(
        sys.modules
    )
    for name, layer in LAYERS.items():
        assert name == layer.__name__ and getattr(package, name) is layer
    with pytest.raises(AttributeError, match="no attribute 'Densse'"):
        _ = package.Densse


def test_planned_shape_is_real_shape(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    for train in (True, False):
        for dtype in (np.float64, np.float32):
            _, slot = made(layer, in_shape, train, dtype=dtype)
            out = layer.forward(normal(N, *in_shape, dtype=dtype), slot)
            assert out.shape == (N, *layer.plan(in_shape).out_shape)
            assert out.dtype == dtype
    for param in layer.plan(in_shape).params:
        assert slot.params[param.name].shape == slot.grads[param.name].shape == param.shape


def test_gradient_in_train_mode(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    _, slot = made(layer, in_shape)
    x, weights = normal(N, *in_shape), normal(N, *layer.plan(in_shape).out_shape, seed=1)
    slot.x = x

    def loss() -> float:
        return float((layer.forward(x, slot) * weights).sum())

    loss()
    for grad in slot.grads.values():
        grad[...] = np.nan  # overwritten, never added to
    dx = layer.backward(weights.copy(), slot)
    assert dx is not None and dx.shape == x.shape
    assert slope_error(loss, x, dx.copy()) <= TOLERANCE
    for name, param in slot.params.items():
        assert slope_error(loss, param, slot.grads[name].copy()) <= TOLERANCE, name


@pytest.mark.parametrize("folder", [Dense(5), BatchNorm(), Conv(3), MaxPool(), Residual((Conv(2), BatchNorm()))])
def test_gradient_with_a_relu_folded_in(folder: Layer) -> None:
    shape = (7,) if isinstance(folder, Dense) else (5, 4, 2)
    network = Network([*BEFORE, folder, ReLU()], shape, dtype=np.float64)
    network.theta += 0.3 * normal(network.theta.size)
    ws, x = network.workspace(N, train=True), normal(N, *shape)
    assert ws.slots[2].floor == 0.0
    weights = normal(N, *network.out_shape, seed=1)

    def loss() -> float:
        return float((network.forward(x, ws) * weights).sum())

    loss()
    network.backward(weights.copy(), ws)
    assert slope_error(loss, network.theta, network.grad.copy()) <= TOLERANCE


@pytest.mark.parametrize("behind", [(), (ReLU(),)], ids=str)  # a ReLU may be folded in, but may also leave nothing
def test_gradient_of_the_images_in_prediction(row: tuple[Layer, Shape], behind: tuple[Layer, ...]) -> None:
    layer, shape = row
    network = Network([BatchNorm(), layer, *behind], shape, dtype=np.float64)
    network.theta += 0.3 * normal(network.theta.size)
    network.state += np.abs(normal(network.state.size, seed=2))  # as after training: not those of this batch
    ws, x = network.workspace(N, input_gradient=True), normal(N, *shape)
    weights = normal(N, *network.out_shape, seed=1)

    def loss() -> float:
        return float((network.forward(x, ws) * weights).sum())

    loss()
    gradient = network.backward(weights.copy(), ws)
    assert gradient is not None and (gradient.any() or behind or isinstance(layer, ReLU))
    assert slope_error(loss, x, gradient.copy()) <= TOLERANCE


def test_backward_without_a_layer_below_gives_the_same_gradients(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    _, slot = made(layer, in_shape)
    x, weights = normal(N, *in_shape), normal(N, *layer.plan(in_shape).out_shape, seed=1)
    layer.forward(x, slot)
    layer.backward(weights.copy(), slot)
    wanted = {name: grad.copy() for name, grad in slot.grads.items()}
    slot.dx = None
    layer.forward(x, slot)
    dx = layer.backward(weights.copy(), slot)
    assert dx is None or isinstance(layer, (Flatten, ReLU, Sequential))  # these hand on what they got
    for name, grad in slot.grads.items():
        assert_close(grad, wanted[name])


def test_output_is_an_array_of_the_slot_where_the_plan_says_so(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    for train in (True, False):
        _, slot = made(layer, in_shape, train)
        own = {"always": True, "train": train, "never": False}[layer.plan(in_shape).own_output]
        out = layer.forward(normal(N, *in_shape), slot)
        assert (out is slot.out) == own
        assert slot.out.size == (out.size if own else 0)
        assert (slot.dx is not None) == (own and train)


def test_the_same_key_gives_the_same_output(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    x, outputs = normal(N, *in_shape), []
    for _ in range(2):
        _, slot = made(layer, in_shape)
        outputs.append(layer.forward(x, slot).copy())
    assert (outputs[0] == outputs[1]).all()


def test_the_input_is_not_written_to(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    for train in (True, False):
        for dtype in (np.float64, np.float32):
            _, slot = made(layer, in_shape, train, dtype=dtype)
            x = normal(N, *in_shape, dtype=dtype)
            before = x.copy()
            out = layer.forward(x, slot)
            assert (x == before).all()
            if train:
                layer.backward(np.ones_like(out), slot)
                assert (x == before).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_batch_gives_what_its_images_give_alone(row: tuple[Layer, Shape], dtype: Any) -> None:
    layer, in_shape = row
    x = normal(N, *in_shape, dtype=dtype)
    _, slot = made(layer, in_shape, train=False, dtype=dtype)
    _, alone = made(layer, in_shape, train=False, n=1, dtype=dtype)
    together = layer.forward(x, slot)
    for i in range(N):
        assert_close(layer.forward(x[i : i + 1], alone)[0], together[i])


def test_a_layer_is_frozen_and_equal_by_value(row: tuple[Layer, Shape]) -> None:
    layer, _ = row
    values = {f.name: getattr(layer, f.name) for f in fields(layer)}
    assert type(layer)(**values) == layer
    for name, value in values.items():
        with pytest.raises(FrozenInstanceError):
            setattr(layer, name, value)


def test_plans_can_be_pickled(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    plan = layer.plan(in_shape)
    copy: Plan = pickle.loads(pickle.dumps(plan))
    assert (copy.out_shape, copy.params, copy.state, copy.cache) == (
        plan.out_shape,
        plan.params,
        plan.state,
        plan.cache,
    )
    assert [chain.scratch([copy], n) for n in (1, 7, 64)] == [chain.scratch([plan], n) for n in (1, 7, 64)]
    assert plan.member_rows is None or copy.member_rows(1, 7) == plan.member_rows(1, 7)


def test_a_pickled_network_answers_with_the_same_bytes(row: tuple[Layer, Shape]) -> None:
    layer, in_shape = row
    network = Network([*BEFORE, layer], in_shape, seed=3)
    network.theta += 0.3 * normal(network.theta.size, seed=5, dtype=np.float32)
    network.state += np.abs(normal(network.state.size, seed=6, dtype=np.float32))
    copy: Network = pickle.loads(pickle.dumps(network))
    x, found = normal(N, *in_shape, dtype=np.float32), []
    for each in (network, copy):
        found.append(each.forward(x, each.workspace(N, kernels="naive")).tobytes())
        ws = each.workspace(N, train=True, kernels="naive")
        out = each.forward(x, ws, seed=1, step=2)
        each.backward(np.ones_like(out), ws)
        found.append(out.tobytes() + each.grad.tobytes() + each.state.tobytes())
    assert found[:2] == found[2:]
    assert copy.layers == network.layers and repr(copy) == repr(network)
    for name in ("theta", "grad", "state"):
        vector = getattr(copy, name)
        assert vector.ctypes.data % LINE == 0 or not vector.size
        assert not np.shares_memory(vector, getattr(network, name))


class Raises:
    """Kernels of which none may be called."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was called")


def test_weights_decay_and_nothing_else_does() -> None:
    decaying = {name: {p.name for p in layer.plan(shape).params if p.decay} for name, (layer, shape) in ROWS.items()}
    assert {name for name, found in decaying.items() if found} == {
        name for name in ROWS if name.split()[0] in ("dense", "conv")
    }
    assert all(found <= {"w"} for found in decaying.values())


def test_dropout_alone_is_random() -> None:
    for layer, shape in ROWS.values():
        assert layer.plan(shape).random == isinstance(layer, Dropout)


def test_batch_norm_has_room_for_all_its_rows() -> None:
    assert BatchNorm(momentum=0.0).plan((3, 4, 2)).scratch(5) == batch_norm_scratch(5 * 12, 2)
    assert BatchNorm().plan((300, 40, 2)).scratch(5) == batch_norm_scratch(5 * 300 * 40, 2)


def test_convolution_has_room_for_the_sums_of_each_part() -> None:
    found = {buffer.name: buffer.shape for buffer in Conv(4, 5).plan((9, 9, 3)).cache}
    assert found == {"w_parts": (PARTS, 5, 5, 3, 4), "b_parts": (PARTS, 4)}


def test_winograds_method_has_room_for_its_filters() -> None:
    buffers = {buffer.name: buffer for buffer in Conv(40).plan((9, 9, 8)).cache}
    assert buffers["filters"].shape == (36 * 8 * 64,), "whole panels of 32 filters"
    assert not buffers["filters"].train_only


def test_memory_of_a_slot_by_hand() -> None:
    _, slot = made(Residual((Dense(4), Dense(4))), (4,), n=2)
    floats = {"out": 8, "dx": 8, "copy of dy": 8, "out and dx of the layers inside": 4 * 8}
    assert slot.nbytes == 8 * sum(floats.values())
    _, slot = made(Residual((Dense(4), Dense(4))), (4,), n=2, train=False)
    assert slot.nbytes == 8 * (8 + 2 * 8)


@pytest.mark.parametrize(
    ("layer", "channels", "winograd"),
    [
        (Conv(8), 8, True), (Conv(9), 70, True), (Conv(7), 8, False), (Conv(8), 7, False), (Conv(8), 1, False),
        (Conv(8, 5), 8, False), (Conv(8, 3, 2), 8, False), (Conv(8, 1), 8, False),
    ],
    ids=str,
)  # fmt: skip
def test_which_convolutions_go_by_winograds_method(layer: Conv, channels: int, winograd: bool) -> None:
    names = Network([layer], (6, 6, channels)).kernels()
    assert ("winograd_forward" in names, "conv_forward" in names) == (winograd, not winograd)


def test_no_dropout_when_predicting() -> None:
    layer, x = Dropout(0.9), normal(N, 9)
    for train in (False, True):
        _, slot = made(layer, (9,), train)
        slot.kernels = Raises()
        if train:
            with pytest.raises(AssertionError, match="dropout was called"):
                layer.forward(x, slot)
        else:
            assert layer.forward(x, slot) is x


def test_dropout_changes_with_step_seed_and_place() -> None:
    network = Network([Dropout(0.5), Dropout(0.5)], (40,), dtype=np.float64)
    ws, x = network.workspace(N, train=True), np.ones((N, 40))

    def masks(seed: int, step: int) -> tuple[bytes, bytes]:
        network.forward(x, ws, seed, step)
        first = ws.slots[0].out.copy()
        network.layers[1].forward(x, ws.slots[1])
        return first.tobytes(), ws.slots[1].out.tobytes()

    seen = {mask for seed, step in ((0, 0), (0, 1), (1, 0)) for mask in masks(seed, step)}
    assert len(seen) == 6
    assert masks(0, 1) == masks(0, 1)


def folded_pair(folder: Layer) -> tuple[Network, Workspace, Array, Array]:
    network = Network([folder, ReLU()], (7,), seed=3, dtype=np.float64)
    network.theta += 0.3 * normal(network.theta.size)
    return network, network.workspace(N, train=True), normal(N, 7), normal(N, *network.out_shape, seed=1)


def test_dense_with_relu_by_hand() -> None:
    network, ws, x, dy = folded_pair(Dense(5))
    w, b = ws.slots[0].params["w"], ws.slots[0].params["b"]
    z = x @ w + b
    out = network.forward(x, ws)
    assert (z < 0).any() and (z > 0).any()
    assert_close(out, np.where(z > 0, z, 0))
    network.backward(dy.copy(), ws)
    dz = np.where(z > 0, dy, 0)
    assert_close(ws.slots[0].grads["w"], x.T @ dz)
    assert_close(ws.slots[0].grads["b"], dz.sum(axis=0))


def test_batch_norm_with_relu_by_hand() -> None:
    network, ws, x, dy = folded_pair(BatchNorm(momentum=0.9, eps=1e-5))
    slot = ws.slots[0]
    gamma, beta = slot.params["gamma"], slot.params["beta"]
    normed = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    z = normed * gamma + beta
    assert_close(network.forward(x, ws), np.where(z > 0, z, 0))
    assert_close(slot.state["mean"], 0.1 * x.mean(axis=0))
    assert_close(slot.state["var"], 0.9 + 0.1 * x.var(axis=0, ddof=1))
    network.backward(dy.copy(), ws)
    dz = np.where(z > 0, dy, 0)
    assert_close(slot.grads["gamma"], (dz * normed).sum(axis=0))
    assert_close(slot.grads["beta"], dz.sum(axis=0))


def test_batch_norm_predicts_with_the_running_figures() -> None:
    layer, x = BatchNorm(eps=1e-3), normal(N, 4)
    _, slot = made(layer, (4,), train=False)
    before = {name: value.copy() for name, value in slot.state.items()}
    want = (x - slot.state["mean"]) / np.sqrt(slot.state["var"] + 1e-3) * slot.params["gamma"] + slot.params["beta"]
    assert_close(layer.forward(x, slot), want)
    assert all((slot.state[name] == value).all() for name, value in before.items())


def test_conv_by_hand() -> None:
    layer, x = Conv(1, 3), np.arange(9.0).reshape(1, 3, 3, 1)
    _, slot = made(layer, (3, 3, 1), n=1)
    w = slot.params["w"]
    w[...], slot.params["b"][...] = 0, 0.5
    w[1, 2], w[2, 1] = 10, 1  # ten times the right neighbour, and the one below; outside the image there are zeros
    want = [[13, 24, 5], [46, 57, 8], [70, 80, 0]]
    assert_close(layer.forward(x, slot)[0, :, :, 0], np.array(want) + 0.5)


def test_stride_takes_every_second_output() -> None:
    x, outputs = normal(2, 7, 7, 3), []
    for stride in (1, 2):
        _, slot = made(Conv(4, 3, stride), (7, 7, 3), n=2)
        outputs.append(Conv(4, 3, stride).forward(x, slot).copy())
    assert_close(outputs[1], outputs[0][:, ::2, ::2])


def test_max_pool_by_hand() -> None:
    x = np.array([[1.0, 2, 5, 5], [4, 3, 5, 1]]).reshape(1, 2, 4, 1)
    _, slot = made(MaxPool(), (2, 4, 1), n=1)
    assert MaxPool().forward(x, slot).ravel().tolist() == [4, 5]
    dx = MaxPool().backward(np.array([7.0, 9]).reshape(1, 1, 2, 1), slot)
    assert dx is not None
    assert dx[0, :, :, 0].tolist() == [[0, 0, 9, 0], [7, 0, 0, 0]]  # of equals the first


def test_relu_before_or_behind_max_pool_is_the_same() -> None:
    x, dy, found = normal(N, 6, 6, 2), normal(N, 3, 3, 2, seed=1), []
    for layers in ([ReLU(), MaxPool()], [MaxPool(), ReLU()]):
        network = Network([BatchNorm(), *layers], (6, 6, 2), dtype=np.float64)
        ws = network.workspace(N, train=True)
        found.append(network.forward(x, ws).copy())
        network.backward(dy.copy(), ws)
        found.append(network.grad.copy())
    assert (found[0] == found[2]).all() and (found[0] == 0).any()
    assert_close(found[1], found[3])


def test_residual_by_hand() -> None:
    network = Network([Residual((Dense(3), ReLU()))], (3,), dtype=np.float64)
    ws, x = network.workspace(N, train=True), normal(N, 3)
    w = network.layout.view(network.theta, "0.0.w")
    assert_close(network.forward(x, ws), x + np.maximum(x @ w, 0))


def test_flatten_keeps_rows_first_and_channels_last() -> None:
    x = np.arange(2 * 3 * 4 * 2.0).reshape(2, 3, 4, 2)
    _, slot = made(Flatten(), (3, 4, 2), n=2)
    out = Flatten().forward(x, slot)
    assert out[1, (2 * 4 + 3) * 2 + 1] == x[1, 2, 3, 1]


MISTAKES = {
    "dense behind an image": lambda: Network([Dense(3)], (28, 28, 1)),
    "dense behind images, deep": lambda: Network([ReLU(), BatchNorm(), Dense(3)], (4, 4)),
    "dropout of all": lambda: Dropout(1.0),
    "negative dropout": lambda: Dropout(-0.1),
    "dropout nan": lambda: Dropout(float("nan")),
    "momentum 1": lambda: BatchNorm(momentum=1.0),
    "negative momentum": lambda: BatchNorm(momentum=-0.1),
    "eps 0": lambda: BatchNorm(eps=0.0),
    "unknown init": lambda: Network([Dense(3, "hee")], (4,)),
    "even kernel": lambda: Conv(3, 2),
    "stride 3": lambda: Conv(3, 3, 3),
    "padding reflect": lambda: Conv(3, padding="reflect"),
    "no filters": lambda: Conv(0),
    "conv behind numbers": lambda: Network([Conv(3)], (784,)),
    "conv larger than the image": lambda: Network([Conv(3, 7, padding="valid")], (5, 5, 1)),
    "pool larger than the image": lambda: Network([MaxPool()], (1, 8, 1)),
    "pool behind numbers": lambda: Network([MaxPool()], (784,)),
    "average behind numbers": lambda: Network([GlobalAveragePool()], (784,)),
    "residual of nothing": lambda: Residual(()),
    "sequential of nothing": lambda: Sequential(()),
    "ensemble of nothing": lambda: Ensemble(()),
    "ensemble of different outputs": lambda: Network([Ensemble((Dense(3), Dense(4)))], (5,)),
    "ensemble of images": lambda: Network([Ensemble((Conv(3), Conv(3)))], (5, 5, 3)),
    "residual to another shape": lambda: Network([Residual((Conv(4),))], (5, 5, 3)),
    "no layers": lambda: Network([], (4,)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_in_a_line(mistake: str) -> None:
    with pytest.raises(UserError) as caught:
        MISTAKES[mistake]()
    assert ("\n" not in str(caught.value) and "expected" in str(caught.value)) or "needs" in str(caught.value)
