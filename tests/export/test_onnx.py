"""ONNX files answer as Python does."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from command import refused, run
from export.networks import MODELS, kinds, random_model, some_images
from handgrad.datasets import load
from handgrad.export.onnx.file import onnx_file
from handgrad.images.deskew import deskew
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained, shipped_names
from handgrad.nn.layers import LAYERS

NEAR = 1e-5


def session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])


def assert_same(model: Model, images: np.ndarray) -> None:
    probabilities, scores = session(onnx_file(model)).run(["probabilities", "scores"], {"images": images})
    want = model.predict_proba(images)
    np.testing.assert_allclose(probabilities, want, rtol=0, atol=NEAR)
    np.testing.assert_allclose(scores, model.scores(images), rtol=0, atol=NEAR)
    assert (probabilities.argmax(axis=1) == want.argmax(axis=1)).all()


def test_the_random_models_have_every_kind_of_layer() -> None:
    ours = {name for name, layer in LAYERS.items() if layer.__module__.startswith("handgrad.")}
    assert set().union(*(kinds(random_model(seed).network.layers) for seed in range(MODELS))) == ours
    models = [random_model(seed) for seed in range(MODELS)]
    assert {model.preprocess.deskew for model in models} == {False, True}
    assert {model.network.in_shape[2] for model in models} == {1, 3}
    assert {len(model.classes) - model.network.out_shape[0] for model in models} == {0, -1}


@pytest.mark.filterwarnings("ignore:the images look inverted")
@pytest.mark.parametrize("seed", range(MODELS))
def test_random_models(seed: int) -> None:
    model = random_model(seed)
    assert_same(model, some_images(model))


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_models(name: str) -> None:
    assert_same(pretrained(name), load("mnist").split()[1].pixels[:500])


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_names())
def test_shipped_models_on_all_validation_images(name: str) -> None:
    assert_same(pretrained(name), load("mnist").split()[1].pixels)


def test_deskewed_images_are_the_same_bytes() -> None:
    from onnx import TensorProto, helper

    from handgrad.export.onnx.nodes import Nodes
    from handgrad.export.onnx.upright import upright

    images, g = load("mnist").split()[1].nhwc[:2000], Nodes()
    upright(g, "x", (28, 28, 1))
    result = g.nodes[-1].output[0]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 28, 28, 1]) for name in ("x", result)]
    graph = helper.make_graph(g.nodes, "upright", ends[:1], ends[1:], g.constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    (got,) = session(made.SerializeToString()).run(None, {"x": images.astype(np.float32)})
    assert (got == deskew(images)).all()


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path, model = tmp_path / "robust.onnx", pretrained("robust")
    assert "images in, probabilities out" in run("export", "robust", "--onnx", path, "--logits").stdout
    made = onnx.load(path)
    onnx.checker.check_model(made, full_check=True)
    assert (made.ir_version, [(each.domain, each.version) for each in made.opset_import]) == (7, [("", 13)])
    properties = {each.key: json.loads(each.value) for each in made.metadata_props}
    assert properties == {
        "classes": list(model.classes), "thresholds": list(model.thresholds), "temperature": model.temperature,
    }  # fmt: skip
    ready = session(path.read_bytes())
    assert [(each.name, each.type, each.shape) for each in ready.get_inputs()] == [
        ("images", "tensor(uint8)", ["N", 28, 28])
    ]
    assert {each.name: each.shape for each in ready.get_outputs()} == {
        "probabilities": ["N", 10], "scores": ["N", 10], "logits": ["N", 11],
    }  # fmt: skip
    images = load("mnist").split()[1].pixels[:3]
    logits, scores = ready.run(["logits", "scores"], {"images": images})
    powers = np.exp(logits / model.temperature)
    np.testing.assert_allclose(powers[:, :10] / powers.sum(axis=1, keepdims=True), scores, atol=NEAR)


def test_too_many_weights_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.export.onnx.file.LARGEST", 4 * 7000)
    assert "7,426 weights: an ONNX file holds 7,000" in refused("export", "tiny", "--onnx", tmp_path / "tiny.onnx")


def test_without_the_extra_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    assert "pip install 'handgrad[onnx]'" in refused("export", "tiny", "--onnx", tmp_path / "tiny.onnx")
    assert not list(tmp_path.iterdir())
