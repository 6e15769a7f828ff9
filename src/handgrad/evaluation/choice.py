"""The choice among levels that were each tried with several seeds, with an honest account of chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from handgrad.errors import UserError

Tried = Mapping[str, Mapping[int, float]]  # level -> seed -> accuracy


@dataclass(frozen=True)
class Standing:
    """How one level compares with the winner.

    Parameters
    ----------
    level : str
        Name of the level.
    accuracies : tuple of float
        Its accuracy with each of the choice's seeds, in 0..1.
    mean : float
        Mean of the accuracies.
    deviation : float
        Standard deviation of the accuracies; 0 for one seed.
    behind : float
        Mean over the seeds of the winner's accuracy minus this level's.
    error : float or None
        Standard error of `behind`; None for one seed.
    close : bool
        Whether the level is not distinguishably worse than the winner: `behind` is at most `error`.
    """

    level: str
    accuracies: tuple[float, ...]
    mean: float
    deviation: float
    behind: float
    error: float | None
    close: bool


@dataclass(frozen=True)
class Choice:
    """The level with the highest mean accuracy, and how all levels compare with it.

    Parameters
    ----------
    winner : str
        Name of the best level.
    seeds : tuple of int
        The seeds that all levels share; only these are compared.
    standings : tuple of Standing
        One for each level, in the order in which the levels were given: the simplest first.
    """

    winner: str
    seeds: tuple[int, ...]
    standings: tuple[Standing, ...]

    @property
    def close(self) -> tuple[str, ...]:
        """The other levels that are not distinguishably worse, the simplest first."""
        return tuple(s.level for s in self.standings if s.close and s.level != self.winner)

    def __getitem__(self, level: str) -> Standing:
        return next(s for s in self.standings if s.level == level)

    def sentence(self) -> str:
        """Return the choice in words.

        Returns
        -------
        str
            One sentence: the winner, its accuracy, and the levels that are not distinguishably worse.
        """
        best, seeds = self[self.winner], len(self.seeds)
        words = f"{self.winner} has the highest mean validation accuracy, {best.mean:.2%} over {seeds} seed"
        if seeds == 1:
            return f"{words}; one seed tells no level apart."
        words += f"s (deviation {best.deviation:.2%})"
        if len(self.standings) == 1:
            return f"{words}; no other level was tried."
        if not self.close:
            return f"{words}; every other level is worse by more than one standard error of the paired difference."
        verb = "is" if len(self.close) == 1 else "are"
        return (
            f"{words}; {', '.join(self.close)} {verb} not distinguishably worse (within one standard error of the "
            f"paired difference), so {self._simplest()}"
        )

    def _simplest(self) -> str:
        levels = [s.level for s in self.standings if s.close]
        return (
            "it is also the simplest that one may take."
            if levels[0] == self.winner
            else f"the simplest that one may take is {levels[0]}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the choice as values that JSON knows.

        Returns
        -------
        dict
            The fields of this class and of each standing, with `close` and `sentence`.
        """
        return {**asdict(self), "close": self.close, "sentence": self.sentence()}


def choose(tried: Tried) -> Choice:
    """Compare levels by their accuracies, seed by seed.

    Equal seeds have equal batches and distortions, so the differences within a seed vary less than the accuracies do.
    The level with the highest mean wins; of equal means, the level that was given first. A level is not
    distinguishably worse when its mean difference from the winner is within the standard error of that difference.
    This is the one-standard-error rule (Breiman et al. 1984, section 3.4.3), applied to paired differences.

    Parameters
    ----------
    tried : mapping of str to mapping of int to float
        For each level, the simplest first, its accuracy in 0..1 with each seed.

    Returns
    -------
    Choice
        The winner and the standing of each level, on the seeds that all levels share.

    Raises
    ------
    UserError
        If the levels share no seed.

    Examples
    --------
    >>> choice = choose({"dropout 0": {0: 0.90, 1: 0.94}, "dropout 0.1": {0: 0.93, 1: 0.93}})
    >>> choice.winner, choice.close
    ('dropout 0.1', ('dropout 0',))
    """
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in tried.values()))) if tried else []
    if not seeds:
        raise UserError("no seed was finished with every level: nothing can be compared; try more seeds")
    means = {level: fmean(by_seed[seed] for seed in seeds) for level, by_seed in tried.items()}
    winner = max(means, key=lambda level: means[level])
    return Choice(winner, tuple(seeds), tuple(_standing(tried, level, winner, seeds) for level in tried))


def _standing(tried: Tried, level: str, winner: str, seeds: list[int]) -> Standing:
    own = [tried[level][seed] for seed in seeds]
    behind = [tried[winner][seed] - accuracy for seed, accuracy in zip(seeds, own, strict=True)]
    error = _deviation(behind) / math.sqrt(len(seeds)) if len(seeds) > 1 else None
    close = error is None or fmean(behind) <= error
    return Standing(level, tuple(own), fmean(own), _deviation(own), fmean(behind), error, close)


def _deviation(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
