"""Threads: several test processes share the cores, so each computes on one, unless a test says otherwise."""

import os

os.environ["NUMBA_NUM_THREADS"] = "3"  # some tests compare one, two and three threads, whatever the machine has
os.environ["OMP_WAIT_POLICY"] = "passive"  # threads that wait for work leave the core to the other test process
import numba

numba.set_num_threads(1)


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
