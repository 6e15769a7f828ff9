"""handgrad's training steps, out of the pieces that its own training loop is made of.

Like that loop, it fills a batch from the images' bytes and standardises them on the way; every other contestant takes
rows of floats that are standardised already.
"""

import sys

from problem import BETA1, BETA2, EPS, Contestant, Problem, Weights, main

from handgrad.datasets import load
from handgrad.images.augment import Augmenter
from handgrad.kernels import backend
from handgrad.model.preprocess import Preprocess
from handgrad.nn.layers import Dense, Layer, ReLU
from handgrad.nn.network import Network
from handgrad.nn.params import aligned
from handgrad.training.optim import SGD, Adam, Optimiser
from handgrad.training.recipe import Recipe


def network_of(problem: Problem) -> Network:
    layers: list[Layer] = []
    for w, _ in problem.start:
        layers += [Dense(w.shape[1]), ReLU()]
    return Network(layers[:-1], (problem.x.shape[1],))


def build(problem: Problem) -> Contestant:
    network, kernels = network_of(problem), backend("parallel")
    batch, classes = problem.rows.shape[1], network.out_shape[0]
    images, _ = load("mnist").split()
    seen = Preprocess.fit(images, "image")
    augment = Augmenter(Recipe("plain").augmentation(), seen.mean, seen.scale, kernels, seed=0)
    ws, dlogits = network.workspace(batch, train=True, kernels="parallel"), aligned((batch, classes))
    rule = SGD() if problem.optimiser == "sgd" else Adam(BETA1, BETA2, EPS)
    optimiser = Optimiser(rule, network.layout, kernels)

    def views() -> Weights:
        names = [f"{i}" for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
        layout, theta = network.layout, network.theta
        return [(layout.view(theta, f"{name}.w"), layout.view(theta, f"{name}.b")) for name in names]

    def reset() -> None:
        nonlocal optimiser
        optimiser = Optimiser(rule, network.layout, kernels)
        for (w, b), (start_w, start_b) in zip(views(), problem.start, strict=True):
            w[...], b[...] = start_w, start_b

    def run() -> float:
        total = 0.0
        for step, rows in enumerate(problem.rows, 1):
            augment(ws.x.reshape(batch, *images.shape), images.nhwc, rows, step)
            logits = network.forward(ws.x, ws)
            loss, _right = kernels.softmax_cross_entropy(dlogits, logits, problem.labels[rows], 0.0)
            total += loss
            network.backward(dlogits, ws)
            optimiser.update(network.theta, network.grad, problem.lr, step)
        return total

    return Contestant(reset, run, views, ("handgrad", "numba", "numpy"))


if __name__ == "__main__":
    main(build, sys.argv)
