"""What the rows of a table depend on beside the picture and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handgrad.reading.picture import Box


@dataclass(frozen=True)
class Task:
    """What is read of each picture, and how its rows are written.

    Parameters
    ----------
    ending : str
        The format of the table, one of `handgrad.bulk.rows.FORMATS`.
    punctuation : bool
        Whether the column text of a CSV table has punctuation.
    region : tuple of int or None
        Left, top, width and height of the part to read, in pixels; None for all of the picture.
    grid : tuple of int or None
        Columns and rows of cells with one digit each; None where lines are to be found.
    """

    ending: str
    punctuation: bool = False
    region: Box | None = None
    grid: tuple[int, int] | None = None

    def settings(self) -> dict[str, str]:
        """Return what a journal compares when a table goes on.

        Returns
        -------
        dict
            The keys text, region and grid, each as the command line has it.
        """
        return {
            "text": "with punctuation" if self.punctuation else "of digits",
            "region": ",".join(map(str, self.region)) if self.region else "none",
            "grid": "x".join(map(str, self.grid)) if self.grid else "none",
        }
