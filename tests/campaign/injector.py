"""Calls that touch files, counted; one of them fails."""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import safetensors


class Faults:
    """Counts the calls that touch files in a folder, and lets one of them fail.

    Calls of another kind that come before the failing one are real. Of a write that fails, half reaches the file.
    """

    def __init__(self, folder: Path, place: int = -1, code: int = 0) -> None:
        self.folder, self.place, self.code = folder.resolve(), place, code
        self.calls: list[str] = []

    def call(self, what: str, path: Any) -> None:
        """Note a call; fail if it is the one. A path of None is a file that is open."""
        if path is not None and not self._is_ours(path):
            return
        self.calls.append(what)
        if len(self.calls) - 1 == self.place:
            raise OSError(self.code, os.strerror(self.code), *([] if path is None else [os.fspath(path)]))

    def _is_ours(self, path: Any) -> bool:
        try:
            return Path(os.fsdecode(path)).resolve().is_relative_to(self.folder)
        except TypeError:  # a number of an open file
            return False

    def _of_a_path(self, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(path: Any, *args: Any, **kwargs: Any) -> Any:
            self.call(what, path)
            return real(path, *args, **kwargs)

        return counted

    def _opened(self, path: Any, mode: str = "r", *args: Any, real: Callable[..., Any] = io.open, **kwargs: Any) -> Any:
        self.call(f"open {mode}", path)
        file = real(path, mode, *args, **kwargs)
        return _Written(self, file) if set(mode) & set("wax+") and self._is_ours(path) else file

    def _fsync(self, number: int, real: Callable[[int], None] = os.fsync) -> None:
        self.call("fsync", None)
        real(number)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count and fail inside the `with`."""
        with ExitStack() as stack:
            for name in ("open", "replace", "rename", "unlink", "mkdir"):
                stack.enter_context(patch.object(os, name, self._of_a_path(name, getattr(os, name))))
            stack.enter_context(patch.object(os, "fsync", self._fsync))
            for module in (io, builtins):
                stack.enter_context(patch.object(module, "open", self._opened))
            real = safetensors.safe_open
            stack.enter_context(patch.object(safetensors, "safe_open", self._of_a_path("read", real)))
            yield


class _Written:
    """A file that is written to."""

    def __init__(self, faults: Faults, file: Any) -> None:
        self._faults, self._file = faults, file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: Any) -> int:
        try:
            self._faults.call("write", None)
        except OSError:
            self._file.write(data[: len(data) // 2])
            raise
        return int(self._file.write(data))

    def truncate(self, size: int) -> int:
        self._faults.call("truncate", None)
        return int(self._file.truncate(size))
