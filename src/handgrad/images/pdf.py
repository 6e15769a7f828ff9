"""The pages of a PDF, each drawn as a picture by a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from handgrad.errors import UserError
from handgrad.images import drawing
from handgrad.images.kinds import library

if TYPE_CHECKING:
    from PIL.Image import Image

FAULTS = {
    drawing.PASSWORD: "a PDF with a password; save it without one",
    drawing.DAMAGED: "not a readable PDF; save it again, or remove it",
}
ENDS = {
    drawing.TOO_LONG: f"a page takes more than {drawing.SECONDS:g} s to draw",
    drawing.TOO_LARGE: f"a page takes more than {drawing.MEMORY} MB to draw",
}


class PDF:
    """An open PDF.

    Parameters
    ----------
    name : str or Path
        What to call the file in an error message.
    process : subprocess.Popen
        What draws its pages, see `drawing.py`.
    """

    def __init__(self, name: str | Path, process: subprocess.Popen[bytes]) -> None:
        self.name, self.process = name, process
        self.count = int(self._line())  # at least one: PDFium refuses a PDF that has none

    def page(self, index: int) -> Image:
        """Return one page, drawn.

        Parameters
        ----------
        index : int
            The page, from 0.

        Returns
        -------
        PIL.Image.Image
            The page in grey.

        Raises
        ------
        UserError
            For a damaged page, and for one that takes more time or memory than `drawing.py` allows.
        """
        from PIL import Image

        with suppress(BrokenPipeError):  # its last line tells why it ended
            _send(self.process, b"%d\n" % index)
        width, height, row = map(int, self._line().split())
        levels = cast(IO[bytes], self.process.stdout).read(row * height)
        return Image.frombuffer("L", (width, height), levels, "raw", "L", row, 1)

    def _line(self) -> bytes:
        """The process's next line; a UserError where it is a fault, or where there is none."""
        line = cast(IO[bytes], self.process.stdout).readline().strip()
        if line in FAULTS:
            raise UserError(f"{self.name}: {FAULTS[line]}")
        if not line:
            end = self.process.wait()
            if end in ENDS:
                raise UserError(f"{self.name}: {ENDS[end]}; save it as a picture, or with smaller ones in it")
            raise UserError(f"{self.name}: {FAULTS[drawing.DAMAGED]}")
        return line


@contextmanager
def opened_pdf(name: str | Path, source: Path | BinaryIO, side: int) -> Iterator[PDF]:
    """Open a PDF.

    Parameters
    ----------
    name : str or Path
        What to call the file in an error message.
    source : Path or binary file
        The file.
    side : int
        The most pixels of a page's longer side.

    Yields
    ------
    PDF
        Its pages.

    Raises
    ------
    UserError
        If pypdfium2 is not installed, or the file is damaged, has a password or takes too much to open.
    """
    library(name, "PDF", "pypdfium2", "pdf")
    content = b"" if isinstance(source, Path) else source.read()
    given = str(source.absolute()) if isinstance(source, Path) else str(len(content))
    command = [sys.executable, "-P", drawing.__file__, given, str(side)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    try:
        with suppress(BrokenPipeError):
            _send(process, content)
        yield PDF(name, process)
    finally:
        process.kill()
        process.communicate()


def _send(process: subprocess.Popen[bytes], data: bytes) -> None:
    stdin = cast(IO[bytes], process.stdin)
    stdin.write(data)
    stdin.flush()
