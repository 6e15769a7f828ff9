"""Going on with a trained model on a user's own digits, mixed with MNIST's so that nothing is forgotten."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from handgrad.datasets import Images, load
from handgrad.datasets.pictures import sub_folders
from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.reading.normalise import Digits, sides
from handgrad.rng import Stream, generator
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer

OWN, OTHERS = 4000, 12_000  # images an epoch: the user's, each as often as it takes, and MNIST's
EPOCHS = 4
SLOWER = 10  # the learning rate is so much lower than that of the first training
HELD = 5  # every fifth of the user's images is kept back to judge by


@dataclass(frozen=True, eq=False)
class Own:
    """A user's images as `predict` sees them: to learn from, and kept back. failed: what was left out, and why."""

    learn: Images
    held: Images
    failed: tuple[str, ...]


def load_own(folder: Path, model: Model) -> Own:
    """The pictures in a folder's sub-folders, each called like a class of the model; of any size, one digit each.

    UserError for folders that are no classes, and for too few pictures to learn from and to judge by.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; expected one with a sub-folder of pictures for each digit")
    names = sub_folders(folder)
    strange = [name for name in names if name not in model.classes]
    if not names or strange:
        got = f"'{strange[0]}'" if strange else "none"
        raise UserError(f"{folder}: expected a sub-folder for each digit, called {', '.join(model.classes)}; got {got}")
    digits = Digits(*sides(model.network.in_shape))
    pixels, labels, failed = [], [], []
    for name in names:
        for file in sorted((folder / name).iterdir(), key=_shuffle_key):
            if file.name.startswith("."):
                continue
            try:
                pixels.append(digits(file))
            except UserError as error:
                failed.append(str(error))
                continue
            labels.append(model.classes.index(name))
    if len(pixels) < 2 * HELD:
        why = f" (the first left out: {failed[0]})" if failed else ""
        raise UserError(f"{folder}: {len(pixels)} readable pictures, expected {2 * HELD} or more{why}; add some")
    images = Images(np.stack(pixels), np.array(labels, np.uint8), model.classes)
    held = np.arange(len(images)) % HELD == HELD - 1
    return Own(images[~held], images[held], tuple(failed))


def _shuffle_key(file: Path) -> bytes:
    return blake2b(file.name.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def tuner(model: Model, learn: Images, seed: int = 0) -> Trainer:
    """A trainer that goes on from the model's weights; run it, then take its `model()`.

    It sees 4,000 of the user's images an epoch and 12,000 of MNIST's, at a tenth of the first learning rate.
    """
    mnist, valid = load("mnist").split()
    if model.classes != mnist.classes or model.network.in_shape != mnist.shape:
        raise UserError("tune goes on with models of the ten digits, 28x28, as MNIST has them")
    recipe = _recipe(model)
    recipe = recipe.change(
        epochs=EPOCHS, lr=recipe.lr / SLOWER, schedule="cosine", warmup=0.1, focus=0.0, all_data=False,
        average=min(recipe.average, 0.99), teacher="", distillation=0.0,  # the labels are the user's
    )  # fmt: skip
    random = generator(seed, Stream.TUNE)
    others = mnist[random.permutation(len(mnist))[:OTHERS]]
    own = learn[np.resize(random.permutation(len(learn)), OWN)]  # mixed: `learn` goes class by class
    mixed = Images(
        np.concatenate([own.pixels, others.pixels]), np.concatenate([own.labels, others.labels]), mnist.classes
    )
    return Trainer(recipe, mixed, valid, seed, start=model)


def _recipe(model: Model) -> Recipe:
    """What the model was trained with; UserError where its record does not say how to go on."""
    try:
        values = model.record["recipe"]
        recipe = Recipe("custom").change(**values)  # a field that it lacks came later, and its default changes nothing
        fits = tuple(recipe.layers(*model.network.out_shape)) == model.network.layers
    except (LookupError, TypeError, UserError):
        fits = False
    if not fits:
        raise UserError("tune goes on with a model that one training made, got one whose record does not say how")
    return recipe


def tuned(trainer: Trainer, before: Model) -> Model:
    """The model that came out, with the record of both trainings."""
    model = trainer.model()
    model.record = {**model.record, "tuned_from": before.record}
    return model


def accuracy(model: Model, images: Images) -> float:
    """Share of the images that the model reads rightly."""
    return float((model.predict(images.pixels) == images.labels).mean())
