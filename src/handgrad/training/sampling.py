"""Which images an epoch draws: each of them once, or the hard ones more often."""

import numpy as np
import numpy.typing as npt

from handgrad.nn.params import Array, aligned
from handgrad.rng import Stream, generator

START = 0.125  # difficulty of an image not seen yet
LEAST = 0.002  # of one that is known by heart: it is drawn now and then all the same
KEEP = 0.8  # share of the old difficulty in the new


class Sampler:
    """Draws each epoch's n images.

    focus: the share that is drawn in proportion to difficulty, the rest evenly; 0 draws every image once. Difficulty is
    a running mean of how far the probability of the right class fell short of its target, much as in online batch
    selection (Loshchilov and Hutter 2015), which ranks by loss.
    """

    def __init__(self, n: int, seed: int, focus: float) -> None:
        self.n, self.seed, self.focus = n, seed, focus
        self.difficulty = aligned((n if focus else 0,))
        self.difficulty[:] = START
        self.drawn_by = self.difficulty.copy()  # difficulty as it was when the epoch under way began

    def begin_epoch(self) -> None:
        self.drawn_by[:] = self.difficulty

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """Rows (n,) of the images in this epoch, for as long as it lasts: the same for the same seed."""
        random = generator(self.seed, Stream.ORDER, epoch)
        order = random.permutation(self.n)
        if not self.focus:
            return order
        shares = 1 - self.focus + self.focus * self.drawn_by.astype(np.float64) / self.drawn_by.mean(dtype=np.float64)
        ends = np.cumsum(shares)
        # Evenly spaced places on a line on which every image holds its share: each comes up as often as it should, to
        # within one (systematic resampling, Kitagawa 1996).
        places = (np.arange(self.n) + random.random()) * (ends[-1] / self.n)
        drawn: npt.NDArray[np.int64] = np.minimum(np.searchsorted(ends, places, side="right"), self.n - 1)[order]
        return drawn

    def learn(self, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.uint8], dlogits: Array) -> None:
        """Take in how a batch went: the gradient of its mean loss by the logits (N, K), label by label."""
        if self.focus:
            short = -len(rows) * dlogits[np.arange(len(rows)), labels]
            self.difficulty[rows] = KEEP * self.difficulty[rows] + (1 - KEEP) * np.maximum(short, LEAST)
