"""The process that draws the pages of one PDF, and ends where a page takes too much. `pdf.py` starts it.

It imports nothing of handgrad, to start quickly. Its arguments are a path, or the number of bytes of the PDF that come
first on standard input, and the most pixels of a page's longer side. It answers with the number of pages on a line, or
with the word for a fault. Then, for each line with the index of a page, it answers with a line that has the page's
width, its height and the bytes of a row, and with its grey levels; or with a fault.
"""

import os
import sys
import time
from pathlib import Path
from threading import Thread

POINTS = 72  # in an inch: the unit of a page's size
DPI = 300  # at which handwriting is scanned; a large page is drawn with fewer
SECONDS = 1.4  # of computing that the PDF's opening, or a page, may take
MEMORY = 168  # MB that this process may take beside a PDF that is no file
EVERY = 0.004  # seconds between two looks at these
TOO_LONG, TOO_LARGE = 3, 4  # exit codes
PASSWORD, DAMAGED = b"password", b"damaged"
STATM = Path("/proc/self/statm")  # Linux alone has it: elsewhere memory is not bounded


class Watch:
    """Ends the process where it takes too much.

    PDFium bounds neither what a stream unpacks to, nor how often a page draws the same thing. A limit of the operating
    system on memory is no cure: PDFium leaves a picture out that it has no memory for, and the page looks empty.

    Parameters
    ----------
    held : int
        Bytes that the process may take beside `MEMORY`.
    """

    def __init__(self, held: int) -> None:
        self.most = (MEMORY << 20) + held
        self.begin()
        Thread(target=self._look, daemon=True).start()

    def begin(self) -> None:
        """Count time from now."""
        self.began = time.process_time()

    def _look(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") if STATM.exists() else 0
        while True:
            time.sleep(EVERY)
            if time.process_time() - self.began > SECONDS:
                os._exit(TOO_LONG)
            if page and int(STATM.read_bytes().split()[1]) * page > self.most:
                os._exit(TOO_LARGE)


def main(source: str, side: str) -> None:
    """Open the PDF, and draw the pages that are asked for.

    Parameters
    ----------
    source : str
        A path, or the number of bytes on standard input.
    side : str
        The most pixels of a page's longer side.
    """
    import pypdfium2

    content = sys.stdin.buffer.read(int(source)) if source.isdigit() else b""
    watch = Watch(len(content))
    try:
        document = pypdfium2.PdfDocument(content or Path(source))
    except pypdfium2.PdfiumError as error:
        _answer(PASSWORD if "password" in str(error).lower() else DAMAGED)
        return
    _answer(b"%d" % len(document))
    for line in sys.stdin.buffer:
        watch.begin()
        try:
            page = document[int(line)]
            scale = min(DPI / POINTS, int(side) / max(page.get_size()))
            bitmap = page.render(scale=scale, grayscale=True)
        except (pypdfium2.PdfiumError, ArithmeticError):
            _answer(DAMAGED)
            continue
        _answer(b"%d %d %d" % (bitmap.width, bitmap.height, bitmap.stride), bitmap.buffer)
        bitmap.close()
        page.close()


def _answer(line: bytes, levels: bytes = b"") -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.write(levels)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
