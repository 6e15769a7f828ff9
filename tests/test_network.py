"""The whole network: gradients, counts, seeds, the compiled path against the naive one, threads."""

import ast
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.kernels import backend, recorder
from handgrad.nn import network as network_module
from handgrad.nn import workspace as workspace_module
from handgrad.nn.gradients import TOLERANCE, slope_error
from handgrad.nn.layers import BatchNorm, Conv, Dense, Dropout, Flatten, Layer, Plan, ReLU, Slot, base, chain
from handgrad.nn.network import Network
from handgrad.nn.params import Shape
from handgrad.nn.workspace import Workspace
from tolerance import assert_close

Array = Any
N = 12
SMOOTHING = 0.1
DEEP: list[Layer] = [Flatten(), Dropout(0.2), Dense(17), BatchNorm(), ReLU(), Dropout(0.5), Dense(5)]
WIDE: list[Layer] = [
    Flatten(), Dropout(0.1), Dense(130), ReLU(), Dense(96), BatchNorm(), ReLU(), Dropout(0.3), Dense(10)
]  # fmt: skip


def images(n: int, *shape: int, dtype: Any = np.float64) -> tuple[Array, Array]:
    random = np.random.Generator(np.random.Philox(key=1))
    return random.standard_normal((n, *shape)).astype(dtype), random.integers(0, 5, n).astype(np.uint8)


def learn(network: Network, ws: Workspace, x: Array, labels: Array, step: int = 3) -> tuple[float, Array]:
    """Loss and logits; the gradient is then in network.grad."""
    logits = network.forward(x, ws, seed=7, step=step)
    dlogits = np.empty_like(logits)
    totals = np.empty(2)
    ws.kernels.softmax_cross_entropy(dlogits, totals, logits, labels, SMOOTHING)
    logits = logits.copy()
    network.backward(dlogits, ws)
    return float(totals[0]), logits


@pytest.mark.parametrize(
    "x", [np.zeros((3, 4, 3, 2)), np.zeros((2, 4, 3, 2), np.float32), np.zeros((3, 4, 3, 4), np.float32)[..., ::2]],
    ids=["float64", "too few", "every other channel"],
)  # fmt: skip
def test_images_of_another_form_are_refused(x: Array) -> None:
    network = Network(DEEP, (4, 3, 2))
    with pytest.raises(UserError, match=r"expected \(3, 4, 3, 2\) float32 in C order"):
        network.forward(x, network.workspace(3))


def test_gradient_of_a_whole_network_in_train_mode() -> None:
    network = Network(DEEP, (4, 3, 2), seed=1, dtype=np.float64)
    network.theta += 0.1 * np.random.Generator(np.random.Philox(key=2)).standard_normal(network.theta.size)
    ws, (x, labels) = network.workspace(N, train=True), images(N, 4, 3, 2)
    network.grad[:] = 0
    learn(network, ws, x, labels)
    gradient = network.grad.copy()

    def loss() -> float:
        logits = network.forward(x, ws, seed=7, step=3)
        ws.kernels.softmax_cross_entropy(np.empty_like(logits), totals := np.empty(2), logits, labels, SMOOTHING)
        return float(totals[0])

    for seed in (31, 32, 33):
        assert slope_error(loss, network.theta, gradient, seed) <= TOLERANCE
    for name, view in network.layout.views(network.theta):
        if name != "2.b":  # batch norm takes this bias off again, so its slope is 0
            assert slope_error(loss, view, network.layout.view(gradient, name)) <= TOLERANCE, name
    assert np.abs(network.layout.view(gradient, "2.b")).max() < 1e-12


def test_gradients_are_overwritten() -> None:
    network = Network(DEEP, (4, 3, 2), dtype=np.float64)
    ws, (x, labels) = network.workspace(N, train=True), images(N, 4, 3, 2)
    learn(network, ws, x, labels)
    first = [view.copy() for _, view in network.layout.views(network.grad)]
    network.grad[:] = 1e9
    learn(network, ws, x, labels)
    for before, (_, after) in zip(first, network.layout.views(network.grad), strict=True):
        assert_close(after, before)


def test_parameter_count_is_pinned() -> None:
    network = Network([Flatten(), Dense(100), ReLU(), Dense(200), ReLU(), Dense(200), ReLU(), Dense(10)], (28, 28, 1))
    # 784 * 100 + 100 + 100 * 200 + 200 + 200 * 200 + 200 + 200 * 10 + 10
    assert network.layout.count == sum(map(network.count, range(8))) == 140_910
    assert "140,910 parameters" in repr(network)
    assert network.out_shape == (10,)


