"""What the fuzzer knows of a reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaign.mutate import Mutator


@dataclass(frozen=True)
class Reader:
    """A reader, its examples, and how they are changed.

    `read` returns for what it accepts, and raises a UserError for what it refuses. `memory` is what a file may take
    beside its own size, in MB.
    """

    examples: list[bytes]
    change: Mutator
    read: Callable[[bytes], object]
    memory: int = 250


def behind_bar(change: Mutator) -> Mutator:
    """What stands before the first bar names a file, and stays."""

    def changed(draw: Any, content: bytes) -> bytes:
        name, _, text = content.partition(b"|")
        return name + b"|" + change(draw, text)

    return changed
