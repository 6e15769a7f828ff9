"""Cards of data sets in Croissant 1.1, the JSON-LD by which data sets for machine learning are described and found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from handgrad.datasets import download
from handgrad.datasets.catalog import Entry, entry_of
from handgrad.datasets.registry import where

SIDE = 28  # pixels, of the images of every data set of the catalogue
LABEL_COLUMNS = 8  # of idx2-int files, QMNIST's; the first is the class
VERSION = "http://mlcommons.org/croissant/1.1"
# The specification's own context: which vocabulary each word is of.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{
        word: f"cr:{word}"
        for word in (
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject",
            "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
            "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
            "separator", "source", "subField", "transform",
        )
    },
}  # fmt: skip


def card(name: str) -> dict[str, Any]:
    """Return the card of a data set.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Returns
    -------
    dict of str to object
        JSON-LD: the files with their SHA-256, the names of the classes, and the array that each file holds.

    Raises
    ------
    UserError
        For an unknown name.

    Examples
    --------
    >>> [each["@id"] for each in card("kmnist")["recordSet"]]
    ['classes', 'train-images', 'train-labels', 'test-images', 'test-labels']
    """
    entry = entry_of(name)
    files = _built_in(name) if entry.built_in else _fetched(entry)
    names = entry.members or [file["@id"] for file in files]
    licence = {"license": entry.licence} if entry.licence else {}
    return {
        "@context": CONTEXT, "@type": "sc:Dataset", "conformsTo": VERSION, "name": name,
        "description": f"{entry.description}. {_layout(entry)}", "url": entry.page, **licence,
        "citeAs": f"{entry.authors} ({entry.year}): {entry.what}. {entry.page}", "datePublished": str(entry.year),
        "creator": _creators(entry.authors.split(", ")), "distribution": files,
        "recordSet": [
            _classes(entry.classes), *_arrays("train", entry.train, names), *_arrays("test", entry.test, names)
        ],
    }  # fmt: skip


def _creators(names: Sequence[str]) -> list[dict[str, str]]:
    kind = "sc:Person" if len(names) > 1 else "sc:Organization"  # the catalogue names people together, houses alone
    return [{"@type": kind, "name": name} for name in names]


def _layout(entry: Entry) -> str:
    turned = " Rows and columns of each image are exchanged." if entry.transposed else ""
    return f"{entry.train:,} training and {entry.test:,} test images in IDX files, compressed by gzip.{turned}"


def _file(name: str, url: str, **more: object) -> dict[str, Any]:
    kind = "application/zip" if name.endswith(".zip") else "application/gzip"
    return {"@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": url, "encodingFormat": kind, **more}


def _built_in(name: str) -> list[dict[str, Any]]:
    return [
        _file(path.name, path.name, contentSize=f"{path.stat().st_size} B", sha256=download.sha256(path))
        for path in sorted(where(name).glob("*.gz"))
    ]


def _fetched(entry: Entry) -> list[dict[str, Any]]:
    files = [
        _file(remote.name, entry.mirrors[0] + remote.name, contentSize=f"{remote.size} B", sha256=remote.sha256)
        for remote in entry.remotes
    ]
    inside = {"containedIn": {"@id": entry.remotes[0].name}}
    return files + [_file(member, member, **inside) for member in entry.members]


def _classes(names: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet", "@id": "classes", "name": "classes", "dataType": "sc:Enumeration",
        "description": "What each label means.", "key": {"@id": "classes/label"},
        "field": [_field("classes/label", "sc:Integer"), _field("classes/name", "sc:Text")],
        "data": [{"classes/label": label, "classes/name": name} for label, name in enumerate(names)],
    }  # fmt: skip


def _arrays(part: str, count: int, files: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The array of each file of a part: one record, since Croissant knows no way to take an IDX file apart."""
    for kind, values in (("images", f",{SIDE},{SIDE}"), ("labels", "")):
        (file,) = (each for each in files if kind in each and ("train" in each) == (part == "train"))
        whole_numbers = "idx2-int" in file
        field = _field(f"{part}-{kind}/{kind}", "cr:Int32" if whole_numbers else "cr:UInt8")
        source = {"fileObject": {"@id": file}, "extract": {"fileProperty": "content"}}
        shape = f"{count},{LABEL_COLUMNS}" if whole_numbers else f"{count}{values}"
        yield {
            "@type": "cr:RecordSet", "@id": f"{part}-{kind}", "name": f"{part}-{kind}",
            "description": f"The {kind} of the {part} part, as one array.",
            "field": [{**field, "isArray": True, "arrayShape": shape, "source": source}],
        }  # fmt: skip


def _field(name: str, kind: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name, "dataType": kind}
