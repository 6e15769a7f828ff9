"""Compiled kernels on disk, so that a machine compiles each of them once.

Numba's own cache takes a kernel for stale when its file is touched, though only a comment changed; takes it for fresh
when what it calls from another file changed; and ends the program where a file is damaged or the disk is full. Here a
file is named after a digest of all the code that is compiled, and begins with a checksum of what follows: one that is
damaged is compiled again, one that cannot be written is done without. Both are logged once.
"""

import ast
import logging
import pickle
import secrets
import sys
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from numba.core.caching import CompileResultCacheImpl
from numba.core.serialize import dumps

CHECKSUM = 16  # bytes
HERE = Path(__file__).parent


def code_digest(folder: Path = HERE) -> str:
    """Digest the code that is compiled; comments, docstrings and the NumPy twins do not count.

    Parameters
    ----------
    folder : Path
        The folder of the kernels.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    files = [file for file in sorted(folder.rglob("*.py")) if "naive" not in file.relative_to(folder).parts]
    code = (ast.dump(_without_docstrings(ast.parse(file.read_bytes()))) for file in files)
    return blake2b("\n".join(code).encode(), digest_size=8).hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                del node.body[0]
    return tree


DIGEST = code_digest()


class KernelCache:
    """The files of one kernel, one for each combination of argument types and processor.

    They lie where Numba finds a place to write: in NUMBA_CACHE_DIR, beside the source, or in the user's cache folder.
    Numba's dispatchers ask a cache for no more than what is public here.

    Parameters
    ----------
    function : FunctionType
        The Python function; its `__qualname__` names the files.

    Raises
    ------
    RuntimeError
        If there is no place to write.
    """

    def __init__(self, function: FunctionType) -> None:
        self._numba = CompileResultCacheImpl(function)
        self._folder = Path(self._numba.locator.get_cache_path())
        self._stem = f"{function.__qualname__}.{sys.implementation.cache_tag}"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load a compiled kernel.

        Parameters
        ----------
        sig : tuple
            Numba's types of the arguments.
        target_context : object
            Numba's description of the processor.

        Returns
        -------
        object or None
            Numba's compile result; None where it has to be compiled.
        """
        target_context.refresh()
        try:
            content = self._path(sig, target_context.codegen()).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            warn_once(f"compiled kernels in {self._folder} cannot be read ({error.strerror}); they are compiled again")
            return None
        if _checksum(content[CHECKSUM:]) != content[:CHECKSUM]:
            warn_once(f"compiled kernels in {self._folder} are damaged; they are compiled again")
            return None
        return self._numba.rebuild(target_context, pickle.loads(content[CHECKSUM:]))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a compiled kernel, and remove those that were compiled from other code.

        Parameters
        ----------
        sig : tuple
            Numba's types of the arguments.
        data : object
            Numba's compile result.
        """
        if not self._numba.check_cachable(data):
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for file in self._folder.glob(f"{self._stem}-*"):
                if not file.name.startswith(f"{self._stem}-{DIGEST}-"):
                    file.unlink(missing_ok=True)
            _write(self._path(sig, data.codegen), dumps(self._numba.reduce(data)))
        except OSError as error:
            warn_once(
                f"compiled kernels cannot be kept in {self._folder} ({error.strerror}) and are compiled again in each "
                "run; make room there, or name another folder in NUMBA_CACHE_DIR"
            )

    def _path(self, sig: Any, codegen: Any) -> Path:
        what = repr((sig, codegen.magic_tuple(), numba.__version__)).encode()
        return self._folder / f"{self._stem}-{DIGEST}-{blake2b(what, digest_size=8).hexdigest()}.nbc"


def _checksum(content: bytes) -> bytes:
    return blake2b(content, digest_size=CHECKSUM).digest()


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: others may read it meanwhile, or write the same."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(_checksum(content) + content)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


@cache
def warn_once(message: str) -> None:
    """Log a warning the first time it comes up in a process.

    Parameters
    ----------
    message : str
        One line.
    """
    logging.getLogger("handgrad").warning(message)
