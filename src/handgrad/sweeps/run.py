"""A sweep: trials, then a choice on validation images, then one evaluation of the winner on test images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from handgrad.errors import UserError
from handgrad.evaluation import Evaluation
from handgrad.evaluation.choice import Choice, Tried, choose
from handgrad.files import check_regular, locked, replace_file
from handgrad.kernels.compiling import Report, silent
from handgrad.model.shipped import MODEL_FILE
from handgrad.report import level_curves, level_dots, save, sweep_page, write_page
from handgrad.report.style import can_draw
from handgrad.sweeps.folder import CHOICE, Folder
from handgrad.sweeps.grid import Vary
from handgrad.sweeps.local import Event, Failed, Finished
from handgrad.sweeps.plan import Plan
from handgrad.sweeps.trial import Record, code_version
from handgrad.sweeps.workers import runner
from handgrad.training.compiling import compile_kernels
from handgrad.training.data import Source
from handgrad.training.evaluate import evaluate_file
from handgrad.training.recipe import Recipe
from handgrad.training.run import CURVES, Run

WINNER, LEVELS, REPORT = "winner", "levels.png", "sweep.html"
LIMIT = 3600.0  # seconds that a trial may take


class Sweep:
    """A sweep and its folder; it goes on where it was left, whatever interrupted it.

    `failures` says why trials were set aside; until the choice is made, the next run tries them again.

    Parameters
    ----------
    folder : Folder
        The folder, with the sweep's plan.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder, self.plan = folder, folder.plan
        check_regular(folder.path / CHOICE)
        self.chosen = (folder.path / CHOICE).is_file()
        self.failures = folder.failures() if self.chosen else {}

    @property
    def report(self) -> Path:
        """The HTML report, once the sweep is concluded."""
        return self.folder.path / REPORT

    @classmethod
    def open(
        cls, out: str | Path, recipe: Recipe, vary: Vary, seeds: int = 5, data: str | Path | Source = "mnist"
    ) -> Sweep:
        """Return the sweep in a folder, begun if it is new.

        One that an earlier version began can be read and concluded, but trains no missing trials.

        Parameters
        ----------
        out : str or Path
            The folder.
        recipe : Recipe
            What all trials share.
        vary : mapping of str to iterable
            The levels of each field that varies, the simplest first.
        seeds : int
            How many seeds each combination of levels is trained with.
        data : str, Path or Source
            Where the images come from, see `handgrad.load`.

        Returns
        -------
        Sweep
            With the records that the folder holds already.

        Raises
        ------
        UserError
            For a plan that cannot be carried out, and a folder with something else in it.
        """
        return cls(Folder.open(out, Plan.make(recipe, vary, seeds, data)))

    def run(self, workers: int = 1, cluster: str = "", limit: float = LIMIT) -> Iterator[Event]:
        """Run the trials that are missing, and write the record of each as soon as it is finished.

        Parameters
        ----------
        workers : int
            Number of processes on this machine, each on one core.
        cluster : str
            Address of a Dask scheduler whose workers to use instead, as tcp://HOST:PORT.
        limit : float
            Seconds that a trial may take.

        Yields
        ------
        Event
            What becomes of each trial.

        Raises
        ------
        UserError
            If another version began the sweep, another process works in the folder, or there are no workers.
        """
        missing = self.folder.missing()
        if self.chosen or not missing:
            return
        self._refuse_other_code(len(missing))
        with locked(self.folder.path), runner(min(workers, len(missing)), cluster, self.folder) as run:
            for event in run(missing, limit):
                if isinstance(event, Finished):
                    self.folder.write(event.record)
                elif isinstance(event, Failed):
                    self.failures[event.trial] = event.reason
                yield event

    def compile_kernels(self, report: Report = silent) -> None:
        """Compile the kernels that the trials need, before several workers do so at the same time.

        Parameters
        ----------
        report : callable
            Told, in one line, what is compiled and how long it takes.

        Raises
        ------
        UserError
            If an earlier version began the sweep, so that nothing can be trained.
        """
        self._refuse_other_code(len(self.folder.missing()))
        data, _ = self.plan.dataset.load().split()
        for recipe in self.plan.cells.values():
            compile_kernels(recipe, data, report)

    def rows(self) -> list[Record]:
        """Return the finished trials as rows of a table.

        Returns
        -------
        list of dict
            For each trial its name, levels, seed, accuracies, losses, history and seconds.
        """
        return [self.plan.row(trial, record) for trial, record in self.folder.records().items()]

    def tried(self) -> Tried:
        """Return the validation accuracies of the finished trials.

        Returns
        -------
        dict of str to dict of int to float
            For each level the accuracy, in 0..1, with each seed; levels without a finished trial are left out.
        """
        return self.folder.by_level("valid_accuracy")

    def choose(self) -> Choice:
        """Choose the winner and write the choice, which is final from then on.

        Returns
        -------
        Choice
            The winner, and how the other levels compare with it.

        Raises
        ------
        UserError
            If a trial is neither finished nor set aside.
        """
        open_trials = [trial for trial in self.folder.missing() if trial.name not in self.failures]
        if open_trials:
            raise UserError(f"{len(open_trials)} of {len(self.plan.trials)} trials are open: run them first")
        choice = choose(self.tried())
        fixed = {**choice.to_json(), "failures": self.failures}
        replace_file(self.folder.path / CHOICE, json.dumps(fixed, indent=1).encode())
        self.chosen = True
        self.folder.remove_checkpoints()
        return choice

    def winner(self, choice: Choice) -> Run | None:
        """Return the run that trains the winner with a seed that no trial had.

        Parameters
        ----------
        choice : Choice
            From `choose`.

        Returns
        -------
        Run or None
            The run, begun or resumed; None if it is finished.

        Raises
        ------
        UserError
            If its folder holds another run.
        """
        recipe, dataset, seed = self.plan.cells[choice.winner], self.plan.dataset, self.plan.seeds
        return Run.begin_or_resume(self.folder.path / WINNER, recipe, dataset, seed)

    def conclude(self, choice: Choice) -> Evaluation:
        """Evaluate the trained winner on the test images, and write the report if matplotlib is installed.

        Parameters
        ----------
        choice : Choice
            From `choose`.

        Returns
        -------
        Evaluation
            What was found on the test images.

        Raises
        ------
        UserError
            If the winner has not been trained, or a file cannot be written.
        """
        path, (found, _) = self.folder.path, evaluate_file(self.folder.path / WINNER / MODEL_FILE, self.plan.dataset)
        if not can_draw():
            return found
        failures = {self.plan.describe(trial): why for trial, why in self.failures.items()}
        histories = {level: list(by_seed.values()) for level, by_seed in self.folder.by_level("history").items()}
        save(level_dots(choice), path / LEVELS)
        save(level_curves(histories), path / CURVES)
        write_page(sweep_page(self._facts(), choice, histories, failures, found), self.report)
        return found

    def _facts(self) -> dict[str, str]:
        plan, records = self.plan, self.folder.records()
        return {
            "Recipe": plan.recipe.name,
            "Trials": f"{len(records)} of {len(plan.trials)}",
            "Seeds": f"0 to {plan.seeds - 1}; the winner's: {plan.seeds}",
            "Data": f"{plan.dataset.dataset} ({plan.checksum[:12]})",
            "Code": plan.code,
            "Time of a trial": f"{median(record['seconds'] for record in records.values()):.1f} s on one core",
        }

    def _refuse_other_code(self, missing: int) -> None:
        begun, own = self.plan.code, code_version()
        if begun != own:
            raise UserError(
                f"{self.folder.path}: begun with handgrad {begun}, this is {own}, and a sweep must not mix versions: "
                f"run its {missing} missing trials with the former, or begin a sweep in a new folder"
            )


def sweep(
    recipe: Recipe, vary: Vary, seeds: int = 5, out: str | Path = "sweep", data: str | Path | Source = "mnist",
    workers: int = 1, cluster: str = "", limit: float = LIMIT,
) -> list[Record]:  # fmt: skip
    """Train every combination of levels with every seed, choose the best, train it once more and evaluate that once.

    Called again, it goes on where it was left.

    Parameters
    ----------
    recipe : Recipe
        What all trials share.
    vary : mapping of str to iterable
        The levels of each field that varies, the simplest first: lists, NumPy arrays, ranges.
    seeds : int
        How many seeds each combination of levels is trained with.
    out : str or Path
        Folder for records, choice, winner and report.
    data : str, Path or Source
        Where the images come from, see `handgrad.load`.
    workers : int
        Number of processes on this machine, each on one core.
    cluster : str
        Address of a Dask scheduler whose workers to use instead, as tcp://HOST:PORT.
    limit : float
        Seconds that a trial may take.

    Returns
    -------
    list of dict
        For each finished trial its levels, seed, accuracies, losses and history, as pandas.DataFrame takes them.

    Raises
    ------
    UserError
        For a plan that cannot be carried out, and a folder that holds something else or cannot be written.
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
