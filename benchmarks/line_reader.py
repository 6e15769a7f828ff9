"""Train the line reader, and put it into the package: a convolutional network that spells a line of digits.

    python benchmarks/line_reader.py --folder FOLDER      # over an hour on two cores; can be stopped and resumed

It composes lines from MNIST's first 50,000 training images (`line_pictures.py`) and keeps them in the folder, trains on
them by the CTC loss (`ctc.py`), and watches lines of the 10,000 validation images. The weights that it writes are the
running average of those of the last steps.
"""

import argparse
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctc import ctc, spelled
from handgrad.datasets import Images, load
from handgrad.kernels import backend
from handgrad.model.header import described_network
from handgrad.model.tensors import write_tensors
from handgrad.nn.features import feature_layers
from handgrad.nn.layers import Conv
from handgrad.nn.network import Network
from handgrad.nn.workspace import Workspace
from handgrad.reading.columns import CLASSES, FILE, FORMAT, MEAN, SCALE, logits_of
from handgrad.reading.strip import ROWS
from handgrad.training.optim import EMA, AdamW, Optimiser
from line_pictures import COLUMNS, pictures
from machine import record
from scoring import compare

FEATURES = ("5x5-32", "pool", "3x3-64", "3x3-64", "pool", "3x3-128", "3x3-128", "3x3-128")
PARTS, LINES, WATCHED = 8, 10_000, 1_024  # files of lines, lines in each, and lines to watch
STEPS, BATCH, RATE, WARMUP, DECAY, AVERAGE = 8_000, 64, 0.006, 300, 0.02, 0.998
LONGEST = 5.0  # Euclidean norm of a gradient
EVERY = 250  # steps between two reports, and two checkpoints
INK, POWER, NOISE, NOISY, SHIFT = (0.7, 1.3), (0.7, 1.5), 0.08, 0.3, (2, 3)  # distortions of a batch

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int8]


def network() -> Network:
    return Network([*feature_layers(FEATURES, True, "he"), Conv(CLASSES, 1)], (ROWS, COLUMNS, 1))


def compose(task: tuple[Path, bool, int, int]) -> None:
    """Write one file of lines, if it is not there."""
    path, validation, count, seed = task
    if not path.exists():
        data = load("mnist").split()[validation]
        assert isinstance(data, Images)
        made, labels = pictures(data, count, seed)
        part = path.with_suffix(".part.npz")
        np.savez(part, pictures=made, labels=labels)
        part.replace(path)
        print(f"composed {path.name}", flush=True)


def lines(folder: Path) -> list[tuple[Bytes, Labels]]:
    """Lines to learn from and lines to watch."""
    tasks = [(folder / f"lines-{seed}.npz", False, LINES, seed) for seed in range(PARTS)]
    watched = (folder / "watched.npz", True, WATCHED, PARTS)
    with get_context("spawn").Pool(2) as pool:
        pool.map(compose, [*tasks, watched], chunksize=1)
    groups = [[np.load(path) for path, *_ in each] for each in (tasks, [watched])]
    return [tuple(np.concatenate([file[key] for file in files]) for key in ("pictures", "labels")) for files in groups]


def distorted(made: Bytes, random: np.random.Generator) -> NDArray[np.float32]:
    """A batch in other ink, with noise, a little aside: what the network sees."""
    strength, power = (random.uniform(*each, (len(made), 1, 1)).astype(np.float32) for each in (INK, POWER))
    seen = np.clip(made.astype(np.float32) / 255 * strength, 0, 1) ** power
    noisy = random.random(len(made)) < NOISY
    seen[noisy] += random.normal(0, NOISE, (int(noisy.sum()), ROWS, COLUMNS)).astype(np.float32)
    down, right = (int(random.integers(-each, each + 1)) for each in SHIFT)
    shifted: NDArray[np.float32] = (np.roll(seen, (down, right), (1, 2))[..., None] - MEAN) / SCALE
    return shifted


