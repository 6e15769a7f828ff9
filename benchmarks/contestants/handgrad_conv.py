"""handgrad's training steps of the convolutional network, out of the pieces that its own training loop is made of."""

from conv_problem import DENSE, STAGES, ConvProblem, main
from problem import Contestant, Weights

from handgrad.datasets import load
from handgrad.images.augment import Augmenter
from handgrad.kernels import recorder
from handgrad.model.preprocess import Preprocess
from handgrad.nn.layers import Conv, Dense, Flatten, Layer, MaxPool, ReLU
from handgrad.nn.network import Network
from handgrad.training.optim import SGD, Optimiser
from handgrad.training.recipe import Recipe
from handgrad.training.update import Update


def network() -> Network:
    layers: list[Layer] = []
    for channels in STAGES:
        layers += [Conv(channels), ReLU(), Conv(channels), MaxPool(), ReLU()]
    return Network([*layers, Flatten(), Dense(DENSE[1]), ReLU(), Dense(DENSE[2])], (28, 28, 1))


def views(net: Network) -> Weights:
    names = [str(i) for i, layer in enumerate(net.layers) if isinstance(layer, (Conv, Dense))]
    return [(net.layout.view(net.theta, f"{name}.w"), net.layout.view(net.theta, f"{name}.b")) for name in names]


def build(problem: ConvProblem) -> Contestant:
    """Like handgrad's loop, each step fills its batch from the images' bytes and standardises them on the way."""
    net, tape = network(), recorder()
    images, _ = load("mnist").split()
    seen = Preprocess.fit(images, "image")
    augment = Augmenter(Recipe("plain").augmentation(), seen.mean, seen.scale, tape.kernels, seed=0)
    optimiser, size = Optimiser(SGD(), net.layout, tape.kernels), problem.rows.shape[1]
    update = Update(tape, net, optimiser, augment, images.nhwc, images.labels, size, seed=0)

    def reset() -> None:
        for (w, b), (start_w, start_b) in zip(views(net), problem.start, strict=True):
            w[...], b[...] = start_w, start_b

    def run() -> float:
        total = 0.0
        for step, rows in enumerate(problem.rows):
            loss, _right = update.forward(rows, 0.0, step)
            total += loss
            update.backward(problem.lr, step + 1)
        return total

    return Contestant(reset, run, lambda: views(net), ("handgrad", "numba", "numpy"))


if __name__ == "__main__":
    main(build)
