"""The notebook: stored with its pictures, and it runs from top to bottom."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parent.parent / "notebooks" / "digits_from_scratch.ipynb"
SHORT = {"IMAGES": 2000, "EPOCHS": 1, "SEEDS": 1}
NOTEBOOK = nbformat.read(PATH, as_version=4)
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]


def parameters(notebook):
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    return cell


def test_it_is_stored_as_run_from_top_to_bottom():
    assert [cell.execution_count for cell in CODE] == list(range(1, len(CODE) + 1))
    assert not [output for cell in CODE for output in cell.outputs if output.output_type == "error"]
    assert sum("image/png" in output.get("data", {}) for cell in CODE for output in cell.outputs) >= 10
    assert PATH.stat().st_size < 3_000_000


def test_its_parameters_are_those_that_the_short_run_sets():
    names = [node.targets[0].id for node in ast.parse(parameters(NOTEBOOK).source).body]
    assert names == list(SHORT)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the notebook's client warns of its own future
def test_a_shortened_run_has_no_errors():
    notebook = nbformat.read(PATH, as_version=4)
    parameters(notebook).source = "\n".join(f"{name} = {value}" for name, value in SHORT.items())
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    (said,) = (cell.outputs[0].text for cell in notebook.cells if "evaluation.json" in cell.source)
    assert "test accuracy" in said
