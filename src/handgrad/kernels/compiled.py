"""Every kernel body compiled twice: for one thread, and for all of them. Numba compiles on the first call and caches.

`serial` may run in several threads of one process at the same time. `parallel` belongs to training: Numba's default
thread layer aborts a process in which two threads enter it.
"""

from collections.abc import Callable
from types import FunctionType, SimpleNamespace

import numba

from handgrad.kernels import conv, dense, norm, pointwise, pool, soil, update, warp, winograd

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
    norm.norm_forward,
    norm.norm_apply,
    norm.norm_backward,
    pointwise.relu_forward,
    pointwise.relu_backward,
    pointwise.add,
    pointwise.dropout,
    pointwise.softmax_cross_entropy,
    update.sgd_step,
    update.adam_step,
    update.average_step,
    update.clip_norm,
    warp.warp,
    soil.soil,
)


def _namespace(parallel: bool) -> SimpleNamespace:
    made = SimpleNamespace(threads=numba.get_num_threads if parallel else lambda: 1)
    for body in BODIES:
        name = body.__name__
        is_parallel = parallel and name != "softmax_cross_entropy"  # ten numbers a row: not worth a second thread
        copy = FunctionType(body.__code__, body.__globals__, name)
        copy.__qualname__ = f"{name}_{'parallel' if is_parallel else 'serial'}"  # the cache files go by this name
        setattr(made, name, numba.njit(nogil=True, cache=True, error_model="numpy", parallel=is_parallel)(copy))
    return made


serial = _namespace(parallel=False)
parallel = _namespace(parallel=True)
