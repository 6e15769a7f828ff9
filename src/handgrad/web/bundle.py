"""The page as one HTML file: modules, style sheets and data put together, with the hash that its policy allows."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

PAGE = files("handgrad.web") / "page"
IMPORT = re.compile(r'^import \{ ([^}]*) \} from "(\.[\w./-]*)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const) (\w+))", re.MULTILINE)


@dataclass(frozen=True)
class Html:
    """A page.

    Parameters
    ----------
    text : str
        The file.
    policy : str
        Its Content-Security-Policy, which the file states too.
    """

    text: str
    policy: str


def page(models: Sequence[str], data: Mapping[str, bytes] | None = None) -> Html:
    """Return the page.

    Parameters
    ----------
    models : sequence of str
        The names of the models to choose from, the first one shown at the start.
    data : mapping of str to bytes, optional
        What lies inside of an exported file: `model:NAME`, `features:NAME` and `digits`. Without it, the page asks the
        server that sent it.

    Returns
    -------
    Html
        The file and its policy.
    """
    code, style = script(), style_sheet()
    served = data is None
    connect = "'self'" if served else "'none'"
    policy = (
        f"default-src 'none'; script-src '{_hash(code)}'; style-src '{_hash(style)}'; img-src 'self' data: blob:; "
        f"worker-src blob:; connect-src {connect}; base-uri 'none'; form-action 'none'"
    )
    settings = json.dumps({"served": served, "models": list(models)}).replace("<", "\\u003c")
    inside = "\n".join(
        f'<script type="text/plain" id="{name}">{base64.b64encode(each).decode()}</script>'
        for name, each in (data or {}).items()
    )
    parts = {"policy": policy, "style": style, "settings": settings, "data": inside, "code": code}
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    filled = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], text)
    return Html(filled, policy)


def _hash(text: str) -> str:
    """What a policy calls the element that holds a text between two line ends."""
    return "sha256-" + base64.b64encode(hashlib.sha256(f"\n{text}\n".encode()).digest()).decode()


def style_sheet() -> str:
    """Return the style sheets, the page's own first.

    Returns
    -------
    str
        CSS.
    """
    sheets = [PAGE / "style.css", *(each for each in _sorted(PAGE / "panels") if each.name.endswith(".css"))]
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def script() -> str:
    """Return all modules as one script: each is a function that is called once and returns what it exports.

    Returns
    -------
    str
        JavaScript.

    Raises
    ------
    ValueError
        Where a module or a name is imported that is not there, or modules import each other in a ring.
    """
    functions: dict[str, str] = {}
    _add("main.js", (), functions)
    return '"use strict";\nconst modules = {};\n' + "\n".join(functions.values())


def _add(name: str, above: tuple[str, ...], functions: dict[str, str]) -> None:
    """Add a module, after all that it imports, unless it is there."""
    if name in above:
        raise ValueError(f"{name} imports itself by way of {', '.join(above[above.index(name) + 1 :])}")
    if name in functions:
        return
    for _, path in IMPORT.findall(_source(name)):
        _add(_resolved(name, path), (*above, name), functions)
    functions[name] = _as_function(name, _source(name))


@cache
def _source(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _resolved(name: str, path: str) -> str:
    """The module that `name` means by a path like `../core/fit.js`."""
    parts = name.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _as_function(name: str, text: str) -> str:
    exported = EXPORT.findall(text)
    if left := re.search(r"^(?:import|export) .*", EXPORT.sub("", IMPORT.sub("", text)), re.MULTILINE):
        raise ValueError(f"{name}: '{left[0]}': expected an import on one line, or an exported function or constant")
    body = IMPORT.sub(lambda match: _taken(name, match[1], match[2]), EXPORT.sub("", text))
    return f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exported)} }};\n}})();'


def _taken(name: str, names: str, path: str) -> str:
    source = _resolved(name, path)
    if missing := {each.split()[0] for each in names.split(",")} - {*EXPORT.findall(_source(source))}:
        raise ValueError(f"{name}: {source} exports no {', '.join(sorted(missing))}; a line exports one name")
    return f'const {{ {names.replace(" as ", ": ")} }} = modules["{source}"];'


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda each: each.name)
