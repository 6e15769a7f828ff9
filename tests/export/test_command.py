"""`handgrad export`: one kind of file a call, written whole, and nothing is written over."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from command import TINY, refused, run, write_small_data
from handgrad.errors import UserError
from handgrad.export.graph import graph_of
from handgrad.nn.layers import Dense, Flatten, Layer, Sequential
from handgrad.nn.layers.relu import ReLU
from handgrad.nn.network import Network


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    file = tmp_path / "a.c"
    assert "got 0 of --page, --onnx and --c" in refused("export", "tiny")
    assert "got 2 of --page" in refused("export", "tiny", "--c", file, "--onnx", tmp_path / "a.onnx")
    assert "got 2 models for --c" in refused("export", "tiny", "cnn", "--c", file)
    assert "--logits goes with --onnx" in refused("export", "tiny", "--c", file, "--logits")
    assert "--int8 goes with --c" in refused("export", "tiny", "--onnx", tmp_path / "a.onnx", "--int8")
    assert "--data goes with --int8" in refused("export", "tiny", "--c", file, "--data", "mnist")
    assert "expected .c" in refused("export", "tiny", "--c", tmp_path / "a.cpp")
    file.write_text("mine")
    assert "exists; choose another file" in refused("export", "tiny", "--c", file)
    assert file.read_text() == "mine" and list(tmp_path.iterdir()) == [file]


def test_int8_takes_its_ranges_from_the_data_of_the_run(tmp_path: Path) -> None:
    data = write_small_data(tmp_path / "data")
    run("train", *TINY, "--data", data, "--out", tmp_path / "run")
    for name, more in (("own.c", ()), ("same.c", ("--data", data)), ("mnist.c", ("--data", "mnist"))):
        run("export", tmp_path / "run", "--c", tmp_path / name, "--int8", *more)
    own, same, mnist = ((tmp_path / name).read_text() for name in ("own.c", "same.c", "mnist.c"))
    assert own == same != mnist
    assert "in int8" in own


def test_a_layer_that_is_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from handgrad.nn.layers import LAYERS

    monkeypatch.setattr("handgrad.nn.layers.base.LAYERS", dict(LAYERS))  # the class enters itself there

    @dataclass(frozen=True)
    class Squash(Layer):
        plan, forward, backward = ReLU.plan, ReLU.forward, ReLU.backward

    network = Network([Flatten(), Sequential((Dense(4), Squash())), Dense(2)], (3, 3, 1))
    with pytest.raises(UserError, match=r"layer 1.1 Squash\(\): cannot be exported, expected one of BatchNorm, Conv,"):
        graph_of(network)


def test_the_values_of_a_graph_are_those_of_the_network() -> None:
    from export.networks import random_model, some_images
    from handgrad.export.fold import folded, without_flatten
    from handgrad.export.ranges import values

    for seed in range(10):
        model = random_model(seed)
        images = some_images(model).reshape(-1, *model.network.in_shape)
        x = np.empty(images.shape, np.float32)
        model.preprocess(images, x)
        want = model.network.forward(x, model.network.workspace(len(x), kernels="naive")).copy()
        for graph in (graph_of(model.network), without_flatten(folded(graph_of(model.network)))):
            np.testing.assert_allclose(values(graph, x)[graph.result], want, rtol=1e-4, atol=1e-4)
