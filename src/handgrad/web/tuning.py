"""Going on with a model on a user's own digits while the server answers, one at a time.

It runs in a process of its own, which gives way to the answers of the server; the model that comes out is served
beside the others, until the server ends.
"""

import logging
import multiprocessing
import os
import signal
import tempfile
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

from handgrad.datasets import Images
from handgrad.errors import UserError
from handgrad.kernels.threads import limited
from handgrad.model.model import Model
from handgrad.web.models import Models
from handgrad.web.problem import Problem, busy
from handgrad.web.served import Served

State = dict[str, Any]
NICE = 5  # how far the process steps back behind those that answer
REPORT = 0.2  # seconds between two reports of progress


class Tuning:
    """The one tuning of a server, and how far it is.

    Parameters
    ----------
    models : Models
        Gets the model that comes out.
    threads : int
        Threads that compute answers; one less train, so that answers find a core.

    Attributes
    ----------
    state : dict
        What `GET /api/tune` answers.
    """

    def __init__(self, models: Models, threads: int) -> None:
        self.state: State = {"state": "none"}
        self._models, self._threads, self._made = models, max(threads - 1, 1), 0
        self._process: Any = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def begin(self, served: Served, own: Images) -> None:
        """Begin to tune.

        Parameters
        ----------
        served : Served
            What to go on with.
        own : Images
            The user's, class by class.

        Raises
        ------
        Problem
            Where one is in progress.
        """
        if self.state["state"] == "running":
            raise Problem(
                409, f"a tuning of {self.state['model']} is in progress, {self.state['done']:.0%} are done: wait for "
                "it, or end it by DELETE /api/tune", "busy",
            )  # fmt: skip
        try:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="handgrad-")
        except OSError as error:
            raise busy(f"a tuned model needs a temporary folder, and none can be made ({error.strerror})") from None
        self._made += 1
        file = Path(self._folder.name) / f"{self._made}.safetensors"
        spawn = multiprocessing.get_context("spawn")
        pipe, theirs = spawn.Pipe(duplex=False)
        work = theirs, served.file, own, file, self._threads
        process: Any = spawn.Process(target=_tune, args=work, name="handgrad-tune", daemon=True)
        self._process = process
        self.state = {"state": "running", "model": served.name, "digits": len(own), "done": 0.0}
        Thread(target=self._follow, args=(process, pipe, theirs, file), daemon=True).start()

    def end(self) -> None:
        """End the tuning in progress, if there is one; nothing comes of it."""
        if self.state["state"] == "running":
            self.state = {**self.state, "state": "stopped"}
            process, self._process = self._process, None
            if process.pid:  # else it is killed as soon as it has begun
                process.kill()

    def close(self) -> None:
        """End, and remove the files of what was tuned."""
        self.end()
        if self._folder:
            self._folder.cleanup()

    def _follow(self, process: Any, pipe: Connection, theirs: Connection, file: Path) -> None:
        """Take in what the process of a tuning tells, in a thread."""
        process.start()  # here, since it waits until the process has read the images
        theirs.close()
        if process is not self._process:
            process.kill()
        told: State = {"state": "running"}
        try:
            while told["state"] == "running":
                told = pipe.recv()
                if told["state"] == "done":
                    told["tuned"] = self._models.add(self.state["model"], file)
                self._tell(process, told)
        except (EOFError, OSError):
            self._tell(process, {"state": "failed", "detail": "the process that tuned has ended; try again"})
        except UserError as error:
            self._tell(process, {"state": "failed", "detail": str(error)})
        finally:
            process.join()
            pipe.close()

    def _tell(self, process: Any, told: State) -> None:
        if process is not self._process:  # it was ended
            return
        if fault := told.pop("fault", ""):
            logging.getLogger("handgrad").error("a tuning failed: %s", fault)
        self.state = {**self.state, **told}


def _tune(pipe: Connection, start: Path, own: Images, file: Path, threads: int) -> None:
    """Tune, in a process of its own, which ends when nobody reads its reports any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICE)
    with limited(threads):
        try:
            pipe.send(_tuned(pipe, start, own, file))
        except UserError as error:
            pipe.send({"state": "failed", "detail": str(error)})
        except Exception:
            why = "the tuning failed; the server's log says more"
            pipe.send({"state": "failed", "detail": why, "fault": traceback.format_exc()})


def _tuned(pipe: Connection, start: Path, images: Images, file: Path) -> State:
    from handgrad.training.compiling import compile_kernels
    from handgrad.training.progress import Step
    from handgrad.training.tune import compared, own_of, tuned, tuner

    before, own = Model.load(start), own_of(images)
    trainer = tuner(before, own.learn)
    compile_kernels(trainer.recipe, trainer.data)
    told = 0.0
    for event in trainer.run():
        if isinstance(event, Step) and time.monotonic() - told > REPORT:
            pipe.send({"state": "running", "done": event.step / trainer.steps})
            told = time.monotonic()
    after = tuned(trainer, before)
    after.save(file)
    found = compared(before, after, own.held)
    return {"state": "done", "done": 1.0, "learnt_from": len(own.learn), "held": len(own.held), **found}
