"""The command line: it parses, calls and prints; what goes wrong for the user is one line and exit code 2."""

import errno
import io
import os
import sys

import click

from handgrad.cli.augment import augment
from handgrad.cli.committee import committee
from handgrad.cli.data import data
from handgrad.cli.evaluate import evaluate
from handgrad.cli.inspect import inspect
from handgrad.cli.lr_find import lr_find
from handgrad.cli.predict import predict
from handgrad.cli.read import read
from handgrad.cli.sweep import sweep
from handgrad.cli.train import train
from handgrad.cli.tune import tune
from handgrad.errors import UserError
from handgrad.version import __version__

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="handgrad")
def cli() -> None:
    """Train a handwritten-digit classifier from scratch, see how good it is, and use it.

    Start with `handgrad train`, then `handgrad evaluate` and `handgrad predict IMAGE`.
    """


for command in (train, evaluate, predict, read, tune, sweep, committee, inspect, lr_find, augment, data):
    cli.add_command(command)


def main() -> None:
    """The `handgrad` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot show
    try:
        cli.main(standalone_mode=False)
    except UserError as error:
        _stop(f"handgrad: {error}")
    except click.exceptions.Abort:
        _stop("handgrad: stopped", 130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        _stop(f"handgrad: {error.format_message()}")
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to say, nor to flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is not None:
            _stop(f"handgrad: {error.filename}: {error.strerror}; give another path")
        if error.errno not in NO_ROOM:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what waits to be written there never will be
        _stop(f"handgrad: the output cannot be written ({error.strerror}); send it elsewhere")
    except MemoryError as error:
        _stop(f"handgrad: not enough memory ({str(error) or 'none left'}); choose a smaller network or batch")


def _stop(message: str, code: int = 2) -> None:
    click.echo(" ".join(message.split()), err=True)
    sys.exit(code)
