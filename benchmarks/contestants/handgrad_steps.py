"""handgrad's training steps, out of the pieces that its own training loop is made of.

Like that loop, it fills a batch from the images' bytes and standardises them on the way; every other contestant takes
rows of floats that are standardised already.
"""

import sys

from problem import BETA1, BETA2, EPS, Contestant, Problem, Weights, main

from handgrad.datasets import load
from handgrad.images.augment import Augmenter
from handgrad.kernels import recorder
from handgrad.model.preprocess import Preprocess
from handgrad.nn.layers import Dense, Flatten, Layer, ReLU
from handgrad.nn.network import Network
from handgrad.training.optim import SGD, Adam, Optimiser
from handgrad.training.recipe import Recipe
from handgrad.training.update import Update


def network_of(problem: Problem) -> Network:
    layers: list[Layer] = [Flatten()]
    for w, _ in problem.start:
        layers += [Dense(w.shape[1]), ReLU()]
    return Network(layers[:-1], (28, 28, 1))


def build(problem: Problem) -> Contestant:
    network, tape = network_of(problem), recorder()
    images, _ = load("mnist").split()
    seen = Preprocess.fit(images, "image")
    augment = Augmenter(Recipe("plain").augmentation(), seen.mean, seen.scale, tape.kernels, seed=0)
    rule = SGD() if problem.optimiser == "sgd" else Adam(BETA1, BETA2, EPS)
    optimiser = Optimiser(rule, network.layout, tape.kernels)
    size = problem.rows.shape[1]
    update = Update(tape, network, optimiser, augment, images.nhwc, images.labels, size, seed=0)

    def views() -> Weights:
        names = [f"{i}" for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
        layout, theta = network.layout, network.theta
        return [(layout.view(theta, f"{name}.w"), layout.view(theta, f"{name}.b")) for name in names]

    def reset() -> None:
        for vector in optimiser.memory.values():
            vector[:] = 0
        for (w, b), (start_w, start_b) in zip(views(), problem.start, strict=True):
            w[...], b[...] = start_w, start_b

    def run() -> float:
        total = 0.0
        for step, rows in enumerate(problem.rows):
            loss, _right = update.forward(rows, 0.0, step)
            total += loss
            update.backward(problem.lr, step + 1)
        return total

    return Contestant(reset, run, views, ("handgrad", "numba", "numpy"))


if __name__ == "__main__":
    main(build, sys.argv)
