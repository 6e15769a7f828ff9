"""Where images come from, and how the picture files of a folder become pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

from handgrad import datasets
from handgrad.datasets import Dataset, Resized, resolve
from handgrad.errors import UserError
from handgrad.files import checked

PICTURES = ("digits", "pictures")


@dataclass(frozen=True)
class Source:
    """Where images come from.

    Parameters
    ----------
    dataset : str
        The name of a data set, or an absolute path.
    pictures : str
        How picture files become pixels: `digits` (the ink is found, cut out and centred, bright on dark, 28x28, as
        `predict` does) or `pictures` (whole pictures).
    size : int
        The side of whole pictures after resizing, in pixels; 0 leaves them as they are.
    """

    dataset: str
    pictures: str = "digits"
    size: int = 0

    def __post_init__(self) -> None:
        if self.pictures not in PICTURES:
            raise UserError(f"pictures are taken as '{self.pictures}': expected one of {', '.join(PICTURES)}")
        if self.size and self.pictures == "digits":
            raise UserError(f"size is {self.size} for digits, which are always 28x28: expected it with pictures")

    def load(self) -> Dataset:
        """Return the data set.

        Returns
        -------
        Dataset
            See `handgrad.datasets.load`.
        """
        if self.pictures == "digits":
            from handgrad.reading.normalise import Digits

            return datasets.load(self.dataset, Digits())
        return datasets.load(self.dataset, Resized((self.size, self.size)) if self.size else None)

    def to_json(self) -> dict[str, Any]:
        """Return plain values.

        Returns
        -------
        dict of str to object
            As `from_json` reads them.
        """
        return {"dataset": self.dataset, "pictures": self.pictures, "size": self.size}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Source:
        """Return the source that a record holds.

        Parameters
        ----------
        values : mapping of str to object
            With `dataset`; without the rest, a record of an earlier version, which took pictures as they were.

        Returns
        -------
        Source
            The same as was saved.

        Raises
        ------
        ValueError
            Where it holds none.
        """
        found = checked(dict(values), _Saved)
        return cls(found["dataset"], found.get("pictures", "pictures"), found.get("size", 0))


class _Saved(TypedDict):
    """What `Source.to_json` gives."""

    dataset: str
    pictures: NotRequired[Literal["digits", "pictures"]]
    size: NotRequired[int]


def source_of(dataset: str | Path | Source) -> Source:
    """Return a source that means the same from any folder.

    Parameters
    ----------
    dataset : str, pathlib.Path or Source
        The name of a data set (a name goes before a folder of that name), or a path.

    Returns
    -------
    Source
        With a name or an absolute path.
    """
    source = dataset if isinstance(dataset, Source) else Source(str(dataset))
    given = dataset if isinstance(dataset, Path) else source.dataset
    return replace(source, dataset=resolve(given))


def load(dataset: str | Path | Source, pictures: str = "digits", size: int = 0) -> Dataset:
    """Return a data set.

    Parameters
    ----------
    dataset : str, pathlib.Path or Source
        The name of a data set (`handgrad data list` shows them), a folder, or a file of arrays (.npz, .csv). A name
        goes before a folder of that name: write `./mnist` for the folder.
    pictures : str
        How the pictures of a folder become pixels: `digits` or `pictures`, see `Source`.
    size : int
        The side of whole pictures after resizing, in pixels; 0 leaves them as they are.

    Returns
    -------
    Dataset
        Training images, and test images that are read when they are asked for.

    Raises
    ------
    UserError
        For a data set that is unknown, not fetched, or damaged.

    Examples
    --------
    >>> len(load("mnist").train)
    60000
    """
    source = dataset if isinstance(dataset, Source) else Source(str(dataset), pictures, size)
    return replace(source, dataset=resolve(dataset) if isinstance(dataset, Path) else source.dataset).load()
