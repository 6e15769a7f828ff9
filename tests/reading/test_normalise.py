"""The one normalisation: the same digit in any size, place, polarity and light looks the same to the network."""

import numpy as np
import pytest
from PIL import Image

from handgrad.model.model import pretrained
from handgrad.reading.normalise import BLANK, fit, normalise

from .scenes import digits, placed

PIXELS, LABELS = digits()
MODEL = pretrained("robust")


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over the ink, in grey levels."""
    return float(np.abs(a.astype(int) - b).sum() / np.maximum(a, b).astype(int).sum() * 255)


def test_an_image_of_mnist_stays_as_it_is() -> None:
    found = [difference(normalise(digit).digit, digit) for digit in PIXELS]
    assert np.median(found) < 3 and np.quantile(found, 0.9) < 20


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize(("side", "tall"), [(28, 20), (40, 20), (100, 20), (100, 80), (700, 60), (700, 600)])
def test_place_size_and_polarity_do_not_matter(side: int, tall: int, dark: bool) -> None:
    random, seen = np.random.default_rng(side + tall), []
    for digit in PIXELS[:60]:
        room = max(0, side - round(28 * tall / 20)) + 1
        picture = placed(digit, side, tall, *random.integers(0, room, 2))
        seen.append(normalise(255 - picture if dark else picture).digit)
    assert (MODEL.predict(np.stack(seen)) == LABELS[:60]).mean() > 0.95


def test_shadows_do_not_matter() -> None:
    y, x = np.mgrid[0:200, 0:200] / 200
    light = (230 - 90 * x) * np.where(x + 0.3 * y < 0.6, 0.6, 1)
    inks = [placed(digit, 200, 120, 15, 15) / 255 for digit in PIXELS[:60]]
    seen = np.stack([normalise((light * (1 - 0.6 * ink)).astype(np.uint8)).digit for ink in inks])
    assert (MODEL.predict(seen) == LABELS[:60]).mean() > 0.95


@pytest.mark.parametrize("level", [0, 7, 128, 255])
def test_a_blank_is_a_blank(level: int) -> None:
    for shape in ((4, 4), (28, 28), (300, 500)):
        found = normalise(np.full(shape, level, np.uint8))
        assert found.doubt == BLANK and not found.digit.any()


def test_paper_without_ink_is_a_blank() -> None:
    random = np.random.default_rng(1)
    for shape in ((28, 28), (60, 80), (120, 90), (600, 800)):
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / max(shape)
        light = 220 - 100 * x - 30 * y
        assert normalise(light.astype(np.uint8)).doubt == BLANK
        assert normalise((light + random.normal(0, 4, shape)).clip(0, 255).astype(np.uint8)).doubt == BLANK


def test_a_dot_is_too_little() -> None:
    picture = np.full((100, 100), 255, np.uint8)
    picture[50:53, 50:53] = 0
    assert normalise(picture).doubt == "too little ink"


def test_two_digits_are_seen_to_be_two() -> None:
    both = np.concatenate([placed(PIXELS[0], 100, 60, 8, 8), placed(PIXELS[1], 100, 60, 8, 8)], axis=1)
    assert normalise(both).doubt == "two digits"
    assert not any(normalise(placed(digit, 100, 60, 8, 8)).doubt for digit in PIXELS[:50])


def test_fit_scales_the_longer_side_to_20_and_centres_the_mass() -> None:
    for shape in ((50, 20), (20, 50), (24, 24), (400, 300)):
        made = fit(np.ones(shape, np.float32))
        rows, columns = np.flatnonzero(made.any(axis=1)), np.flatnonzero(made.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (20, 21, 22)
        assert abs(rows.mean() - 13.5) <= 1 and abs(columns.mean() - 13.5) <= 1
    assert not fit(np.zeros((9, 9), np.float32)).any()
    assert fit(np.ones((9, 9), np.float32), 32, 40).shape == (32, 40)


@pytest.mark.parametrize("light", [False, True])
def test_a_digit_that_fills_its_picture(light: bool) -> None:
    """As coarse as scikit-learn's digits: ink to the edges, strokes a quarter of the picture wide."""
    seen = []
    for digit in PIXELS[:60]:
        rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
        middle = (columns[0] + columns[-1] + 1) // 2
        square = Image.fromarray(digit).crop((middle - 10, rows[0], middle + 10, rows[-1] + 1))
        small = square.resize((8, 8), Image.Resampling.BOX)
        large = np.asarray(small.resize((160, 160), Image.Resampling.BICUBIC))
        seen.append(normalise(255 - large if light else large).digit)
    assert (MODEL.predict(np.stack(seen)) == LABELS[:60]).mean() > 0.9
