"""The words of the convolutional part, and the layers that they stand for."""

import pytest

from handgrad.errors import UserError
from handgrad.nn.features import feature_layers
from handgrad.nn.layers import BatchNorm, Conv, GlobalAveragePool, MaxPool, ReLU, Residual
from handgrad.training.recipe import Recipe


def test_words_become_layers() -> None:
    words = ("5x5-8v", "pool", "3x3-16", "residual", "pool", "average")
    assert feature_layers(words, batch_norm=False, init="lecun") == [
        Conv(8, 5, padding="valid", init="lecun"), MaxPool(), ReLU(), Conv(16, init="lecun"), ReLU(),
        Residual((Conv(16, init="lecun"), ReLU())), MaxPool(), GlobalAveragePool(),
    ]  # fmt: skip


def test_batch_norm_stands_between_convolution_and_relu() -> None:
    assert feature_layers(("3x3-4", "pool", "residual"), batch_norm=True, init="he") == [
        Conv(4), BatchNorm(), MaxPool(), ReLU(), Residual((Conv(4), BatchNorm(), ReLU())),
    ]  # fmt: skip


@pytest.mark.parametrize("words", [("3x5-8",), ("conv",), ("3x3-",), ("residual",), ("2x2-8",), ("3x3-0",), ("",)])
def test_mistakes_are_told_in_a_line(words: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="expected") as caught:
        Recipe("wrong", features=words)
    assert "\n" not in str(caught.value)


def test_a_recipe_without_hidden_layers_goes_straight_to_the_classes() -> None:
    layers = Recipe("plain", features=("3x3-4", "average"), hidden=()).layers(10)
    assert [type(layer).__name__ for layer in layers] == ["Conv", "ReLU", "GlobalAveragePool", "Flatten", "Dense"]
