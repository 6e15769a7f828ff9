"""C files compile without a warning, run clean, and answer as Python does, in the memory that they state."""

from pathlib import Path

import numpy as np
import pytest

from export.machine import SANITIZED, answers, sizes, stated
from export.networks import MODELS, kinds, random_model, some_images
from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.export.c.file import c_file
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import pretrained, shipped_names
from handgrad.nn.layers import LAYERS, Dense, Flatten
from handgrad.nn.network import Network

NEAR = 1e-5
QUICK = (0, 3, 11)  # random models that have every kind of layer between them
BYTES_NEAR = 0.03  # mean difference of probabilities, for random weights in int8
BYTES_LOSE = 0.001  # share of right answers that int8 may lose
COMPARED = 2000  # images whose probabilities are compared one by one
KB = 1024


def check_random(seed: int, folder: Path) -> None:
    model = random_model(seed)
    images = some_images(model)
    want = model.predict_proba(images)
    probabilities, best = answers(c_file(model), images, len(model.classes), folder, *SANITIZED)
    np.testing.assert_allclose(probabilities, want, rtol=0, atol=NEAR)
    assert (best == want.argmax(axis=1)).all()
    in_bytes = c_file(model, images.reshape(-1, *model.network.in_shape))
    probabilities, _ = answers(in_bytes, images, len(model.classes), folder, *SANITIZED)
    assert np.abs(probabilities - want).mean() < BYTES_NEAR
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=0, atol=NEAR)


def test_the_quick_models_have_every_kind_of_layer() -> None:
    ours = {name for name, layer in LAYERS.items() if layer.__module__.startswith("handgrad.")}
    assert set().union(*(kinds(random_model(seed).network.layers) for seed in QUICK)) == ours


@pytest.mark.filterwarnings("ignore:the images look inverted")
@pytest.mark.parametrize("seed", QUICK)
def test_random_models(seed: int, tmp_path: Path) -> None:
    check_random(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the images look inverted")
@pytest.mark.parametrize("seed", sorted({*range(MODELS)} - {*QUICK}))
def test_more_random_models(seed: int, tmp_path: Path) -> None:
    check_random(seed, tmp_path)


def check_shipped(name: str, count: int, folder: Path) -> None:
    """Float32 answers as Python, int8 is as often right."""
    train, valid = load("mnist").split()
    model, images, labels = pretrained(name), valid.pixels[:count], valid.labels[:count]
    want = model.predict_proba(images)
    probabilities, best = answers(c_file(model), images[:COMPARED], 10, folder, "-O2")
    np.testing.assert_allclose(probabilities, want[:COMPARED], rtol=0, atol=NEAR)
    assert (best == want[:COMPARED].argmax(axis=1)).all()
    _, best = answers(c_file(model, train.nhwc[:1000]), images, 10, folder, "-O3", "-march=native")
    assert (best == labels).mean() >= (want.argmax(axis=1) == labels).mean() - BYTES_LOSE


def test_tiny(tmp_path: Path) -> None:
    check_shipped("tiny", 1000, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_names())
def test_shipped_models_on_all_validation_images(name: str, tmp_path: Path) -> None:
    check_shipped(name, 10_000, tmp_path)


@pytest.mark.parametrize("in_bytes", [False, True])
def test_the_memory_is_what_the_file_states(in_bytes: bool, tmp_path: Path) -> None:
    source = c_file(pretrained("tiny"), load("mnist").train.nhwc[:200] if in_bytes else None)
    flash, ram = sizes(source, tmp_path)
    assert stated(source, "flash") < flash < stated(source, "flash") + 6 * KB
    assert stated(source, "RAM") <= ram < stated(source, "RAM") + 100  # arrays start at round addresses
    convolutions = 28 * 28 * 9 * 8 + 14 * 14 * 9 * (8 * 16 + 16 * 16) + 7 * 7 * 9 * 16 * 24
    assert stated(source, "work") == convolutions + 24 * 10
    if in_bytes:
        assert flash <= 16 * KB and ram <= 24 * KB


def test_what_int8_cannot_hold_is_told() -> None:
    shape = (160, 140, 3)
    ones = np.ones(shape, np.float32)
    model = Model(Network([Flatten(), Dense(2)], shape), Preprocess(ones, ones, pictures="pictures"), "ab")
    with pytest.raises(UserError, match=r"layer 1 Dense\(2\): sums of 67,200 products, int8 holds 66,311"):
        c_file(model, np.zeros((1, *shape), np.uint8))
    with pytest.raises(UserError, match=r"got 1 images of \(2, 2, 3\), expected at least one of \(160, 140, 3\)"):
        c_file(model, np.zeros((1, 2, 2, 3), np.uint8))


def test_names_of_classes_may_hold_anything(tmp_path: Path) -> None:
    ones = np.ones((4, 4, 1), np.float32)
    model = Model(Network([Flatten(), Dense(3)], (4, 4, 1)), Preprocess(ones, ones), ['a"*/\\', "??/é\n", "7"])
    source = c_file(model)
    answers(source, np.zeros((1, 4, 4), np.uint8), 3, tmp_path)
    assert r'{"a\042\052\057\134", "\077\077\057\303\251\012", "7"}' in source
