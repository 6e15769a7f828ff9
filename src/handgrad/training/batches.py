"""What a batch consists of: labelled images, some drawn anew; for a network that can tell, images of no digit."""

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.rng import Stream, generator
from handgrad.training.hands import redrawn
from handgrad.training.outliers import are_digits, make_outliers
from handgrad.training.recipe import Recipe
from handgrad.training.wrong_cuts import COUNT, wrong_cuts

Rows = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]


class Batches:
    """The batches of a run.

    Parameters
    ----------
    data : Images
        The training images.
    recipe : Recipe
        Says how large a batch is, and what shares of it are outliers and drawn anew.
    seed : int
        Of the run.

    Attributes
    ----------
    size : int
        Images in a batch, at most as many as there are.
    labelled : int
        How many of them show a class.
    per_epoch : int
        Batches of an epoch.

    Raises
    ------
    UserError
        Where a batch is too small for the members.
    """

    def __init__(self, data: Images, recipe: Recipe, seed: int) -> None:
        self.data, self.recipe, self.seed = data, recipe, seed
        self.size = min(recipe.batch, len(data))
        if recipe.members > 1 and self.size < 2 * recipe.members:
            raise UserError(
                f"{self.size} images in a batch for {recipe.members} members: expected two each or more; give more "
                "images or a larger batch, or set members to 1"
            )
        self.labelled = self.size - round(recipe.outliers * self.size)
        self.per_epoch = len(data) // self.labelled

    @property
    def has_outliers(self) -> bool:
        """Whether some images of a batch show no digit."""
        return self.labelled < self.size

    def arrays(self) -> tuple[Pixels, Pixels]:
        """Return what `rows` counts in.

        Returns
        -------
        pixels : uint8 array (M, H, W, C)
            The training images; behind them their redrawn copies, the outliers, and the wrong cuts, as the recipe asks.
        labels : uint8 array (M,)
            Their labels; that of images of no digit is the number of classes.
        """
        pixels, labels = [self.data.nhwc], [self.data.labels]
        if self.recipe.redrawn:
            pixels.append(redrawn(self.data, self.seed)[..., None])
            labels.append(self.data.labels)
        if self.has_outliers:
            outliers = self._outliers()
            pixels.append(outliers)
            labels.append(np.full(len(outliers), len(self.data.classes), np.uint8))
        return (pixels[0], labels[0]) if len(pixels) == 1 else (np.concatenate(pixels), np.concatenate(labels))

    def _outliers(self) -> Pixels:
        """The data set's own outliers and those that are made, which takes digits; the wrong cuts come last."""
        data, made = self.data, []
        if data.outliers is not None:
            made.append(data.outliers.reshape(-1, *data.shape))
        if not made or are_digits(data):
            made.append(make_outliers(data, self.seed)[..., None])
        if self.recipe.wrong_cuts:
            made.append(wrong_cuts(data, self.seed)[..., None])
        return np.concatenate(made)

    def rows(self, order: Rows, at: int, step: int, total: int) -> Rows:
        """Return which images are in a batch.

        Parameters
        ----------
        order : int64 array (n,)
            The order of the training images in this epoch.
        at : int
            Which batch of the epoch, from 0.
        step : int
            Which step of the run, from 0: the outliers, and which digits are redrawn, are drawn for it.
        total : int
            How many images there are in all.

        Returns
        -------
        int64 array (size,)
            The labelled ones first.
        """
        labelled, first = order[at * self.labelled : (at + 1) * self.labelled], len(self.data)
        if self.recipe.redrawn:
            random = generator(self.seed, Stream.REDRAWN_ROWS, step)
            labelled = labelled + len(self.data) * (random.random(len(labelled)) < self.recipe.redrawn)
            first = 2 * len(self.data)
        if not self.has_outliers:
            return labelled
        random, count = generator(self.seed, Stream.OUTLIER_ROWS, step), self.size - self.labelled
        if not self.recipe.wrong_cuts:
            return np.append(labelled, random.integers(first, total, count))
        cuts = round(self.recipe.wrong_cuts * count)
        others = random.integers(first, total - COUNT, count - cuts)
        return np.concatenate([labelled, others, random.integers(total - COUNT, total, cuts)])

    def originals(self, rows: Rows) -> Rows:
        """Return which training images some labelled images are, or were before they were redrawn.

        Parameters
        ----------
        rows : int64 array (N,)
            Labelled images of a batch.

        Returns
        -------
        int64 array (N,)
            Rows of the training images.
        """
        return rows % len(self.data)
