"""How the line reader is trained: the loss of unmarked sequences, and composed lines that say what their labels do."""

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.nn.gradients import slope_error
from handgrad.reading.columns import read_columns
from handgrad.reading.strip import Strip

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def normal(*shape: int) -> Any:
    return np.random.Generator(np.random.Philox(key=4)).standard_normal(shape)


def collapsed(classes: tuple[int, ...], blank: int) -> list[int]:
    return [k for before, k in zip((blank, *classes), classes, strict=False) if k not in (before, blank)]


@pytest.mark.parametrize("text", [[], [0], [1, 0], [1, 1], [0, 1, 0]], ids=str)
def test_the_loss_sums_over_every_way_to_say_it(text: list[int]) -> None:
    from ctc import ctc

    logits = normal(1, 5, 3)
    shares = np.exp(logits[0]) / np.exp(logits[0]).sum(axis=1, keepdims=True)
    ways = [each for each in product(range(3), repeat=5) if collapsed(each, 2) == text]
    wanted = -np.log(sum(np.prod([shares[t, k] for t, k in enumerate(each)]) for each in ways))
    loss, _ = ctc(logits, np.array([text + [-1] * (3 - len(text))]))
    assert loss == pytest.approx(wanted, rel=1e-9)


def test_the_gradient_of_the_loss() -> None:
    from ctc import ctc

    logits, labels = normal(4, 9, 5), np.array([[0, 1, 1, 3], [2, 2, -1, -1], [-1, -1, -1, -1], [3, 2, 1, 0]])
    _, gradient = ctc(logits, labels)
    assert slope_error(lambda: ctc(logits, labels)[0], logits, gradient) < 1e-6


def test_a_text_that_does_not_fit_counts_as_nothing() -> None:
    from ctc import ctc

    logits = normal(2, 3, 5)
    loss, gradient = ctc(logits, np.array([[1, 1, 1], [2, -1, -1]]))
    alone, wanted = ctc(logits[1:], np.array([[2, -1, -1]]))
    assert loss == pytest.approx(alone / 2) and not gradient[0].any()
    assert np.allclose(gradient[1:], wanted / 2)


def test_repeats_and_blanks_are_left_out() -> None:
    from ctc import spelled

    says = np.eye(11)[[[3, 3, 10, 3, 10, 10, 7, 7], [10] * 8]]
    assert spelled(says) == ["337", ""]


def test_lines_are_made_of_their_digits() -> None:
    """The line reader that comes along, which other lines have taught, spells most of them as their labels do."""
    from ctc import spelled
    from line_pictures import COLUMNS, MOST, ROWS, pictures
    from scoring import compare

    data = load("mnist").train[:500]
    made, labels = pictures(data, 100, seed=1)
    again, _ = pictures(data, 40, seed=1)
    assert made.shape == (100, ROWS, COLUMNS) and labels.shape == (100, MOST)
    assert (again == made[:40]).all(), "the first lines do not depend on how many follow"
    counts = (labels >= 0).sum(axis=1)
    assert (np.sort(labels >= 0, axis=1)[:, ::-1] == (labels >= 0)).all(), "no gaps in a text"
    assert set(labels[labels >= 0].tolist()) == set(range(10)) and counts.min() >= 1 and counts.max() == MOST
    said = [spelled(read_columns(Strip(image / np.float32(255), 0, 1), "compiled").scores[None])[0] for image in made]
    texts = ["".join(map(str, row[row >= 0])) for row in labels]
    assert sum(compare(*pair).distance for pair in zip(texts, said, strict=True)) < 0.15 * counts.sum()
    assert np.quantile(made.max(axis=(1, 2)), 0.05) > 200, "full ink is nearly white"


@pytest.mark.slow
def test_a_few_steps_lower_the_loss() -> None:
    from line_pictures import pictures
    from line_reader import AdamW, Optimiser, backend, network, step

    made, labels = pictures(load("mnist").train[:500], 16, seed=2)
    net = network()
    ws = net.workspace(16, train=True)
    optimiser, losses = Optimiser(AdamW(), net.layout, backend("compiled")), []
    for number in range(40):
        losses.append(step(net, ws, made, labels, np.random.default_rng(number)))
        optimiser.update(net.theta, net.grad, 0.003, number + 1)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:2])
