"""The history of a run as JSON lines, a line an epoch, which can be followed while it trains."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from handgrad.errors import UserError
from handgrad.files import read_json, read_text, replace_file
from handgrad.training.progress import Epoch

HISTORY = "history.jsonl"
EARLIER = "history.json"  # one list, as earlier versions wrote it at the end


class History:
    """The file to which a run adds a line after each epoch.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: int | None = None  # how many the file has; None where that is not sure

    def follow(self, epochs: Sequence[Epoch]) -> None:
        """Bring the file up to date; where that fails, the next call tries again.

        Lines of epochs that were lost with a process, and will be trained once more, are taken out.

        Parameters
        ----------
        epochs : sequence of Epoch
            All finished epochs.
        """
        known, self._lines = self._lines, None
        with suppress(OSError, UserError):  # a full disk costs no run: `write` at its end must succeed
            if known is not None and known == len(epochs) - 1:
                with self.path.open("ab") as file:  # not written anew: those who follow the file keep it open
                    file.write(_line(epochs[-1]))
                    file.flush()
                    os.fsync(file.fileno())
            elif known != len(epochs):
                self.write(epochs)
            self._lines = len(epochs)

    def write(self, epochs: Sequence[Epoch]) -> None:
        """Write the whole file, unless it is as it should be: those who follow it would get every line once more.

        Parameters
        ----------
        epochs : sequence of Epoch
            All finished epochs.

        Raises
        ------
        UserError
            If it cannot be written.
        """
        content, held = b"".join(map(_line, epochs)), None
        with suppress(OSError):
            held = self.path.read_bytes()
        if held != content:
            replace_file(self.path, content)


def read_history(folder: Path) -> list[Epoch]:
    """Return the finished epochs of a run, which may still be training.

    Parameters
    ----------
    folder : pathlib.Path
        The run folder, of this version or an earlier one.

    Returns
    -------
    list of Epoch
        None where the folder has no history, as that of a committee.

    Raises
    ------
    UserError
        Where the file is damaged.
    """
    path = next((path for name in (HISTORY, EARLIER) if (path := folder / name).exists()), None)
    if path is None:
        return []
    try:
        text = read_text(path)
        if path.name == EARLIER:
            return read_json(text, list[Epoch])
        whole = text.split("\n")[:-1]  # the rest is a line that is being written
        return [read_json(line, Epoch) for line in whole]
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as a history ({error}); remove it to go without") from None


def _line(epoch: Epoch) -> bytes:
    return json.dumps(asdict(epoch)).encode() + b"\n"
