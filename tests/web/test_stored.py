"""What the page keeps beside its models."""

import zlib

import numpy as np

from handgrad.model.shipped import pretrained
from handgrad.nn.layers import Dense
from handgrad.web.stored import TRAIN, features, stored_images


def test_features_are_what_the_last_dense_layer_gets() -> None:
    model = pretrained("tiny")
    stored = zlib.decompress(features(model))
    scale, values = np.frombuffer(stored[:4], "<f4"), np.frombuffer(stored[4:], np.int8).reshape(TRAIN, -1)
    last = model.network.layers[-1]
    assert isinstance(last, Dense)
    weights = dict(model.network.layout.views(model.network.theta))
    place = len(model.network.layers) - 1
    images = stored_images()[1].nhwc[:50]
    ws = model.network.workspace(50, kernels="naive")
    model.preprocess(images, ws.x)
    logits = model.network.forward(ws.x, ws)
    rounded = scale * np.abs(weights[f"{place}.w"]).sum(axis=0) / 2  # what rounding may change of a logit, at most
    found = values[:50] * scale @ weights[f"{place}.w"] + weights[f"{place}.b"]
    assert np.abs(values).max() == 127
    assert (np.abs(found - logits) <= rounded + 1e-4).all()
