"""Connectionist temporal classification: the loss of a sequence whose place among the columns nobody has marked.

Graves, Fernandez, Gomez and Schmidhuber 2006, "Connectionist Temporal Classification: Labelling Unsegmented Sequence
Data with Recurrent Neural Networks", equations 6 to 16, in logarithms.
"""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Labels = NDArray[np.integer]

NEVER = -1e30  # the logarithm of no probability


def ctc(logits: Numbers, labels: Labels) -> tuple[float, Numbers]:
    """The mean loss of a batch in nats, and its gradient.

    logits are (N, T, K), the last class is the blank; labels are (N, M), filled up with -1. A sequence too long for its
    columns counts as nothing.
    """
    n, columns, classes = logits.shape
    blank, rows = classes - 1, np.arange(n)
    scores = logits - logits.max(axis=2, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=2, keepdims=True))
    states = np.full((n, 2 * labels.shape[1] + 1), blank)  # a blank before each label, and one behind all
    states[:, 1::2] = np.where(labels >= 0, labels, blank)
    last = 2 * (labels >= 0).sum(axis=1)
    there = np.arange(states.shape[1]) <= last[:, None]
    skips = np.zeros_like(there)  # a label may follow another one without a blank between
    skips[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    said = np.where(
        there[:, None],
        np.take_along_axis(scores, np.broadcast_to(states[:, None], (n, columns, states.shape[1])), 2),
        NEVER,
    )
    forward, backward = np.full(said.shape, NEVER), np.full(said.shape, NEVER)
    forward[:, 0, :2] = said[:, 0, :2]
    for t in range(1, columns):
        forward[:, t] = _summed(forward[:, t - 1], skips) + said[:, t]
    backward[rows, -1, last] = 0.0
    backward[rows[last > 0], -1, last[last > 0] - 1] = 0.0
    back = np.pad(skips[:, 2:], ((0, 0), (0, 2)))[:, ::-1]
    for t in range(columns - 2, -1, -1):
        backward[:, t] = _summed((backward[:, t + 1] + said[:, t + 1])[:, ::-1], back)[:, ::-1]
    total = np.logaddexp(forward[rows, -1, last], np.where(last > 0, forward[rows, -1, last - 1], NEVER))
    possible = total > NEVER / 2
    paths = np.exp(np.minimum(forward + backward - total[:, None, None], 0.0)) * possible[:, None, None]
    visits = np.einsum("nts,nsk->ntk", paths, np.eye(classes)[states] * there[:, :, None])
    gradient = (np.exp(scores) * possible[:, None, None] - visits) / n
    return -float(total[possible].sum()) / n, gradient


def _summed(before: Numbers, skips: NDArray[np.bool_]) -> Numbers:
    """What reaches each state from itself, from the one before it, and over a blank."""
    one = np.pad(before[:, :-1], ((0, 0), (1, 0)), constant_values=NEVER)
    two = np.where(skips, np.pad(before[:, :-2], ((0, 0), (2, 0)), constant_values=NEVER), NEVER)
    summed: Numbers = np.logaddexp(np.logaddexp(before, one), two)
    return summed


def spelled(logits: Numbers) -> list[str]:
    """What is read of (N, T, K) logits: the likeliest class of each column, repeats and blanks left out."""
    best, blank = logits.argmax(axis=2), logits.shape[2] - 1
    new = np.ones(best.shape, bool)
    new[:, 1:] = best[:, 1:] != best[:, :-1]
    return ["".join(map(str, row[kept])) for row, kept in zip(best, new & (best != blank), strict=True)]
