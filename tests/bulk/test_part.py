"""A table under way: what a kill leaves is cut back to what is whole, and nothing is mixed."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from bulk.drive import left
from handgrad.bulk import journal, part
from handgrad.bulk.part import Whole, finish, opened
from handgrad.bulk.task import Task
from handgrad.bulk.work import Work
from handgrad.bulk.worker import Read
from handgrad.errors import UserError

WORK = Work(tuple(f"{i}.png" for i in range(5)), ("photos",), 3)
READS = [Read(f"{i}.png,1,1,{'7' * i},0.5,\n".encode(), failed=i == 2) for i in range(5)]
SETTINGS = {"pictures": ["photos"], "model": "robust (1234)", **Task(".csv").settings()}
WHOLE = b"path,page,line,text,probability,reason\n" + b"".join(read.data for read in READS)


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(part, "SAVE_EVERY", -1.0)
    return tmp_path / "a.csv"


def go_on(out: Path, most: int = 5) -> int:
    """Read on, at most so many pictures; returns how many were complete before."""
    with opened(out, SETTINGS, lambda: WORK) as found:
        assert found.work == WORK
        if isinstance(found, Whole):
            assert (found.mark.pictures, found.mark.failed) == (5, 1)
            return 5
        before = found.mark.pictures
        for read in READS[before : before + most]:
            found.add(read)
        found.save()
        assert found.mark.failed == (found.mark.pictures > 2)
        whole = found.mark.pictures == 5
    if whole:
        finish(out)
    return before


def test_it_is_written_and_gets_its_name_at_the_end(out: Path) -> None:
    assert go_on(out, 2) == 0 and not out.exists()
    assert go_on(out) == 2
    assert out.read_bytes() == WHOLE and left(out) == ["a.csv"]


@pytest.mark.parametrize("name", ["a.csv.part", "a.csv.journal"])
def test_it_goes_on_from_a_file_that_is_cut_anywhere(out: Path, name: str) -> None:
    go_on(out, 4)
    files = {path: path.read_bytes() for path in out.parent.iterdir()}
    cut = out.with_name(name)
    for length in range(0, len(files[cut]), 7):
        for path, content in files.items():
            path.write_bytes(content[:length] if path == cut else content)
        if name.endswith("journal") and length <= files[cut].index(b"\n"):
            with pytest.raises(UserError, match=r"a.csv.part: exists"):  # no first line: nothing is known
                go_on(out)
            continue
        assert go_on(out) <= 4
        assert out.read_bytes() == WHOLE
        out.unlink()


def test_a_first_line_that_was_not_finished_is_written_anew(out: Path) -> None:
    out.with_name("a.csv.journal").write_bytes(b'{"settings": {"pic')
    assert go_on(out) == 0
    assert out.read_bytes() == WHOLE


def test_torn_rows_and_lines_are_cut_off(out: Path) -> None:
    go_on(out, 3)
    for name, torn in (("a.csv.part", b"3.png,1,1,77"), ("a.csv.journal", b'{"pictures": 4, "si')):
        with out.with_name(name).open("ab") as file:
            file.write(torn)
    assert go_on(out, 1) == 3
    assert go_on(out) == 4
    assert out.read_bytes() == WHOLE


def test_a_kill_between_the_last_two_steps(out: Path) -> None:
    go_on(out, 4)
    with opened(out, SETTINGS, lambda: WORK) as found:
        found.add(READS[4])
    out.with_name("a.csv.part").rename(out)
    assert go_on(out) == 5
    assert out.read_bytes() == WHOLE and left(out) == ["a.csv"]


@pytest.mark.parametrize("fails", [1, 2, 3, 4])
@pytest.mark.parametrize("step", ["write", "fsync"])
def test_a_full_disk_stops_it_and_room_lets_it_go_on(
    out: Path, fails: int, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    real = journal.write

    def full(file: object, data: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls > fails:
            real(file, data[:5] if step == "write" else data)
            with journal.told("disk"):
                raise OSError(errno.ENOSPC, "No space left on device")
        real(file, data)

    with monkeypatch.context() as patched, pytest.raises(UserError, match=r"cannot be written \(No space left"):
        patched.setattr(part, "write", full)
        with opened(out, SETTINGS, lambda: WORK) as found:
            try:
                for read in READS:
                    found.add(read)
            finally:
                with suppress(UserError):
                    found.save()
    go_on(out)
    assert out.read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"model": "cnn (5678)"},
            r"a.csv: begun with model robust \(1234\), got cnn \(5678\); give the command it was",
        ),
        ({"pictures": ["scans"]}, "a.csv: begun with pictures photos, got scans"),
        (Task(".csv", region=(0, 12, 80, 6)).settings(), "a.csv: begun with region none, got 0,12,80,6; give"),
        (Task(".csv", grid=(8, 1)).settings(), "a.csv: begun with grid none, got 8x1; give"),
        (Task(".csv", punctuation=True).settings(), "a.csv: begun with text of digits, got with punctuation; give"),
    ],
)
def test_another_command_is_refused(out: Path, changed: dict[str, object], message: str) -> None:
    go_on(out, 2)
    before = {path: path.read_bytes() for path in out.parent.iterdir()}
    with pytest.raises(UserError, match=message), opened(out, {**SETTINGS, **changed}, lambda: WORK):
        pass
    assert {path: path.read_bytes() for path in out.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ('"0.png"', "[0]", "a.csv.journal: damaged; remove it and a.csv.part to begin anew"),
        ('"passed_over": 3', '"passed_over": "3"', "a.csv.journal: damaged"),
        ('"photos"]', "null]", "begun with pictures None, got photos"),
    ],
)
def test_a_first_line_that_says_odd_things(out: Path, was: str, now: str, message: str) -> None:
    go_on(out, 2)
    log = journal.journal_of(out)
    log.write_text(log.read_text().replace(was, now, 1))
    with pytest.raises(UserError, match=message), opened(out, SETTINGS, lambda: WORK):
        pass


@pytest.mark.parametrize(
    "mark", ['{"pictures": 6, "size": 40, "failed": 0}', '{"pictures": -1, "size": -1, "failed": 0}']
)
def test_a_mark_that_cannot_be_is_passed_over(out: Path, mark: str) -> None:
    go_on(out, 2)
    with journal.journal_of(out).open("a") as log:
        log.write(f"{mark}\n")
    go_on(out)
    assert out.read_bytes() == WHOLE


def test_nothing_of_the_users_is_written_over(out: Path) -> None:
    for name in ("a.csv", "a.csv.part", "a.csv.journal"):
        path = out.with_name(name)
        path.write_text("mine")
        with pytest.raises(UserError, match=r"exists; choose another|no journal of handgrad"):
            go_on(out)
        assert path.read_text() == "mine"
        path.unlink()
    go_on(out, 2)
    out.write_text("mine")
    with pytest.raises(UserError, match="exists; choose another"):
        go_on(out)
    assert out.read_text() == "mine"


def test_no_pictures_leave_no_files(out: Path) -> None:
    def find() -> Work:
        raise UserError("nothing")

    with pytest.raises(UserError, match="nothing"), opened(out, SETTINGS, find):
        pass
    assert left(out) == []


def test_two_processes_do_not_write_one_table(out: Path) -> None:
    with opened(out, SETTINGS, lambda: WORK), pytest.raises(UserError, match="another process is at work"):
        go_on(out)


@pytest.mark.parametrize("name", ["a.csv.part", "a.csv.journal"])
def test_files_that_are_removed_meanwhile_stop_it(out: Path, name: str) -> None:
    with opened(out, SETTINGS, lambda: WORK) as found:
        found.add(READS[0])
        out.with_name(name).unlink()
        with pytest.raises(UserError, match=rf"{name}: removed while the table was written"):
            found.add(READS[1])
        out.with_name(name).touch()  # as by another process, which begins anew
        with pytest.raises(UserError, match=rf"{name}: removed while the table was written"):
            found.save()
