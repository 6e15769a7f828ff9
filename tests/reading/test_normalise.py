"""The one normalisation: the same digit in any size, place, polarity and light looks the same to the network."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.errors import UserError
from handgrad.model.shipped import pretrained
from handgrad.reading import Refusal, read_digit
from handgrad.reading.fit import fit
from handgrad.reading.normalise import Digits, normalise, see

from .scenes import digits, placed, png

PIXELS, LABELS = digits()
MODEL = pretrained("robust")


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over the ink, in grey levels."""
    return float(np.abs(a.astype(int) - b).sum() / np.maximum(a, b).astype(int).sum() * 255)


def test_an_image_of_mnist_stays_as_it_is() -> None:
    found = [difference(normalise(digit).pixels, digit) for digit in PIXELS]
    assert np.median(found) < 3 and np.quantile(found, 0.9) < 20


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize(("side", "tall"), [(28, 20), (40, 20), (100, 20), (100, 80), (300, 26), (300, 257)])
def test_place_size_and_polarity_do_not_matter(side: int, tall: int, dark: bool) -> None:
    random, seen, count = np.random.default_rng(side + tall), [], 20 if side > 100 else 60
    for digit in PIXELS[:count]:
        room = max(0, side - round(28 * tall / 20)) + 1
        picture = placed(digit, side, tall, *random.integers(0, room, 2))
        seen.append(normalise(255 - picture if dark else picture).pixels)
    assert (MODEL.predict(np.stack(seen)) == LABELS[:count]).mean() >= 0.95


def test_shadows_do_not_matter() -> None:
    y, x = np.mgrid[0:200, 0:200] / 200
    light = (230 - 90 * x) * np.where(x + 0.3 * y < 0.6, 0.6, 1)
    inks = [placed(digit, 200, 120, 15, 15) / 255 for digit in PIXELS[:40]]
    seen = np.stack([normalise((light * (1 - 0.6 * ink)).astype(np.uint8)).pixels for ink in inks])
    assert (MODEL.predict(seen) == LABELS[:40]).mean() > 0.95


def test_blur_does_not_matter() -> None:
    """Digits made twelve times as large as they were: their edges are as soft as the edge of the shadow on them."""
    random, seen = np.random.default_rng(8), []
    y, x = np.mgrid[0:340, 0:340] / 340
    for digit in PIXELS[:40]:
        shadow = 1 - 0.4 / (
            1 + np.exp(-30 * (np.cos(turn := random.uniform(0, 6)) * (x - 0.5) + np.sin(turn) * (y - 0.5)))
        )
        grain = random.normal(1, 0.02, x.shape)
        picture = 220 * shadow * grain * (1 - random.uniform(0.4, 0.8) * placed(digit, 340, 240, 50, 50) / 255)
        seen.append(read_digit(picture.clip(0, 255).astype(np.uint8), MODEL))
    right = [answer.digit == str(label) and not answer.reason for answer, label in zip(seen, LABELS[:40], strict=True)]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("level", [0, 7, 128, 255])
def test_a_blank_is_a_blank(level: int) -> None:
    for shape in ((4, 4), (28, 28), (300, 500)):
        found = normalise(np.full(shape, level, np.uint8))
        assert found.doubt is Refusal.BLANK and not found.pixels.any()


def test_paper_without_ink_is_a_blank() -> None:
    random = np.random.default_rng(1)
    for shape in ((28, 28), (60, 80), (120, 90), (600, 800)):
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]] / max(shape)
        light = 220 - 100 * x - 30 * y
        assert normalise(light.astype(np.uint8)).doubt is Refusal.BLANK
        assert normalise((light + random.normal(0, 4, shape)).clip(0, 255).astype(np.uint8)).doubt is Refusal.BLANK


def test_a_dot_is_too_little() -> None:
    picture = np.full((100, 100), 255, np.uint8)
    picture[50:53, 50:53] = 0
    assert normalise(picture).doubt is Refusal.TOO_LITTLE_INK


def test_two_digits_are_seen_to_be_two() -> None:
    both = np.concatenate([placed(PIXELS[0], 100, 60, 8, 8), placed(PIXELS[1], 100, 60, 8, 8)], axis=1)
    assert normalise(both).doubt is Refusal.TWO_DIGITS
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
        seen.append(normalise(255 - large if light else large).pixels)
    assert (MODEL.predict(np.stack(seen)) == LABELS[:60]).mean() > 0.9


def test_digits_are_what_predict_sees_of_a_file(tmp_path: Path) -> None:
    picture = placed(PIXELS[0], 60, 40, 1, 1)
    (tmp_path / "a.png").write_bytes(png(picture))
    for digits_of in (Digits(), pickle.loads(pickle.dumps(Digits()))):
        assert (digits_of(tmp_path / "a.png") == see(picture, (28, 28, 1)).pixels).all()
    assert Digits(32, 40)(tmp_path / "a.png").shape == (32, 40)
    (tmp_path / "blank.png").write_bytes(png(np.full((20, 20), 200, np.uint8)))
    for name, message in (("blank.png", "blank; give a picture of a digit"), ("none.png", "no such file")):
        with pytest.raises(UserError, match=f"{name}: {message}"):
            Digits()(tmp_path / name)


@pytest.mark.parametrize(("shape", "pictures"), [((28, 28, 3), "digits"), ((784,), "digits"), ((8, 8, 2), "pictures")])
def test_a_model_of_other_images_sees_no_picture(shape: tuple[int, ...], pictures: str) -> None:
    with pytest.raises(UserError, match="this model sees images of shape"):
        see(PIXELS[0], shape, pictures)


def test_a_model_of_pictures_sees_all_of_them_as_they_are() -> None:
    scene = np.zeros((40, 80, 3), np.uint8)
    scene[:, :40, 0], scene[:, 40:, 2] = 200, 90
    seen = see(png(scene), (20, 20, 3), "pictures")
    assert seen.pixels.shape == (20, 20, 3) and seen.pixels.dtype == np.uint8
    assert (seen.pixels[:, :9] == (200, 0, 0)).all() and (seen.pixels[:, 11:] == (0, 0, 90)).all()
    assert (seen.ink, seen.doubt, seen.box) == (None, None, (0, 0, 80, 40))
    grey = see(scene, (20, 20, 1), "pictures").pixels
    assert grey.shape == (20, 20) and grey[0, 0] == 60
    assert see(np.full((9, 9), 7, np.uint8), (4, 6, 3), "pictures").pixels.tolist() == [[[7, 7, 7]] * 6] * 4
