"""Digits drawn anew: middle lines, pens, other hands, and what a batch has of them."""

import numpy as np
import pytest
from scipy import ndimage

from handgrad.datasets import Images, load
from handgrad.errors import UserError
from handgrad.rng import Stream, generator
from handgrad.training.batches import Batches
from handgrad.training.flourishes import STROKES
from handgrad.training.hands import GLYPHS, lines_of, redrawn
from handgrad.training.pens import CANVAS, drawn, fitted
from handgrad.training.recipe import Recipe
from handgrad.training.strokes import REACH, Pens, distances, draw_curves, thinned

DATA = load("mnist").split()[0][:60]
EIGHT = np.ones((3, 3))


def random() -> np.random.Generator:
    return generator(0, Stream.REDRAWN)


def test_middle_lines_are_thin_and_hang_together_as_the_ink_did() -> None:
    ink = np.kron(DATA.pixels[:20] > 100, np.ones((1, 3, 3), bool))
    lines = thinned(ink)
    assert not (lines & ~ink).any() and lines.any(axis=(1, 2)).all()
    for before, after in zip(ink, lines, strict=True):
        assert ndimage.label(before, EIGHT)[1] == ndimage.label(after, EIGHT)[1]
        assert not ndimage.binary_erosion(after, EIGHT).any()
    assert (thinned(lines) == lines).all()


def test_distances_are_those_to_the_nearest_line() -> None:
    lines = np.zeros((2, 20, 24), bool)
    lines[0, 3, 4:9], lines[1, 10, 10] = True, True
    wanted = np.stack([ndimage.distance_transform_edt(~each) for each in lines])
    near = wanted <= REACH
    np.testing.assert_allclose(distances(lines)[near], wanted[near], rtol=1e-6)
    assert (distances(lines)[~near] > REACH).all()


def test_a_pen_is_as_wide_as_it_says() -> None:
    lines = np.zeros((2, 21, 21), bool)
    lines[:, 10] = True
    ink = Pens(np.array([0.5, 3.0], np.float32), np.full(2, 0.6, np.float32)).draw(lines)
    assert ink.dtype == np.float32 and ink.min() == 0 and ink.max() == 1
    np.testing.assert_allclose(ink[:, :, 10].sum(axis=1), [1, 6], atol=0.7)


def test_curves_stay_inside() -> None:
    lines = np.zeros((2, 10, 10), bool)
    draw_curves(lines, np.array([1]), np.array([[-5.0, 2.0]]), np.array([[4.0, 4.0]]), np.array([[20.0, 2.0]]))
    assert not lines[0].any() and lines[1].any(axis=0).all()


def test_every_glyph_and_every_stroke_can_be_drawn() -> None:
    assert len(GLYPHS) == 10
    for digit, (share, add) in STROKES.items():
        lines = lines_of(DATA.pixels[DATA.labels == digit][:4], np.full(4, digit, np.uint8), random())
        before = lines.sum()
        add(lines, np.arange(len(lines)), random())
        assert 0 < share < 1 and lines.sum() >= before


def test_copies_show_something_and_are_the_same_for_the_same_seed() -> None:
    made = redrawn(DATA, 3)
    assert made.shape == DATA.pixels.shape and made.dtype == np.uint8
    assert (made == redrawn(DATA, 3)).all() and (made != redrawn(DATA, 4)).any()
    assert (made.max(axis=(1, 2)) > 150).mean() > 0.95
    widths = (made > 128).sum(axis=(1, 2))
    assert widths.max() > 3 * widths.min()


def test_a_drawing_fills_the_image_as_reading_has_it() -> None:
    lines = lines_of(DATA.pixels, DATA.labels, random())
    assert lines.shape == (60, CANVAS, CANVAS)
    images = fitted(drawn(lines, random()))
    tall, wide = ((images > 40).any(axis=axis).sum(axis=1) for axis in (2, 1))
    assert np.abs(np.maximum(tall, wide) - 20).max() <= 3
    assert not fitted([np.zeros((9, 9), np.float32)]).any() and fitted([]).shape == (0, 28, 28)


def test_other_images_are_refused() -> None:
    with pytest.raises(UserError, match="got 28x28x1 of 2 classes; set it to 0"):
        redrawn(Images(np.zeros((2, 28, 28), np.uint8), [0, 1], ("0", "1")), 0)


def test_a_batch_has_its_share_of_copies_of_its_own_images() -> None:
    batches = Batches(DATA, Recipe("r", batch=50, redrawn=0.4), 0)
    pixels, labels = batches.arrays()
    assert len(pixels) == len(labels) == 2 * len(DATA)
    order = np.arange(len(DATA))
    rows = np.stack([batches.rows(order, 0, step, len(pixels)) for step in range(40)])
    assert (batches.originals(rows) == order[:50]).all()
    assert (rows >= len(DATA)).mean() == pytest.approx(0.4, abs=0.05)
    assert (labels[rows] == DATA.labels[order[:50]]).all()
