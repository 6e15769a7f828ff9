"""Make handwriting.npz, from which the model `robust` learns: digits and letters of handwriting fonts, and MNIST.

    python benchmarks/handwriting.py --fonts fonts --out handwriting.npz
    handgrad train --data handwriting.npz --recipe robust

Fonts are packages `@fontsource/FAMILY`, which `npm pack` puts into the folder of fonts where they are not there yet.
Each glyph is bent and slanted a little, then cut out and centred as reading does it. The file has

- `x_train`, `y_train`: the fonts' digits, then MNIST's 60,000 training images in their order, so that the last 10,000,
  which are kept back for validation, are those that MNIST's own recipes keep back;
- `x_outliers`: letters and signs that are not shaped like digits;
- `x_test`, `y_test`: MNIST's test images.

Digits of the families in `KEPT_OUT` go to a file of their own (`--others`): hands that no training has seen.
"""

import argparse
import io
import subprocess
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from handgrad.datasets import load
from handgrad.reading.fit import fit

FAMILIES = (
    "annie-use-your-telescope", "architects-daughter", "bad-script", "beth-ellen", "caveat", "caveat-brush",
    "cedarville-cursive", "comic-neue", "coming-soon", "covered-by-your-grace", "dawning-of-a-new-day", "dekko",
    "delius", "edu-nsw-act-foundation", "edu-qld-beginner", "edu-sa-beginner", "edu-tas-beginner",
    "edu-vic-wa-nt-beginner", "fuzzy-bubbles", "gaegu", "gamja-flower", "gloria-hallelujah", "gochi-hand",
    "grape-nuts", "gveret-levin", "handlee", "hi-melody", "homemade-apple", "itim", "just-another-hand",
    "just-me-again-down-here", "kalam", "klee-one", "kolker-brush", "kristi", "la-belle-aurore", "leckerli-one",
    "licorice", "liu-jian-mao-cao", "long-cang", "loved-by-the-king", "ma-shan-zheng", "mali", "mansalva",
    "marck-script", "merienda", "mynerve", "nanum-brush-script", "nanum-pen-script", "neucha", "oooh-baby",
    "over-the-rainbow", "pangolin", "patrick-hand", "patrick-hand-sc", "permanent-marker", "playpen-sans",
    "poor-story", "rancho", "rock-salt", "schoolbell", "shadows-into-light", "shantell-sans", "short-stack",
    "solitreo", "square-peg", "sriracha", "sue-ellen-francisco", "sunshiney", "vujahday-script",
    "waiting-for-the-sunrise", "walter-turncoat", "water-brush", "yomogi", "zen-kurenaido", "zeyada",
    "zhi-mang-xing",
)  # fmt: skip
KEPT_OUT = (
    "crafty-girls", "give-you-glory", "indie-flower", "nothing-you-could-do", "reenie-beanie", "sedgwick-ave",
    "swanky-and-moo-moo", "the-girl-next-door",
)  # fmt: skip
DIGITS = "0123456789"
OTHERS = "ACEFGHJKLMNPRTUVWXYacdefhjkmnprtuvwxy?&@#$%*+=-:;[]{}<>~"  # those shaped like digits are left out
COPIES, OTHER_COPIES = 26, 3  # images of each glyph
SIZE, CANVAS = 64, 112  # pixels of a letter, and of what it is drawn on
SLANT, TURN, STRETCH = 0.25, 0.12, 0.2  # largest: columns for a row, radians, logarithm of an axis' factor
BEND = 2.5  # largest deviation of the displacement, canvas pixels
KNOTS = 7  # points on a side between which it is smooth

Pixels = NDArray[np.uint8]


