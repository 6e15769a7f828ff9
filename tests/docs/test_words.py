"""What the docs name is there, and what is there is named: commands, options, modules, links, layers."""

import re
import shlex
import tomllib
from collections.abc import Iterator

import click
import pytest

import handgrad
from docs.pages import DOCS, PAGES, ROOT, blocks, name_of
from handgrad.cli import cli
from handgrad.nn.layers import LAYERS

PROGRAMS = "dask|podman|pip|make|curl|cc|git|python3?|tensorboard"  # other programs, whose options are not ours
NAMES = [*cli.list_commands(click.Context(cli))]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
PROSE = {page: re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M) for page in PAGES}


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    command = cli.get_command(click.Context(cli), words[0])
    assert command is not None, words
    if isinstance(command, click.Group) and words[1:]:
        return command.commands[words[1]], words[2:]
    return command, words[1:]


def typed() -> Iterator[tuple[str, str]]:
    """Each `handgrad ...` in a console block, run or not, and in the text."""
    for page in PAGES:
        for block in blocks(page):
            yield from ((name_of(page), line) for line in block.commands if line.startswith("handgrad "))
        yield from ((name_of(page), line) for line in re.findall(r"`(handgrad [a-z-]+[^`]*)`", PROSE[page]))


def test_commands_and_their_options_exist() -> None:
    found = [*typed()]
    assert len(found) > 60
    for page, line in found:
        words = shlex.split(re.split(r" [|<>] ", line)[0])[1:]
        if words[1:]:
            command, rest = command_of(words)
            flags = {flag for param in command.params for flag in (*param.opts, *param.secondary_opts)} | {"--help"}
            given = {word.partition("=")[0] for word in rest if word.startswith("--")}
            assert given <= flags, f"{page}: {line}: no {given - flags}"


def test_commands_parse() -> None:
    for page in PAGES:
        for line in (line for block in blocks(page) for line in block.commands if line.startswith("handgrad ")):
            command, rest = command_of(shlex.split(re.split(r" [|<>] ", line)[0])[1:])
            command.make_parser(click.Context(command)).parse_args(rest)


def test_options_in_the_text_exist() -> None:
    commands = [command_of([name])[0] for name in NAMES]
    known = {flag for each in commands for param in each.params for flag in (*param.opts, *param.secondary_opts)}
    for page, prose in PROSE.items():
        for code in re.findall(r"`([^`]*)`", prose):
            if page.parent == DOCS and not re.match(rf"({PROGRAMS})\b", code):
                wrong = set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", code)) - known
                assert not wrong, f"{name_of(page)}: {wrong}"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_in_the_docs(name: str) -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert f"\n### {name}\n" in page and f"```{{command-help}} {name}\n" in page
    assert any(line.startswith(f"handgrad {name}") for _, line in typed())


def test_what_is_installed_and_made_exists() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    extras = {name for found in re.findall(r"\.\[([\w,]+)\]'", text) for name in found.split(",")}
    assert extras and extras <= set(EXTRAS)
    targets = set(re.findall(r"(?:`|\$ )make ([\w-]+)", text))
    assert targets and targets <= set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))


def test_files_of_the_package_exist() -> None:
    for page, prose in PROSE.items():
        for file in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", prose):
            places = (ROOT, ROOT / "src" / "handgrad", ROOT / "src" / "handgrad" / "kernels")
            assert any((place / file).is_file() for place in places), f"{name_of(page)}: {file}"


def test_links_lead_somewhere() -> None:
    for page, prose in PROSE.items():
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            path, _, part = link.partition("#")
            if not re.match(r"https?://", link) and not path.startswith("notebooks/"):
                target = page.parent / path if path else page
                assert target.exists(), f"{name_of(page)}: {link}"
                assert not part or part in anchors(target.read_text(encoding="utf-8")), f"{name_of(page)}: {link}"


def anchors(text: str) -> set[str]:
    """The places in a page that a link can name, as GitHub and MyST call them."""
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"`", "", title)).strip().lower().replace(" ", "-") for title in titles}


def test_every_page_is_in_the_tree() -> None:
    trees = [block.text for page in PAGES for block in blocks(page) if block.language == "{toctree}"]
    listed = set(re.findall(r"^[\w/]+$", "\n".join(trees), re.M))
    assert {page.stem for page in PAGES if page.parent == DOCS} - {"index"} <= listed


def test_every_picture_is_shown() -> None:
    shown = {name for prose in PROSE.values() for name in re.findall(r"!\[[^\]]+\]\((?:docs/)?([^)]+)\)", prose)}
    assert {path.name for path in DOCS.glob("*.png")} == shown


def test_every_public_name_is_in_the_interface() -> None:
    named = set(re.findall(r"^   (\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.M))
    assert named == set(handgrad.HOMES)


def test_every_layer_has_its_mathematics() -> None:
    page = (DOCS / "mathematics.md").read_text(encoding="utf-8")
    for name in LAYERS:
        assert f"\n## {name}\n" in page and re.search(rf"^check\({name}\(", page, re.M), name


def test_the_kernel_that_is_shown_is_the_real_one() -> None:
    (block,) = (each for each in blocks(DOCS / "kernels.md") if each.language == "python")
    source = (ROOT / "src" / "handgrad" / "kernels" / "pointwise.py").read_text(encoding="utf-8")
    assert block.text.partition("\n")[2] in source
