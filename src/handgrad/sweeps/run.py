"""A sweep: every level with every seed, then a choice on validation images, then one look at the test images."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.evaluation.choice import Choice, Tried, choose
from handgrad.evaluation.metrics import Evaluation
from handgrad.files import locked, replace_file
from handgrad.report import level_curves, level_dots, save, sweep_page, write_page
from handgrad.sweeps.folder import Folder, Plan, read_object
from handgrad.sweeps.grid import Vary
from handgrad.sweeps.local import Event, Failed, Finished, run_here
from handgrad.sweeps.trial import Record, Trial
from handgrad.training.recipe import Recipe
from handgrad.training.run import CURVES, MODEL, Run, judge
from handgrad.training.trainer import warm_up

CHOICE, WINNER = "choice.json", "winner"
LEVELS, REPORT = "levels.png", "sweep.html"
LIMIT = 3600.0  # seconds that a trial may take

Runner = Callable[[Iterable[Trial], float], Iterator[Event]]


class Sweep:
    """A sweep and its folder. The same plan in the same folder goes on where it was left, however that came about.

    failures: {trial: why it was set aside}; until the choice is made, such trials are tried again with the next run.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder, self.plan = folder, folder.plan
        self.chosen = (folder.path / CHOICE).is_file()
        self.failures: dict[str, str] = read_object(folder.path / CHOICE)["failures"] if self.chosen else {}

    @property
    def report(self) -> Path:
        return self.folder.path / REPORT

    @classmethod
    def open(cls, out: str | Path, recipe: Recipe, vary: Vary, seeds: int = 5, data: str = "mnist") -> "Sweep":
        """The sweep in folder `out`, begun if it is new; UserError for a bad plan, or a folder with something else."""
        return cls(Folder.open(out, Plan.make(recipe, vary, seeds, data)))

    def run(self, workers: int = 1, cluster: str = "", limit: float = LIMIT) -> Iterator[Event]:
        """Run what is missing here, on so many processes, or on the cluster at an address; records are kept at once."""
        missing = self.folder.missing()
        if self.chosen or not missing:
            return
        with locked(self.folder.path), _runner(min(workers, len(missing)), cluster) as run:
            for event in run(missing, limit):
                if isinstance(event, Finished):
                    self.folder.write(event.record)
                elif isinstance(event, Failed):
                    self.failures[event.trial] = event.reason
                yield event

    def warm_up(self) -> None:
        """Compile what the trials need, once, before several workers do so at the same time."""
        data, _ = load(self.plan.dataset).split()
        for recipe in self.plan.cells.values():
            warm_up(recipe, data)

    def rows(self) -> list[Record]:
        """A flat dictionary for each finished trial."""
        return [self.plan.row(record) for record in self.folder.records().values()]

    def tried(self) -> Tried:
        """{level: {seed: validation accuracy}} as far as known; levels without any record are left out."""
        found: dict[str, dict[int, float]] = {}
        for name, record in self.folder.records().items():
            cell, trial = self.plan.trials[name]
            found.setdefault(cell, {})[trial.seed] = record["valid_accuracy"]
        return {cell: found[cell] for cell in self.plan.cells if cell in found}

    def choose(self) -> Choice:
        """The winner, fixed from now on; UserError while a trial is neither finished nor set aside."""
        open_trials = [trial for trial in self.folder.missing() if trial.name not in self.failures]
        if open_trials:
            raise UserError(f"{len(open_trials)} of {len(self.plan.trials)} trials are open: run them first")
        choice = choose(self.tried())
        fixed = {**choice.to_json(), "failures": self.failures}
        replace_file(self.folder.path / CHOICE, json.dumps(fixed, indent=1).encode())
        self.chosen = True
        return choice

    def winner(self, choice: Choice) -> Run | None:
        """The run that trains the winner with a seed that no trial had, begun or gone on with; None when finished."""
        recipe, dataset, seed = self.plan.cells[choice.winner], self.plan.dataset, self.plan.seeds
        return Run.unfinished(self.folder.path / WINNER, recipe, dataset, seed)

    def conclude(self, choice: Choice) -> Evaluation:
        """Let the finished winner see the test images, and write the report."""
        path = self.folder.path
        found = judge(path / WINNER / MODEL, self.plan.dataset)
        failures = {self.describe(trial): why for trial, why in self.failures.items()}
        curves = self._curves()
        save(level_dots(choice), path / LEVELS)
        save(level_curves(curves), path / CURVES)
        write_page(sweep_page(self._facts(), choice, curves, failures, found), self.report)
        return found

    def _curves(self) -> dict[str, list[list[Record]]]:
        """{level: the history of each of its seeds}."""
        found: dict[str, list[list[Record]]] = {}
        for name, record in self.folder.records().items():
            found.setdefault(self.plan.trials[name][0], []).append(record["history"])
        return {cell: found[cell] for cell in self.plan.cells if cell in found}

    def _facts(self) -> dict[str, str]:
        plan, records = self.plan, self.folder.records()
        return {
            "Recipe": plan.recipe.name,
            "Trials": f"{len(records)} of {len(plan.trials)}",
            "Seeds": f"0 to {plan.seeds - 1}; the winner's: {plan.seeds}",
            "Data": f"{plan.dataset} ({plan.checksum[:12]})",
            "Code": plan.code,
            "Time of a trial": f"{median(record['seconds'] for record in records.values()):.1f} s on one core",
        }

    def describe(self, trial: str) -> str:
        """A trial in words."""
        cell, what = self.plan.trials[trial]
        return f"{cell}, seed {what.seed}"


def sweep(
    recipe: Recipe, vary: Vary, seeds: int = 5, out: str | Path = "sweep", data: str = "mnist", workers: int = 1,
    cluster: str = "", limit: float = LIMIT,
) -> list[Record]:  # fmt: skip
    """Train every level with every seed, choose, train the winner, evaluate it once; all is in folder `out` afterwards.

    vary: {field: levels}, each list from the simplest level on. seeds: how many. workers: processes, each on one core.
    cluster: tcp://HOST:PORT of a Dask scheduler instead. limit: seconds that a trial may take. Returns a dictionary for
    each finished trial (its levels, seed, accuracies, losses, history), which pandas.DataFrame takes as they are.
    Called again, it goes on where it was left. Raises UserError for what the caller can mend.
    """
    made = Sweep.open(out, recipe, vary, seeds, data)
    for _ in made.run(workers, cluster, limit):
        pass
    choice = made.choose()
    if run := made.winner(choice):
        for _ in run.events():
            pass
        run.finish()
    made.conclude(choice)
    return made.rows()


@contextmanager
def _runner(workers: int, cluster: str) -> Iterator[Runner]:
    if workers == 1 and not cluster:
        yield run_here
        return
    from handgrad.sweeps.cluster import connected, local, run_on

    with connected(cluster) if cluster else local(workers) as client:
        yield partial(run_on, client)
