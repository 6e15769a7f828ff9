"""One reader and labelled pictures: prints what it answers, and seconds a picture.

Arguments: the reader, and a JSON file: {"kind": singles or pages, "source": name, "files": paths}. Models are loaded,
and one picture read, before the clock starts.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

TALL = 96  # pixels that a single digit's picture has at least, for readers of text
FRAME = 0.5  # of the picture's size, added on each side
SAME_LINE = 0.5  # of a box's height: boxes whose middles are nearer than that are of one line

Pixels = NDArray[np.uint8]
Answer = list[str]  # a page's lines; a single is one line
Read = Callable[[list[Path], str], tuple[list[Answer], float]]


def prepared(path: Path) -> Image.Image:
    """A single digit as readers of text expect it: dark on light, tall enough, framed."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("L")
    pixels = np.asarray(picture)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if np.median(edge) < (float(pixels.min()) + float(pixels.max())) / 2:
        picture = ImageOps.invert(picture)
        edge = 255 - edge
    times = max(1, TALL / picture.height)
    size = (round(picture.width * times), round(picture.height * times))
    large = picture.resize(size, Image.Resampling.BICUBIC)
    return ImageOps.expand(large, round(FRAME * max(size)), int(np.median(edge))).convert("RGB")


def digits(text: str) -> str:
    """Only the digits 0 to 9."""
    return "".join(character for character in text if character in "0123456789")


def one_by_one(read: Callable[[Path, str], Answer]) -> Read:
    """A reader of many pictures from a reader of one."""

    def all_of(files: list[Path], kind: str) -> tuple[list[Answer], float]:
        read(files[0], kind)
        start = perf_counter()
        answers = [read(file, kind) for file in files]
        return answers, perf_counter() - start

    return all_of


def handgrad() -> Read:
    """The package's own reader, with the model that it takes by default."""
    from handgrad.model.shipped import open_model
    from handgrad.reading import read_digit, read_page

    model = open_model("robust")

    def read(file: Path, kind: str) -> Answer:
        if kind == "singles":
            return [read_digit(file, model).text]
        return ["".join(answer.text for answer in line) for line in read_page(file, model).lines]

    return one_by_one(read)


def rapidocr() -> Read:
    """RapidOCR: pages by detection and recognition; singles where detection finds no digit by recognition alone."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error"})

    def single(file: Path) -> Answer:
        pixels = np.asarray(prepared(file))[..., ::-1]
        found = "".join(engine(pixels, use_det=True, use_cls=False, use_rec=True).txts or ())
        if not digits(found):
            found = "".join(engine(pixels, use_det=False, use_cls=False, use_rec=True).txts or ())
        return [digits(found)]

    def read(file: Path, kind: str) -> Answer:
        if kind == "singles":
            return single(file)
        found = engine(file, use_det=True, use_cls=True, use_rec=True)
        if found.boxes is None or found.txts is None:
            return []
        return in_lines(np.asarray(found.boxes), list(found.txts))

    return one_by_one(read)


def in_lines(boxes: NDArray[np.float32], found: list[str]) -> Answer:
    """Digits of boxes (N, 4 corners, 2) line by line, from the left."""
    lines: list[list[int]] = []
    middles, heights = boxes[..., 1].mean(axis=1), np.ptp(boxes[..., 1], axis=1)
    for i in np.argsort(middles):
        if lines and middles[i] - np.mean(middles[lines[-1]]) < SAME_LINE * heights[i]:
            lines[-1].append(int(i))
        else:
            lines.append([int(i)])
    joined = (digits("".join(found[i] for i in sorted(line, key=lambda i: boxes[i, 0, 0]))) for line in lines)
    return [line for line in joined if line]


def tesseract() -> Read:
    """Tesseract, which may answer digits alone: many pictures in one process, less the time that it takes to start."""

    def read(files: list[Path], kind: str) -> tuple[list[Answer], float]:
        with tempfile.TemporaryDirectory() as folder:
            pictures = [Path(folder) / f"{i}.png" for i in range(len(files))]
            for file, picture in zip(files, pictures, strict=True):
                whole = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
                (prepared(file) if kind == "singles" else whole).save(picture)
            blank = Path(folder) / "blank.png"
            Image.new("L", (64, 64), 255).save(blank)
            _, start = _tesseract([blank], kind, folder)
            texts, seconds = _tesseract(pictures, kind, folder)
        answers = [[digits(line) for line in text.splitlines() if digits(line)] for text in texts]
        return [["".join(lines)] for lines in answers] if kind == "singles" else answers, seconds - start

    return read


def _tesseract(pictures: list[Path], kind: str, folder: str) -> tuple[list[str], float]:
    """The text of each picture; as one character, or as a block of lines."""
    listed = Path(folder) / "pictures.txt"
    listed.write_text("\n".join(map(str, pictures)) + "\n")
    mode = "10" if kind == "singles" else "6"
    words = ["tesseract", str(listed), "-", "--psm", mode, "-c", "tessedit_char_whitelist=0123456789"]
    start = perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    texts = done.stdout.split("\f")[: len(pictures)]
    assert len(texts) == len(pictures)
    return texts, perf_counter() - start


def version(name: str) -> str:
    """Of a reader that is installed."""
    if name == "tesseract":
        done = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split()[1]
    return metadata.version(name)


def main() -> None:
    name, file = sys.argv[1:]
    read = {"handgrad": handgrad, "rapidocr": rapidocr, "tesseract": tesseract}[name]()
    task = json.loads(Path(file).read_text(encoding="utf-8"))
    answers, seconds = read([Path(picture) for picture in task["files"]], task["kind"])
    print(json.dumps({"answers": answers, "seconds": seconds / len(answers), "version": version(name)}))


if __name__ == "__main__":
    main()
