"""Choosing among levels that were each tried with several seeds: honest about what chance alone would do."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from handgrad.errors import UserError

Tried = Mapping[str, Mapping[int, float]]  # level -> seed -> accuracy


@dataclass(frozen=True)
class Standing:
    """How one level did. `behind` is the mean over seeds of (winner's accuracy - its own), `error` that mean's standard
    error (None for one seed); `close`: behind by no more than that."""

    level: str
    accuracies: tuple[float, ...]
    mean: float
    deviation: float
    behind: float
    error: float | None
    close: bool


@dataclass(frozen=True)
class Choice:
    """The level of the highest mean accuracy, and how each of them stands to it, in the order given: simplest first."""

    winner: str
    seeds: tuple[int, ...]
    standings: tuple[Standing, ...]

    @property
    def close(self) -> tuple[str, ...]:
        """The other levels that are not distinguishably worse, simplest first."""
        return tuple(s.level for s in self.standings if s.close and s.level != self.winner)

    def __getitem__(self, level: str) -> Standing:
        return next(s for s in self.standings if s.level == level)

    def sentence(self) -> str:
        """The choice in words."""
        best, seeds = self[self.winner], len(self.seeds)
        words = (
            f"{self.winner} has the highest mean validation accuracy, {best.mean:.2%} over {seeds} seeds "
            f"(deviation {best.deviation:.2%})"
        )
        if seeds == 1:
            return f"{words.replace(' (deviation 0.00%)', '').replace('seeds', 'seed')}; one seed tells no level apart."
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
        return {**asdict(self), "close": self.close, "sentence": self.sentence()}


def choose(tried: Tried) -> Choice:
    """Compare levels by accuracy, seed by seed, on the seeds that all of them share.

    Equal seeds have equal batches and distortions, so the differences within a seed vary less than the accuracies. The
    winner is the highest mean; a level counts as no worse when the mean difference is within its standard error, the
    one-standard-error rule (Breiman et al. 1984, section 3.4.3) on paired differences. Of equal means the level that
    was given first wins.
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
