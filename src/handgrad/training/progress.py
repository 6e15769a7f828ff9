"""How far a training run is: what it tells after each step and epoch, and what a checkpoint keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, TypedDict

from msgspec import Meta

from handgrad.files import checked

Count = Annotated[int, Meta(ge=0, le=1 << 40)]
Share = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=1e10)]
LEFT_OUT = ("seconds", "images_per_second", "valid_class_accuracy")  # of a model's record


@dataclass(frozen=True)
class Step:
    """One update.

    Parameters
    ----------
    step : int
        Its number in the whole run, from 1.
    loss : float
        Mean loss of its batch, in nats.
    epoch : int
        The epoch under way, from 1.
    images_per_second : float
        Mean speed in this epoch.
    """

    step: int
    loss: float
    epoch: int
    images_per_second: float


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images.

    Parameters
    ----------
    epoch : int
        Its number, from 1.
    step : int
        How many updates were made until its end.
    train_loss, train_accuracy : float
        Means over its batches, as they were met: with dropout and distortions. Members of an ensemble count each for
        its own share.
    valid_loss, valid_accuracy : float or None
        On the validation images; None where none were kept back.
    lr : float
        Learning rate of the last step.
    seconds : float
        Time of training and validation.
    images_per_second : float
        Speed of training.
    valid_f1 : float or None
        Mean of the classes' F1 on the validation images; None where they, or an earlier version, did not measure it.
    valid_class_accuracy : tuple of float or None
        Of the validation images of each class, the share that was answered rightly; None for a class without images.
    """

    epoch: Count
    step: Count
    train_loss: float
    train_accuracy: Share
    valid_loss: float | None
    valid_accuracy: Share | None
    lr: float
    seconds: Seconds
    images_per_second: float
    valid_f1: Share | None = None
    valid_class_accuracy: tuple[Share | None, ...] = ()

    def measured(self) -> dict[str, Any]:
        """Return what does not depend on a clock.

        Returns
        -------
        dict of str to object
            The fields but for `seconds`, `images_per_second`, and the single classes, of which there may be hundreds.
        """
        return {name: value for name, value in asdict(self).items() if name not in LEFT_OUT}


@dataclass(frozen=True)
class Validation:
    """What the validation images say after an epoch; nothing where none were kept back.

    Parameters
    ----------
    loss, accuracy, f1, class_accuracy : float, float, float, tuple of float or None
        The fields of `Epoch` that begin with `valid_`.
    """

    loss: float | None = None
    accuracy: float | None = None
    f1: float | None = None
    class_accuracy: tuple[float | None, ...] = ()


@dataclass
class Progress:
    """Where a run stands.

    Parameters
    ----------
    step : int
        How many updates were made.
    history : list of Epoch
        The finished epochs.
    loss_sum : float
        Sum of the losses of the epoch under way.
    right : int
        How many of its images were answered rightly.
    seconds : float
        How long it has taken.
    """

    step: int = 0
    history: list[Epoch] = field(default_factory=list)
    loss_sum: float = 0.0
    right: int = 0
    seconds: float = 0.0

    @property
    def train_seconds(self) -> float:
        """Time of the finished epochs in seconds, with validation, without compiling."""
        return sum(epoch.seconds for epoch in self.history)

    def add(self, loss: float, right: int, seconds: float) -> None:
        """Take in an update.

        Parameters
        ----------
        loss : float
            Mean loss of its batch.
        right : int
            How many of its images were answered rightly.
        seconds : float
            Time of the epoch so far.
        """
        self.step += 1
        self.loss_sum, self.right, self.seconds = self.loss_sum + loss, self.right + right, seconds

    def finish_epoch(self, record: Epoch) -> None:
        """Take in a finished epoch.

        Parameters
        ----------
        record : Epoch
            What is to be remembered of it.
        """
        self.history.append(record)
        self.loss_sum, self.right, self.seconds = 0.0, 0, 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values.

        Returns
        -------
        dict of str to object
            As `from_json` reads them.
        """
        history = [asdict(epoch) for epoch in self.history]
        return {"step": self.step, "history": history, "epoch": [self.loss_sum, self.right, self.seconds]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Progress:
        """Return the progress that a checkpoint holds.

        Parameters
        ----------
        values : mapping of str to object
            What `to_json` gave.

        Returns
        -------
        Progress
            The same.

        Raises
        ------
        ValueError
            Where it holds none.
        """
        found = checked(dict(values), _Saved)
        return cls(found["step"], found["history"], *found["epoch"])


class _Saved(TypedDict):
    """What `Progress.to_json` gives."""

    step: Count
    history: list[Epoch]
    epoch: tuple[float, Count, Seconds]
