"""Cards of data sets: Croissant 1.1, with the checksums of the catalogue, alone on standard output."""

import json
from hashlib import sha256
from typing import Any

import pytest

from command import refused, run
from handgrad.datasets.catalog import CATALOG
from handgrad.datasets.croissant import card
from handgrad.datasets.registry import where


@pytest.mark.parametrize("name", CATALOG)
def test_a_card_is_croissant(name: str) -> None:
    done = run("data", "card", name)
    made, entry = json.loads(done.stdout), CATALOG[name]
    assert done.stderr == "" and made == card(name)
    assert (made["@type"], made["conformsTo"]) == ("sc:Dataset", "http://mlcommons.org/croissant/1.1")
    assert (made["name"], made["url"], made.get("license", "")) == (name, entry.page, entry.licence)
    assert made["description"].startswith(entry.description)
    words = {word for node in nodes(made) for word in node if not word.startswith("@")} - set(made["@context"])
    assert words <= OF_SCHEMA_ORG, "each word of Croissant is in the context"
    files = {file["@id"]: file for file in made["distribution"]}
    assert len(files) == len(made["distribution"])
    for file in files.values():
        assert file["@type"] == "cr:FileObject" and file["contentUrl"] and file["encodingFormat"]
        assert ("sha256" in file) != ("containedIn" in file)
        assert file.get("containedIn", {}).get("@id", file["@id"]) in files
    sets = {each["@id"]: each for each in made["recordSet"]}
    for part, count in (("train", entry.train), ("test", entry.test)):
        (images,), (labels,) = (sets[f"{part}-{kind}"]["field"] for kind in ("images", "labels"))
        assert images["arrayShape"] == f"{count},28,28" and labels["arrayShape"].split(",")[0] == str(count)
        for kind, field in (("images", images), ("labels", labels)):
            source = field["source"]["fileObject"]["@id"]
            assert source in files and kind in source and ("train" in source) == (part == "train")
    assert tuple(row["classes/name"] for row in sets["classes"]["data"]) == entry.classes


OF_SCHEMA_ORG = {
    "name", "description", "url", "license", "datePublished", "creator", "distribution", "contentUrl", "contentSize",
    "encodingFormat", "sha256", "classes/label", "classes/name",
}  # fmt: skip


def nodes(value: Any) -> Any:
    """Every object of a document but its context."""
    if isinstance(value, dict):
        yield value
        for word, each in value.items():
            if word != "@context":
                yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


@pytest.mark.parametrize("name", [name for name in CATALOG if not CATALOG[name].built_in])
def test_checksums_are_those_of_the_catalogue(name: str) -> None:
    found = {file["@id"]: file for file in card(name)["distribution"] if "sha256" in file}
    entry = CATALOG[name]
    assert {each: file["sha256"] for each, file in found.items()} == {each.name: each.sha256 for each in entry.remotes}
    for remote in entry.remotes:
        assert found[remote.name]["contentSize"] == f"{remote.size} B"
        assert found[remote.name]["contentUrl"] == entry.mirrors[0] + remote.name


def test_the_built_in_data_set_s_card_names_the_files_of_the_package() -> None:
    files = card("mnist")["distribution"]
    assert len(files) == 4
    for file in files:
        content = (where("mnist") / file["contentUrl"]).read_bytes()
        assert file["sha256"] == sha256(content).hexdigest() and file["contentSize"] == f"{len(content)} B"


def test_an_unknown_name_is_one_line() -> None:
    assert "did you mean kmnist?" in refused("data", "card", "kmist")
