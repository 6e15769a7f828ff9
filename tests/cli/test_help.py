"""Help that reads well: whole summaries in the order of use, options in groups with the values of the recipe."""

import re

import click
import pytest

from command import refused, run
from handgrad.cli import SECTIONS, cli
from handgrad.model.renamed import RECIPE_FIELDS
from handgrad.training.options import options
from handgrad.training.recipe import Recipe

NAMES = [name for names in SECTIONS.values() for name in names]


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)], ids=str)
def test_the_command_alone_lists_all_commands_in_sections(words):
    shown = run(*words).stdout
    assert re.findall(r"^  ([a-z-]+)  ", shown, re.MULTILINE)[-len(NAMES) :] == NAMES
    assert "..." not in shown.partition("\n")[2], "no summary is cut"
    assert all(f"\n{section}:\n" in shown for section in SECTIONS)


def test_a_group_alone_shows_its_help():
    assert run("data").stdout == run("data", "--help").stdout
    assert run("data").stdout.count("\n") > 5


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_summary_of_whole_sentences(name):
    command = cli.get_command(click.Context(cli), name)
    assert command and command.help and command.help.split("\n\n")[0].rstrip().endswith(".")
    assert run("help", name).stdout == run(name, "--help").stdout


@pytest.mark.parametrize("name", ["train", "inspect", "lr-find", "augment", "sweep"])
def test_every_field_of_a_recipe_is_an_option_in_its_group(name):
    shown = run(name, "--help").stdout
    for field, named in options(Recipe).items():
        group = shown.index(f"\n{named.option.group.capitalize()}:\n")
        assert shown.index(f"  --{field.replace('_', '-')} ") > group


@pytest.mark.parametrize("words", [("--recipe", "mlp"), ("--recipe=mlp",)], ids=len)
@pytest.mark.parametrize("first", [True, False])
def test_the_help_shows_the_values_of_the_recipe(words, first):
    words = ("--help", *words) if first else (*words, "--help")
    shown = " ".join(run("train", *words).stdout.split())
    assert "in brackets: what mlp has" in shown
    assert "[512,512,512]" in shown and "Weight decay, on weights only. [0.02]" in shown and "first. [yes]" in shown
    assert "[sgd, adam, adamw; adamw]" in shown


def test_the_help_of_a_recipe_that_there_is_not():
    assert "did you mean 'mlp'" in refused("train", "--recipe", "mpl", "--help")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("trian",), "no command 'trian': did you mean 'train'?"),
        (("xyz",), "no command 'xyz': 'handgrad --help' lists the commands"),
        (("help", "trian"), "no command 'trian': did you mean 'train'?"),
        (("train", "--epoch", "3"), "--epochs"),
    ],
    ids=str,
)
def test_a_slip_of_the_finger(words, message):
    assert message in refused(*words)


@pytest.mark.parametrize("old", RECIPE_FIELDS)
def test_an_option_of_an_earlier_version_is_told_by_its_new_name(old):
    flag, new = (f"--{name.replace('_', '-')}" for name in (old, RECIPE_FIELDS[old]))
    assert refused("train", flag, "1") == f"handgrad: no option {flag}: it is called {new} now"
