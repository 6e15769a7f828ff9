"""How kernels are compiled: without Python's global lock, and dividing as NumPy does.

A division that could raise ZeroDivisionError would keep a loop from becoming vector code. The plain functions of
`sizes.py`, `scratch.py` and `winograd_scratch.py` may be called from compiled code as they are.
"""

from types import FunctionType

from numba import njit
from numba.extending import register_jitable

from handgrad.kernels import scratch, sizes, winograd_scratch

jit = njit(nogil=True, error_model="numpy")

for _module in (sizes, scratch, winograd_scratch):
    for _function in vars(_module).values():
        if isinstance(_function, FunctionType) and _function.__module__ == _module.__name__:
            register_jitable(nogil=True, error_model="numpy")(_function)
