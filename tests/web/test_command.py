"""`handgrad serve` says in a line what is wrong before it serves."""

import sys

import pytest

from command import refused


def test_a_library_that_is_missing_is_one_line_with_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert refused("serve") == "handgrad: serve needs uvicorn: pip install 'handgrad[serve]'"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nine",), "no pretrained model 'nine'"),
        (("./nine.safetensors",), "no such model file"),
        (("tiny", "--token", "a\nb"), "--token"),
        (("tiny", "--port", "70000"), "--port"),
        (("tiny", "--workers", "0"), "--workers"),
    ],
)
def test_what_cannot_be_served(words, said):
    assert said in refused("serve", *words)
