"""`GET /api/test`: how a model does on MNIST's test images, and what the page shows of that."""

import asyncio
from functools import cache

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from handgrad.web.evaluation import test_images
from handgrad.web.front import BINARY
from handgrad.web.service import chosen, json_response, service_of


async def test(request: Request) -> Response:
    """Answer how many test images a model reads rightly, and which digit it takes for which.

    Parameters
    ----------
    request : Request
        The request; its parameter `model` names a model.

    Returns
    -------
    Response
        Counts.
    """
    served = await chosen(request)
    scores = await service_of(request).evaluation.scores(served)
    labels, best, relied = test_images().labels, scores.argmax(axis=1), served.model.answered(scores)
    known = len(served.model.classes)
    table = np.zeros((known, known + 1), int)
    np.add.at(table, (labels, np.where(relied, best, known)), 1)
    right = best == labels
    return json_response(
        {
            "model": served.name, "images": len(labels), "right": int(right.sum()), "answered": int(relied.sum()),
            "answered_right": int((right & relied).sum()), "confusion": table.tolist(),
        }
    )  # fmt: skip


async def scores(request: Request) -> Response:
    """Answer what a model says of each test image.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        A float32 for each class of each image.
    """
    service = service_of(request)
    served = await service.models.get(request.path_params["name"])
    found = await service.evaluation.scores(served)
    return Response(found.astype("<f4").tobytes(), media_type=BINARY)


async def digits(request: Request) -> Response:
    """Answer the test images.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        As `stored.digits` has others.
    """
    return Response(await asyncio.to_thread(_packed), media_type=BINARY)


@cache
def _packed() -> bytes:
    from handgrad.web.stored import packed

    return packed([test_images()], 1)
