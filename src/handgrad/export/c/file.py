"""A model as one C99 file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.resources import files

from handgrad import __version__
from handgrad.errors import UserError
from handgrad.export.c.bytes import Int8
from handgrad.export.c.floats import Float32
from handgrad.export.c.parts import Parts, number, text
from handgrad.export.fold import folded, without_flatten
from handgrad.export.graph import Graph, Step, graph_of
from handgrad.export.quantise import with_bytes
from handgrad.export.ranges import ranges
from handgrad.kernels.sizes import LEAST
from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels

HERE = files("handgrad.export.c")
POINTER = 4  # bytes, on a micro-controller
HEAD = """\
/* A classifier of images in C99, written by handgrad {version}. It needs no library and allocates nothing.

   takes   {shape} bytes, row by row{ink}
   gives   the probabilities of {classes} classes
   flash   {flash:,} bytes of constants, and the code: 2 to 6 KB
   RAM     {ram:,} bytes, static; less than 1 KB of stack
   work    {work:,} multiply-adds an image, in {kind}

   One thread at a time may call. In C++, declare the functions as extern "C". */
#include <math.h>
#include <stdint.h>

/* Writes the probabilities, whose sum is 1, and returns the likeliest class, from 0. */
int handgrad_predict(const uint8_t *pixels, float *probabilities);
/* The same before what the model has for "none of them" is shared out: an answer whose score is below the threshold
   of its class is better not relied on. */
int handgrad_scores(const uint8_t *pixels, float *scores);
extern const float handgrad_thresholds[{classes}];
extern const char *const handgrad_classes[{classes}];
"""


def c_file(model: Model, calibration: Pixels | None = None) -> str:
    """Return a model as one C99 file.

    Parameters
    ----------
    model : Model
        The model.
    calibration : uint8 array (N, H, W, C), optional
        Images like those that the model will see: then weights and values are int8, and the images tell their ranges.

    Returns
    -------
    str
        The file. Its first comment states the memory and work that it takes.

    Raises
    ------
    UserError
        For a network with a layer that is not known here, or that int8 cannot hold; and for images of another size.
    """
    graph, parts = without_flatten(folded(graph_of(model.network))), Parts()
    settings = _settings(model, parts)
    made = _steps(model, graph, parts, calibration)
    answers = _answers(model, parts)
    upright = math.prod(model.network.in_shape) if model.preprocess.deskew else 0
    head = HEAD.format(
        version=__version__, shape=" x ".join(map(str, model.network.in_shape)), classes=len(model.classes),
        ink=", bright ink on dark" if model.pictures == "digits" else "", flash=parts.flash,
        ram=sum(made.arrays.values()) + upright, work=sum(_work(graph, step) for step in graph.steps), kind=made.folder,
    )  # fmt: skip
    arrays = [f"static {name}[{size // width}];" for (name, width), size in made.arrays.items() if size]
    shape = [_source("both", "conv_shape")] if "conv" in parts.functions else []
    functions = _functions(made.folder, parts, model.preprocess.deskew)
    network = _network(parts, made.result, model.preprocess.deskew)
    return "\n".join([head, settings, *shape, *parts.constants, *arrays, "", *functions, network, answers])


def _steps(model: Model, graph: Graph, parts: Parts, calibration: Pixels | None) -> Float32 | Int8:
    if calibration is None:
        return Float32(graph, parts)
    if calibration.shape[1:] != model.network.in_shape or not len(calibration):
        raise UserError(
            f"--int8: got {len(calibration)} images of {calibration.shape[1:]}, expected at least one of "
            f"{model.network.in_shape}, as the model sees; give others with --data"
        )
    return Int8(*with_bytes(graph, ranges(model, graph, calibration)), parts)


def _settings(model: Model, parts: Parts) -> str:
    """What the functions know as names."""
    sizes = dict(zip(("HEIGHT", "WIDTH", "CHANNELS"), model.network.in_shape, strict=True))
    sizes |= {"CLASSES": len(model.classes), "OUTPUTS": model.network.out_shape[0]}
    enum = f"enum {{ {', '.join(f'{name} = {size}' for name, size in sizes.items())} }};"
    lines = [enum, f"#define TEMPERATURE {number(model.temperature)}", f"#define LEAST {number(LEAST)}"]
    for name, array in (("mean", model.preprocess.mean), ("scale", model.preprocess.scale)):
        first = array.ravel()[0]
        same = (array == first).all()
        value = f"((void)(i), {number(first)})" if same else f"{parts.array(array, f'pixel_{name}')}[i]"
        lines.append(f"#define {name.upper()}(i) {value}")
    return "\n".join(lines)


def _answers(model: Model, parts: Parts) -> str:
    """Classes, thresholds, and the functions that are called from outside."""
    names, thresholds = list(text(model.classes)), [number(threshold) for threshold in model.thresholds]
    parts.flash += 4 * len(thresholds) + sum(len(name.encode()) + 1 for name in model.classes)
    parts.flash += POINTER * len(names)
    return "\n".join([
        f"const float handgrad_thresholds[{len(names)}] = {{{', '.join(thresholds)}}};",
        f"const char *const handgrad_classes[{len(names)}] = {{{', '.join(names)}}};", "", _source("both", "answer"),
    ])  # fmt: skip


def _functions(folder: str, parts: Parts, deskew: bool) -> Iterator[str]:
    """The C functions that are called, each before its first call."""
    if deskew:
        yield _source("both", "upright")
    for name in parts.functions:
        yield _source("both" if (HERE / "both" / f"{name}.c").is_file() else folder, name)


def _source(folder: str, name: str) -> str:
    return (HERE / folder / f"{name}.c").read_text(encoding="utf-8")


def _network(parts: Parts, result: str, deskew: bool) -> str:
    body = [*(["    pixels = upright(pixels);"] if deskew else []), *parts.calls, f"    return {result};"]
    head = "/* The logits of an image. */\nstatic const float *network(const uint8_t *pixels)"
    return "\n".join([head, "{", *body, "}", ""])


def _work(graph: Graph, step: Step) -> int:
    """Multiply-adds of a step with weights."""
    if step.kind == "conv":
        return math.prod(graph.shapes[step.out][:2]) * step.w.size
    return step.w.size if step.kind == "dense" else 0
