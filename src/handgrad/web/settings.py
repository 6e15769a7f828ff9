"""What a server is told when it is started."""

from dataclasses import dataclass

MEGABYTE = 1 << 20
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Settings:
    """What a server is told when it is started.

    Parameters
    ----------
    models : tuple of str
        Names of models that come along, model files or run folders; the first one answers where none is asked for.
    hosts : tuple of str
        Names and addresses by which the server may be asked, beside those of this machine itself.
    any_address : bool
        Whether it may be asked by any IP address: a web page can give the server another name, but no other address.
    token : str
        What a client has to send as `Authorization: Bearer TOKEN`; empty for no such demand.
    threads : int
        Threads that compute answers.
    workers : int
        Processes that share the port; each counts its own metrics.
    body : int
        The most bytes of a request's body.
    bodies : int
        The most bytes of the bodies of all requests in progress.
    patience : float
        Seconds within which headers, and then a body, have to arrive.
    images : int
        The most images of one request.
    waiting : int
        Images that may wait for an answer; further ones are refused.
    pictures : int
        Requests with a picture to find a digit on, or to explain, that may be in progress.
    pages : int
        Requests with a page to read that may be in progress.
    requests : int
        Requests of any kind that may be in progress.
    csp : str
        The Content-Security-Policy of every answer.
    """

    models: tuple[str, ...] = ("robust", "cnn", "mlp", "tiny")
    hosts: tuple[str, ...] = ()
    any_address: bool = False
    token: str = ""
    threads: int = 1
    workers: int = 1
    body: int = 10 * MEGABYTE
    bodies: int = 200 * MEGABYTE
    patience: float = 10.0
    images: int = 1024
    waiting: int = 1024
    pictures: int = 64
    pages: int = 4
    requests: int = 512
    csp: str = STRICT
