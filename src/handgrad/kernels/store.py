"""Compiled kernels on disk: object code in files, so that a machine compiles each kernel once.

A file is named after what is compiled, a digest of all the code, and the processor; it begins with a checksum of what
follows. One that is damaged is compiled again, one that cannot be written is done without; both are logged once. Files
are looked for beside the source and in the user's cache folder, or only in HANDGRAD_CACHE, and written to the first of
these that can be written to.
"""

import ast
import logging
import os
import platform
import secrets
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

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
    code = (ast.dump(_without_docstrings(ast.parse(text))) for text in _sources(folder))
    return _hex("\n".join(code).encode())


def _sources(folder: Path) -> list[bytes]:
    files = [file for file in sorted(folder.rglob("*.py")) if "naive" not in file.relative_to(folder).parts]
    return [file.read_bytes() for file in files]


def _hex(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                del node.body[0]
    return tree


@cache
def _digest() -> str:
    """What `code_digest` says of this package; it takes 0.1 s, so an earlier process left it in a file."""
    name = f"code-{_hex(b''.join(_sources(HERE)))}"
    for folder in folders():
        with suppress(OSError):
            if len(found := (folder / name).read_text()) == 16:
                return found
    digest = code_digest()
    for folder in folders():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("code-*"):
                old.unlink(missing_ok=True)
            (folder / name).write_text(digest)
            break
    return digest


@cache
def _processor() -> str:
    """A digest of what else object code depends on: processor, system, compiler."""
    import llvmlite.binding as llvm

    asked = [os.environ.get(f"NUMBA_CPU_{what}") for what in ("NAME", "FEATURES")]
    host = asked if any(asked) else [llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    what = repr((host, platform.system(), platform.machine(), version("numba"), version("llvmlite")))
    return _hex(what.encode())


def folders() -> list[Path]:
    """Return where compiled kernels are looked for.

    Returns
    -------
    list of pathlib.Path
        HANDGRAD_CACHE alone, if it is set; else a folder beside the source, and one among the user's cached files.
    """
    if asked := os.environ.get("HANDGRAD_CACHE"):
        return [Path(asked)]
    home = Path.home()
    user = {"win32": home / "AppData" / "Local", "darwin": home / "Library" / "Caches"}.get(
        sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    )
    return [HERE / "__pycache__", user / "handgrad" / "kernels"]


def _name(name: str) -> str:
    return f"{name}-{_digest()}-{_processor()}.o"


def read(name: str) -> bytes | None:
    """Read a compiled kernel.

    Parameters
    ----------
    name : str
        The kernel.

    Returns
    -------
    bytes or None
        What `keep` was given; None where it has to be compiled.
    """
    for folder in folders():
        try:
            content = (folder / _name(name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            warn_once(f"compiled kernels in {folder} cannot be read ({error.strerror}); they are compiled again")
            continue
        if _checksum(content[CHECKSUM:]) == content[:CHECKSUM]:
            return content[CHECKSUM:]
        warn_once(f"compiled kernels in {folder} are damaged; they are compiled again")
    return None


def keep(name: str, content: bytes) -> None:
    """Write a compiled kernel to the first folder that takes it, and remove those of other code there.

    Parameters
    ----------
    name : str
        The kernel.
    content : bytes
        What the compiler made.
    """
    for folder in folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file in folder.glob(f"{name}-*.o"):
                if not file.name.startswith(f"{name}-{_digest()}-"):
                    file.unlink(missing_ok=True)
            _write(folder / _name(name), content)
            return
        except OSError as error:
            problem = f"{folder} ({error.strerror})"
    warn_once(
        f"compiled kernels cannot be kept in {problem} and are compiled again in each run; make room there, or name "
        "another folder in HANDGRAD_CACHE"
    )


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


@cache
def has_compiler() -> bool:
    """Say whether Numba is installed; if not, NumPy computes, and a line says so once.

    Returns
    -------
    bool
        Whether kernels can be compiled, and those that were can be run.
    """
    found = all(find_spec(name) for name in ("llvmlite", "numba"))
    if not found:
        warn_once("Numba is not installed: NumPy computes instead, more slowly; for speed, pip install numba")
    return found


def are_compiled(names: Iterable[str]) -> bool:
    """Say whether kernels can be had without a compiler.

    Parameters
    ----------
    names : iterable of str
        The kernels.

    Returns
    -------
    bool
        Whether there is a file of each.
    """
    return all(any((folder / _name(name)).is_file() for folder in folders()) for name in names)


def has_compiled() -> bool:
    """Say whether this machine has compiled anything: if not, one need not load llvmlite to look for more.

    Returns
    -------
    bool
        Whether there is any compiled kernel, also one of other code.
    """
    return any(any(folder.glob("*.o")) for folder in folders())
