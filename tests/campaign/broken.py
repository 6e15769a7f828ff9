"""A reader with faults of every kind, to see that they are found."""

import os
import random
from pathlib import Path

from campaign.reader import Reader


def broken(folder: Path) -> Reader:
    """It fails, dies or takes too much, as the first letter says."""

    def read(content: bytes) -> object:
        if content[:1] == b"k":
            raise KeyError(content)
        if content[:1] == b"d":
            os.abort()
        return b"m" * (60 << 20) if content[:1] == b"m" else None

    def changed(draw: random.Random, content: bytes) -> bytes:
        return draw.choice((b"k", b"d", b"m", b"a")) + draw.randbytes(9)

    return Reader([b"a"], changed, read, 20)


READERS = {"broken": broken}
