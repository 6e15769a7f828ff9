"""Which images an epoch draws: each of them once, or the difficult ones, or those of rare classes, more often."""

import numpy as np
import numpy.typing as npt

from handgrad.nn.params import Array, aligned
from handgrad.rng import Stream, generator

START = 0.125  # difficulty of an image that was not seen yet
LEAST = 0.002  # difficulty of an image that is always right: it is still drawn now and then
KEEP = 0.8  # share of the old difficulty in the new one


class Sampler:
    """Draws the images of each epoch.

    The difficulty of an image is a running mean of how far the probability of its label fell short of the target, much
    as in online batch selection (Loshchilov and Hutter 2015), which ranks images by their loss.

    Parameters
    ----------
    n : int
        How many images there are, and how many an epoch draws.
    seed : int
        Of the run.
    hard_sampling : float
        Share that is drawn in proportion to difficulty, the rest evenly; 0 draws every image once.
    balanced : uint8 array (n,), optional
        The images' labels, where each class is to be drawn equally often.
    """

    def __init__(self, n: int, seed: int, hard_sampling: float, balanced: npt.NDArray[np.uint8] | None = None) -> None:
        self.n, self.seed, self.hard_sampling = n, seed, hard_sampling
        self.weights = np.ones(n) if balanced is None else 1 / np.bincount(balanced)[balanced]
        self.difficulty = aligned((n if hard_sampling else 0,))
        self.difficulty[:] = START
        self.drawn_by = self.difficulty.copy()  # difficulty as it was when the epoch under way began

    def begin_epoch(self) -> None:
        """Fix the difficulties that the next epoch is drawn by."""
        self.drawn_by[:] = self.difficulty

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """Return the images of an epoch.

        Parameters
        ----------
        epoch : int
            Its number, from 0.

        Returns
        -------
        int64 array (n,)
            Row numbers. During an epoch each call returns the same.
        """
        random = generator(self.seed, Stream.ORDER, epoch)
        order = random.permutation(self.n)
        if not self.hard_sampling and np.ptp(self.weights) == 0:
            return order
        hard, difficulty = self.hard_sampling, self.drawn_by.astype(np.float64)
        harder = hard * difficulty / self.drawn_by.mean(dtype=np.float64) if hard else 0.0
        ends = np.cumsum(self.weights * (1 - hard + harder))
        # Evenly spaced places on a line on which every image holds its share: each image comes up as often as it
        # should, to within one (systematic resampling, Kitagawa 1996).
        places = (np.arange(self.n) + random.random()) * (ends[-1] / self.n)
        drawn: npt.NDArray[np.int64] = np.minimum(np.searchsorted(ends, places, side="right"), self.n - 1)[order]
        return drawn

    def learn(self, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.uint8], dlogits: Array) -> None:
        """Update the difficulties from a batch.

        Parameters
        ----------
        rows : int64 array (N,)
            Which images were in the batch.
        labels : uint8 array (N,)
            Their labels.
        dlogits : float32 array (N or more, K)
            Gradient of the mean loss with respect to the logits, before it is used up.
        """
        if self.hard_sampling:
            short = -len(rows) * dlogits[np.arange(len(rows)), labels]
            self.difficulty[rows] = KEEP * self.difficulty[rows] + (1 - KEEP) * np.maximum(short, LEAST)
