"""Turned images, and models that answer for several turns of one."""

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.layers import Dense, Flatten
from handgrad.model import Model
from handgrad.network import Network
from handgrad.recipes import recipe
from handgrad.turn import turn
from tolerance import assert_close

SIDE = (9, 9, 1)


def images(n: int = 300) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, *SIDE), np.uint8)


def model(turns) -> Model:
    network = Network([Flatten(), Dense(3)], SIDE, seed=2)
    one = np.ones(SIDE, np.float32)
    return Model(network, 0 * one, one / 255, "abc", temperature=0.5, turns=turns)


@pytest.mark.parametrize("degrees, quarter", [(90, 1), (-90, -1), (180, 2)])
def test_a_quarter_turn_is_anticlockwise_and_exact(degrees: float, quarter: int) -> None:
    seen = images(5)
    np.testing.assert_array_equal(turn(seen, degrees), np.rot90(seen, quarter, (1, 2)))


def test_a_small_turn_and_its_opposite_nearly_cancel_and_channels_keep_apart() -> None:
    yy, xx = np.mgrid[:28, :28] - 13.5
    blob = 250 * np.exp(-(((yy - 4) / 4) ** 2) - ((xx + 3) / 5) ** 2)
    seen = np.stack([blob, np.zeros((28, 28))], -1)[None].astype(np.uint8)
    turned = turn(seen, 20)
    assert np.abs(turned.astype(int) - seen).max() > 40 and not turned[..., 1].any()
    assert np.abs(turn(turned, -20).astype(int) - seen).max() < 12


def test_a_model_answers_with_the_mean_over_its_turns(tmp_path) -> None:
    several = model((-10.0, 0.0, 10.0))
    each = [model((0.0,)).predict_proba(turn(images(), degrees)) for degrees in (-10, 0, 10)]
    found = several.predict_proba(images())
    assert_close(found, np.mean(each, axis=0))
    assert np.abs(found - each[1]).max() > 0.01
    several.save(tmp_path / "m.safetensors")
    back = Model.load(tmp_path / "m.safetensors")
    assert back.turns == (-10, 0, 10) and back.predict_proba(images()).tobytes() == found.tobytes()


@pytest.mark.parametrize("turns, message", [((), "turns is empty"), ((0, 60), "turns is 60.0: expected a number")])
def test_turns_that_make_no_sense_are_refused(turns, message: str) -> None:
    with pytest.raises(UserError, match=message):
        recipe("cnn").change(turns=turns)
