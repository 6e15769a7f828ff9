import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import download, idx, load, registry
from handgrad.datasets.catalog import CATALOG
from handgrad.datasets.download import Remote
from handgrad.errors import UserError

NAMES = tuple(f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


class Server(ThreadingHTTPServer):
    """Serves `files`, and notes what it was asked for.

    ranges: whether it knows them. cut: bytes before it hangs up. length: whether it says how much it will send.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.ranges = True
        self.cut: int | None = None
        self.length = True

    def handle_error(self, *args: object) -> None:
        """A client that hangs up is part of the tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers["Range"]
        self.server.asked.append((name, wanted))
        data = self.server.files.get(name)
        if data is None:
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if self.server.length:
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:][: self.server.cut])

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def closed() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def make_files(tmp_path: Path) -> dict[str, bytes]:
    files = {}
    for name in NAMES:
        pixels, labels = np.arange(60, dtype=np.uint8).reshape(3, 4, 5), np.arange(3, dtype=np.uint8)
        idx.write(tmp_path / name, pixels if "images" in name else labels)
        files[name] = (tmp_path / name).read_bytes()
    return files


def remote(name: str, data: bytes) -> Remote:
    return Remote(name, len(data), hashlib.sha256(data).hexdigest())


@pytest.fixture
def folder(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """kmnist as four small files on the server; the folder where it is to go."""
    server.files = make_files(tmp_path)
    entry = replace(
        CATALOG["kmnist"],
        remotes=tuple(remote(name, data) for name, data in server.files.items()),
        mirrors=(server.url,),
    )
    monkeypatch.setitem(CATALOG, "kmnist", entry)
    monkeypatch.setenv("HANDGRAD_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kmnist"


def set_mirrors(monkeypatch: pytest.MonkeyPatch, *mirrors: str) -> None:
    monkeypatch.setitem(CATALOG, "kmnist", replace(CATALOG["kmnist"], mirrors=mirrors))


def test_fetch_then_load_and_verify(folder: Path, server: Server) -> None:
    progress = list(registry.fetch("kmnist"))
    for name, data in server.files.items():
        steps = [step.done for step in progress if step.file == name]
        assert steps == sorted(steps)
        assert (steps[0], steps[-1]) == (0, len(data))
        assert (folder / name).read_bytes() == data
    assert sorted(file.name for file in folder.iterdir()) == sorted(NAMES)
    assert registry.verify("kmnist") == NAMES
    assert load("kmnist").train.shape == (4, 5, 1)


def test_what_is_there_is_not_fetched_again(folder: Path, server: Server) -> None:
    list(registry.fetch("kmnist"))
    server.asked.clear()
    (folder / NAMES[1]).write_bytes(b"spoilt")
    assert list(registry.fetch("kmnist"))[-1].file == NAMES[3]
    assert server.asked == [(NAMES[1], None)]


@pytest.mark.parametrize(("ranges", "first"), [(True, 30), (False, 0)])
def test_resume(folder: Path, server: Server, ranges: bool, first: int) -> None:
    server.ranges = ranges
    data = server.files[NAMES[0]]
    folder.mkdir(parents=True)
    (folder / f"{NAMES[0]}.part").write_bytes(data[:30])
    steps = [step.done for step in registry.fetch("kmnist") if step.file == NAMES[0]]
    assert server.asked[0] == (NAMES[0], "bytes=30-")
    assert steps == [first, len(data)]
    assert (folder / NAMES[0]).read_bytes() == data


def test_a_whole_part_needs_no_mirror(folder: Path, server: Server) -> None:
    folder.mkdir(parents=True)
    (folder / f"{NAMES[0]}.part").write_bytes(server.files[NAMES[0]])
    list(registry.fetch("kmnist"))
    assert NAMES[0] not in [name for name, _ in server.asked]
    assert (folder / NAMES[0]).exists()


def test_a_part_that_is_too_long_is_dropped(folder: Path, server: Server) -> None:
    folder.mkdir(parents=True)
    (folder / f"{NAMES[0]}.part").write_bytes(bytes(10_000))
    list(registry.fetch("kmnist"))
    assert (folder / NAMES[0]).read_bytes() == server.files[NAMES[0]]


def test_hung_up_keeps_the_part_for_the_next_time(folder: Path, server: Server) -> None:
    server.cut = 20
    with pytest.raises(UserError, match=f"stopped after 20 of {len(server.files[NAMES[0]])} bytes"):
        list(registry.fetch("kmnist"))
    assert (folder / f"{NAMES[0]}.part").stat().st_size == 20
    assert not (folder / NAMES[0]).exists()
    server.cut = None
    list(registry.fetch("kmnist"))
    assert (NAMES[0], "bytes=20-") in server.asked
    assert registry.verify("kmnist") == NAMES


def test_mismatch_leaves_nothing_behind(folder: Path, server: Server) -> None:
    data = bytearray(server.files[NAMES[0]])
    data[50] ^= 1
    server.files[NAMES[0]] = bytes(data)
    got, expected = hashlib.sha256(data).hexdigest(), CATALOG["kmnist"].remotes[0].sha256
    with pytest.raises(UserError, match=f"{NAMES[0]}: got the SHA-256 {got}, expected {expected}"):
        list(registry.fetch("kmnist"))
    assert list(folder.iterdir()) == []


def test_offline_names_the_way_by_hand(folder: Path, closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_mirrors(monkeypatch, closed)
    with pytest.raises(UserError, match="no mirror gave it") as caught:
        list(registry.fetch("kmnist"))
    message = str(caught.value)
    assert "\n" not in message
    assert closed in message
    assert f"put it into {folder}" in message
    assert all(name in message for name in NAMES)


def test_the_next_mirror_is_tried(folder: Path, server: Server, closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_mirrors(monkeypatch, closed, f"{server.url}gone/", server.url)
    list(registry.fetch("kmnist"))
    assert server.asked[:2] == [(f"gone/{NAMES[0]}", None), (NAMES[0], None)]
    assert registry.verify("kmnist") == NAMES


@pytest.mark.parametrize("have", [0, 2])
def test_a_page_of_another_length_never_gets_into_the_part(
    folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch, have: int
) -> None:
    server.files[f"portal/{NAMES[0]}"] = b"<html>please log in</html>"
    set_mirrors(monkeypatch, f"{server.url}portal/", server.url)
    folder.mkdir(parents=True)
    (folder / f"{NAMES[0]}.part").write_bytes(server.files[NAMES[0]][:have])
    list(registry.fetch("kmnist"))
    assert registry.verify("kmnist") == NAMES


def test_a_range_of_another_file_is_refused(folder: Path, server: Server) -> None:
    folder.mkdir(parents=True)
    part = folder / f"{NAMES[0]}.part"
    part.write_bytes(server.files[NAMES[0]][:30])
    server.files[NAMES[0]] += b"longer"
    with pytest.raises(UserError, match="asked for bytes 30-"):
        list(registry.fetch("kmnist"))
    assert part.stat().st_size == 30


def test_no_more_than_the_known_size_is_kept(folder: Path, server: Server) -> None:
    server.length = False
    list(registry.fetch("kmnist"))
    (folder / NAMES[0]).unlink()
    server.files[NAMES[0]] += bytes(10_000_000)
    with pytest.raises(UserError, match="sends more than the expected"):
        list(registry.fetch("kmnist"))
    assert (folder / f"{NAMES[0]}.part").stat().st_size <= CATALOG["kmnist"].remotes[0].size


def test_a_folder_that_cannot_be_made(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(UserError, match=r"cannot be made .* set HANDGRAD_DATA"):
        list(registry.fetch("kmnist"))


@pytest.fixture
def emnist(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """emnist-digits as a small archive on the server; the folder where it is to go."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, data in make_files(tmp_path).items():
            zipped.writestr(f"gzip/emnist-digits-{name.replace('t10k', 'test')}", data)
            zipped.writestr(f"gzip/emnist-letters-{name.replace('t10k', 'test')}", b"not wanted")
    server.files = {"gzip.zip": archive.getvalue()}
    entry = replace(CATALOG["emnist-digits"], remotes=(remote("gzip.zip", archive.getvalue()),), mirrors=(server.url,))
    monkeypatch.setitem(CATALOG, "emnist-digits", entry)
    monkeypatch.setenv("HANDGRAD_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache" / "emnist-digits"


def test_only_the_digits_are_taken_out_of_the_archive(emnist: Path, server: Server) -> None:
    list(registry.fetch("emnist-digits"))
    members = CATALOG["emnist-digits"].members
    assert sorted(file.name for file in emnist.iterdir()) == sorted((*members, "SHA256SUMS"))
    assert registry.verify("emnist-digits") == members
    assert load("emnist-digits").train.shape == (5, 4, 1)  # stored transposed
    server.asked.clear()
    assert [step.file for step in registry.fetch("emnist-digits")] == list(members)
    assert server.asked == []


def test_a_spoilt_member_is_seen_and_fetched_again(emnist: Path, server: Server) -> None:
    list(registry.fetch("emnist-digits"))
    member = emnist / CATALOG["emnist-digits"].members[1]
    member.write_bytes(b"spoilt")
    with pytest.raises(UserError, match=f"{member.name}: got the SHA-256"):
        registry.verify("emnist-digits")
    list(registry.fetch("emnist-digits"))
    assert registry.verify("emnist-digits")


def test_archives_that_are_not_as_expected(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK nothing")
    with pytest.raises(UserError, match="damaged zip"):
        download.extract(tmp_path / "bad.zip", ["a"], tmp_path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as zipped:
        zipped.writestr("b", b"")
    with pytest.raises(UserError, match="got no a inside"):
        download.extract(tmp_path / "other.zip", ["a"], tmp_path)
