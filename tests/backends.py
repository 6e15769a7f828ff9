"""The compiled backends that tests go through.

`parallel` is what training uses. `serial` has the same bodies, compiled once more, which takes as long again: tests of
what only training uses run with it among the slow ones.
"""

import pytest

COMPILED = ("parallel", pytest.param("serial", marks=pytest.mark.slow))
