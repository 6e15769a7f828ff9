"""What there is: the models, their files and cards; whether the server is well; what it has counted."""

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from handgrad import __version__
from handgrad.web import metrics
from handgrad.web.service import json_response, service_of


async def models(request: Request) -> Response:
    """Answer which models there are.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        A list; the default comes first.
    """
    found = service_of(request).models
    sound = [name for name, state in found.states().items() if state != "failed"]
    return json_response({"models": [(await found.get(name)).facts() for name in sound]})


async def model_file(request: Request) -> Response:
    """Answer a model's file, with weights of 16 bits.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Safetensors; nothing where the client has it already.
    """
    found = service_of(request).models
    served = await found.get(request.path_params["name"])
    content = await found.half(served)
    mark = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    headers = {"ETag": mark, "Cache-Control": "no-cache"}  # keep it, but ask each time whether it is the same
    if request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/octet-stream")


async def card(request: Request) -> Response:
    """Answer a model's card.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Markdown.
    """
    served = await service_of(request).models.get(request.path_params["name"])
    return Response(served.card(), media_type="text/markdown; charset=utf-8")


async def live(request: Request) -> Response:
    """Answer that the server runs.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Always the same.
    """
    return json_response({"status": "live"})


async def ready(request: Request) -> Response:
    """Answer whether all models are loaded.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Of status 200 if they are, else 503.
    """
    health = _health(request)
    return json_response(health, 200 if health["status"] == "ready" else 503)


async def health(request: Request) -> Response:
    """Answer how the server is.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        Its state, that of each model, and how many images wait.
    """
    return json_response(_health(request))


def _health(request: Request) -> dict[str, Any]:
    service = service_of(request)
    states = service.models.states()
    worst = next((state for state in ("failed", "loading") if state in states.values()), "ready")
    return {"status": worst, "version": __version__, "models": states, "waiting": service.batches.waiting}


async def counted(request: Request) -> Response:
    """Answer the metrics.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        In Prometheus' text format.
    """
    return PlainTextResponse(service_of(request).metrics.text(), media_type=metrics.MEDIA_TYPE)
