"""What is wrong with a request, as an answer: problem details for HTTP (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that is not fulfilled.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        What is wrong, what was found, what was expected, what to do.
    reason : str
        One word for the metrics.
    headers : mapping of str to str, optional
        Headers of the answer.
    """

    def __init__(self, status: int, detail: str, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.reason, self.headers = status, detail, reason, dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, (self.status, self.detail, self.reason, self.headers)


def bad(detail: str) -> Problem:
    """Return the problem of a request that cannot be understood.

    Parameters
    ----------
    detail : str
        See `Problem`.

    Returns
    -------
    Problem
        Of status 422.
    """
    return Problem(422, detail, "input")


def busy(detail: str) -> Problem:
    """Return the problem of a server that has too much to do.

    Parameters
    ----------
    detail : str
        What there is too much of.

    Returns
    -------
    Problem
        Of status 503, with Retry-After.
    """
    return Problem(503, f"{detail}; ask again in a second", "busy", {"Retry-After": "1"})


def problem_response(problem: Problem, path: str) -> Response:
    """Return a problem as an answer.

    Parameters
    ----------
    problem : Problem
        The problem.
    path : str
        Of the request: below /v2, `error` says the same, as the Open Inference Protocol wants it.

    Returns
    -------
    Response
        Of application/problem+json.
    """
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if path.startswith("/v2"):
        content["error"] = problem.detail
    return Response(json.dumps(content), problem.status, problem.headers, MEDIA_TYPE)
