"""The server: uvicorn with this application, in one process or several at one port."""

import asyncio
import signal
import socket
from contextlib import ExitStack
from functools import partial
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from handgrad.errors import UserError
from handgrad.web import log
from handgrad.web.app import build
from handgrad.web.settings import Settings

BACKLOG = 2048  # connections that wait to be accepted
FINISH = 30  # seconds for requests in progress when the server is told to stop
IDLE = 15  # seconds after which a connection without a request is closed


class PatientProtocol(HttpToolsProtocol):
    """HTTP of a connection, which is closed where a request's headers do not come: uvicorn would wait for ever.

    Parameters
    ----------
    patience : float
        Seconds to wait for them.
    **uvicorn : object
        What uvicorn gives to a protocol.
    """

    def __init__(self, patience: float, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._patience = patience
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a first request.

        Parameters
        ----------
        transport : asyncio.Transport
            The connection.
        """
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the headers."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait no more: the guard minds the time from here on."""
        self._wait_no_more()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more.

        Parameters
        ----------
        exc : Exception or None
            Why.
        """
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._wait_no_more()
        self._waiting = self.loop.call_later(self._patience, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._waiting:
            self._waiting.cancel()


def bound(host: str, port: int) -> socket.socket:
    """Return a socket at which the server will be reached.

    Parameters
    ----------
    host : str
        A name or address of this machine.
    port : int
        The port; 0 for any that is free.

    Returns
    -------
    socket.socket
        Listening: who connects from now on is answered once the server runs.

    Raises
    ------
    UserError
        Where the address is taken, or none of this machine's.
    """
    with ExitStack() as undo:
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            sock = undo.enter_context(socket.socket(family, kind))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
        except OSError as error:
            raise UserError(
                f"{host} port {port}: cannot be listened at ({error.strerror or error}); expected an address of this "
                "machine and a free port: stop what is there, or give another --port"
            ) from None
        undo.pop_all()
    return sock


def configured(settings: Settings) -> Config:
    """Return how uvicorn runs this application.

    Parameters
    ----------
    settings : Settings
        What the server is told.

    Returns
    -------
    uvicorn.Config
        Which may be sent to another process.
    """
    protocol: Any = partial(PatientProtocol, settings.patience)
    return Config(
        partial(_application, settings), factory=True, http=protocol, ws="none", lifespan="on", log_config=None,
        access_log=False, server_header=False, proxy_headers=False, workers=settings.workers, backlog=BACKLOG,
        timeout_graceful_shutdown=FINISH, timeout_keep_alive=IDLE,
    )  # fmt: skip


def serve(settings: Settings, sock: socket.socket) -> None:
    """Serve until the process is told to stop; what is in progress then is finished.

    Parameters
    ----------
    settings : Settings
        What the server is told.
    sock : socket.socket
        From `bound`.
    """
    config = configured(settings)
    if settings.workers > 1:
        Multiprocess(config, [sock]).run()
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn raises them again once it has finished
    Server(config).run([sock])


def _application(settings: Settings) -> Any:
    log.configure()
    return build(settings)
