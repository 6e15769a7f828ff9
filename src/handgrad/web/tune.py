"""`/api/tune`: a user's own digits taught to a model, as `handgrad tune` does."""

from ipaddress import ip_address
from pathlib import Path

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from handgrad.datasets import Images
from handgrad.images.arrays import as_pixels
from handgrad.web.lane import opened
from handgrad.web.problem import Problem, bad
from handgrad.web.service import body_of, chosen, json_response, parsed, service_of


async def begin(request: Request) -> Response:
    """Begin to tune a model.

    Parameters
    ----------
    request : Request
        Its body is `{"pixels": ..., "labels": [...]}`.

    Returns
    -------
    Response
        The state of the tuning.
    """
    service, served = service_of(request), await chosen(request)
    _check_may_tune(request, service.settings.token)
    if service.settings.workers > 1:
        raise Problem(
            409, f"{service.settings.workers} processes serve, and one cannot give a tuned model to the others: start "
            "the server without --workers", "workers",
        )  # fmt: skip
    most = service.settings.images
    own = await service.pictures.run(_own_digits, body_of(request), served.key, most)
    service.tuning.begin(served, own)
    return json_response(service.tuning.state)


def _check_may_tune(request: Request, token: str) -> None:
    """Two minutes of a core are not for whoever is in the same network."""
    host = request.client.host if request.client else "localhost"
    try:
        near = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        near = False
    if not near and not token:
        raise Problem(
            403, f"a request from {host} cannot begin a tuning: ask from the machine that serves, or start the server "
            "with --token", "remote",
        )  # fmt: skip


def _own_digits(body: bytes, key: tuple[Path, str], most: int) -> Images:
    """The images of a request, class by class; in the lane's process, since they may be many."""
    from handgrad.training.tune import LEAST, check_sees_digits

    content, model = parsed(body), opened(*key)
    check_sees_digits(model)
    if not isinstance(content, dict) or not {"pixels", "labels"} <= content.keys():
        raise bad('expected {"pixels": [...], "labels": [...]}: the grey levels of each image, and its class')
    height, width, _ = model.network.in_shape
    pixels, labels = as_pixels(content["pixels"], (height, width, 1), "pixels"), content["labels"]
    if not isinstance(labels, list) or len(labels) != len(pixels):
        got = f"{len(labels)} of them" if isinstance(labels, list) else type(labels).__name__
        raise bad(f"labels: got {got}, expected a list of {len(pixels)}, one for each image")
    if not LEAST <= len(labels) <= most:
        raise bad(f"{len(labels)} images: expected {LEAST} to {most} to learn from; give more, or the latest alone")
    strange = [label for label in labels if not isinstance(label, str) or label not in model.classes]
    if strange:
        raise bad(f"label {str(strange[0])[:40]!r}: expected one of {', '.join(model.classes)}, as a text")
    numbers = np.array([model.classes.index(label) for label in labels], np.uint8)
    images = Images(pixels[:, :, :, 0], numbers, model.classes)
    return images[np.argsort(numbers, kind="stable")]


async def state(request: Request) -> Response:
    """Answer how far the tuning is.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        The state of the latest tuning.
    """
    return json_response(service_of(request).tuning.state)


async def end(request: Request) -> Response:
    """End the tuning in progress.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        The state of the latest tuning.
    """
    tuning = service_of(request).tuning
    tuning.end()
    return json_response(tuning.state)
