"""The table that a sweep draws while it runs."""

import time
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from handgrad.sweeps import Sweep
    from handgrad.sweeps.local import Event


class Board:
    """What is known of each level so far. Tell it each event with `note`."""

    def __init__(self, sweep: "Sweep") -> None:
        self.sweep, self.running, self.began = sweep, set[str](), time.monotonic()
        self.accuracies: dict[str, list[float]] = {cell: [] for cell in sweep.plan.cells}
        for cell, by_seed in sweep.tried().items():
            self.accuracies[cell] = list(by_seed.values())
        self.done_before = self.done()

    def note(self, event: "Event") -> str:
        """Take in an event; returns it as a line, or nothing where it is not worth one."""
        from handgrad.sweeps.local import Finished, Started

        if isinstance(event, Started):
            self.running.add(event.trial)
            return ""
        self.running.discard(event.trial)
        trial = self.sweep.plan.describe(event.trial)
        if not isinstance(event, Finished):
            return f"{trial}: set aside, {event.reason}"
        accuracy, seconds = event.record["valid_accuracy"], event.record["seconds"]
        self.accuracies[self.sweep.plan.trials[event.trial][0]].append(accuracy)
        return f"{self.done()}/{len(self.sweep.plan.trials)}  {trial}: {accuracy:.2%} in {seconds:.1f} s"

    def done(self) -> int:
        return sum(map(len, self.accuracies.values()))

    def left(self) -> int:
        return len(self.sweep.plan.trials) - self.done()

    def table(self) -> "Table":
        from rich.table import Table

        table = Table(title=self._title(), title_justify="left", caption=self._caption(), caption_justify="left")
        table.add_column("level")
        for name in ("trials", "running", "validation", "deviation"):
            table.add_column(name, justify="right")
        means = {cell: fmean(found) for cell, found in self.accuracies.items() if found}
        leader = max(means, key=lambda cell: means[cell]) if means else ""
        running = [self.sweep.plan.trials[trial][0] for trial in self.running]
        for cell, found in self.accuracies.items():
            mean = f"{means[cell]:.2%}" if found else ""
            spread = f"{stdev(found):.2%}" if len(found) > 1 else ""
            trials = f"{len(found)}/{self.sweep.plan.seeds}"
            style = "bold" if cell == leader else ""
            table.add_row(cell, trials, str(running.count(cell) or ""), mean, spread, style=style)
        return table

    def _title(self) -> str:
        return f"{self.sweep.plan.recipe.name}: {self.done()} of {len(self.sweep.plan.trials)} trials"

    def _caption(self) -> str:
        fresh, seconds = self.done() - self.done_before, time.monotonic() - self.began
        if not fresh:
            return "Ctrl-C stops; the same command goes on"
        minutes = seconds / fresh * self.left() / 60
        return f"about {minutes:.0f} min left; Ctrl-C stops, the same command goes on"
