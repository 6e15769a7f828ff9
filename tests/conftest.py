"""Threads: several test processes share the cores, so each computes on one, unless a test says otherwise."""

import os

os.environ["NUMBA_NUM_THREADS"] = "3"  # some tests compare one, two and three threads, whatever the machine has
os.environ["OMP_WAIT_POLICY"] = "passive"  # threads that wait for work leave the core to the other test process
import numba

numba.set_num_threads(1)
