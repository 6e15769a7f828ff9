"""Kernels for training are compiled on another core while the first tests run: where nothing is cached yet, half of the
compiler's work is then done beside the tests."""

import os
import subprocess
import sys

import pytest

os.environ["NUMBA_NUM_THREADS"] = "3"  # some tests compare one, two and three threads, whatever the machine has
import numba

numba.set_num_threads(min(2, os.cpu_count() or 1))

COMPILE = (
    "from handgrad.datasets import load; from handgrad.training.recipe import recipe\n"
    "from handgrad.training.trainer import warm_up\n"
    "for name in ('cnn', 'mlp'): warm_up(recipe(name), load('mnist').train)"
)


@pytest.fixture(scope="session", autouse=True)
def compiling():
    process = subprocess.Popen([sys.executable, "-c", COMPILE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield
    process.kill()
    process.wait()
