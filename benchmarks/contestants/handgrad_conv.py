"""handgrad's training steps of the convolutional network, out of the pieces that its own training loop is made of."""

from conv_problem import DENSE, STAGES, ConvProblem, main
from problem import Contestant, Weights

from handgrad.datasets import load
from handgrad.images.augment import Augmenter
from handgrad.model.preprocess import Preprocess
from handgrad.nn.layers import Conv, Dense, Flatten, Layer, MaxPool, ReLU
from handgrad.nn.network import Network
from handgrad.nn.params import aligned
from handgrad.training.optim import SGD, Optimiser
from handgrad.training.recipe import Recipe


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
    net, batch = network(), problem.rows.shape[1]
    ws, dlogits = net.workspace(batch, train=True, kernels="parallel"), aligned((batch, DENSE[-1]))
    images, _ = load("mnist").split()
    seen = Preprocess.fit(images, "image")
    augment = Augmenter(Recipe("plain").augmentation(), seen.mean, seen.scale, ws.kernels, seed=0)
    optimiser = Optimiser(SGD(), net.layout, ws.kernels)

    def reset() -> None:
        for (w, b), (start_w, start_b) in zip(views(net), problem.start, strict=True):
            w[...], b[...] = start_w, start_b

    def run() -> float:
        total = 0.0
        for step, rows in enumerate(problem.rows, 1):
            augment(ws.x, images.nhwc, rows, step)
            logits = net.forward(ws.x, ws)
            loss, _right = ws.kernels.softmax_cross_entropy(dlogits, logits, problem.labels[rows], 0.0)
            total += loss
            net.backward(dlogits, ws)
            optimiser.update(net.theta, net.grad, problem.lr, step)
        return total

    return Contestant(reset, run, lambda: views(net), ("handgrad", "numba", "numpy"))


if __name__ == "__main__":
    main(build)
