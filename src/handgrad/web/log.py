"""The log: a line of JSON for each request and each fault, on standard error."""

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any


def write(**fields: Any) -> None:
    """Write a line of the log.

    Parameters
    ----------
    **fields : object
        What the line says; the time comes first.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    with suppress(OSError):  # nobody reads the log any more: no reason to answer nobody
        sys.stderr.write(json.dumps({"time": now, **fields}) + "\n")


class JsonLines(logging.Handler):
    """What libraries log, in the same form.

    Parameters
    ----------
    level : int
        The least level that is written.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line.

        Parameters
        ----------
        record : logging.LogRecord
            What is logged.
        """
        fields = {"level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            fields["traceback"] = logging.Formatter().formatException(record.exc_info)
        write(**fields)


def configure() -> None:
    """Log warnings and errors of this process as lines of JSON."""
    logging.basicConfig(handlers=[JsonLines()], level=logging.WARNING, force=True)
