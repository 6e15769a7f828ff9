"""Counter-based randomness: where a number is used decides what it is, so order and threads do not matter."""

from enum import IntEnum

import numpy as np

MASK = (1 << 64) - 1


class Stream(IntEnum):
    """What random numbers are drawn for.

    Equal seeds draw different numbers in different streams. A value is part of every key: it never changes, and a new
    stream takes the next free one.
    """

    INIT = 0
    ELASTIC = 1
    WARP = 2
    DROPOUT = 3
    ORDER = 4
    CORRUPT = 5
    OUTLIERS = 6
    OUTLIER_ROWS = 7
    TUNE = 8
    SPLIT = 9
    REDRAWN = 10
    REDRAWN_ROWS = 11
    WRONG_CUTS = 12


def derive(*path: int) -> int:
    """Return the key of a place such as (seed, stream, step).

    SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators") absorbs part by part.

    Parameters
    ----------
    *path : int
        What leads to the place; of each number the lowest 64 bits count.

    Returns
    -------
    int
        A key of 63 bits: compiled code takes it as a signed integer.

    Examples
    --------
    >>> derive(0, Stream.ORDER, 3) == derive(0, Stream.ORDER, 3)
    True
    >>> derive(0, Stream.ORDER, 3) == derive(0, Stream.INIT, 3)
    False
    """
    state = 0
    for part in path:
        state = (state + (part & MASK) + 0x9E3779B97F4A7C15) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 31
    return state >> 1


def generator(seed: int, stream: Stream, *path: int) -> np.random.Generator:
    """Return a generator of its own for a place in a stream.

    Parameters
    ----------
    seed : int
        The seed of the run.
    stream : Stream
        What the numbers are for.
    *path : int
        Where in the stream: an epoch or a step, say.

    Returns
    -------
    numpy.random.Generator
        Philox, keyed by `derive`.

    Examples
    --------
    >>> generator(0, Stream.ORDER, 1).permutation(4).tolist() == generator(0, Stream.ORDER, 1).permutation(4).tolist()
    True
    """
    return np.random.Generator(np.random.Philox(key=derive(seed, stream, *path)))
