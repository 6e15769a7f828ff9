"""The command line: it parses, calls and prints; what goes wrong for the user is one line and exit code 2."""

import errno
import io
import os
import sys
from importlib import import_module

import click

from handgrad import __version__
from handgrad.cli.groups import Group
from handgrad.cli.text import printable
from handgrad.errors import UserError
from handgrad.signals import exit_code, interrupted_by_signals

# Every command, in the order of use: `lr-find` is the function `lr_find` in cli/lr_find.py.
SECTIONS = {
    "Read digits": ("read", "predict"),
    "Train": ("train", "evaluate", "recipes", "tune", "sweep", "committee"),
    "Look inside": ("compare", "inspect", "gradcheck", "lr-find", "augment"),
    "Serve and share": ("serve", "export"),
    "Data, kernels and help": ("data", "compile", "help"),
}
NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))


class Commands(Group):
    """The commands, each imported when it is asked for."""

    def sections(self, ctx: click.Context) -> dict[str, tuple[str, ...]]:
        return SECTIONS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"handgrad.cli.{name}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="handgrad")
def cli() -> None:
    """Read handwritten digits, and train the networks that read them.

    Start with `handgrad predict IMAGE`, or `handgrad train` and `handgrad evaluate`; `handgrad help COMMAND` shows the
    options of a command.
    """


def main() -> None:
    """The `handgrad` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot show
    try:
        with interrupted_by_signals():
            if "HANDGRAD_THREADS" in os.environ:  # a wrong one is told before anything is made
                from handgrad.kernels.threads import cores

                cores()
            cli.main(prog_name="handgrad", standalone_mode=False)
    except UserError as error:
        _stop(f"handgrad: {error}")
    except KeyboardInterrupt as stop:
        _stop("handgrad: stopped", exit_code(*stop.args))
    except click.exceptions.Abort as stop:
        cause = stop.__cause__
        _stop("handgrad: stopped", exit_code(*cause.args) if isinstance(cause, KeyboardInterrupt) else exit_code())
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.NoSuchOption as error:
        _stop(f"handgrad: {_renamed_option(error.option_name) or error.format_message()}")
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


def _renamed_option(flag: str) -> str:
    """What to say of an option that had another name in an earlier version."""
    from handgrad.model.renamed import RECIPE_FIELDS

    field = flag.removeprefix("--").replace("-", "_")
    if field not in RECIPE_FIELDS:
        return ""
    return f"no option {flag}: it is called --{RECIPE_FIELDS[field].replace('_', '-')} now"


def _stop(message: str, code: int = 2) -> None:
    click.echo(printable(" ".join(message.split())), err=True)
    sys.exit(code)
