"""The notebooks: stored with their pictures, and they run from top to bottom without a file beside them."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
PICTURES = {"digits_from_scratch": 10, "read_photos": 2}  # at least so many are stored
SHORT = {"IMAGES": 2000, "EPOCHS": 1, "SEEDS": 1}


def notebook(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code(found):
    return [cell for cell in found.cells if cell.cell_type == "code"]


def parameters(found):
    (cell,) = (cell for cell in found.cells if "parameters" in cell.metadata.get("tags", []))
    return cell


def executed(found, folder):
    NotebookClient(found, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    return found


def said(found, words):
    (text,) = (cell.outputs[0].text for cell in code(found) if words in cell.source)
    return text


def test_these_are_all():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_stored_as_run_from_top_to_bottom(name):
    cells = code(notebook(name))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= PICTURES[name]
    assert (FOLDER / f"{name}.ipynb").stat().st_size < 3_000_000


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("checkout", ["", "..", "handgrad"])
def test_its_first_cell_installs_the_package_where_it_is_missing(name, checkout, tmp_path, monkeypatch):
    source = code(notebook(name))[0].source
    assert "://" not in source
    installs = re.sub(r"%pip install --quiet \"(.*)\"$", r'done.append(f"\1")', source)
    here = tmp_path / "here"
    (here / checkout / "src" / "handgrad").mkdir(parents=True)
    monkeypatch.chdir(here)
    for found, expected in ((object(), []), (None, [str((here / checkout).resolve()) if checkout else "handgrad"])):
        monkeypatch.setattr("importlib.util.find_spec", lambda name, found=found: found)
        done: list[str] = []
        exec(installs, {"done": done})
        assert [each.partition("[")[0] for each in done] == expected


def test_its_parameters_are_those_that_the_short_run_sets():
    names = [node.targets[0].id for node in ast.parse(parameters(notebook("digits_from_scratch")).source).body]
    assert names == list(SHORT)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the notebook's client warns of its own future
def test_a_shortened_run_has_no_errors(tmp_path):
    found = notebook("digits_from_scratch")
    parameters(found).source = "\n".join(f"{name} = {value}" for name, value in SHORT.items())
    assert "test accuracy" in said(executed(found, tmp_path), "evaluation.json")


@pytest.mark.process
@pytest.mark.filterwarnings("ignore")  # the notebook's client warns of its own future
def test_photos_are_read(tmp_path):
    found = executed(notebook("read_photos"), tmp_path)
    first, *others = said(found, "page = handgrad.read_page").splitlines()
    assert len(others) == 2 and sum(a == b for a, b in zip(first, "20261127", strict=True)) >= 7
    assert "?" in "".join(others), "what is crossed out is refused"
    assert "exit code 1" in said(found, "subprocess.run")
    right, failed = said(found, "doubtful =").splitlines()
    assert int(right.split()[0]) >= 6 and failed == "1 picture that cannot be read"
    assert not [*tmp_path.iterdir()]