def test_repr_has_a_line_a_layer() -> None:
    lines = repr(Network(DEEP, (4, 3, 2))).splitlines()
    assert [line.split() for line in lines] == [
        ["input", "4x3x2"], ["Flatten()", "24"], ["Dropout(0.2)", "24"], ["Dense(17)", "17", "425"],
        ["BatchNorm()", "17", "34"], ["ReLU()", "17"], ["Dropout(0.5)", "17"], ["Dense(5)", "5", "90"],
        ["549", "parameters"],
    ]  # fmt: skip


@pytest.mark.parametrize("n", [1, 7, 64])
def test_the_compiled_path_is_the_naive_path(n: int) -> None:
    work, exact = Network(WIDE, (28, 28, 1), seed=3), Network(WIDE, (28, 28, 1), dtype=np.float64)
    if n == 1:  # one image has no spread for batch norm to measure: its gradients would be rounding errors
        layers = [layer for layer in WIDE if not isinstance(layer, BatchNorm)]
        work, exact = Network(layers, (28, 28, 1), seed=3), Network(layers, (28, 28, 1), dtype=np.float64)
    for name, view in exact.layout.views(exact.theta):
        view[...] = work.layout.view(work.theta, name)
    x, labels = images(n, 28, 28, 1)
    ws = work.workspace(n, train=True)
    assert ws.kernels is backend("compiled")
    loss, logits = learn(work, ws, x.astype(np.float32), labels)
    wanted_loss, wanted_logits = learn(exact, exact.workspace(n, train=True), x, labels)
    assert_close(logits, wanted_logits)
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    for name, gradient in work.layout.views(work.grad):
        wanted = exact.layout.view(exact.grad, name)
        if np.abs(wanted).max() < 1e-12:  # the bias that batch norm takes off
            assert np.abs(gradient).max() < 1e-6
        else:
            assert_close(gradient, wanted, times=3)
    for name, state in work.state_layout.views(work.state):
        assert_close(state, exact.state_layout.view(exact.state, name), times=3)


def test_equal_seeds_give_equal_bytes() -> None:
    starts = [Network(DEEP, (4, 3, 2), seed).theta.tobytes() for seed in (0, 0, 1, 2)]
    assert starts[0] == starts[1]
    assert len(set(starts)) == 3


def test_weights_of_equal_shape_start_differently() -> None:
    network = Network([Dense(8), Dense(8)], (8,))
    assert not np.allclose(network.layout.view(network.theta, "0.w"), network.layout.view(network.theta, "1.w"))


def test_workspaces_never_meet() -> None:
    network = Network(WIDE, (28, 28, 1))
    a, b = network.workspace(8), network.workspace(8)
    x, _ = images(16, 28, 28, 1, dtype=np.float32)
    first = network.forward(x[:8], a)
    kept = first.copy()
    network.forward(x[8:], b)
    assert (first == kept).all()


def test_threads_may_predict_at_the_same_time() -> None:
    network = Network(WIDE, (28, 28, 1), seed=1)
    x, _ = images(64, 28, 28, 1, dtype=np.float32)
    halves = [x[:32].copy(), x[32:].copy()]
    wanted = [network.forward(half, network.workspace(32)).copy() for half in halves]
    together, wrong = Barrier(2), []

    def predict(which: int) -> None:
        ws = network.workspace(32)
        together.wait()
        for _ in range(100):
            if not (network.forward(halves[which], ws) == wanted[which]).all():
                wrong.append(which)

    threads = [Thread(target=predict, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def filters_of(ws: Workspace) -> Array:
    return ws.slots[0].cache["filters"]


def test_a_workspace_of_fixed_weights_makes_filters_once() -> None:
    network = Network([Conv(16), Flatten(), Dense(3)], (9, 9, 8), seed=2)
    plain, fixed = network.workspace(4), network.workspace(4, fixed=True)
    for seed in range(3):
        x = np.random.Generator(np.random.Philox(key=seed)).standard_normal((4, 9, 9, 8)).astype(np.float32)
        wanted = network.forward(x, plain).copy()
        assert (network.forward(x, fixed) == wanted).all()
    for ws in (plain, fixed):
        filters_of(ws)[:] = 0  # what is made anew is written over
    assert (network.forward(x, plain) == wanted).all()
    assert (network.forward(x, fixed) != wanted).any(axis=1).all()


def test_other_workspaces_see_weights_that_change() -> None:
    network = Network([Conv(16), Flatten(), Dense(3)], (9, 9, 8), seed=2)
    x = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 9, 9, 8)).astype(np.float32)
    ws = network.workspace(4)
    network.forward(x, ws)
    network.initialise(3)
    assert (network.forward(x, ws) == network.forward(x, network.workspace(4, fixed=True))).all()


