"""Pages are read line by line; what is no digit gets a reason."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import open_model, pretrained
from handgrad.nn.layers import Dense, Flatten
from handgrad.nn.network import Network
from handgrad.reading import Refusal, read_digit, read_page
from handgrad.reading.reader import inspect_digit

from .scenes import digits, placed, png, sheet

PIXELS, LABELS = digits()
MODEL = pretrained("robust")
ROWS = [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12]]
TEXT = "\n".join("".join(str(LABELS[i]) for i in row) for row in ROWS)


def text(picture: np.ndarray) -> str:
    """With the likeliest digit also where the model is not sure."""
    return "\n".join("".join(answer.digit for answer in line) for line in read_page(picture, MODEL).lines)


def test_a_page_is_read_in_order() -> None:
    page = sheet(ROWS)
    assert text(page) == text(255 - page) == TEXT


def turned(page: np.ndarray, degrees: float) -> np.ndarray:
    return np.asarray(Image.fromarray(page).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255))


@pytest.mark.parametrize("degrees", [-10, -4, 4, 10])
def test_lines_may_slope(degrees: float) -> None:
    assert text(turned(sheet(ROWS), degrees)) == TEXT


@pytest.mark.parametrize("light", [False, True])
def test_a_long_strip_is_read(light: bool) -> None:
    row = list(range(30))
    strip = sheet([row], tall=40, gap=20)[20:-20]
    strip = np.asarray(Image.fromarray(strip).resize((strip.shape[1], 30))) if strip.shape[0] > 200 else strip
    assert strip.shape[1] > 20 * strip.shape[0]
    assert text(255 - strip if light else strip) == "".join(str(LABELS[i]) for i in row)


def test_boxes_are_in_pixels_of_the_original() -> None:
    page = sheet([[0, 1]], tall=60)
    large = np.asarray(Image.fromarray(page).resize((page.shape[1] * 16, page.shape[0] * 16)))
    small_boxes, large_boxes = (
        [answer.box for answer in read_page(picture, MODEL).lines[0]] for picture in (page, png(large))
    )
    for small, big in zip(small_boxes, large_boxes, strict=True):
        assert np.abs(np.array(big) - 16 * np.array(small)).max() < 16 * 6
        left, top, width, height = small
        assert (page[top : top + height, left : left + width] < 128).any()


def test_specks_and_ruled_lines_are_no_digits() -> None:
    page = sheet(ROWS).copy()
    random = np.random.default_rng(0)
    for y, x in zip(random.integers(0, page.shape[0] - 3, 40), random.integers(0, page.shape[1] - 3, 40), strict=True):
        page[y : y + 2, x : x + 2] = 60
    page[22:24], page[-22:-20] = 90, 90
    assert text(page) == TEXT


def test_a_broken_digit_is_one_and_touching_ones_are_two() -> None:
    five = PIXELS[list(LABELS).index(5)].copy()
    five[9:11] = 0  # through the neck
    broken = placed(five, 120, 80, 4, 4)
    assert [len(line) for line in read_page(255 - broken, MODEL).lines] == [1]
    left, right = (placed(PIXELS[list(LABELS).index(digit)], 112, 80, 0, 0) for digit in (3, 0))
    pair = np.zeros((112, 190), np.uint8)
    pair[:, :112] = left
    columns = np.flatnonzero(right.max(axis=0) > 60)
    start = np.flatnonzero(left.max(axis=0) > 60)[-1] - 3
    cut = right[:, columns[0] : columns[-1] + 1]
    pair[:, start : start + cut.shape[1]] = np.maximum(pair[:, start : start + cut.shape[1]], cut)
    assert text(np.pad(255 - pair, 30, constant_values=255)) == "30"


def test_an_empty_page_has_no_lines() -> None:
    page = read_page(np.full((300, 200), 240, np.uint8), MODEL)
    assert page.lines == () and page.text == ""


def test_a_digit_is_answered_and_a_blank_is_not() -> None:
    right = []
    for digit, label in zip(PIXELS[:100], LABELS[:100], strict=True):
        answer = read_digit(digit, MODEL)
        right.append(answer.text == str(label))
        assert sum(answer.probabilities) == pytest.approx(1, abs=1e-5)
    assert np.mean(right) > 0.95
    answer, seen = inspect_digit(np.full((50, 50), 9, np.uint8), MODEL)
    assert (answer.text, answer.reason) == ("?", Refusal.BLANK) and not seen.pixels.any()


@pytest.mark.parametrize("letter", ["A", "K", "M", "W", "X", "R", "E", "H"])
def test_letters_are_refused(letter: str) -> None:
    from matplotlib import font_manager
    from PIL import ImageFont

    picture = Image.new("L", (100, 100), 255)
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 60)
    ImageDraw.Draw(picture).text((50, 50), letter, fill=0, font=font, anchor="mm")
    answer = read_digit(picture, MODEL)
    assert answer.reason is Refusal.UNKNOWN


def test_two_digits_are_named_as_such() -> None:
    both = np.concatenate([placed(PIXELS[0], 90, 60, 3, 3), placed(PIXELS[1], 90, 60, 3, 3)], axis=1)
    answer = read_digit(both, MODEL)
    assert answer.reason is Refusal.TWO_DIGITS


def test_a_model_is_a_name_a_path_or_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    MODEL.save(tmp_path / "mine.safetensors")
    (tmp_path / "run").mkdir()
    MODEL.save(tmp_path / "run" / "model.safetensors")
    monkeypatch.chdir(tmp_path)
    Path("robust").mkdir()  # a name comes before a folder called so
    for model in (MODEL, "robust", "mine.safetensors", tmp_path / "mine.safetensors", "run", tmp_path / "run"):
        answer = read_digit(PIXELS[0], model)
        assert answer.text == str(LABELS[0]) and answer.score == pytest.approx(read_digit(PIXELS[0]).score, abs=1e-5)
    assert open_model("robust") is open_model("robust") and open_model(MODEL) is MODEL
    for model, message in (("resnet", "expected one of cnn, mlp, robust, tiny"), ("./robust", "no such model file")):
        with pytest.raises(UserError, match=message):
            read_page(PIXELS[0], model)


def of_pictures(shape: tuple[int, int, int]) -> Model:
    """A model of pictures that weighs brightness alone."""
    network = Network([Flatten(), Dense(2)], shape)
    plain = np.zeros(shape, np.float32)
    preprocess = Preprocess(plain, plain + np.float32(1 / 255), pictures="pictures")
    network.theta[:] = 0
    dict(network.layout.views(network.theta))["1.w"][:] = [-1, 1]
    return Model(network, preprocess, ["dark", "bright"])


def test_a_model_of_pictures_answers_for_colour_without_doubt() -> None:
    scene = np.zeros((50, 30, 3), np.uint8)
    scene[..., 1] = 255
    answer, seen = inspect_digit(scene, of_pictures((8, 8, 3)))
    assert (answer.digit, answer.reason, answer.box) == ("bright", None, (0, 0, 30, 50))
    assert seen.ink is None and seen.pixels.shape == (8, 8, 3)
    with pytest.raises(UserError, match="expected one of digits to read a page"):
        read_page(scene, of_pictures((8, 8, 3)))


def test_a_model_whose_answers_are_no_numbers_is_told() -> None:
    network = Network([Flatten(), Dense(2)], (28, 28, 1))
    network.theta[:] = np.inf
    plain = np.zeros((28, 28, 1), np.float32)
    with np.errstate(all="ignore"), pytest.raises(UserError, match="no numbers, its weights are too large"):
        read_digit(PIXELS[0], Model(network, Preprocess(plain, plain + 1), "01"))


@pytest.mark.parametrize("row", [1, 15, 22, 34, 59, 144])
@pytest.mark.parametrize("side", [100, 150, 200])
def test_a_thick_digit_that_fills_a_small_page_is_one_digit(row: int, side: int) -> None:
    """Its strokes are wider than those of pages are; their outlines are no digits."""
    valid = load("mnist").split()[1]
    page = read_page(np.asarray(Image.fromarray(255 - valid.pixels[row]).resize((side, side))), MODEL)
    assert page.text == str(valid.labels[row])


def test_images_of_mnist_are_read_by_a_model_that_knows_digits_alone() -> None:
    """Bright ink on dark: seen as dark ink, the largest of it may be a speck, of which such a model is sure too."""
    model = pretrained("cnn")
    images, _ = load("mnist").split()
    answers = [read_digit(image, model).digit for image in images.pixels[:150]]
    assert np.mean([int(answer) == label for answer, label in zip(answers, images.labels[:150], strict=True)]) > 0.97


def jagged_one(seed: int) -> np.ndarray:
    """A 1 of 20 pixels' height and one pixel's width, with a few pixels beside it."""
    random = np.random.default_rng(seed)
    image = np.zeros((28, 28), np.uint8)
    lean, top = random.uniform(-3, 3), int(random.integers(3, 7))
    for y in range(top, top + 20):
        x = round(14 + lean * (0.5 - (y - top) / 20))
        image[y, x] = 255
        if random.random() < 0.4:
            image[y, x - 1] = random.choice((60, 240, 255))
    return image


@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_a_thin_jagged_stroke_is_a_1_and_what_lies_around_it_no_0(light: bool) -> None:
    drawings = [jagged_one(seed) for seed in range(20)]
    assert [read_digit(drawing if light else 255 - drawing).text for drawing in drawings] == ["1"] * 20


def test_small_pictures_are_pages_without_a_sheet() -> None:
    images = load("mnist").train[:100]
    pages = [read_page(image.reshape(28, 28)) for image in images.pixels]
    read = ["".join(answer.text for line in page.lines for answer in line) for page in pages]
    assert sum(text == str(label) for text, label in zip(read, images.labels, strict=True)) >= 97
