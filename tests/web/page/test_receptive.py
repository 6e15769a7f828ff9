"""Blocks, receptive fields and sums of the panel Inside: the same numbers as in Python."""

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page

from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import pretrained
from handgrad.nn.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Ensemble,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)  # fmt: skip
from handgrad.nn.network import Network
from handgrad.web.stored import stored_images

from .conftest import Opener
from .inpage import load

pytestmark = pytest.mark.process
SHAPE = (28, 28, 1)
IMAGES = {
    "valid": (Conv(2, kernel=5, padding="valid"),),
    "strides": (Conv(2, kernel=3, stride=2), ReLU(), Conv(2, kernel=5, stride=2)),
    "pools": (Conv(2, kernel=5, padding="valid"), BatchNorm(), MaxPool(), ReLU(), Conv(3), MaxPool()),
    "residual": (Conv(2, stride=2), Residual((Conv(2, kernel=5), ReLU(), Conv(2))), ReLU()),
    "sequential": (Sequential((Conv(2), ReLU())), MaxPool(), Sequential((Conv(2, kernel=5),))),
    "nested": (Conv(2, stride=2), Residual((Sequential((Conv(2), Residual((Conv(2),)))), ReLU()))),
}
FIELDS = """([places, node]) => {
  const { nodesOf } = modules["core/blocks.js"], { boxOf, receptive } = modules["core/receptive.js"];
  const nodes = nodesOf(MODEL), shape = nodes[node].layer.outShape;
  return places.map(([y, x, unit]) => {
    const { top, bottom, left, right } = receptive(nodes, node, boxOf(shape, { y, x, unit }), MODEL.inShape);
    return [top, bottom, left, right];
  });
}"""
SUMS = """([pixels, picks]) => {
  const { blocksOf, indexOf, nodesOf, placeOf, silencedAt, valuesOf } = modules["core/blocks.js"];
  const { sumOf, traced } = modules["core/terms.js"], nodes = nodesOf(MODEL), blocks = blocksOf(MODEL, nodes);
  const { seen } = modules["core/model.js"].answer(MODEL, Uint8Array.from(pixels), true), found = [];
  for (const block of blocks.slice(1)) {
    const step = block.steps.indexOf(silencedAt(block)), { node, shape } = block.steps[step];
    const values = valuesOf(seen, node);
    for (const share of picks) {
      const place = placeOf(shape, Math.floor(share * values.length)), trace = traced(nodes, seen, block, step, place);
      const sum = sumOf(nodes, seen, trace[0].step.node, trace[0].place);
      if (!sum) continue;
      const told = trace.map(({ step: { name }, input, value, how }) => [name, input, value, how]);
      found.push({ title: block.title, sum: sum.sum, value: trace[0].value, last: trace.at(-1).value,
        at: values[indexOf(shape, place)], trace: told });
    }
  }
  return found;
}"""


def network_of(*layers: Layer) -> Network:
    """An untrained network whose weights are all above 0, so that each input counts; its biases are 0."""
    network = Network(layers, SHAPE, seed=1)
    for name, values in network.layout.views(network.theta):
        if name.endswith("w"):
            values[...] = np.abs(values) + 0.1
    return network


def model_of(*layers: Layer) -> Model:
    """A model of digits with such a network."""
    return Model(network_of(*layers), Preprocess(np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)), "0123456789")


def reached(*layers: Layer) -> npt.NDArray[np.bool_]:
    """Which values of the first channel a lit pixel reaches: (784, H, W)."""
    network = network_of(*layers)
    lit = np.eye(784, dtype=np.float32).reshape(784, *SHAPE)
    return network.forward(lit, network.workspace(784, kernels="naive"))[..., 0] > 0


