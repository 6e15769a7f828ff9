"""The page and what it asks for beside models: stored digits, and how a model sees them."""

import asyncio
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from handgrad.web.bundle import Html, page
from handgrad.web.service import service_of

UNFRAMED = "; frame-ancestors 'none'"  # a policy inside of a file cannot say that
BINARY = "application/octet-stream"


@cache
def _page(models: tuple[str, ...]) -> Html:
    return page(models)


async def front(request: Request) -> Response:
    """Answer the page.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        HTML, with the policy that allows its own script.
    """
    html = _page(tuple(service_of(request).models.names))
    headers = {"Content-Security-Policy": html.policy + UNFRAMED, "Cache-Control": "no-cache"}
    return Response(html.text, headers=headers, media_type="text/html; charset=utf-8")


async def digits(request: Request) -> Response:
    """Answer the digits that the page keeps.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        See `stored.digits`.
    """
    from handgrad.web import stored

    return Response(await asyncio.to_thread(stored.digits), media_type=BINARY)


async def features(request: Request) -> Response:
    """Answer how a model sees the digits that the page keeps.

    Parameters
    ----------
    request : Request
        The request.

    Returns
    -------
    Response
        See `stored.features`; empty where the model sees other images, and the page has to do without.
    """
    served = await service_of(request).models.get(request.path_params["name"])
    found = await asyncio.to_thread(lambda: served.features)
    return Response(found, media_type=BINARY)