def font(family: str, folder: Path) -> ImageFont.FreeTypeFont:
    """The regular Latin font of a family; `npm pack` fetches it where it is not in the folder."""
    packed = sorted(folder.glob(f"fontsource-{family}-[0-9]*.tgz"))
    if not packed:
        try:
            subprocess.run(["npm", "pack", "--silent", f"@fontsource/{family}"], cwd=folder, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(f"{family}: not in {folder}, and npm pack failed ({error}); install npm") from None
        packed = sorted(folder.glob(f"fontsource-{family}-[0-9]*.tgz"))
    with tarfile.open(packed[-1]) as package:
        names = [name for name in package.getnames() if name.endswith("-latin-400-normal.woff")]
        if not names:
            raise SystemExit(f"{packed[-1]}: no regular Latin font in it; remove the family from the list")
        file = package.extractfile(names[0])
        assert file is not None
        return ImageFont.truetype(io.BytesIO(file.read()), SIZE)


def glyph(text: str, face: ImageFont.FreeTypeFont) -> NDArray[np.float32]:
    """A character in the middle of a canvas, ink from 0 to 1, as large as the canvas allows it to be bent."""
    left, top, right, bottom = face.getbbox(text, anchor="ls")
    longest = max(right - left, bottom - top, 1)
    face = face.font_variant(size=SIZE * SIZE / longest)
    picture = Image.new("L", (CANVAS, CANVAS))
    ImageDraw.Draw(picture).text((CANVAS / 2, CANVAS / 2), text, fill=255, font=face, anchor="mm")
    return np.asarray(picture, np.float32) / 255


def bent(ink: NDArray[np.float32], random: np.random.Generator) -> Pixels:
    """The image of a glyph, turned, slanted, stretched and bent at random."""
    turn, slant = random.uniform(-TURN, TURN), random.uniform(-SLANT, SLANT)
    tall, wide = np.exp(random.uniform(-STRETCH, STRETCH, 2))
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[tall, 0], [slant, wide]]
    where = np.stack(np.mgrid[0:CANVAS, 0:CANVAS]) - CANVAS / 2
    places = np.tensordot(matrix, where, 1) + CANVAS / 2
    knots = random.normal(0, random.uniform(0, BEND), (2, KNOTS, KNOTS))
    places += [ndimage.zoom(each, CANVAS / KNOTS, order=2) for each in knots]
    return fit(ndimage.map_coordinates(ink, places, order=1).astype(np.float32))


def glyphs(families: tuple[str, ...], folder: Path, texts: str, copies: int, seed: int) -> tuple[Pixels, Pixels]:
    """Copies of each character of each family, in random order, and which of the characters each is."""
    made, which = [], []
    for number, family in enumerate(families):
        random, face = np.random.default_rng([seed, number]), font(family, folder)
        missing = face.getmask("\uffff").getbbox()
        for index, text in enumerate(texts):
            ink = glyph(text, face)
            if not ink.any() or face.getmask(text).getbbox() == missing:
                continue  # the font has no such sign
            made += [bent(ink, random) for _ in range(copies)]
            which += [index] * copies
        print(f"{family}: {len(made)}", flush=True)
    order = np.random.default_rng([seed, len(families)]).permutation(len(made))
    return np.stack(made)[order], np.array(which, np.uint8)[order]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, default=Path("fonts"), help="folder of the fonts' packages")
    parser.add_argument("--out", type=Path, default=Path("handwriting.npz"), help="file to learn from")
    parser.add_argument("--others", type=Path, default=Path("other-hands.npz"), help="file of the families kept out")
    given = parser.parse_args()
    given.fonts.mkdir(exist_ok=True)
    mnist = load("mnist")
    assert mnist.test is not None
    pixels, labels = glyphs(FAMILIES, given.fonts, DIGITS, COPIES, 0)
    outliers, _ = glyphs(FAMILIES, given.fonts, OTHERS, OTHER_COPIES, 1)
    np.savez_compressed(
        given.out, x_train=np.concatenate([pixels, mnist.train.pixels]),
        y_train=np.concatenate([labels, mnist.train.labels]), x_outliers=outliers,
        x_test=mnist.test.pixels, y_test=mnist.test.labels,
    )  # fmt: skip
    others, answers = glyphs(KEPT_OUT, given.fonts, DIGITS, COPIES, 2)
    np.savez_compressed(given.others, pixels=others, labels=answers)
    print(
        f"wrote {given.out} ({len(pixels)} digits, {len(outliers)} outliers) and {given.others} ({len(others)} digits)"
    )


if __name__ == "__main__":
    main()
