"""Join pictures of the docs to one strip: the first thing that a reader sees."""

from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
PARTS = ("reading-photo", "reading-answers", "page-inside", "page-learn")
HEIGHT, GAP = 300, 12  # pixels
COLOURS = 256


def main() -> None:
    shown = []
    for name in PARTS:
        with Image.open(DOCS / f"{name}.png") as file:
            picture = file.convert("RGB")
        shown.append(picture.resize((round(HEIGHT * picture.width / picture.height), HEIGHT), Image.Resampling.LANCZOS))
    strip = Image.new("RGB", (sum(each.width + GAP for each in shown) - GAP, HEIGHT), "white")
    at = 0
    for each in shown:
        strip.paste(each, (at, 0))
        at += each.width + GAP
    strip.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(DOCS / "strip.png", optimize=True)


if __name__ == "__main__":
    main()
