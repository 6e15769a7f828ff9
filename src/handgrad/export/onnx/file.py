"""A model as an ONNX file."""

from __future__ import annotations

import json

import numpy as np

from handgrad import __version__
from handgrad.errors import UserError
from handgrad.export.fold import folded
from handgrad.export.graph import graph_of
from handgrad.export.onnx.nodes import Nodes
from handgrad.export.onnx.steps import network_nodes
from handgrad.export.onnx.upright import upright
from handgrad.images.kinds import library
from handgrad.kernels.sizes import LEAST
from handgrad.model.model import Model
from handgrad.nn.params import Array

OPSET, IR_VERSION = 13, 7  # what runtimes of 2021 read too
LARGEST = 2_000_000_000  # bytes: a file of protocol buffers ends at 2 GiB


def onnx_file(model: Model, logits: bool = False) -> bytes:
    """Return a model as an ONNX file.

    Its input `images` is uint8, (N, H, W) for grey images and (N, H, W, C) for others, as `Model.predict` takes them.
    Its outputs are `probabilities` and `scores`, float32 (N, K), as `Model.predict_proba` and `Model.scores` give them.
    Its metadata are `classes` and `thresholds` (JSON lists) and `temperature`.

    Parameters
    ----------
    model : Model
        The model.
    logits : bool
        Whether `logits`, the network's own outputs before the temperature, are an output too.

    Returns
    -------
    bytes
        The file: opset 13, IR version 7.

    Raises
    ------
    UserError
        Where onnx is not installed, and for a network with a layer that is not known here or with too many weights.
    """
    onnx = library("--onnx", "it", "onnx", "onnx")
    if model.network.theta.nbytes > LARGEST:
        raise UserError(f"{model.network.layout.count:,} weights: an ONNX file holds {LARGEST // 4:,}; use --c")
    g = Nodes()
    network = network_nodes(g, folded(graph_of(model.network)), _seen(g, model))
    raw = g("Identity", network, out="logits")
    _answers(g, model, raw)
    helper, float32, classes = onnx.helper, onnx.TensorProto.FLOAT, len(model.classes)
    widths = {"probabilities": classes, "scores": classes, **({raw: model.network.out_shape[0]} if logits else {})}
    images = helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["N", *_image_shape(model)])
    outputs = [helper.make_tensor_value_info(name, float32, ["N", width]) for name, width in widths.items()]
    made = helper.make_model(
        helper.make_graph(g.nodes, "handgrad", [images], outputs, g.constants),
        opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
        producer_name="handgrad", producer_version=__version__,
    )  # fmt: skip
    helper.set_model_props(made, {
        "classes": json.dumps(model.classes), "thresholds": json.dumps(model.thresholds),
        "temperature": json.dumps(model.temperature),
    })  # fmt: skip
    content: bytes = made.SerializeToString()
    return content


def _image_shape(model: Model) -> tuple[int, ...]:
    """Without an axis for the one channel of grey images."""
    shape = model.network.in_shape
    return shape[:2] if shape[2] == 1 else shape


def _seen(g: Nodes, model: Model) -> str:
    """What the network sees of the input `images`."""
    from onnx import TensorProto

    shape, seen = model.network.in_shape, model.preprocess
    pixels = g("Cast", "images", to=TensorProto.FLOAT)
    pixels = g("Unsqueeze", pixels, g.numbers(3)) if shape[2] == 1 else pixels
    pixels = upright(g, pixels, shape) if seen.deskew else pixels
    centred = g("Sub", pixels, g.constant(_short(seen.mean), np.float32))
    return g("Mul", centred, g.constant(_short(seen.scale), np.float32))


def _short(each_pixel: Array) -> Array:
    """One number where all pixels have the same."""
    first = each_pixel.ravel()[0]
    return first if (each_pixel == first).all() else each_pixel


def _answers(g: Nodes, model: Model, logits: str) -> None:
    """The outputs `scores` and `probabilities`, from the network's own."""
    known = len(model.classes)
    every = g("Softmax", g("Div", logits, g.constant(model.temperature, np.float32)), axis=1)
    scores = g("Slice", every, g.numbers(0), g.numbers(known), g.numbers(1), out="scores")
    total = g("ReduceSum", scores, g.numbers(1), keepdims=1)
    g("Div", scores, g("Max", total, g.constant(LEAST, np.float32)), out="probabilities")
