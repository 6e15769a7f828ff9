"""Every kernel body compiled twice: for one thread, and for all of them. Numba compiles on the first call and caches.

Numba takes a cached kernel for fresh while the file that defines it is unchanged, though what it calls from other
files is compiled into it. So only whole kernels are cached, under names that change with any file of this folder.

`serial` may run in several threads of one process at the same time. `parallel` belongs to training: Numba's default
thread layer aborts a process in which two threads enter it.
"""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import numba

from handgrad.kernels import batch_norm, conv, corrupt, dense, optim, pointwise, pool, warp, winograd

BODIES: tuple[Callable[..., object], ...] = (
    dense.dense_forward,
    dense.dense_input_gradient,
    dense.dense_weight_gradient,
    conv.conv_forward,
    conv.conv_input_gradient,
    conv.conv_weight_gradient,
    winograd.winograd_forward,
    winograd.winograd_input_gradient,
    winograd.winograd_weight_gradient,
    pool.max_pool_forward,
    pool.max_pool_backward,
    pool.mean_pool_forward,
    pool.mean_pool_backward,
    batch_norm.norm_forward,
    batch_norm.norm_apply,
    batch_norm.norm_backward,
    pointwise.relu_forward,
    pointwise.relu_backward,
    pointwise.add,
    pointwise.dropout,
    pointwise.softmax_cross_entropy,
    optim.sgd_step,
    optim.adam_step,
    optim.average_step,
    optim.clip_norm,
    warp.warp,
    corrupt.soil,
)


def _digest() -> str:
    """Of the source of all kernels."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return blake2b(b"".join(file.read_bytes() for file in files), digest_size=8).hexdigest()


def _compiled(body: FunctionType, parallel: bool) -> Any:
    """Kept where there is a place to keep it: beside a read-only installation, a user without a home has none."""
    try:
        return numba.njit(nogil=True, cache=True, error_model="numpy", parallel=parallel)(body)
    except RuntimeError:
        return numba.njit(nogil=True, error_model="numpy", parallel=parallel)(body)


def _namespace(parallel: bool) -> SimpleNamespace:
    made = SimpleNamespace(threads=numba.get_num_threads if parallel else lambda: 1)
    for body in BODIES:
        name = body.__name__
        is_parallel = parallel and name != "softmax_cross_entropy"  # ten numbers a row: not worth a second thread
        copy = FunctionType(body.__code__, body.__globals__, name)
        kind = "parallel" if is_parallel else "serial"
        copy.__qualname__ = f"{name}_{kind}_{DIGEST}"  # the cache files go by this name
        setattr(made, name, _compiled(copy, is_parallel))
    return made


DIGEST = _digest()
serial = _namespace(parallel=False)
parallel = _namespace(parallel=True)