def watch(network: Network, made: Bytes, labels: Labels) -> tuple[float, float]:
    """Accuracy by edit distance, and the share of lines without a mistake."""
    ws, distance, exact, digits = network.workspace(BATCH), 0, 0, int((labels >= 0).sum())
    for first in range(0, len(made), BATCH):
        ws.x[...] = (made[first : first + BATCH, :, :, None].astype(np.float32) / 255 - MEAN) / SCALE
        for text, wanted in zip(spelled(logits_of(network, ws)), labels[first : first + BATCH], strict=True):
            apart = compare("".join(str(digit) for digit in wanted if digit >= 0), text).distance
            distance, exact = distance + apart, exact + (apart == 0)
    return 1 - distance / digits, exact / len(made)


def step(net: Network, ws: Workspace, made: Bytes, labels: Labels, random: np.random.Generator) -> float:
    """The loss of a batch; the gradient is then in `net.grad`."""
    ws.x[...] = distorted(made, random)
    loss, gradient = ctc(logits_of(net, ws), labels)
    ws.dlogits[...] = (gradient / ws.dlogits.shape[1])[:, None]
    net.backward(ws.dlogits, ws)
    norm = float(np.linalg.norm(net.grad))
    net.grad *= min(1.0, LONGEST / max(norm, LONGEST))
    return loss


def train(folder: Path, data: tuple[Bytes, Labels], watched: tuple[Bytes, Labels]) -> Network:
    """The trained network, from the last checkpoint on."""
    net, saved, began = network(), folder / "checkpoint.npz", time.time()
    ws = net.workspace(BATCH, train=True)
    optimiser = Optimiser(AdamW(0.9, 0.99), net.layout, backend("compiled"), DECAY)
    average = EMA(AVERAGE, net.theta, net.state, backend("compiled"))
    vectors = {"theta": net.theta, "state": net.state, "average": average.theta, "average_state": average.state,
               **{f"memory_{name}": vector for name, vector in optimiser.memory.items()}}  # fmt: skip
    done = 0
    if saved.exists():
        file = np.load(saved)
        done = int(file["done"])
        for name, vector in vectors.items():
            vector[...] = file[name]
    averaged = network()
    for number in range(done, STEPS):
        random = np.random.default_rng((0, number))
        rows = random.integers(0, len(data[0]), BATCH)
        loss = step(net, ws, data[0][rows], data[1][rows], random)
        rate = RATE * min(1.0, number / WARMUP) * (0.5 + 0.5 * np.cos(np.pi * number / STEPS))
        optimiser.update(net.theta, net.grad, rate, number + 1)
        average.update(net.theta, net.state, number + 1)
        if (number + 1) % EVERY == 0:
            averaged.theta[:], averaged.state[:] = average.theta, average.state
            accuracy, exact = watch(averaged, *watched)
            print(f"step {number + 1}  loss {loss:.3f}  accuracy {100 * accuracy:.2f} %  lines {100 * exact:.1f} %"
                  f"  {time.time() - began:.0f} s", flush=True)  # fmt: skip
            part = saved.with_suffix(".part.npz")
            np.savez(part, done=number + 1, **vectors)
            part.replace(saved)
    averaged.theta[:], averaged.state[:] = average.theta, average.state
    return averaged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where lines and checkpoint are kept")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    head = record()
    data, watched = lines(folder)
    net = train(folder, data, watched)
    accuracy, exact = watch(net, *watched)
    tensors = {**dict(net.layout.views(net.theta)), **dict(net.state_layout.views(net.state))}
    said = {"steps": STEPS, "lines": PARTS * LINES, "accuracy": accuracy, "exact": exact, "commit": head["commit"]}
    half = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    write_tensors(FILE, half, {"format": FORMAT, **described_network(net), "record": said})
    print(f"wrote {FILE.name}: {said}")


if __name__ == "__main__":
    main()