def test_which_kernels_a_workspace_takes() -> None:
    network = Network(DEEP, (4, 3, 2))
    assert network.workspace(1, kernels="naive").kernels is backend("naive")
    assert network.workspace(2).kernels is backend("compiled")
    assert network.workspace(1, train=True).kernels is backend("compiled")
    tape, x = recorder(), np.zeros((2, 4, 3, 2), np.float32)
    network.forward(x, network.workspace(2, recorder=tape))
    assert tape.take().names == network.kernels() > {"dense_forward"}
    assert Network(DEEP, (4, 3, 2), dtype=np.float64).workspace(2, train=True).kernels is backend("naive")


def test_nothing_is_computed_for_nobody() -> None:
    """Below the first layer with parameters no gradient is wanted."""
    slots = Network(DEEP, (4, 3, 2)).workspace(4, train=True).slots
    assert [slot.dx is None for slot in slots] == [True, True, True, False, True, False, False]


@pytest.mark.parametrize("module", [network_module, workspace_module, chain], ids=lambda module: module.__name__)
def test_nothing_asks_a_layer_what_it_is(module: Any) -> None:
    nodes = list(ast.walk(ast.parse(Path(module.__file__).read_text())))
    assert not [node.lineno for node in nodes if isinstance(node, ast.Name) and node.id in ("isinstance", "type")]
    sources = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    layers = [
        source.removeprefix("handgrad.nn.layers.") for source in sources if source.startswith("handgrad.nn.layers.")
    ]
    assert set(layers) <= {"base", "chain"}


def test_layers_that_no_code_of_the_package_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ReLU, a layer that applies it, one that passes its input on, and one with layers side by side."""
    monkeypatch.setattr(base, "LAYERS", {})

    @dataclass(frozen=True)
    class Cut(Layer):
        def plan(self, in_shape: Shape) -> Plan:
            return Plan(in_shape, is_relu=True)

        def forward(self, x: Array, slot: Slot) -> Array:
            raise AssertionError("the layer before it applies it")

        def backward(self, dy: Array, slot: Slot) -> Array:
            raise AssertionError("the layer before it accounts for it")

    @dataclass(frozen=True)
    class Twice(Layer):
        def plan(self, in_shape: Shape) -> Plan:
            return Plan(in_shape, folds_relu=True)

        def forward(self, x: Array, slot: Slot) -> Array:
            return np.maximum(2 * x, slot.floor, out=slot.out)

        def backward(self, dy: Array, slot: Slot) -> Array:
            return np.multiply(2 * dy, slot.out > slot.floor, out=slot.dx)

    @dataclass(frozen=True)
    class Same(Layer):
        def plan(self, in_shape: Shape) -> Plan:
            return Plan(in_shape, own_output="never")

        def forward(self, x: Array, slot: Slot) -> Array:
            assert not slot.out.size and slot.dx is None
            return x

        def backward(self, dy: Array, slot: Slot) -> Array:
            return dy

    @dataclass(frozen=True)
    class Halves(Layer):
        layers: tuple[Layer, ...]

        def plan(self, in_shape: Shape) -> Plan:
            inner = tuple(layer.plan(in_shape) for layer in self.layers)
            return Plan(
                inner[0].out_shape, inner=inner, member_rows=lambda i, n: range(i * (n // 3), n if i else n // 3)
            )

        def forward(self, x: Array, slot: Slot) -> Array:
            slot.out[: N // 3] = self.layers[0].forward(x[: N // 3], slot.inner[0])
            slot.out[N // 3 :] = self.layers[1].forward(x[N // 3 :], slot.inner[1])
            return slot.out

        def backward(self, dy: Array, slot: Slot) -> Array:
            slot.dx[: N // 3] = self.layers[0].backward(dy[: N // 3], slot.inner[0])
            slot.dx[N // 3 :] = self.layers[1].backward(dy[N // 3 :], slot.inner[1])
            return slot.dx

    network = Network([Dense(9), Twice(), Cut(), Same(), Halves((Dense(5), Dense(5)))], (7,), dtype=np.float64)
    ws, (x, labels) = network.workspace(N, train=True), images(N, 7)
    assert [slot.folded for slot in ws.slots] == [False, False, True, False, False]
    assert [len(slot.out) for slot in ws.slots[-1].inner] == [N // 3, N - N // 3]
    learn(network, ws, x, labels)
    gradient = network.grad.copy()

    def loss() -> float:
        logits = network.forward(x, ws)
        ws.kernels.softmax_cross_entropy(np.empty_like(logits), totals := np.empty(2), logits, labels, SMOOTHING)
        return float(totals[0])

    assert slope_error(loss, network.theta, gradient) <= TOLERANCE
    assert [line.split()[0] for line in repr(network).splitlines()[-3:-1]] == ["Halves(Dense(5),", "Dense(5)"]
    assert set(base.LAYERS) == {"Cut", "Twice", "Same", "Halves"}
