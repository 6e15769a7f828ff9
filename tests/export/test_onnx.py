"""ONNX files answer as Python does."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from handgrad.export.onnx.file import onnx_file
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained, shipped_names
from export.networks import KINDS, random_model, some_images
from handgrad.datasets import load

NEAR = 1e-5


def answers(model: Model, images: np.ndarray, logits: bool = False) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(onnx_file(model, logits), options, ["CPUExecutionProvider"])
    return session.run(None, {"images": images})


@pytest.mark.filterwarnings("ignore:the images look inverted")
@pytest.mark.parametrize("seed", range(KINDS))
def test_random_networks_of_every_kind(seed: int) -> None:
    model = random_model(seed)
    images = some_images(model)
    probabilities, scores = answers(model, images)
    want = model.predict_proba(images)
    np.testing.assert_allclose(probabilities, want, rtol=0, atol=NEAR)
    np.testing.assert_allclose(scores, model.scores(images), rtol=0, atol=NEAR)
    assert (probabilities.argmax(axis=1) == want.argmax(axis=1)).all()
