import click

from handgrad.errors import UserError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to be reached at; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 for any that is free.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes at this port.")
@click.option("--token", default="", envvar="HANDGRAD_TOKEN", help="What clients have to send. [env: HANDGRAD_TOKEN]")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A name by which the server may be asked.")
def serve(models: tuple[str, ...], host: str, port: int, workers: int, token: str, hosts: tuple[str, ...]) -> None:
    """Answer over HTTP: digits, pages, explanations, models; for clients of KServe and Triton too.

    Each MODEL is a name, a model file or a run folder; without any, all that come along are served. The first one
    answers where none is asked for.

    The server is for this machine alone unless --host says otherwise; docs/serve.md has all it can do.
    """
    try:
        import httptools  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UserError(f"serve needs {error.name}: pip install 'handgrad[serve]'") from None
    from handgrad.kernels.threads import cores
    from handgrad.web.models import checked
    from handgrad.web.server import bound, serve
    from handgrad.web.settings import Settings

    if not token.isascii() or not token.isprintable():
        raise UserError("--token: expected printable ASCII, as it is sent in a header; choose another")
    settings = Settings(
        models or Settings.models, hosts, host not in LOOPBACK, token, threads=max(cores() // workers, 1),
        workers=workers,
    )  # fmt: skip
    names = checked(settings.models)
    sock = bound(host, port)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{sock.getsockname()[1]} serves {', '.join(names)}; Ctrl-C stops")
    serve(settings, sock)
