"""Going on with a trained model on a user's own digits, mixed with MNIST's so that nothing is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from handgrad.datasets import Images, load
from handgrad.datasets.pictures import other_files, picture_files, sub_folders
from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.preprocess import Pixels
from handgrad.reading.normalise import Digits
from handgrad.rng import Stream, generator
from handgrad.training.data import Source
from handgrad.training.keeper import Keeper
from handgrad.training.recipe import Recipe
from handgrad.training.trainer import Trainer

OWN, OTHERS = 4000, 12_000  # images an epoch: the user's, each as often as that takes, and MNIST's
EPOCHS = 4
SLOWER = 10  # what the learning rate of the first training is divided by
HELD = 5  # every fifth of the user's images is kept back to judge by
LEAST = 2 * HELD  # images of the user's


@dataclass(frozen=True, eq=False)
class Own:
    """A user's images, as `predict` sees them.

    Parameters
    ----------
    learn, held : Images
        Those to learn from, and those that are kept back.
    failed : tuple of str
        Which pictures were left out, and why.
    """

    learn: Images
    held: Images
    failed: tuple[str, ...]


def load_own(folder: Path, model: Model) -> Own:
    """Load a user's pictures, one digit each, of any size.

    Parameters
    ----------
    folder : pathlib.Path
        With a sub-folder for each digit, called like a class of the model.
    model : Model
        What goes on learning.

    Returns
    -------
    Own
        The images.

    Raises
    ------
    UserError
        For folders that are no classes, for too few pictures, and for a model that does not see single digits.
    """
    names = _class_folders(folder, model)
    check_sees_digits(model)
    see = Digits(*model.network.in_shape[:2])
    pixels: list[Pixels] = []
    labels: list[int] = []
    failed: list[str] = []
    if others := sum(other_files(folder / name) for name in names):
        failed.append(f"{others} without a picture's ending")
    for name in names:
        for file in _files(folder / name, failed):
            try:
                pixels.append(see(file))
                labels.append(model.classes.index(name))
            except UserError as error:
                failed.append(str(error))
    if len(pixels) < LEAST:
        why = f" (the first left out: {failed[0]})" if failed else ""
        raise UserError(f"{folder}: {len(pixels)} readable pictures, expected {LEAST} or more{why}; add some")
    return own_of(Images(np.stack(pixels), np.array(labels, np.uint8), model.classes), tuple(failed))


def check_sees_digits(model: Model) -> None:
    """Check that a model can go on learning from digits of a user's own.

    Parameters
    ----------
    model : Model
        The model.

    Raises
    ------
    UserError
        For one that does not see single digits.
    """
    if model.network.in_shape[2] != 1 or model.pictures != "digits":
        raise UserError("tune goes on with models of grey digits, got one that sees whole pictures")


def own_of(images: Images, failed: tuple[str, ...] = ()) -> Own:
    """Return images as those to learn from, and every fifth of them to judge by.

    Parameters
    ----------
    images : Images
        The user's, class by class: 10 or more.
    failed : tuple of str
        Which pictures were left out, and why.

    Returns
    -------
    Own
        The images.
    """
    held = np.arange(len(images)) % HELD == HELD - 1
    return Own(images[~held], images[held], failed)


def _class_folders(folder: Path, model: Model) -> list[str]:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; expected one with a sub-folder of pictures for each digit")
    names = sub_folders(folder)
    strange = [name for name in names if name not in model.classes]
    if not names or strange:
        got = f"'{strange[0]}'" if strange else "none"
        raise UserError(f"{folder}: expected a sub-folder for each digit, called {', '.join(model.classes)}; got {got}")
    return names


def _files(folder: Path, failed: list[str]) -> list[Path]:
    try:
        return picture_files(folder)
    except UserError as error:
        failed.append(str(error))
        return []


def tuner(model: Model, learn: Images, seed: int = 0) -> Trainer:
    """Return a trainer that goes on from a model's weights.

    Each epoch has 4,000 of the user's images and 12,000 of MNIST's, at a tenth of the first learning rate.

    Parameters
    ----------
    model : Model
        What to go on with; it stays as it is.
    learn : Images
        The user's images.
    seed : int
        Of every random number.

    Returns
    -------
    Trainer
        Run it, then call `tuned`.

    Raises
    ------
    UserError
        For a model of other images than MNIST's, and one whose record does not say how it was trained.
    """
    mnist, valid = load("mnist").split()
    if model.classes != mnist.classes or model.network.in_shape != mnist.shape:
        raise UserError("tune goes on with models of the ten digits, 28x28, as MNIST has them")
    recipe = _recipe(model)
    recipe = recipe.change(
        epochs=EPOCHS, lr=recipe.lr / SLOWER, schedule="cosine", warmup=0.1, hard_sampling=0.0, all_data=False,
        ema=min(recipe.ema, 0.99), teacher="", distillation=0.0,  # the labels are the user's
    )  # fmt: skip
    random = generator(seed, Stream.TUNE)
    others = mnist[random.permutation(len(mnist))[:OTHERS]]
    own = learn[np.resize(random.permutation(len(learn)), OWN)]  # mixed: `learn` goes class by class
    return Trainer(recipe, own + others, valid, seed, start=model)


def checkpoint_of(out: Path) -> Path:
    """Return where a tuning is kept while it runs.

    Parameters
    ----------
    out : Path
        Where the model is to be written.

    Returns
    -------
    Path
        A file beside it.
    """
    return out.with_name(f"{out.name}.checkpoint")


def kept(trainer: Trainer, before: Model, out: Path) -> Keeper:
    """Return what keeps a tuning on disk while it runs, and goes on with one that was left.

    Parameters
    ----------
    trainer : Trainer
        What `tuner` made.
    before : Model
        The model that it goes on from.
    out : Path
        Where the model is to be written.

    Returns
    -------
    Keeper
        As it was left, if it was.

    Raises
    ------
    UserError
        Where another tuning was left there.
    """
    digest = blake2b(before.to_bytes(), digest_size=16)
    for array in (trainer.data.pixels, trainer.data.labels):
        digest.update(array.tobytes())
    keeper = Keeper(trainer, checkpoint_of(out), Source("mnist"), digest.hexdigest())
    keeper.take_up()
    return keeper


def _recipe(model: Model) -> Recipe:
    """What the model was trained with; UserError where its record does not say how to go on."""
    try:
        recipe = Recipe.from_json(model.record["recipe"])
        fits = tuple(recipe.layers(*model.network.out_shape)) == model.network.layers
    except (LookupError, TypeError, UserError):
        fits = False
    if not fits:
        raise UserError("tune goes on with a model that one training made, got one whose record does not say how")
    return recipe


def tuned(trainer: Trainer, before: Model) -> Model:
    """Return the model that came out.

    Parameters
    ----------
    trainer : Trainer
        What `tuner` made, after its run.
    before : Model
        The model that it went on from.

    Returns
    -------
    Model
        With the record of both trainings.
    """
    model = trainer.model()
    model.record = {**model.record, "tuned_from": before.record}
    return model


def accuracy(model: Model, images: Images) -> float:
    """Return the share of images that a model reads rightly.

    Parameters
    ----------
    model : Model
        The model.
    images : Images
        With the labels that are right.

    Returns
    -------
    float
        From 0 to 1.
    """
    return float((model.predict(images.pixels) == images.labels).mean())


def compared(before: Model, after: Model, held: Images) -> dict[str, list[float]]:
    """Return how many images are read rightly before and after.

    Parameters
    ----------
    before, after : Model
        The model that the tuning went on from, and the one that came out.
    held : Images
        The user's images that were kept back.

    Returns
    -------
    dict of str to list of float
        Two shares each, of the user's images (`own`) and of MNIST's validation images (`mnist`).
    """
    valid = load("mnist").split()[1]
    return {
        name: [accuracy(model, images) for model in (before, after)]
        for name, images in (("own", held), ("mnist", valid))
    }
