"""Which files of a folder are read, and in which order."""

import os
from pathlib import Path

import pytest

from handgrad.bulk.work import find_pictures
from handgrad.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.PNG", "a.tif", "deep/er/c.jpeg", "deep/.d.png", "Thumbs.db", "__MACOSX/e.png", "notes.txt", "g"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_folders_are_walked_in_the_order_of_the_paths(folder: Path) -> None:
    work = find_pictures(["photos"])
    assert work.paths == ("photos/a.tif", "photos/b.PNG", "photos/deep/er/c.jpeg")
    assert (work.folders, work.passed_over) == (("photos",), 5)


def test_what_is_given_twice_counts_once_and_a_file_counts_whatever_its_ending(folder: Path) -> None:
    work = find_pictures(["photos/g", "photos", "photos/a.tif", "photos"])
    assert work.paths == ("photos/a.tif", "photos/b.PNG", "photos/deep/er/c.jpeg", "photos/g")


def test_links_lead_nowhere_but_to_files(folder: Path) -> None:
    (folder / "photos" / "deep" / "loop").symlink_to(folder / "photos")
    (folder / "photos" / "linked.png").symlink_to(folder / "photos" / "a.tif")
    (folder / "photos" / "broken.png").symlink_to("nowhere")
    os.mkfifo(folder / "photos" / "pipe.png")
    work = find_pictures(["photos"])
    assert "photos/linked.png" in work.paths and len(work.paths) == 4
    assert work.passed_over == 8


@pytest.mark.parametrize(
    ("given", "message"),
    [("nowhere", "nowhere: no such file or folder"), ("empty", "empty: no pictures, 1 other file")],
)
def test_nothing_to_read_is_one_line(folder: Path, given: str, message: str) -> None:
    (folder / "empty").mkdir()
    (folder / "empty" / "notes.txt").touch()
    with pytest.raises(UserError, match=message):
        find_pictures([given])


def test_a_folder_that_cannot_be_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def denied(path: str) -> object:
        if path.endswith("er"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(UserError, match=r"photos/deep/er: cannot be listed \(Permission denied\)"):
        find_pictures(["photos"])
