"""What a batch consists of: labelled images and, for a network that can tell, images of no digit."""

import numpy as np
import numpy.typing as npt

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.rng import Stream, generator
from handgrad.training.outliers import make_outliers

Rows = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]


class Batches:
    """The batches of a run.

    Parameters
    ----------
    data : Images
        The training images.
    size : int
        Images in a batch, at most as many as there are.
    outliers : float
        Share of each batch that shows no digit, from 0 to 0.9.
    members : int
        Networks that learn from a share of each batch.
    seed : int
        Of the run.

    Raises
    ------
    UserError
        Where a batch is too small for the members.
    """

    def __init__(self, data: Images, size: int, outliers: float, members: int, seed: int) -> None:
        self.data, self.seed = data, seed
        self.size = min(size, len(data))
        if members > 1 and self.size < 2 * members:
            raise UserError(
                f"{self.size} images in a batch for {members} members: expected two each or more; give more images or "
                "a larger batch, or set members to 1"
            )
        self.labelled = self.size - round(outliers * self.size)
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
            The training images; behind them the outliers.
        labels : uint8 array (M,)
            Their labels; that of the outliers is the number of classes.
        """
        if not self.has_outliers:
            return self.data.nhwc, self.data.labels
        outliers = make_outliers(self.data, self.seed)[..., None]
        labels = np.full(len(outliers), len(self.data.classes), np.uint8)
        return np.concatenate([self.data.nhwc, outliers]), np.append(self.data.labels, labels)

    def rows(self, order: Rows, at: int, step: int, total: int) -> Rows:
        """Return which images are in a batch.

        Parameters
        ----------
        order : int64 array (n,)
            The order of the training images in this epoch.
        at : int
            Which batch of the epoch, from 0.
        step : int
            Which step of the run, from 0: the outliers are drawn for it.
        total : int
            How many images there are with the outliers.

        Returns
        -------
        int64 array (size,)
            The labelled ones first.
        """
        labelled = order[at * self.labelled : (at + 1) * self.labelled]
        if not self.has_outliers:
            return labelled
        random = generator(self.seed, Stream.OUTLIER_ROWS, step)
        return np.append(labelled, random.integers(len(self.data), total, self.size - self.labelled))
