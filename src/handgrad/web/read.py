"""`POST /api/read`: all digits on a picture or a page of a PDF, line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from handgrad.web.lane import opened
from handgrad.web.problem import bad
from handgrad.web.service import body_of, chosen, given, json_response, service_of

if TYPE_CHECKING:
    from handgrad.reading.picture import Box

NUMBER = re.compile(r"[1-9][0-9]{0,4}")
REGION = re.compile(r"([0-9]{1,6}),([0-9]{1,6}),([1-9][0-9]{0,5}),([1-9][0-9]{0,5})")
GRID = re.compile(r"([1-9][0-9]{0,2})x([1-9][0-9]{0,2})")
CELLS = 1000  # of a grid, at most


async def read(request: Request) -> Response:
    """Answer what is written on a page.

    Parameters
    ----------
    request : Request
        Its body is a picture file; `page`, `region`, `grid` and `text` are parameters of the address.

    Returns
    -------
    Response
        `Page.to_json` with the picture's size and the boxes of words, or text.
    """
    served, body = await chosen(request), body_of(request)
    number, region, grid = _page(given(request, "page", "1")), _region(request), _grid(request)
    found = await service_of(request).pages.run(_read, served.key, body, number, region, grid)
    if given(request, "text") not in ("", "0"):
        return PlainTextResponse(found["full_text"] + "\n")
    return json_response({"model": served.name, "page": number, **found})


def _read(
    key: tuple[Path, str], body: bytes, number: int, region: Box | None, grid: tuple[int, int] | None
) -> dict[str, Any]:
    """What is on a page; in the lane's process."""
    from handgrad.reading.reader import read_page
    from handgrad.reading.source import open_page

    picture, pages = open_page(body, number)
    page = read_page(picture, opened(*key), region=region, grid=grid)
    height, width = (round(side * picture.scale) for side in picture.grey.shape)
    words = [list(box) for box in page.words]
    return {"pages": pages, "width": width, "height": height, **page.to_json(), "words": words}


def _page(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise bad(f"page '{text[:40]}': expected a number from 1 to 99999")
    return int(text)


def _region(request: Request) -> Box | None:
    text = given(request, "region")
    if not text:
        return None
    if not (found := REGION.fullmatch(text)):
        raise bad(f"region '{text[:40]}': expected left, top, width and height in pixels, as in 0,120,800,60")
    left, top, width, height = map(int, found.groups())
    return left, top, width, height


def _grid(request: Request) -> tuple[int, int] | None:
    text = given(request, "grid")
    if not text:
        return None
    found = GRID.fullmatch(text)
    columns, rows = map(int, found.groups()) if found else (0, 0)
    if not 1 <= columns * rows <= CELLS:
        raise bad(f"grid '{text[:40]}': expected columns and rows, {CELLS} cells at most, as in 8x1")
    return columns, rows
