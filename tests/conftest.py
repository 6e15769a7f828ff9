"""Kernels are compiled before the tests, on all cores; then each test process computes on one, as they share them."""

import os
import signal

from handgrad.kernels.objects import load
from handgrad.kernels.registry import KERNELS


def pytest_configure(config) -> None:
    if not hasattr(config, "workerinput"):
        load(KERNELS, print)
    os.environ["HANDGRAD_THREADS"] = "1"
    if hasattr(signal, "SIGHUP"):  # ignored where the tests run under nohup
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


FOLDERS = {"kernels": 0, "datasets": 2, "images": 2, "reading": 2}
LONG = ("test_conv.py", "test_corrupt.py", "test_scratch.py", "test_winograd.py")  # few others need what they compile


def pytest_collection_modifyitems(items) -> None:
    items.sort(key=place)


def place(item) -> int:
    """Kernels first, then what needs none: of two processes with half of the tests each, one compiles meanwhile.

    The sweeps come before all of these, as they are long, and the other process would wait for them at the end.
    """
    if item.path.parent.name == "sweeps" and item.get_closest_marker("slow"):
        return -1
    return 1 if item.path.name in LONG else FOLDERS.get(item.path.parent.name, 3)
