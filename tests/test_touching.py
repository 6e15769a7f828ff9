"""Digits written so that they touch, and cut apart as reading does it."""

import numpy as np

from handgrad.datasets import load
from handgrad.rng import Stream, generator
from handgrad.training.hands import lines_of, redrawn
from handgrad.training.touching import FITS_NOT, columns, cut_writing, side_by_side

DATA = load("mnist").split()[0][:60]


def random() -> np.random.Generator:
    return generator(0, Stream.REDRAWN)


def test_digits_stand_side_by_side_and_overlap_as_told() -> None:
    digits = lines_of(DATA.pixels[:3], DATA.labels[:3], random())
    near, far = (side_by_side(digits, (overlap, overlap)) for overlap in (0.2, -0.2))
    for written in (near, far):
        assert written.shape[0] == 3 and written.sum() == digits.sum()
        starts = [columns(each)[0] for each in written]
        assert starts == sorted(starts)
    assert columns(near[2])[1] < columns(far[2])[1]


def test_the_run_of_a_digit_is_most_of_it_and_a_wrong_one_is_of_two() -> None:
    made = random()
    found = wrong = 0
    for row in range(20):
        digits = lines_of(DATA.pixels[row : row + 2], DATA.labels[row : row + 2], made)
        cut = cut_writing(side_by_side(digits, (0.05,)), made)
        assert len(cut.digits) == 2
        found += sum(each is not None and each.max() > 0.5 for each in cut.digits)
        wrong += len(cut.wrong)
        for each in cut.wrong:
            assert not any(digit is not None and np.array_equal(each, digit) for digit in cut.digits)
    assert found > 25 and wrong > 40 and 0 < FITS_NOT < 1


def test_copies_cut_out_of_writing_differ_and_show_the_same_digits() -> None:
    whole, cut = redrawn(DATA, 3), redrawn(DATA, 3, 1.0)
    assert (cut == redrawn(DATA, 3, 1.0)).all() and cut.shape == whole.shape
    differ = (cut != whole).any(axis=(1, 2))
    assert 0.4 < differ.mean() < 1 and (cut.max(axis=(1, 2)) > 100).all()


def test_nothing_written_gives_nothing() -> None:
    cut = cut_writing(np.zeros((2, 96, 192), bool), random())
    assert cut.digits == [None, None] and cut.wrong == []
