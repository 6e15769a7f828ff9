import itertools

import pytest

from handgrad.rng import derive


def test_one_part_is_splitmix64() -> None:
    """The published first outputs for seeds 0 and 1234567, less their lowest bit."""
    assert derive(0) == 0xE220A8397B1DCDAF >> 1
    assert derive(1234567) == 6457827717110365317 >> 1


def test_each_place_has_a_key_of_its_own() -> None:
    places = [p for length in (1, 2, 3) for p in itertools.product(range(12), repeat=length)]
    assert len({derive(*p) for p in places}) == len(places)


@pytest.mark.parametrize("path", [(0,), (1, 2), (2, 1), (-1,), (2**64 - 1, 7), (2**200, -(2**70))])
def test_a_key_is_the_same_each_time_and_fits_a_signed_word(path: tuple[int, ...]) -> None:
    assert derive(*path) == derive(*path)
    assert 0 <= derive(*path) < 2**63


def test_every_bit_is_used_half_of_the_time() -> None:
    keys = [derive(0, 3, step, 5) for step in range(4000)]
    for bit in range(63):
        share = sum(key >> bit & 1 for key in keys) / len(keys)
        assert abs(share - 0.5) < 5 * 0.5 / len(keys) ** 0.5
