"""Which score tells a digit from what is none? Compared for the model `robust`, on validation images and pictures.

    python benchmarks/refusals.py

Each score's limit is set such that 99.3 % of the validation images are answered; what counts is how many letters and
scribbles it then refuses. Higher scores are surer.
"""

import json
from pathlib import Path
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets import load
from handgrad.kernels.loss import softmax
from handgrad.model.model import Model
from handgrad.model.shipped import pretrained
from handgrad.nn.layers import Dense
from handgrad.reading.normalise import normalise
from handgrad.training.limits import REFUSED_SHARE
from machine import record, versions
from robustness import FONTS, SCRIBBLES, letter, scribble

ANSWERED = 1 - REFUSED_SHARE
BATCH = 250
Floats = NDArray[np.float64]


def forward(model: Model, pixels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Logits (N, outputs) and what the last layer sees (N, hidden)."""
    network, last = model.network, len(model.network.layers) - 1
    assert isinstance(network.layers[last], Dense)
    ws, logits, hidden = network.workspace(BATCH), [], []
    images = pixels.reshape(-1, *network.in_shape)
    for first in range(0, len(images), BATCH):
        part = images[first : first + BATCH]
        model.preprocess(part, ws.x[: len(part)])
        logits.append(network.forward(ws.x, ws)[: len(part)].astype(float))
        hidden.append(ws.slots[last].x[: len(part)].astype(float))
    return np.concatenate(logits), np.concatenate(hidden)


def scores(model: Model, others: list[Model], pixels: NDArray[np.uint8], means: Floats) -> dict[str, Floats]:
    logits, hidden = forward(model, pixels)
    classes = len(model.classes)
    sure = softmax(logits / model.temperature)
    votes = np.mean([sure[:, :classes], *(other.predict_proba(pixels) for other in others)], axis=0)
    away = np.linalg.norm(hidden[:, None] - means, axis=2).min(axis=1)
    return {
        "likelihood, beside an output for no digit": sure[:, :classes].max(axis=1),
        "probability among the digits": softmax(logits[:, :classes] / model.temperature).max(axis=1),
        "energy of the digits": np.log(np.exp(logits[:, :classes]).sum(axis=1)),
        "nearness to a class mean in the last hidden layer": -away,
        "agreement of robust, cnn and mlp": votes.max(axis=1),
    }


def main() -> None:
    head = record()
    model, others = pretrained("robust"), [pretrained("cnn"), pretrained("mlp")]
    data, valid = load("mnist").split()
    known = forward(model, data.pixels[:10_000])[1]
    means = np.stack([known[data.labels[:10_000] == digit].mean(axis=0) for digit in range(10)])
    random = np.random.default_rng(3)
    pictures = {
        "letters": [letter(text, font) for text in ascii_letters for font in FONTS],
        "scribbles": [scribble(random) for _ in range(SCRIBBLES)],
    }
    strange = {name: np.stack([normalise(each).pixels for each in made]) for name, made in pictures.items()}
    digits = scores(model, others, valid.pixels, means)
    found = {}
    for name, values in digits.items():
        limit = np.quantile(values, 1 - ANSWERED)
        found[name] = {
            kind: float((scores(model, others, pixels, means)[name] < limit).mean()) for kind, pixels in strange.items()
        }
        print(f"{name:<52}" + "".join(f"{kind} {share:7.2%}  " for kind, share in found[name].items()), flush=True)
    result = {**head, "versions": versions("handgrad", "numpy"), "answered": ANSWERED, "refused": found}
    (Path(__file__).parent / "results" / "refusals.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
