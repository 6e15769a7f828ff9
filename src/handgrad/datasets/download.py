"""Fetching files: mirrors in turn, resumed where they stopped, checked before they count."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from handgrad.errors import UserError

if TYPE_CHECKING:
    from http.client import HTTPResponse

CHUNK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class Remote:
    """A file as its mirrors have it.

    Parameters
    ----------
    name : str
        Its name, which follows a mirror's URL.
    size : int
        Its size in bytes.
    sha256 : str
        Its SHA-256 in hexadecimal.
    """

    name: str
    size: int
    sha256: str


class Progress(NamedTuple):
    """How far the fetching of a file has come.

    Parameters
    ----------
    file : str
        Its name.
    done, total : int
        How many of its bytes are here, and how many there are.
    """

    file: str
    done: int
    total: int


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(remotes: Sequence[Remote], mirrors: Sequence[str], folder: Path) -> Iterator[Progress]:
    """Fetch the files that are not in a folder already.

    The bytes go to `NAME.part`, which a later call resumes, and become `NAME` once their checksum is right.

    Parameters
    ----------
    remotes : sequence of Remote
        The files.
    mirrors : sequence of str
        The start of a URL each, to which the name of a file is added; tried in turn.
    folder : Path
        Where the files go; it is made where it is missing.

    Yields
    ------
    Progress
        The state of the file being fetched, after each chunk.

    Raises
    ------
    UserError
        When no mirror answers, and for a wrong checksum, after which nothing is left of that file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror}); set HANDGRAD_DATA to another folder") from error
    for remote in remotes:
        target, part = folder / remote.name, folder / f"{remote.name}.part"
        if target.exists() and sha256(target) == remote.sha256:
            yield Progress(remote.name, remote.size, remote.size)
            continue
        if failures := (yield from _from_any(remote, mirrors, part)):
            names = ", ".join(each.name for each in remotes)
            raise UserError(
                f"{remote.name}: no mirror gave it ({'; '.join(failures)}); check the network and try again, "
                f"or get {names} some other way and put it into {folder}"
            )
        _accept(part, target, remote.sha256)


def _accept(part: Path, target: Path, expected: str) -> None:
    got = sha256(part)
    if got != expected:
        part.unlink()
        raise UserError(
            f"{target.name}: got the SHA-256 {got}, expected {expected}; the download was removed, fetch it again"
        )
    part.replace(target)


def _from_any(remote: Remote, mirrors: Sequence[str], part: Path) -> Generator[Progress, None, list[str]]:
    """Fill `part` from the first mirror that can. Returns why each one failed, or nothing once one has not."""
    from http.client import HTTPException

    failures = []
    for mirror in mirrors:
        try:
            yield from _from_one(remote, mirror + remote.name, part)
            return []
        except (OSError, HTTPException) as error:  # URLError and time-outs are OSErrors
            failures.append(f"{mirror}: {error}")
    return failures


def _from_one(remote: Remote, url: str, part: Path) -> Iterator[Progress]:
    """Append to `part` the bytes that it lacks; OSError or HTTPException when the mirror does not give all of them."""
    done = part.stat().st_size if part.exists() else 0
    if done > remote.size:  # left by something else
        part.unlink()
        done = 0
    if done == remote.size:  # stopped between the last byte and the check
        yield Progress(remote.name, done, remote.size)
        return
    with _open(url, done) as response:
        done = _start(response, done, remote.size)
        with part.open("ab" if done else "wb") as file:
            yield Progress(remote.name, done, remote.size)
            while chunk := response.read(CHUNK):
                done += len(chunk)
                if done > remote.size:
                    raise OSError(f"sends more than the expected {remote.size} bytes")
                file.write(chunk)
                yield Progress(remote.name, done, remote.size)
    if done < remote.size:
        raise OSError(f"stopped after {done} of {remote.size} bytes")


def _open(url: str, start: int) -> HTTPResponse:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    headers = {"User-Agent": "handgrad"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        raise
    return response


def _start(response: HTTPResponse, asked: int, size: int) -> int:
    """Where in the file the answer starts: as asked, or at 0 if the mirror knows no ranges.

    OSError for an answer that is not this file, such as the login page of a network, before it gets into the part.
    """
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        if response.headers["Content-Range"] != f"bytes {asked}-{size - 1}/{size}":
            raise OSError(f"sends {response.headers['Content-Range']}, asked for bytes {asked}-{size - 1}/{size}")
        return asked
    if response.length not in (None, size):
        raise OSError(f"has {response.length} bytes, expected {size}")
    return 0


def extract(archive: Path, members: Sequence[str], folder: Path) -> None:
    """Take files out of a zip archive, each whole or not at all.

    Parameters
    ----------
    archive : Path
        The zip archive.
    members : sequence of str
        The names of the files, without the folders that they lie in inside the archive.
    folder : Path
        Where they go.

    Raises
    ------
    UserError
        For a damaged archive, and one that lacks a file.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(archive) as zipped:
            inside = {name.rsplit("/", 1)[-1]: name for name in zipped.namelist()}
            if missing := [name for name in members if name not in inside]:
                raise UserError(f"{archive}: got no {missing[0]} inside, expected it in this archive")
            for name in members:
                part = folder / f"{name}.part"
                part.write_bytes(zipped.read(inside[name]))
                part.replace(folder / name)
    except BadZipFile as error:
        raise UserError(f"{archive}: damaged zip archive ({error}); remove it and fetch it again") from error
