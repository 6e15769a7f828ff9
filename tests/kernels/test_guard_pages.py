"""Random networks whose every array ends where memory ends: one number read or written beyond it ends the process.

`python tests/kernels/test_guard_pages.py SECONDS [SEED]` goes on for as long as one likes.
"""

import ctypes
import mmap
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import UserError
from handgrad.images.augment import Augmenter
from handgrad.kernels import recorder
from handgrad.kernels.threads import limited
from handgrad.nn import network, params, workspace
from handgrad.nn.features import feature_layers
from handgrad.nn.layers import Dense, Dropout, Flatten, Layer, ReLU
from handgrad.nn.layers.batch_norm import BatchNorm
from handgrad.training import optim
from handgrad.training.optim import SGD, Adam, Optimiser
from handgrad.training.recipe import Recipe
from handgrad.training.update import Update

PAGE = mmap.PAGESIZE
KEPT: list[Any] = []
WORDS = ("3x3-8", "3x3-16v", "5x5-8", "3x3-13", "3x3-24", "1x1-9", "pool", "residual", "average")


def guarded(shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """Zeros that end at a page nobody may touch, or, as vectors start on cache lines, at most a line before it."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    pages = -(-size // PAGE) + 2
    memory = mmap.mmap(-1, pages * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for page in (0, pages - 1):
        assert libc.mprotect(ctypes.c_void_p(start + page * PAGE), ctypes.c_size_t(PAGE), 0) == 0
    KEPT.append(memory)
    end = (pages - 1) * PAGE
    return np.frombuffer(memory, np.uint8, size, end - size).view(dtype).reshape(shape)


def random_layers(random: np.random.Generator) -> list[Layer]:
    words = tuple(random.choice(WORDS, random.integers(0, 5)))
    layers = feature_layers(words, batch_norm=bool(random.integers(2)), init="he")
    layers.append(Flatten())
    for _ in range(random.integers(0, 3)):
        layers += [Dense(int(random.integers(1, 300))), *([BatchNorm()] if random.integers(2) else []), ReLU()]
        layers += [Dropout(0.3)] if random.integers(2) else []
    return [*layers, Dense(int(random.integers(2, 40)))]


def one(random: np.random.Generator) -> bool:
    """Three steps of a random network on random images, by one to four threads; False where the layers do not fit."""
    height, width, channels = (int(random.integers(1, high)) for high in (30, 30, 4))
    n, total = int(random.integers(1, 40)), 50
    try:
        net = network.Network(random_layers(random), (height, width, channels), seed=int(random.integers(99)))
    except UserError:
        return False
    strengths = {"rotation": 20, "elastic": 1.0, "stroke": 0.5, "shift": 2, "clutter": 0.5, "blur": 0.5}
    some = {name: value for name, value in strengths.items() if random.integers(2)}
    pixels = guarded((total, height, width, channels), np.uint8)
    pixels[...] = random.integers(0, 256, pixels.shape)
    labels = random.integers(0, net.out_shape[0], total).astype(np.uint8)
    mean, scale = guarded((height, width, channels)), guarded((height, width, channels))
    mean[...], scale[...] = 30, 0.01
    with limited(int(random.integers(1, 5))):
        tape = recorder()
        augment = Augmenter(Recipe("random", **some).augmentation(), mean, scale, tape.kernels, 0)
        rule = SGD(0.9) if random.integers(2) else Adam()
        optimiser = Optimiser(rule, net.layout, tape.kernels, 0.01, clip_norm=float(random.integers(2)))
        update = Update(tape, net, optimiser, augment, pixels, labels, n, seed=0)
        for step in range(3):
            update.forward(random.integers(0, total, n), 0.1, step)
            update.backward(1e-3, step + 1)
        ws = net.workspace(n)
        net.forward(ws.x, ws)
    return bool(np.isfinite(net.theta).all())


def main(seconds: float, seed: int) -> None:
    for module in (params, network, workspace, optim, sys.modules["handgrad.images.augment"]):
        module.aligned = guarded
    random, began, done = np.random.default_rng(seed), time.monotonic(), 0
    while time.monotonic() - began < seconds:
        done += one(random)
        KEPT.clear()
    sys.stdout.write(f"{done}\n")


@pytest.mark.process
def test_nothing_is_touched_outside_of_its_array() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    done = subprocess.run(
        [sys.executable, __file__, "5", "1"], capture_output=True, text=True, timeout=200, env=environment
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    assert int(done.stdout) > 3


def test_the_guard_page_is_there() -> None:
    code = "import test_guard_pages as t; a = t.guarded((5,)); print(a[4]); t.ctypes.string_at(a.ctypes.data + 20, 1)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout == "0.0\n" and done.returncode < 0


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
