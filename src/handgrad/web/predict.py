"""`POST /api/predict`: which digit is this? Pictures of any size, or pixels as the model sees them."""

from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from handgrad.images.arrays import as_pixels
from handgrad.images.kinds import is_heif, is_pdf
from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels
from handgrad.nn.params import Array
from handgrad.web.lane import opened
from handgrad.web.problem import bad
from handgrad.web.served import Served
from handgrad.web.service import Service, body_of, chosen, json_response, parsed, service_of

MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")  # first bytes of pictures
LARGE = 1 << 16  # bytes of JSON from which parsing it would keep others waiting


async def predict(request: Request) -> Response:
    """Answer which digit each image shows.

    Parameters
    ----------
    request : Request
        Its body is a picture, `{"pixels": ...}`, or the bytes of pixels.

    Returns
    -------
    Response
        `{"model": NAME, "answers": [...]}`.
    """
    service, served, body = service_of(request), await chosen(request), body_of(request)
    pixels = await pixels_of(service, served, body, request.headers.get("content-type", ""))
    if pixels is None:
        answers = [(await seen(service, served, body))[0]]
    else:
        answers = answered(served.model, await service.batches.scores(served, pixels))
    return json_response({"model": served.name, "answers": answers})


async def pixels_of(service: Service, served: Served, body: bytes, kind: str) -> Pixels | None:
    """Return the pixels that a body holds.

    Parameters
    ----------
    service : Service
        Whose lane parses what is large.
    served : Served
        The model whose images they are.
    body : bytes
        Of the request.
    kind : str
        Its Content-Type: `application/json` for JSON, `application/octet-stream` for a byte each pixel.

    Returns
    -------
    uint8 array (N, H, W, C) or None
        The images; None where the body is a picture file.

    Raises
    ------
    Problem, UserError
        For what is neither.
    """
    if not body:
        raise bad('the body is empty: expected a picture, {"pixels": ...}, or the bytes of pixels')
    kind = kind.partition(";")[0].strip().lower()
    height, width, channels = served.shape
    size = height * width * channels
    if kind == "application/octet-stream" and len(body) % size == 0 and not is_picture(body):
        pixels = np.frombuffer(body, np.uint8).reshape(-1, *served.shape)
    elif kind == "application/json":
        large = len(body) > LARGE
        parts = body, served.shape
        pixels = await service.pictures.run(_json_pixels, *parts) if large else _json_pixels(*parts)
    else:
        return None
    if not 1 <= len(pixels) <= service.settings.images:
        raise bad(f"{len(pixels)} images: expected 1 to {service.settings.images} in a request; send several requests")
    return pixels


def _json_pixels(body: bytes, shape: tuple[int, int, int]) -> Pixels:
    content = parsed(body)
    if not isinstance(content, dict) or "pixels" not in content:
        raise bad(
            'a body of JSON without "pixels": expected {"pixels": [...]}, the grey levels of one image or several'
        )
    return as_pixels(content["pixels"], shape, "pixels")


def is_picture(body: bytes) -> bool:
    """Tell whether bytes begin as a picture file does.

    Parameters
    ----------
    body : bytes
        Any bytes.

    Returns
    -------
    bool
        True for PNG, JPEG, GIF, TIFF, WebP, HEIC and PDF.
    """
    return body.startswith(MARKS) or body[8:12] == b"WEBP" or is_heif(body) or is_pdf(body[:8])


async def seen(service: Service, served: Served, body: bytes) -> tuple[dict[str, Any], Pixels]:
    """Return which digit a picture shows, and what the model saw.

    Parameters
    ----------
    service : Service
        Whose lane looks.
    served : Served
        The model.
    body : bytes
        A picture file.

    Returns
    -------
    dict
        `Answer.to_json`: the digit, or why there is none.
    uint8 array (H, W) or (H, W, 3)
        The pixels that the model saw.
    """
    return await service.pictures.run(_looked, served.key, body)


def _looked(key: tuple[Path, str], body: bytes) -> tuple[dict[str, Any], Pixels]:
    from handgrad.reading.reader import inspect_digit

    answer, normalised = inspect_digit(body, opened(*key))
    return answer.to_json(), normalised.pixels


def answered(model: Model, scores: Array) -> list[dict[str, Any]]:
    """Return answers for images that the model saw as they were.

    Parameters
    ----------
    model : Model
        What answered.
    scores : float32 array (N, K)
        Its scores.

    Returns
    -------
    list of dict
        `Answer.to_json` for each; the box is the whole image.
    """
    from handgrad.reading.answer import Answer, Refusal

    height, width, _ = model.network.in_shape
    best, relied = scores.argmax(axis=1).tolist(), model.answered(scores).tolist()
    return [
        Answer(
            model.classes[k], float(row[k]), tuple(p), None if sure else Refusal.UNKNOWN, (0, 0, width, height)
        ).to_json()
        for k, row, p, sure in zip(best, scores, probabilities(scores).tolist(), relied, strict=True)
    ]


def probabilities(scores: Array) -> Array:
    """Return the probability of each class for images that show one of them, as `Model.predict_proba` does.

    Parameters
    ----------
    scores : float32 array (N, K)
        What a row lacks to 1 is the probability of none.

    Returns
    -------
    float32 array (N, K)
        Rows with a sum of 1.
    """
    shares: Array = scores / np.maximum(scores.sum(axis=1, keepdims=True), np.float32(1e-30))
    return shares
