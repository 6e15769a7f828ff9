"""`POST /api/explain`: which pixels speak for a class?

Two answers: the gradient of the class's logit with respect to each pixel (Simonyan et al. 2014), and how much of the
class's probability is lost when a patch is blotted out (Zeiler and Fergus 2014).
"""

from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels
from handgrad.nn.params import Array
from handgrad.web.lane import opened
from handgrad.web.predict import pixels_of, seen
from handgrad.web.problem import bad
from handgrad.web.service import body_of, chosen, given, json_response, service_of

PATCH = 4  # pixels, the side of what is blotted out


async def explain(request: Request) -> Response:
    """Answer which pixels of one image speak for a class.

    Parameters
    ----------
    request : Request
        Its body is as for `/api/predict`, with one image; the parameter `class` names the class, else it is the
        likeliest one.

    Returns
    -------
    Response
        What the network saw, the gradient and the occlusion map.
    """
    service, served, body = service_of(request), await chosen(request), body_of(request)
    pixels = await pixels_of(service, served, body, request.headers.get("content-type", ""))
    if pixels is None:
        pixels = (await seen(service, served, body))[1].reshape(1, *served.shape)
    if len(pixels) != 1:
        raise bad(f"{len(pixels)} images: expected one to explain; send one at a time")
    model = served.model
    upright = model.preprocess.upright(pixels)
    scores = await service.batches.scores(served, np.concatenate([pixels, *occluded(pixels, model)]))
    k = _class(given(request, "class"), model.classes, int(scores[0].argmax()))
    gradient, logit = await service.pictures.run(_gradient, served.key, upright, k)
    rows, columns = (-(-side // PATCH) for side in served.shape[:2])
    lost = scores[0, k] - scores[1:, k]
    return json_response(
        {
            "model": served.name, "class": model.classes[k], "logit": logit, "score": float(scores[0, k]),
            "pixels": _nested(upright[0]), "gradient": _nested(gradient), "patch": PATCH,
            "occlusion": lost.reshape(rows, columns).tolist(),
        }
    )  # fmt: skip


def _class(name: str, classes: tuple[str, ...], default: int) -> int:
    if name and name not in classes:
        raise bad(f"class '{name[:40]}': expected one of {', '.join(classes)}")
    return classes.index(name) if name else default


def occluded(pixels: Pixels, model: Model) -> list[Pixels]:
    """Return an image with each of its patches blotted out.

    Parameters
    ----------
    pixels : uint8 array (1, H, W, C)
        The image.
    model : Model
        Its training images tell what the ground looks like.

    Returns
    -------
    list of uint8 array (1, H, W, C)
        From left to right, from top to bottom.
    """
    images = []
    for top in range(0, pixels.shape[1], PATCH):
        for left in range(0, pixels.shape[2], PATCH):
            image = pixels.copy()
            image[:, top : top + PATCH, left : left + PATCH] = round(model.preprocess.background)
            images.append(image)
    return images


def input_gradient(model: Model, upright: Pixels, k: int) -> tuple[Array, float]:
    """Return how the logit of a class changes with each pixel.

    Parameters
    ----------
    model : Model
        The model.
    upright : uint8 array (1, H, W, C)
        An image, deskewed where the model sees it so.
    k : int
        Index of the class.

    Returns
    -------
    float32 array (H, W, C)
        The logit's gradient with respect to the grey levels from 0 to 255.
    float
        The logit.
    """
    ws = model.network.workspace(1, input_gradient=True)
    model.preprocess.normalise(upright, ws.x)
    logit = float(model.network.forward(ws.x, ws)[0, k])
    ws.dlogits[0, k] = 1
    gradient = model.network.backward(ws.dlogits, ws)
    assert gradient is not None
    return gradient[0] * model.preprocess.scale, logit


def _gradient(key: tuple[Path, str], upright: Pixels, k: int) -> tuple[Array, float]:
    return input_gradient(opened(*key), upright, k)


def _nested(image: Any) -> Any:
    """An image as lists of rows; grey without an axis for the channels."""
    return (image[:, :, 0] if image.shape[2] == 1 else image).tolist()
