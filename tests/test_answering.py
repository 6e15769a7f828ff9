"""Arrays that are kept from call to call change no bit of an answer."""

import pickle

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.kernels.loss import softmax
from handgrad.model.answering import KeptLogits, batched_logits
from handgrad.model.shipped import pretrained


@pytest.mark.parametrize("fixed", [False, True], ids=["weights may change", "fixed weights"])
@pytest.mark.parametrize("kernels", ["naive", "compiled"])
@pytest.mark.parametrize("name", ["tiny", "cnn", "mlp"])
def test_kept_arrays_give_the_same_bits_for_any_number_of_images(name: str, kernels: str, fixed: bool) -> None:
    model, pixels = pretrained(name), load("mnist").train.nhwc[-70:]
    wanted = batched_logits(model.network, model.preprocess, pixels, kernels)
    kept = KeptLogits(model.network, model.preprocess, kernels, fixed)
    for counts in ((1, 70, 3), (33, 16, 2)):
        first = 0
        for count in counts:
            found = kept(pixels[first : first + count])
            assert np.array_equal(found, wanted[first : first + count])
            first += count if first + count < 64 else 0
    assert kept(pixels[:0]).shape == (0, *model.network.out_shape)


def test_a_model_answers_by_the_weights_that_it_has_now() -> None:
    model, pixels = pretrained("tiny"), load("mnist").train.nhwc[-40:]
    before = model.scores(pixels)
    model.network.theta *= np.float32(0.5)
    after = model.scores(pixels)
    assert np.array_equal(after, pickle.loads(pickle.dumps(model)).scores(pixels))
    assert not np.array_equal(after, before)


def test_a_model_may_change_its_kernels() -> None:
    model, pixels = pretrained("tiny"), load("mnist").train.nhwc[-3:]
    for kernels in ("naive", "compiled", "naive"):
        model.kernels = kernels
        logits = batched_logits(model.network, model.preprocess, pixels, kernels)
        wanted = softmax(logits / np.float32(model.temperature))[:, :10]
        assert np.array_equal(model.scores(pixels), wanted)


def test_a_model_may_change_its_network() -> None:
    model, other, pixels = pretrained("tiny"), pretrained("tiny"), load("mnist").train.nhwc[-3:]
    before = model.scores(pixels)
    other.network.theta *= np.float32(0.5)
    model.network = other.network
    assert np.array_equal(model.scores(pixels), other.scores(pixels)) and not np.array_equal(
        other.scores(pixels), before
    )
