from pathlib import Path

import pytest
from PIL import Image

from command import TINY, run, write_small_data
from handgrad.datasets import load


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def trained(data, tmp_path_factory) -> Path:
    """A run folder that nobody changes."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    run("train", *TINY, "--data", data, "--out", folder)
    return folder


@pytest.fixture
def digit(tmp_path) -> Path:
    path = tmp_path / "seven.png"
    Image.fromarray(load("mnist").test.pixels[0]).save(path)
    return path
