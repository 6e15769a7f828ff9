"""What decoding a picture takes, told from its header: no file makes us spend more than its pixels are worth."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

MEMORY = 204 << 20  # bytes that one picture may take while it is decoded: a telephone's 24 megapixels as HEIC fit
SCANNED = 1.5e9  # pixels of a JPEG times its scans: a second or less
BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # a pixel in Pillow, where not 4
# What decoders of whole pictures take beside Pillow's own copy, in bytes a pixel, as measured with 49 megapixels.
WEBP, HEIF = 12.5, 3.5
COEFFICIENT = 2  # bytes
WHOLE = ("WEBP", "HEIF")  # kinds that Pillow has no tiles of
TURNED = range(2, 9)  # orientations for which Pillow turns a TIFF while it decodes it: a second copy
BITS, ORIENTATION, SAMPLES, STRIP_ROWS = 258, 274, 277, 278  # tags of TIFF
CHUNK = 1 << 20
BEGIN_SCAN, END = b"\xff\xda", b"\xff\xd9"


class TooCostly(Exception):
    """Decoding a picture would take too much; the message says what and how much."""


def check_cost(picture: Any) -> None:
    """Refuse a picture that takes too much memory or time to decode.

    Parameters
    ----------
    picture : PIL.Image.Image
        A picture that is not decoded yet; one that is decoded costs nothing more. For a JPEG that is to be decoded at
        a reduced size, call `draft` first.

    Raises
    ------
    TooCostly
        For a picture that takes more than `MEMORY`, or a JPEG with more scans than `SCANNED` allows.
    """
    kind, pixels = picture.format or "", picture.width * picture.height
    if getattr(picture, "fp", None) is None or not (picture.tile or kind in WHOLE):
        return
    needed = BYTES.get(picture.mode, 4) * pixels + (EXTRA[kind](picture) if kind in EXTRA else 0)
    if needed > MEMORY:
        raise TooCostly(
            f"a {kind} of {_size(picture)} pixels takes {needed / 2**20:.0f} MB to decode, expected at most "
            f"{MEMORY >> 20}; shrink it, or save it as a JPEG"
        )


def _size(picture: Any) -> str:
    scale = _draft_scale(picture)
    return f"{picture.width * scale}x{picture.height * scale}"


def _draft_scale(picture: Any) -> int:
    """What a JPEG's sides are divided by since `draft`."""
    return int((getattr(picture, "decoderconfig", None) or (1,))[0])


def _jpeg(picture: Any) -> float:
    """The coefficients of a whole picture, which a JPEG of several scans is decoded from."""
    pixels = picture.width * picture.height * _draft_scale(picture) ** 2
    scans = _scans(picture.fp)
    if scans * pixels > SCANNED:
        raise TooCostly(
            f"a JPEG of {_size(picture)} pixels in {scans} scans, expected at most "
            f"{max(SCANNED // pixels, 1):.0f}; save it anew"
        )
    widest, highest = (max(layer[i] for layer in picture.layer) for i in (1, 2))
    share = sum(layer[1] * layer[2] for layer in picture.layer) / (widest * highest)
    return COEFFICIENT * share * pixels if scans > 1 else 0.0


def _scans(file: BinaryIO) -> int:
    """How many scans a JPEG has. In its compressed data, the mark of a scan stands for nothing else."""
    place = file.tell()
    file.seek(2)
    while len(head := file.read(4)) == 4 and head[:2] != BEGIN_SCAN:  # segments, whose thumbnails have scans too
        file.seek(max(int.from_bytes(head[2:], "big") - 2, 0), io.SEEK_CUR)
    scans, before = 1, b""
    while chunk := file.read(CHUNK):
        data, end, _ = (before + chunk).partition(END)  # behind the end, a telephone's JPEG may have other pictures
        scans += data.count(BEGIN_SCAN)
        if end:
            break
        before = chunk[-1:]
    file.seek(place)
    return scans


def _tiff(picture: Any) -> float:
    """A strip before it is unpacked, the file itself, and a second copy of a picture that is turned."""
    tags, pixels = picture.tag_v2, picture.width * picture.height
    rows = min(int(tags.get(STRIP_ROWS, picture.height)), picture.height)
    bits = tags.get(BITS, (1,))
    strip = rows * picture.width * int(tags.get(SAMPLES, 1)) * max(bits) / 8
    turned = BYTES.get(picture.mode, 4) * pixels if tags.get(ORIENTATION) in TURNED else 0
    return float(min(strip, 8 * pixels) + turned)


EXTRA: dict[str, Callable[[Any], float]] = {
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "TIFF": _tiff,
    "WEBP": lambda picture: WEBP * picture.width * picture.height,
    "HEIF": lambda picture: HEIF * picture.width * picture.height,
}
