"""PNG files: without the chunks that say nothing about pixels, and decoded a band of rows at a time."""

from __future__ import annotations

import io
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = ">I4s"  # of a chunk: how many bytes of data, and its name; a checksum of 4 bytes comes behind the data
# Texts and colour profiles of megabytes are left out: nothing here needs them, and Pillow refuses them.
KEPT = {b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"fcTL", b"IDAT", b"fdAT", b"IEND"}
MAX_CHUNKS = 1 << 17
PIECE = 1 << 16  # bytes that are read at a time
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of each type of colour
CONTAINERS = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}  # Pillow's mode for this many bytes a pixel


class PixelsOnly(io.RawIOBase):
    """A PNG file without the chunks that do not matter to its pixels.

    Parameters
    ----------
    file : binary file
        The whole file; it must stay open.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.at = file, 0
        self.parts: list[tuple[int, int]] = []  # of the file: begin and end
        for begin, end in _kept(file):
            if self.parts and self.parts[-1][1] == begin:
                begin = self.parts.pop()[0]
            self.parts.append((begin, end))
        self.starts = [0]  # where each part begins in what is left, and where the last one ends
        for begin, end in self.parts:
            self.starts.append(self.starts[-1] + end - begin)

    def readable(self) -> bool:
        """Tell that this can be read.

        Returns
        -------
        bool
            True.
        """
        return True

    def seekable(self) -> bool:
        """Tell that `seek` works.

        Returns
        -------
        bool
            True.
        """
        return True

    def tell(self) -> int:
        """Return the place that is read next.

        Returns
        -------
        int
            Bytes from the start of what is left of the file.
        """
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place.

        Parameters
        ----------
        offset : int
            Bytes from there.
        whence : int
            From where, see `io`.

        Returns
        -------
        int
            The place, see `tell`.
        """
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.starts[-1]}[whence]
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Read at most as much as one part of the file has.

        Parameters
        ----------
        buffer : writable bytes
            Where to put it.

        Returns
        -------
        int
            How many bytes were read; 0 at the end.
        """
        part = bisect_right(self.starts, self.at) - 1
        if part >= len(self.parts):
            return 0
        begin, end = self.parts[part]
        place = begin + self.at - self.starts[part]
        self.file.seek(place)
        data = self.file.read(min(len(buffer), end - place))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def _kept(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Begin and end of what is kept of a file; what is no chunk is left to Pillow, which knows what to say of it."""
    yield 0, len(SIGNATURE)
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        head = file.read(struct.calcsize(HEADER))
        if len(head) < struct.calcsize(HEADER):
            return
        length, name = struct.unpack(HEADER, head)
        begin, at = at, at + length + 12
        if name in KEPT:
            yield begin, at
        if name == b"IEND":
            return
    raise ValueError(f"more than {MAX_CHUNKS} chunks")


def can_be_banded(picture: Image) -> bool:
    """Tell whether `bands` can decode a picture.

    Parameters
    ----------
    picture : PIL.Image.Image
        Any picture.

    Returns
    -------
    bool
        True for a PNG file that is not decoded yet, neither interlaced nor animated.
    """
    waits = getattr(picture, "fp", None) is not None and bool(getattr(picture, "tile", None))
    still = getattr(picture, "n_frames", 1) == 1 and not picture.info.get("interlace")
    return picture.format == "PNG" and waits and still


def bands(picture: Any, rows: int) -> Iterator[Image]:
    """Decode a PNG from the top, a band of rows at a time.

    A row of a PNG is stored as its difference from the row above it. So each band is decoded by Pillow with the last
    row of the band before it on top.

    Parameters
    ----------
    picture : PIL.PngImagePlugin.PngImageFile
        The picture, see `can_be_banded`; it stays as it is.
    rows : int
        The most rows of a band.

    Yields
    ------
    PIL.Image.Image
        The bands, each with the mode, palette and transparency of the picture.

    Raises
    ------
    OSError
        For a file that is cut or damaged.
    """
    from PIL import Image

    place = picture.fp.tell()
    try:
        depth, colour = _depth_and_colour(picture.fp)
        wide = depth == 16 and colour != 0  # of such colours, only the first byte counts
        row_bytes = (picture.width * CHANNELS[colour] * depth + 7) // 8
        pixel = max(CHANNELS[colour] * depth // 8 // (2 if wide else 1), 1)  # bytes between neighbours
        mode = CONTAINERS[pixel] if wide else picture.mode
        rawmode = mode if wide else _rawmode(picture)
        above = b""
        for block in _filtered(picture.fp, 1 + row_bytes, picture.height, rows):
            data = np.ascontiguousarray(np.hstack((block[:, :1], block[:, 1::2]))) if wide else block
            unfiltered = _unfiltered(above, data, pixel)
            above = unfiltered[-(data.shape[1] - 1) :]
            yield _band(picture, Image.frombytes(mode, (picture.width, len(block)), unfiltered, "raw", rawmode))
    finally:
        picture.fp.seek(place)


def _depth_and_colour(file: BinaryIO) -> tuple[int, int]:
    file.seek(len(SIGNATURE) + struct.calcsize(HEADER) + 8)  # behind width and height
    depth, colour = file.read(2)
    return depth, colour


def _rawmode(picture: Any) -> str:
    given = picture.tile[0][3]
    return given if isinstance(given, str) else str(given[0])


def _unfiltered(above: bytes, data: Any, pixel: int) -> bytes:
    """The bytes of rows, from their differences; `above` is the row over them, or nothing at the top."""
    from PIL import Image

    first = b"\0" + above if above else b""
    stored = zlib.compress(first + data.tobytes(), 0)
    mode, width = CONTAINERS[pixel], (data.shape[1] - 1) // pixel
    rows = len(data) + bool(above)
    return Image.frombytes(mode, (width, rows), stored, "zip", mode, 0).tobytes()[len(above) :]


def _band(picture: Any, band: Image) -> Image:
    """The band with mode, palette and transparency of the picture."""
    band = band if band.mode == picture.mode else band.convert(picture.mode)  # LA of 16 bits, which is RGBA
    if "transparency" in picture.info:
        band.info["transparency"] = picture.info["transparency"]
    if picture.mode == "P":
        band.putpalette(picture.palette.palette, "RGB")
    return band


def _filtered(file: BinaryIO, size: int, height: int, rows: int) -> Iterator[Any]:
    """Blocks of rows as the file has them, uint8 (rows, size); the last one may have fewer."""
    inflate, block, left = zlib.decompressobj(), bytearray(), height
    for piece in _compressed(file):
        while True:
            wanted = min(rows, left) * size - len(block)
            block += inflate.decompress(piece, wanted)
            piece = inflate.unconsumed_tail
            if len(block) == min(rows, left) * size:
                yield np.frombuffer(bytes(block), np.uint8).reshape(-1, size)
                left, block = left - len(block) // size, bytearray()
                if not left:
                    return
            elif not piece:
                break
    raise OSError("image file is truncated")


def _compressed(file: BinaryIO) -> Iterator[bytes]:
    """The compressed pixels, in pieces."""
    file.seek(len(SIGNATURE))
    while len(head := file.read(struct.calcsize(HEADER))) == struct.calcsize(HEADER):
        length, name = struct.unpack(HEADER, head)
        if name != b"IDAT":
            file.seek(length + 4, io.SEEK_CUR)
            continue
        while length:
            piece = file.read(min(length, PIECE))
            if not piece:
                return
            yield piece
            length -= len(piece)
        file.seek(4, io.SEEK_CUR)
