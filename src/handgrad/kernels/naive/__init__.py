"""The kernels in plain NumPy: their specification, the path of a single image, and the float64 of gradient checks.

Names, arguments and results are those of the compiled bodies. Here nothing is compiled, any float type works, and
scratch memory is not used.
"""

from handgrad.kernels.naive.batch_norm import *
from handgrad.kernels.naive.conv import *
from handgrad.kernels.naive.dense import *
from handgrad.kernels.naive.images import *
from handgrad.kernels.naive.loss import *
from handgrad.kernels.naive.optim import *
from handgrad.kernels.naive.pointwise import *
from handgrad.kernels.naive.pool import *


def threads() -> int:
    """Count the threads that the kernels of this backend use.

    Returns
    -------
    int
        1 here; in compiled code as many as `handgrad.kernels.threads.threads` says.
    """
    return 1
