"""Files that scanners and telephones make: TIFF of any depth, PDF and HEIC, with one page or several."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from handgrad.errors import UserError
from handgrad.reading import read_digit, read_pages
from handgrad.reading.source import MAX_PIXELS, WORK_SIDE, open_page, open_pages, open_picture, open_resized

from .scenes import digits, png, sheet

RAMP = (np.arange(24 * 40).reshape(24, 40) % 256).astype(np.uint8)
PAGES = ([0, 1, 2], [3, 4], [5])  # images of `digits`, a line each
KINDS = ("TIFF", "PDF")


def pages(kind: str, rows: tuple[list[int], ...] = PAGES) -> bytes:
    return several(kind, [Image.fromarray(sheet([row])) for row in rows])


def several(kind: str, pictures: list[Image.Image], **options: object) -> bytes:
    buffer = BytesIO()
    pictures[0].save(buffer, kind, save_all=True, append_images=pictures[1:], **options)
    return buffer.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, "TIFF", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_read(kind: str) -> None:
    _, labels = digits()
    texts = [page.text for page in read_pages(pages(kind))]
    assert texts == ["".join(str(labels[i]) for i in row) for row in PAGES]


@pytest.mark.parametrize("kind", KINDS)
def test_one_picture_is_expected_where_one_answer_is(kind: str) -> None:
    for read in (open_picture, read_digit):
        with pytest.raises(UserError, match=r"^it: 3 pages, expected one picture"):
            read(pages(kind), name="it")
    assert open_picture(pages(kind, ([0],))).grey.shape[0] > 100


@pytest.mark.parametrize("kind", KINDS)
def test_one_page_of_several(kind: str) -> None:
    content = pages(kind)
    second, count = open_page(content, 2)
    assert count == 3 and (second.grey == [*open_pages(content)][1][1].grey).all()
    for number in (0, 4):
        with pytest.raises(UserError, match=rf"^it: page {number} of 3, expected 1 to 3; give another number"):
            open_page(content, number, "it")


def test_arrays_and_pictures_that_are_open_already() -> None:
    picture = open_picture(RAMP)
    assert open_resized(picture, (12, 20), colour=False)[0] is picture
    assert (open_resized(picture, (12, 20), colour=True)[1] == open_resized(RAMP, (12, 20), colour=True)[1]).all()
    large = np.broadcast_to(np.uint8(0), (MAX_PIXELS // 1000 + 1, 1000))
    with pytest.raises(UserError, match=rf"expected at most {MAX_PIXELS} pixels; shrink it"):
        open_picture(large)


@pytest.mark.parametrize("source", [RAMP, Image.fromarray(RAMP), png(RAMP)], ids=["array", "image", "bytes"])
def test_what_has_no_pages_is_one_page(source: object) -> None:
    ((number, picture),) = open_pages(source)
    assert number == 1 and (picture.grey == RAMP).all()
    assert [*open_pages(picture)] == [(1, picture)] and open_picture(picture) is picture


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "group4", "jpeg"])
def test_tiff_compressions(compression: str) -> None:
    array = np.where(RAMP > 100, 255, 0).astype(np.uint8)
    image = Image.fromarray(array).convert("1") if compression == "group4" else Image.fromarray(array)
    found = open_picture(several("TIFF", [image], compression=compression)).grey
    assert np.abs(found.astype(int) - array).mean() < 30


@pytest.mark.parametrize("depth", [10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_white_is_the_end_of_the_range_that_was_scanned(depth: int, kind: str) -> None:
    buffer = BytesIO()
    Image.fromarray(RAMP.astype(np.uint16) << (depth - 8)).save(buffer, kind)
    assert (open_picture(buffer.getvalue()).grey == RAMP).all()


def test_numbers_that_pictures_rarely_have() -> None:
    numbers = RAMP.astype(np.int32)
    assert (open_picture(tiff(numbers << 23)).grey == RAMP // 2).all()
    assert (open_picture(tiff(numbers - 100)).grey == (numbers - 100).clip(0)).all()
    floats = RAMP.astype(np.float32)
    floats[0, :3] = np.nan, np.inf, -5
    assert (open_picture(tiff(floats)).grey[1:] == RAMP[1:]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("side", [40, 2 * WORK_SIDE + 2])
def test_a_tiff_is_turned_once(orientation: int, side: int) -> None:
    array = np.full((side // 2, side), 250, np.uint8)
    array[: side // 8, : side // 8] = 10  # a dark corner
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[274] = orientation
    seen = open_picture(tiff(array, tiffinfo=info)).grey
    corners = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    dark = [corner for corner in ((0, 0), (0, -1), (-1, -1), (-1, 0)) if seen[corner] < 100]
    assert dark == [corners[orientation]]
    assert (seen.shape[0] > seen.shape[1]) == (orientation > 4)


def test_a_smaller_copy_in_a_tiff_is_no_page() -> None:
    pytest.importorskip("PIL", "11.2", reason="earlier ones write no tags for a single page")
    page, copy = Image.fromarray(RAMP), Image.fromarray(RAMP[::2, ::2])
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    ((_, found),) = open_pages(several("TIFF", [page, copy]))
    assert found.grey.shape == RAMP.shape


def test_a_large_page_of_a_pdf_is_drawn_at_a_size_to_work_with(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    Image.fromarray(np.full((3000, 400), 200, np.uint8)).save(path, resolution=50.0)  # 60 inches high
    found = open_picture(path)
    assert max(found.grey.shape) == WORK_SIDE and found.name == str(path)
    assert np.abs(found.grey.astype(int) - 200).max() < 10


def test_a_photo_of_a_telephone() -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    buffer = BytesIO()
    Image.fromarray(RAMP).resize((400, 240)).convert("RGB").save(buffer, "HEIF", quality=95)
    assert open_picture(buffer.getvalue()).grey.shape == (240, 400)
    with pytest.raises(UserError, match="not a readable picture"):
        open_picture(buffer.getvalue()[: len(buffer.getvalue()) // 2])


@pytest.mark.parametrize(
    ("module", "extra", "head"), [("pypdfium2", "pdf", b"%PDF-1.4"), ("pillow_heif", "heic", b"\0\0\0\x20ftypheic")]
)
def test_a_missing_library_is_named(module: str, extra: str, head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    package = module.replace("_", "-")
    with pytest.raises(UserError, match=rf"^it: {extra.upper()} needs {package}; pip install 'handgrad\[{extra}\]'$"):
        open_picture(head, "it")


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_one_line(kind: str) -> None:
    whole = pages(kind)
    for share in (0.02, 0.5, 0.95):
        try:
            texts = [page.text for page in read_pages(whole[: int(share * len(whole))], name="it")]
        except UserError as error:
            assert str(error).startswith("it: not a readable") and "\n" not in str(error)
        else:
            assert kind == "PDF" and len(texts) <= 3, "PDFium mends what it can"


def test_a_pdf_with_a_password_says_so() -> None:
    locked = (
        b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj
3 0 obj<</Filter/Standard/V 1/R 2/O<"""
        + b"00" * 32
        + b">/U<"
        + b"00" * 32
        + b""">/P -4>>endobj
trailer<</Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]/Size 4>>
%%EOF"""
    )
    with pytest.raises(UserError, match=r"^it: a PDF with a password; save it without one$"):
        open_picture(locked, "it")
