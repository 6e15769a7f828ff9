"""Pages of PDF files that ask for much: each is drawn, or refused in a line, in little memory and time."""

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from handgrad.errors import UserError
from handgrad.images import drawing
from handgrad.reading.source import WORK_SIDE, open_page, open_pages, open_picture

from .test_cost import MOST

BOX = b"/MediaBox[0 0 612 792]"
SHEET = (WORK_SIDE, 1583)  # what is drawn of a page of 612 x 792 points
PEAK = """
import resource, sys
from handgrad.errors import UserError
from handgrad.reading.source import open_page
try:
    print(open_page(sys.argv[1])[0].grey.shape)
except UserError as error:
    print(error)
status = open("/proc/self/status").read()
drawing = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int(status.partition("VmHWM:")[2].split()[0]) + drawing.ru_maxrss >> 10)
"""


def pdf(*objects: bytes, page: bytes = BOX, pages: int = 1) -> bytes:
    """A PDF; object 3 is what its pages show, 4 and on are what that uses."""
    first = 3 + len(objects)
    kids = b" ".join(b"%d 0 R" % (first + i) for i in range(pages))
    numbered = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids), *objects]
    numbered += [b"<</Type/Page/Parent 2 0 R/Contents 3 0 R/Resources<</XObject<</X 4 0 R>>>>%s>>" % page] * pages
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (i, text) for i, text in enumerate(numbered, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF"  # PDFium finds objects without a table of them


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), entries, content)


def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, deflated twice: a few kilobytes."""
    pressed = zlib.compressobj(9)
    once = b"".join(pressed.compress(bytes(1 << 20)) for _ in range(megabytes)) + pressed.flush()
    return zlib.compress(once, 9)


def image(width: int, height: int, channels: int) -> bytes:
    colours = {1: b"Gray", 3: b"RGB", 4: b"CMYK"}[channels]
    entries = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/Device%s" % (
        width, height, colours,
    )  # fmt: skip
    return stream(zeros(width * height * channels >> 20), entries + b"/Filter[/FlateDecode/FlateDecode]")


SHOWN, OFTEN = (stream(b"612 0 0 792 0 0 cm" + b" /X Do" * times) for times in (1, 2000))
TOO_LARGE, TOO_LONG = "a page takes more than 168 MB to draw", "a page takes more than 1.4 s to draw"
DRAWN = {
    "no size": (pdf(page=b""), SHEET),
    "a size of nothing": (pdf(page=b"/MediaBox[0 0 0 0]"), SHEET),
    "a negative size": (pdf(page=b"/MediaBox[0 0 -5 -5]"), (21, 21)),
    "a size of no numbers": (pdf(page=b"/MediaBox[0 0 nan (a)]"), SHEET),
    "a huge size": (pdf(page=b"/MediaBox[0 0 1e30 1e30]"), SHEET),
    "a huge unit": (pdf(page=BOX + b"/UserUnit 1e9"), SHEET),
    "a picture of 25 megapixels": (pdf(SHOWN, image(5000, 5000, 3)), SHEET),
    "20,000 pages": (pdf(pages=20_000), SHEET),
}
REFUSED = {
    "a small page with much on it": (pdf(stream(zeros(900), b"/Filter[/FlateDecode/FlateDecode]")), TOO_LARGE),
    "a huge picture": (pdf(SHOWN, image(10_000, 10_000, 3)), TOO_LARGE),
    "a huge picture in CMYK": (pdf(SHOWN, image(8000, 8000, 4)), TOO_LARGE),
    "a picture again and again": (pdf(OFTEN, image(3000, 3000, 1)), TOO_LONG),
    "nearly no size": (pdf(page=b"/MediaBox[0 0 0.01 0.01]"), "1x1 pixels, expected 4 or more"),
    "a line": (pdf(page=b"/MediaBox[0 0 1 100000]"), "1x2048 pixels, expected 4 or more"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_odd_pages_are_drawn(name: str) -> None:
    content, shape = DRAWN[name]
    assert open_page(content)[0].grey.shape == shape


@pytest.mark.process
@pytest.mark.skipif(not drawing.STATM.is_file(), reason="Linux alone tells a process's memory")
@pytest.mark.parametrize("name", REFUSED)
def test_pages_that_take_too_much_are_refused(name: str, tmp_path: Path) -> None:
    content, why = REFUSED[name]
    (path := tmp_path / "a.pdf").write_bytes(content)
    done = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True, timeout=60)
    said, peak = done.stdout.splitlines()
    assert said.startswith(f"{path}: {why}") and not done.stderr
    assert len(content) < 1 << 20 and int(peak) < MOST


def test_pages_before_one_that_takes_too_much_are_read() -> None:
    content = REFUSED["a picture again and again"][0].replace(b"/Count 1/Kids[", b"/Count 2/Kids[99 0 R ")
    content = content.replace(b"trailer", b"99 0 obj<</Type/Page/Parent 2 0 R" + BOX + b">>endobj\ntrailer")
    pages = open_pages(content, "it")
    assert next(pages)[1].grey.shape == SHEET
    with pytest.raises(UserError, match=rf"^it: {TOO_LONG}; save it as a picture"):
        next(pages)


def test_memory_beside_a_file_that_is_large_itself() -> None:
    padding = b"%" + b" " * (drawing.MEMORY << 20) + b"\n"
    assert open_picture(pdf().replace(b"trailer", padding + b"trailer")).grey.shape == SHEET


def test_no_process_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def popen(*args: object, start: type = subprocess.Popen, **options: object) -> object:
        started.append(start(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    open_picture(pdf())
    next(open_pages(pdf(pages=2)))  # the others are not asked for
    with pytest.raises(UserError, match="not a readable PDF"):
        open_picture(b"%PDF-1.7\n")
    with pytest.raises(UserError, match="not a readable PDF"):
        open_picture(pdf(pages=0))
    assert len(started) == 4 and all(process.poll() is not None for process in started)
