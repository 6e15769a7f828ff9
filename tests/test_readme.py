"""What README says a reader can do must work; what it quotes must be what was measured."""

import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from handgrad.training.committee import members
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("name", ["cnn", "cnn-best", "tiny", "mlp", "mlp-best", "assignment"])
def test_quoted_accuracies_are_the_measured_ones(name):
    measured = json.loads((ROOT / "benchmarks" / "results" / f"accuracy-{name}.json").read_text())
    assert Recipe.from_json(measured["recipe"]) == recipe(name)
    quoted = f"{100 * measured['mean']:.2f} ± {100 * measured['standard_deviation']:.2f}"
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))
    assert quoted in row
    assert ", ".join(f"{100 * seed['accuracy']:.2f}" for seed in measured["seeds"]) in row


def test_the_page_of_recipes_is_what_the_code_gives():
    made = runpy.run_path(str(ROOT / "docs" / "recipes.py"))["page"]()
    assert (ROOT / "docs" / "recipes.md").read_text() == made, "run `make docs`"


def test_the_quoted_likelihood_is_the_measured_one():
    seeds = json.loads((ROOT / "benchmarks" / "results" / "accuracy-cnn-best.json").read_text())["seeds"]
    mean = sum(seed["nll"] for seed in seeds) / len(seeds)
    assert f"(negative log-likelihood {mean:.4f} nats an image, mean of the five seeds)" in README


def test_the_quoted_committee_is_the_measured_one():
    measured = json.loads((ROOT / "benchmarks" / "results" / "accuracy-committee.json").read_text())
    assert [(each["name"], Recipe.from_json(each["recipe"])) for each in measured["members"]] == [
        (member.name, member.recipe) for member in members()
    ]
    assert f"vote as `handgrad committee`: {100 * measured['accuracy']:.2f} %, {measured['nll']:.4f} nats" in README


@pytest.mark.parametrize("name", ["quick", "speed"])
def test_quoted_times_are_the_measured_ones(name):
    measured = json.loads((ROOT / "benchmarks" / "results" / f"time-to-accuracy-{name}.json").read_text())
    assert Recipe.from_json(measured["recipe"]) == recipe(name)
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))
    assert f"{100 * measured['mean_accuracy']:.2f} ± {100 * measured['standard_deviation']:.2f}" in row
    assert f"of {len(measured['seeds'])} seeds; least {100 * measured['least_accuracy']:.2f}" in row
    assert f"{measured['median_seconds']:.1f} s" in row


SPEEDS = {  # row of README: (results, case); columns: contestants
    "784-100-200-200-10, batch 32": ("dense", 0),
    "the same, batch 128": ("dense", 1),
    "784-1024-1024-1024-10, batch 128": ("dense", 2),
    "whole training step, batch 128": ("conv", 0),
    "an answer for one image": ("predict", 0),
    "answers for 256 images": ("predict", 1),
}
PEERS = {
    "dense": ("PyTorch eager", "JAX scan", "scikit-learn"),
    "conv": ("PyTorch channels_last", "PyTorch NCHW", "JAX"),
    "predict": ("PyTorch channels_last", "PyTorch NCHW", None, "onnxruntime"),
}


@pytest.mark.parametrize("row", SPEEDS)
@pytest.mark.parametrize(("start", "ending"), [("", ""), ("without AVX-512: ", "-avx2")], ids=["avx512", "avx2"])
def test_quoted_speeds_are_the_measured_ones(row, start, ending):
    file, case = SPEEDS[row]
    measured = json.loads((ROOT / "benchmarks" / "results" / f"{file}{ending}.json").read_text())
    entries = measured["cases"][case]["contestants"]
    wanted = [f"{entries[peer]['times_faster']:.2f}" if peer else "" for peer in PEERS[file]]
    line = next(line for line in README.splitlines() if line.startswith(f"| {start}{row} |"))
    assert [cell.strip() for cell in line.split("|")[2:-1]][: len(wanted)] == wanted


def test_quoted_robustness_is_the_measured_one():
    found = json.loads((ROOT / "benchmarks" / "results" / "robustness.json").read_text())["models"]["robust"]
    scenes, refused = found["scenes"], found["refused"]
    quoted = [
        ("MNIST test", found["test"], found["ece"]),
        ("pasted", found["first"], scenes["pasted anywhere, any size, either polarity"]),
        ("on shaded", scenes["shaded and textured paper"]),
        ("100 composed", found["page_digits"], found["page_lines"]),
        ("MNIST-C", found["mnist_c_mean"]),
        ("scikit-learn's 1,797", found["sklearn_digits"]),
        ("test images answered", found["answered"], refused["all letters, and scribbles"], refused["all letters"],
         refused["scribbles"]),
    ]  # fmt: skip
    for start, *shares in quoted:
        row = next(line for line in README.splitlines() if line.startswith(f"| {start}"))
        for share in shares:
            assert f"{100 * share:.2f}" in row


@pytest.mark.slow
@pytest.mark.process
def test_python_blocks_run(tmp_path):
    (code,) = blocks("python")
    code = code.replace('recipe("mlp")', 'recipe("mlp").change(hidden=(16,), epochs=1)')
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True, capture_output=True)


def test_commands_exist():
    from handgrad.cli import cli

    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ handgrad ")]
    assert len(lines) > 5
    for line in lines:
        words = shlex.split(line.partition("#")[0])[2:]
        command = cli.get_command(click.Context(cli), words[0])
        if words[0] == "data":
            command, words = command.commands[words[1]], words[1:]
        command.make_parser(click.Context(command)).parse_args([*words[1:]])
