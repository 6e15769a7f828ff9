"""What every request passes before anything else: who may ask, how much, how long; and what every answer carries.

A page of another origin cannot use the server through a visitor's browser: the name in `Host` has to be one of the
server's own, which a rebound DNS name is not, and `Origin` has to be the same one.
"""

import asyncio
import hmac
import logging
import time
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handgrad.errors import UserError
from handgrad.web import log
from handgrad.web.metrics import Metrics
from handgrad.web.problem import Problem, bad, busy, problem_response
from handgrad.web.settings import MEGABYTE, Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
BODY = "handgrad.body"  # where in the scope the body is
GONE = 499  # logged where the client has left before its answer, as nginx does
LINGER = 2.0  # seconds in which a refused body is still received, so that the client comes to read the answer
LINGER_BYTES = 64 * MEGABYTE  # how much of it, at most
# Without a token, a page can be opened, which then sends one, and machinery can ask for health.
OPEN = ("/", "/health", "/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready")


class Gone(Exception):
    """The client has left."""


class Guard:
    """The outermost part of the application.

    Parameters
    ----------
    app : callable
        What requests are passed on to, with the body in the scope.
    settings : Settings
        Limits and names.
    metrics : Metrics
        Told about every request.
    """

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app, self._settings, self._metrics = app, settings, metrics
        self._known = {*LOOPBACK, *(name.lower() for name in settings.hosts)}
        self._is_known = lru_cache(256)(self._looked_up)
        self._token = f"Bearer {settings.token}".encode() if settings.token else b""
        self._headers = [
            (name.encode(), value.encode())
            for name, value in {
                "content-security-policy": settings.csp, "x-content-type-options": "nosniff",
                "referrer-policy": "no-referrer", "x-frame-options": "DENY",
                "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
            }.items()
        ]  # fmt: skip
        self._bodies = 0  # bytes that bodies in progress have or may have

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Parameters
        ----------
        scope, receive, send : objects of ASGI
            The request.
        """
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, status, sent = time.perf_counter(), 0, 0
        metrics = self._metrics

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                own = list(message.get("headers", ()))
                named = {name for name, _ in own}
                message["headers"] = [*own, *(pair for pair in self._headers if pair[0] not in named)]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        metrics.in_progress += 1
        try:
            await self._guarded(scope, receive, counted)
        except Gone:
            status = GONE
        except Exception as error:
            problem = _problem(error)
            if not status:
                await self._refuse(problem, scope, receive, counted)
        finally:
            metrics.in_progress -= 1
            route, seconds = getattr(scope.get("route"), "path", "none"), time.perf_counter() - began
            metrics.requests[route, status] += 1
            metrics.durations[route].observe(seconds)
            log.write(
                client=scope["client"][0] if scope.get("client") else None, method=scope["method"],
                path=scope["path"], status=status, ms=round(1000 * seconds, 2),
                received=len(scope.get(BODY, b"")), sent=sent,
            )  # fmt: skip

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = self._admitted(scope)
        if scope["path"] not in OPEN and self._metrics.in_progress > self._settings.requests:
            raise busy(f"{self._settings.requests} requests are in progress")
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            scope[BODY] = b""
            await self.app(scope, receive, send)
            return
        room = self._room(headers)
        self._bodies += room
        try:
            scope[BODY] = await self._body(receive)
            await self.app(scope, receive, send)
        finally:
            self._bodies -= room

    def _admitted(self, scope: Scope) -> dict[bytes, bytes]:
        """The headers of a request that may be made."""
        pairs = scope["headers"]
        headers = dict(pairs)
        host = headers.get(b"host", b"")
        if not self._is_known(host) or [name for name, _ in pairs].count(b"host") > 1:
            raise Problem(
                421, f"host '{_shown(host)}' is none of this server's names: ask by its address, or start it with "
                "--allow-host NAME", "host",
            )  # fmt: skip
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"://")[2] != host:
            raise Problem(
                403, f"origin '{_shown(origin)}' is not this server: pages of other sites may not use it; open its own "
                "page", "origin",
            )  # fmt: skip
        given = headers.get(b"authorization", b"")
        if self._token and scope["path"] not in OPEN and not hmac.compare_digest(given, self._token):
            raise Problem(
                401, "a token is missing or wrong: send the header 'Authorization: Bearer TOKEN', with the token that "
                "the server was started with", "token", {"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Problem(
                415, f"a body in the encoding '{_shown(headers[b'content-encoding'])}': expected none; send it as it "
                "is", "encoding",
            )  # fmt: skip
        return headers

    def _looked_up(self, host: bytes) -> bool:
        try:
            name = urlsplit(f"//{host.decode('ascii')}").hostname or ""
        except ValueError:
            return False
        return name in self._known or (self._settings.any_address and _is_address(name))

    def _room(self, headers: dict[bytes, bytes]) -> int:
        """How many bytes a body will have, as far as is told."""
        most = self._settings.body
        length = int(headers.get(b"content-length", most))
        if length > most:
            raise _too_large(most)
        if self._bodies + length > self._settings.bodies:
            raise busy("the bodies of other requests fill the memory")
        return length

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self._settings.patience):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Gone
                    parts.append(message.get("body", b""))
                    size, more = size + len(parts[-1]), message.get("more_body", False)
                    if size > self._settings.body:
                        raise _too_large(self._settings.body)
        except TimeoutError:
            raise Problem(
                408, f"the body did not arrive whole within {self._settings.patience:g} seconds: got {size} bytes; "
                "send it again", "slow", {"Connection": "close"},
            ) from None  # fmt: skip
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.refusals[problem.reason] += 1
        if BODY not in scope:
            problem.headers["Connection"] = "close"
        response = problem_response(problem, scope["path"])
        if BODY in scope or problem.status == 408:
            await response(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        await _received(receive, LINGER_BYTES)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _received(receive: Receive, most: int) -> None:
    """Receive a little more of a refused body: a client that is still writing reads no answer."""
    try:
        async with asyncio.timeout(LINGER):
            while most > 0 and (message := await receive())["type"] == "http.request" and message.get("more_body"):
                most -= len(message["body"])
    except TimeoutError:
        pass


def _problem(error: Exception) -> Problem:
    """What an answer says of an exception; one that nobody foresaw is told to the log alone."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UserError):
        return bad(str(error))
    logging.getLogger("handgrad").error("a request failed", exc_info=error)
    return Problem(500, "the server failed at this request; its log says more", "fault")


def _too_large(most: int) -> Problem:
    return Problem(413, f"the body is larger than {most} bytes; send less at a time", "size")


def _shown(header: bytes) -> str:
    return header[:80].decode("ascii", "backslashreplace")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