@pytest.mark.parametrize("name", IMAGES)
def test_a_receptive_field_frames_the_pixels_that_reach_a_value(browser_page: Opener, name: str) -> None:
    layers = IMAGES[name]
    hit = reached(*layers)
    _, height, width = hit.shape
    places = [(y, x, 0) for y in {0, 1, height // 2, height - 1} for x in {0, width // 2, width - 2, width - 1}]
    page = browser_page()
    load(page, model_of(*layers, GlobalAveragePool(), Dense(10)))
    found = page.evaluate(FIELDS, [places, last_node(page, len(layers))])
    for (y, x, _), field in zip(places, found, strict=True):
        rows, columns = np.nonzero(hit[:, y, x].reshape(28, 28))
        assert field == [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1], (y, x)


def last_node(page: Page, depth: int) -> int:
    """The number of the node that layer `depth - 1` of the network is, or of what it ends with."""
    return int(
        page.evaluate(
            """(depth) => {
              const nodes = modules["core/blocks.js"].nodesOf(MODEL), next = MODEL.layers[depth];
              return nodes.find(({ layer }) => layer === next).from[0];
            }""",
            depth,
        )
    )


def test_a_flattened_value_is_a_pixel_and_a_dense_unit_sees_all(browser_page: Opener) -> None:
    page = browser_page()
    load(page, model_of(Conv(3, padding="valid"), Flatten(), Dropout(0.5), Dense(10)))
    value = (7 * 26 + 9) * 3 + 1
    assert page.evaluate(FIELDS, [[[0, 0, value]], 2]) == [[7, 10, 9, 12]]
    assert page.evaluate(FIELDS, [[[0, 0, 4]], 3]) == [[0, 28, 0, 28]]


def test_an_ensemble_has_its_members_side_by_side(browser_page: Opener) -> None:
    page = browser_page()
    members = [Sequential((Conv(2), MaxPool(), GlobalAveragePool(), Dense(10))) for _ in range(2)]
    load(page, model_of(Ensemble(tuple(members))))
    titles = page.evaluate(
        """() => { const { blocksOf, nodesOf } = modules["core/blocks.js"];
          return blocksOf(MODEL, nodesOf(MODEL)).map(({ path, title }) => path + title) }"""
    )
    parts = ["Conv {}", "Global average pool {}", "Dense {}"]
    expected = [f"member {j}, {part.format(j)}" for j in (1, 2) for part in parts]
    assert titles == ["Image", *expected, "Ensemble"]
    assert page.evaluate(FIELDS, [[[5, 5, 0]], 5]) == [[4, 7, 4, 7]]  # the second member's convolution sees the image


@pytest.mark.parametrize("name", ["tiny", "cnn", "robust", "mlp"])
def test_terms_add_up_to_what_the_network_computes(browser_page: Opener, name: str) -> None:
    model = pretrained(name)
    page = browser_page()
    load(page, model)
    picks = [0, 0.123, 0.377, 0.5, 0.81, 0.999]
    found = page.evaluate(SUMS, [stored_images()[0].pixels[3].ravel().tolist(), picks])
    assert len(found) >= 4 * len(picks)
    for each in found:
        assert each["sum"] == pytest.approx(each["value"], rel=1e-4, abs=1e-4), each["title"]
        assert each["last"] == each["at"]
        for kind, given, value, how in each["trace"]:
            assert value == pytest.approx(expected(kind, given, value, how), rel=1e-4, abs=1e-4), each["title"]


def expected(kind: str, given: float, value: float, how: dict) -> float:
    """What a step makes of its input, by its told numbers."""
    if kind == "BatchNorm":
        return (given - how["mean"]) / how["deviation"] * how["gamma"] + how["beta"]
    if kind == "MaxPool":
        return max(how["four"])
    return max(given, 0) if kind == "ReLU" else given if kind == "Flatten" else value


@pytest.mark.parametrize("name", ["tiny", "cnn", "robust", "mlp"])
def test_blocks_hold_all_trained_weights(browser_page: Opener, name: str) -> None:
    model = pretrained(name)
    page = browser_page()
    load(page, model)
    weights = page.evaluate(
        """() => { const { blocksOf, nodesOf } = modules["core/blocks.js"];
          return blocksOf(MODEL, nodesOf(MODEL)).map(({ weights }) => weights) }"""
    )
    assert sum(weights) == sum(map(model.network.count, range(len(model.network.layers))))


def test_a_units_weights_are_its_row_of_the_matrix(browser_page: Opener) -> None:
    model = pretrained("mlp")
    page = browser_page(models=("mlp",))
    load(page, model)
    found = page.evaluate(
        """() => { const { nodesOf, unflattened } = modules["core/blocks.js"], nodes = nodesOf(MODEL);
          const picture = modules["core/terms.js"].weightImages(nodes[1].layer, unflattened(nodes, 1), 7);
          const { valueAt } = modules["parts/mosaic.js"], values = [];
          for (let y = 0; y < 28; y++) for (let x = 0; x < 28; x++) values.push(valueAt(picture, { unit: 0, y, x }));
          return values }"""
    )
    matrix = model.network.layout.view(model.network.theta, "1.w")
    np.testing.assert_array_equal(np.float32(found), matrix[:, 7])
