"""What validation images say about a model's probabilities: its temperature, and the scores that it answers from."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from handgrad.datasets import Images
from handgrad.evaluation.calibration import best_temperature, class_thresholds
from handgrad.kernels.loss import softmax
from handgrad.nn.params import Array
from handgrad.training.hands import redrawn

REFUSED_SHARE = 0.007  # of each class's validation images: so many of them fall below the model's threshold


def temperature_and_thresholds(
    logits_of: Callable[[Images], Array], valid: Images, copies: bool, seed: int
) -> tuple[float, tuple[float, ...]]:
    """Return the best temperature, and for each class the least score of an answer.

    Parameters
    ----------
    logits_of : callable
        From images to a network's outputs; those behind the classes are for what is none of them.
    valid : Images
        Images that the network has not learnt from.
    copies : bool
        Whether the thresholds have to hold for redrawn copies of the images too.
    seed : int
        What the copies are drawn from.

    Returns
    -------
    temperature : float
        What to divide logits by, for the images as they are.
    thresholds : tuple of float
        Such that nearly all right answers of each class reach them.
    """
    logits, labels = logits_of(valid), valid.labels
    temperature = best_temperature(logits, labels)
    if copies:
        logits = np.concatenate([logits, logits_of(replace(valid, pixels=redrawn(valid, seed)))])
        labels = np.append(labels, labels)
    scores = softmax(logits / temperature)[:, : len(valid.classes)]
    return temperature, class_thresholds(scores, labels, REFUSED_SHARE)
