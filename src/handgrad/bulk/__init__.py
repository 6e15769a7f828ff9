"""Many pictures read into one table, by several processes or machines, that goes on after any interruption."""

from handgrad.bulk.run import Progress, Table

__all__ = ["Progress", "Table"]
