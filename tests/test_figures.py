"""What README and the pages of figures quote must be what was measured."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from handgrad.training.committee import members
from handgrad.training.recipe import Recipe
from handgrad.training.recipes import recipe

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIGURES = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
SPEED = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def results(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def row(page: str, start: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"| {start}"))


@pytest.mark.parametrize("name", ["cnn", "cnn-best", "tiny", "mlp", "mlp-best", "assignment"])
def test_quoted_accuracies_are_the_measured_ones(name):
    measured = results(f"accuracy-{name}")
    assert Recipe.from_json(measured["recipe"]) == recipe(name)
    quoted = f"{100 * measured['mean']:.2f} ± {100 * measured['standard_deviation']:.2f}"
    quoting = row(FIGURES, f"`{name}`")
    assert quoted in quoting
    assert ", ".join(f"{100 * seed['accuracy']:.2f}" for seed in measured["seeds"]) in quoting


def test_the_page_of_recipes_is_what_the_code_gives():
    made = runpy.run_path(str(ROOT / "docs" / "recipes.py"))["page"]()
    assert (ROOT / "docs" / "recipes.md").read_text() == made, "run `make docs`"


def test_the_quoted_likelihood_is_the_measured_one():
    seeds = results("accuracy-cnn-best")["seeds"]
    mean = sum(seed["nll"] for seed in seeds) / len(seeds)
    assert f"(negative log-likelihood {mean:.4f} nats an image, mean of the five seeds)" in FIGURES


def test_the_quoted_committee_is_the_measured_one():
    measured = results("accuracy-committee")
    assert [(each["name"], Recipe.from_json(each["recipe"])) for each in measured["members"]] == [
        (member.name, member.recipe) for member in members()
    ]
    assert f"vote as `handgrad committee`: {100 * measured['accuracy']:.2f} %, {measured['nll']:.4f} nats" in FIGURES


@pytest.mark.parametrize("name", ["quick", "speed"])
def test_quoted_times_are_the_measured_ones(name):
    measured = results(f"time-to-accuracy-{name}")
    assert Recipe.from_json(measured["recipe"]) == recipe(name)
    quoting = row(FIGURES, f"`{name}`")
    assert f"{100 * measured['mean_accuracy']:.2f} ± {100 * measured['standard_deviation']:.2f}" in quoting
    assert f"of {len(measured['seeds'])} seeds; least {100 * measured['least_accuracy']:.2f}" in quoting
    assert f"{measured['median_seconds']:.1f} s" in quoting


SPEEDS = {  # row of the page: (results, case); columns: contestants
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


@pytest.mark.parametrize("name", SPEEDS)
@pytest.mark.parametrize(
    ("start", "ending"),
    [("", ""), ("Sapphire Rapids: ", "-sapphire"), ("without AVX-512: ", "-avx2")],
    ids=["zen5", "sapphire", "avx2"],
)
def test_quoted_speeds_are_the_measured_ones(name, start, ending):
    file, case = SPEEDS[name]
    measured = results(f"{file}{ending}")
    entries = measured["cases"][case]["contestants"]
    wanted = [f"{entries[peer]['times_faster']:.2f}" if peer else "" for peer in PEERS[file]]
    assert [cell.strip() for cell in row(SPEED, f"{start}{name} |").split("|")[2:-1]][: len(wanted)] == wanted


def test_quoted_robustness_is_the_measured_one():
    found = results("robustness")["models"]["robust"]
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
        for share in shares:
            assert f"{100 * share:.2f}" in row(FIGURES, start)


@pytest.mark.parametrize(
    ("source", "start"),
    [("singles khoa_full_scans", "400 scans"), ("singles semeion", "300 single digits"),
     ("singles osblog_own", "24 digits"), ("pages hypjudy_A4", "241 digits")],
)  # fmt: skip
def test_quoted_real_handwriting_is_the_measured_one(source, start):
    measured = results("readers")["sources"][source]
    shares = [measured["handgrad"][name] for name in ("right", "refused", "wrong")]
    shares += [measured[reader]["right"] for reader in ("rapidocr", "tesseract")]
    assert row(FIGURES, start).endswith(" | ".join(["", *(f"{100 * share:.1f}" for share in shares), ""]).rstrip())


def test_quoted_scenes_are_the_measured_ones():
    measured = results("scenes")["kinds"]
    whole = measured["all"]
    assert (
        f"{100 * whole['right']:.1f} % of the digits are read and {100 * whole['exact']:.1f} % of the lines" in FIGURES
    )
    assert f"{whole['as_digit']} of {whole['marks']} punctuation marks" in FIGURES
    for kind, text in (
        ("form crossed", "a form's cells ({} %)"), ("touching", "digits that touch ({} %)"),
        ("everything", "everything bad at once ({} %)"), ("form amounts", "amounts in faint boxes ({} %)"),
    ):  # fmt: skip
        assert text.format(round(100 * measured[kind]["right"])) in " ".join(FIGURES.split())


def test_what_is_lost_is_what_was_measured():
    for name in ("predict", "predict-avx2", "predict-sapphire"):
        faster = results(name)["cases"][0]["contestants"]["onnxruntime"]["times_faster"]
        assert f"{faster:.2f}" in SPEED.partition("## What we lose")[2]
    for name, place in (("dense", "Zen 5"), ("dense-sapphire", "Sapphire\n  Rapids")):
        wide = results(name)["cases"][2]["contestants"]["JAX scan"]["times_faster"]
        assert f"{wide:.2f} on {place}" in SPEED
    for file in ("cold-sapphire", "cold"):
        cold = {name: each["median"] for name, each in results(file)["contestants"].items()}
        for name in ("handgrad, nothing compiled", "PyTorch", "scikit-learn"):
            assert f"{cold[name]:.1f} s" in " ".join(SPEED.split()), (file, name)
    cold = {name: each["median"] for name, each in results("cold-sapphire")["contestants"].items()}
    ours, compiled = cold["handgrad, nothing compiled"], cold["handgrad, kernels compiled"]
    assert f"of the {ours:.1f} s above, {ours - compiled:.1f} s" in SPEED
    assert f"begins {cold['handgrad, cnn until the first step']:.1f} s after the command" in SPEED
    ours, peer = cold["DigitClassifier, nothing compiled"], cold["MLPClassifier"]
    assert f"{ours:.1f} s there, with nothing compiled, and {peer:.1f} s with MLPClassifier" in SPEED
    for table, quoted in (("digits", "97.67 against 97.57"), ("wine", "98.52\n  against 97.59")):
        means = [results("estimator")["small"][table][name]["mean"] for name in ("scikit-learn", "handgrad")]
        assert [f"{100 * mean:.2f}" for mean in means] == quoted.split()[::2] and quoted in SPEED


def test_readme_quotes_the_pages():
    """Its few figures are those of the tables, and it stays short."""
    assert len(README.splitlines()) < 85
    for name, found in re.findall(r"`(cnn[\w-]*)`[^`]*?([0-9.]+) %", README):
        assert f"{found} ±" in row(FIGURES, f"`{name}`")
    scans, photos = row(FIGURES, "400 scans"), row(FIGURES, "241 digits")
    assert "98.0 % are right and 1.0 % wrong" in README and "99.6 %" in README
    assert scans.split("|")[2].strip() == "98.0" and scans.split("|")[4].strip() == "1.0"
    assert photos.split("|")[2].strip() == "99.6"
    assert "82 s" in row(FIGURES, "`cnn`") and "82 s" in README
