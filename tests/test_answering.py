"""Arrays that are kept from call to call change no bit of an answer."""

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.model.answering import KeptLogits, batched_logits
from handgrad.model.shipped import pretrained


@pytest.mark.parametrize("kernels", ["naive", "compiled"])
@pytest.mark.parametrize("name", ["tiny", "mlp"])
def test_kept_arrays_give_the_same_bits_for_any_number_of_images(name: str, kernels: str) -> None:
    model, pixels = pretrained(name), load("mnist").train.nhwc[-70:]
    wanted = batched_logits(model.network, model.preprocess, pixels, kernels)
    kept = KeptLogits(model.network, model.preprocess, kernels)
    for counts in ((1, 70, 3), (33, 16, 2)):
        first = 0
        for count in counts:
            found = kept(pixels[first : first + count])
            assert np.array_equal(found, wanted[first : first + count])
            first += count if first + count < 64 else 0
    assert kept(pixels[:0]).shape == (0, *model.network.out_shape)
