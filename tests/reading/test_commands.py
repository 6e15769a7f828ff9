"""`handgrad predict` and `handgrad read`, called in this process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from handgrad.cli import cli
from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.report.files import FORMATS
from handgrad.report.reading import PAGE_FORMATS

from .scenes import png

PIXELS = load("mnist").test.pixels
ANSWER = ["path", "digit", "probability", "reason", "score", "text", "box", "probabilities", "sign"]


def run(*words: object, code: int = 0, given: bytes = b"") -> Result:
    done = CliRunner().invoke(cli, [*map(str, words)], input=given)
    assert done.exit_code == code, (done.output, done.exception)
    return done


def refused(*words: object) -> str:
    """The message with which a command declines before it begins."""
    done = CliRunner().invoke(cli, [*map(str, words)])
    assert isinstance(done.exception, UserError) and not done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


@pytest.fixture
def digit(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    path.write_bytes(png(PIXELS[0]))
    return path


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    path = tmp_path / "blank.png"
    path.write_bytes(png(np.full((40, 30), 255, np.uint8)))
    return path


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "p.png"
    path.write_bytes(png(255 - np.concatenate([PIXELS[0], PIXELS[1], PIXELS[2]], axis=1)))
    return path


def test_predict_says_what_it_sees_and_why_not(digit: Path, blank: Path) -> None:
    lines = run("predict", digit, blank).stdout.splitlines()
    assert lines[0].startswith(f"{digit}: 7  ") and "   (then " in lines[0]
    assert lines[1:] == [f"{blank}: ?  not sure: blank"]


def test_predict_shows_its_steps(digit: Path, blank: Path, tmp_path: Path) -> None:
    steps = tmp_path / "steps.png"
    assert f"steps {steps}" in run("predict", digit, blank, "--show-steps", steps).stdout
    with Image.open(steps) as picture:
        assert picture.width > 500


def test_read_prints_lines_and_draws_boxes(page: Path, tmp_path: Path) -> None:
    done = run("read", page, "--out", tmp_path / "seen.png")
    (line,) = done.stdout.splitlines()
    assert line.startswith("721   ") and line.endswith(" %")
    assert done.stderr == f"drawn {tmp_path / 'seen.png'}\n"
    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.size == (84, 28)


@pytest.mark.parametrize("command", ["predict", "read"])
def test_json_is_all_that_standard_output_carries(command: str, digit: Path, blank: Path, tmp_path: Path) -> None:
    steps = ("--show-steps", tmp_path / "steps.png") if command == "predict" else ()
    done = run(command, digit, blank, "--json", *steps)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [picture["path"] for picture in found] == [str(digit), str(blank)]
    assert str(digit) in done.stderr and str(blank) in done.stderr
    if command == "predict":
        assert [list(answer) for answer in found] == [ANSWER, ANSWER]
        seven, nothing = found
        assert (seven["digit"], seven["reason"], nothing["reason"], nothing["text"]) == ("7", None, "blank", "?")
        assert seven["probability"] == max(seven["probabilities"])
    else:
        assert [list(picture) for picture in found] == [["path", "page", "text", "full_text", "lines", "reason"]] * 2
        assert [picture["text"] for picture in found] == ["7", ""]
        assert list(found[0]["lines"][0][0]) == ANSWER[1:] and found[1]["lines"] == []


def test_every_page_of_a_file_is_printed(tmp_path: Path) -> None:
    path, pages = tmp_path / "scan.tif", [Image.fromarray(PIXELS[i].reshape(28, 28)) for i in (0, 1)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    first, title, second = run("read", path).stdout.splitlines()
    assert (first[0], title, second[0]) == ("7", f"{path}, page 2:", "2")
    found = [json.loads(line) for line in run("read", path, "--json").stdout.splitlines()]
    assert [(page["path"], page["page"], page["text"]) for page in found] == [(str(path), 1, "7"), (str(path), 2, "2")]
    assert "2 pages, expected one" in run("read", path, "--out", tmp_path / "seen.png", code=2).stderr
    assert "2 pages, expected one" in run("predict", path, code=2).stderr


@pytest.mark.parametrize("command", ["predict", "read"])
def test_one_bad_picture_does_not_cost_the_others(command: str, digit: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(digit.read_bytes()[:100])
    done = run(command, bad, digit, "--json", code=1)
    assert f"handgrad: {bad}: not a readable picture" in done.stderr
    failed, found = (json.loads(line) for line in done.stdout.splitlines())
    assert failed["path"] == str(bad) and failed["reason"].startswith("not a readable picture")
    assert found["path"] == str(digit) and not found["reason"]
    done = run(command, bad, "--json", code=2)
    assert json.loads(done.stdout)["path"] == str(bad) and done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["predict", "read"])
def test_a_folder_of_pictures_with_a_bad_one(command: str, digit: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.png", "b.png", ".hidden", "Thumbs.db"):
        (folder / name).write_bytes(digit.read_bytes())
    (folder / "bad.png").write_text("no picture")
    for name in ("notes.txt", "labels.csv"):
        (folder / name).write_text("no picture either")
    done = run(command, folder, code=1)
    assert done.stdout.count("7") >= 2 and done.stderr.count("\n") == 2
    assert "bad.png" in done.stderr and f"{folder}: passed over 2 without a picture's ending" in done.stderr
    (tmp_path / "empty").mkdir()
    assert "a folder without pictures" in run(command, tmp_path / "empty", code=2).stderr


@pytest.mark.parametrize("command", ["predict", "read"])
def test_a_picture_from_standard_input(command: str) -> None:
    done = run(command, "-", "--json", given=png(PIXELS[0]))
    found = json.loads(done.stdout)
    assert (found["path"], found["text"]) == ("-", "7")
    done = run(command, "-", given=b"no picture", code=2)
    assert done.stderr.startswith("handgrad: standard input: not a readable picture")


@pytest.mark.parametrize("command", ["predict", "read"])
@pytest.mark.parametrize("address", ["https://example.org/seven.png", "http://a/b//c", "file:///tmp/a.png"])
def test_an_address_is_shown_whole(command: str, address: str) -> None:
    done = run(command, address, code=2)
    assert done.stderr == f"handgrad: {address}: an address, expected a file; download it first and give the file\n"


def test_a_model_is_given_by_name_or_by_path(digit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("robust").write_text("no model")
    answers = {run("predict", digit, *model).stdout for model in ((), ("--model", "robust"))}
    assert len(answers) == 1
    assert "robust: " in refused("predict", digit, "--model", "./robust")
    assert "expected one of cnn, mlp, robust, tiny" in refused("read", digit, "--model", "resnet")


def test_what_cannot_be_drawn_is_refused_before_the_work(digit: Path, page: Path, tmp_path: Path) -> None:
    for name in ("seen.tiff", "seen"):
        assert f"expected {', '.join(PAGE_FORMATS)}" in refused("read", page, "--out", tmp_path / name)
        assert f"expected {', '.join(FORMATS)}" in refused("predict", digit, "--show-steps", tmp_path / name)
    assert "read them one by one" in refused("read", page, digit, "--out", tmp_path / "seen.png")
    assert "exists; choose another file" in refused("read", page, "--out", digit)


@pytest.mark.parametrize("ending", PAGE_FORMATS)
def test_a_page_is_drawn_to_each_format(ending: str, page: Path, tmp_path: Path) -> None:
    run("read", page, "--out", tmp_path / f"seen{ending}")
    with Image.open(tmp_path / f"seen{ending}") as picture:
        assert (picture.format, picture.size) == (PAGE_FORMATS[ending], (84, 28))


@pytest.mark.process
def test_json_through_pipes(digit: Path) -> None:
    """As a shell has it: a picture comes in, a document goes out, with no terminal on either side."""
    words = [sys.executable, "-m", "handgrad", "predict", "-", "--json"]
    done = subprocess.run(words, input=digit.read_bytes(), capture_output=True, check=True, env={**os.environ})
    assert json.loads(done.stdout)["digit"] == "7" and done.stderr.startswith(b"standard input: 7  ")
