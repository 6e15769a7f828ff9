"""Test images for a data set that has none: a tenth of its images, which training never sees."""

from dataclasses import replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from handgrad.datasets.images import Dataset, Images

ONE_IN = 10  # images that are kept back
FEWEST = 20  # images of a data set from which some are kept back
KEY = b"kept back"  # of the hash: the choice has nothing to do with the order of a folder's files


def with_test_images(dataset: Dataset) -> Dataset:
    """Keep a tenth of the images back for tests, where a data set has no test images.

    An image's own pixels decide, by a hash: it stays on its side when others are added or the order changes, and copies
    of it stay on the same side. No class is kept back whole.

    Parameters
    ----------
    dataset : Dataset
        A data set.

    Returns
    -------
    Dataset
        The same one if it has test images or fewer than 20 images; else one with test images.
    """
    images = dataset.train
    if dataset.load_test or len(images) < FEWEST:
        return dataset
    chosen = _chosen(images)
    if not chosen.any():
        return dataset
    test = replace(images[chosen], outliers=None)
    return replace(dataset, train=images[~chosen], load_test=lambda: test, undivided=images)


def _chosen(images: Images) -> NDArray[np.bool_]:
    digests = (blake2b(pixels.tobytes(), key=KEY, digest_size=8).digest() for pixels in images.pixels)
    chosen = np.array([int.from_bytes(digest) % ONE_IN == 0 for digest in digests])
    for label in np.unique(images.labels):
        of_class = images.labels == label
        if chosen[of_class].all():
            chosen[of_class] = False
    return chosen
