"""An address of the server with all that its documentation says, and the two documents that are made of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from handgrad import __version__
from handgrad.web.problem import MEDIA_TYPE as PROBLEM

Schema = Mapping[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
TEXT: Schema = {"type": "string"}
BYTES: Schema = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an address.

    Parameters
    ----------
    name : str
        Its name.
    text : str
        What it is for.
    schema : mapping
        JSON Schema of its value.
    """

    name: str
    text: str
    schema: Schema = field(default_factory=lambda: TEXT)


@dataclass(frozen=True)
class Endpoint:
    """An address of the server.

    Parameters
    ----------
    method : str
        GET, POST or DELETE.
    path : str
        With parameters in braces.
    handler : callable
        Answers a request.
    summary : str
        What one gets there, in a sentence.
    answers : mapping
        JSON Schema of an answer for each kind of content.
    bodies : mapping
        JSON Schema of a body for each kind of content.
    parameters : tuple of Parameter
        What may stand behind the question mark.
    example : str
        A command, where ADDRESS is the server's.
    unready : bool
        Whether status 503 has the same kind of answer.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[str, Schema]
    bodies: Mapping[str, Schema] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    example: str = ""
    unready: bool = False


def document(
    endpoints: Sequence[Endpoint], schemas: Mapping[str, Schema], places: Mapping[str, Schema]
) -> dict[str, Any]:
    """Return the OpenAPI document.

    Parameters
    ----------
    endpoints : sequence of Endpoint
        All that is to be in it.
    schemas : mapping of str to JSON Schema
        What the endpoints refer to.
    places : mapping of str to JSON Schema
        What may stand in the place of a name in braces, and for the parameters of these names.

    Returns
    -------
    dict
        Of OpenAPI 3.1.
    """
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, places)
    return {
        "openapi": "3.1.0",
        "info": {"title": "handgrad", "version": __version__, "description": "Handwritten digits, read over HTTP."},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(endpoint: Endpoint, places: Mapping[str, Schema]) -> dict[str, Any]:
    content = _content(endpoint.answers)
    names = [part.partition("}")[0] for part in endpoint.path.split("{")[1:]]
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": f"{endpoint.method.lower()} {endpoint.path}",
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": places[name]} for name in names),
            *(
                {"name": p.name, "in": "query", "description": p.text, "schema": places.get(p.name, p.schema)}
                for p in endpoint.parameters
            ),
        ],
        "responses": {
            "200": {"description": "The answer.", "content": content},
            **({"503": {"description": "Not ready.", "content": content}} if endpoint.unready else {}),
            "default": {
                "description": "A problem: what is wrong, and what to do.",
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }
    if endpoint.bodies:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.bodies)}
    return operation


def _content(schemas: Mapping[str, Schema]) -> dict[str, Any]:
    return {kind: {"schema": schema} for kind, schema in schemas.items()}


def page(endpoints: Sequence[Endpoint]) -> str:
    """Return the documentation for people.

    Parameters
    ----------
    endpoints : sequence of Endpoint
        All that is to be in it.

    Returns
    -------
    str
        HTML that needs `STYLE` as /docs.css, and nothing else.
    """
    sections = "\n".join(_section(endpoint) for endpoint in endpoints)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>How to ask handgrad</title>\n'
        '<link rel="stylesheet" href="/docs.css">\n<main>\n<h1>How to ask handgrad</h1>\n'
        f"<p>Version {escape(__version__)}. The same for machines: <a href='/openapi.json'>openapi.json</a>. "
        "ADDRESS is what stands before the first slash in your browser. What goes wrong is answered as a problem "
        "(RFC 9457): its <code>detail</code> says what to do.</p>\n"
        f"{sections}\n</main>\n</html>\n"
    )


def _section(endpoint: Endpoint) -> str:
    parts = [f"<h2><code>{endpoint.method} {escape(endpoint.path)}</code></h2>", f"<p>{escape(endpoint.summary)}</p>"]
    if endpoint.parameters:
        rows = "".join(f"<dt><code>{escape(p.name)}</code></dt><dd>{escape(p.text)}</dd>" for p in endpoint.parameters)
        parts.append(f"<dl>{rows}</dl>")
    if endpoint.bodies:
        parts.append(f"<p>Send: {', '.join(f'<code>{escape(kind)}</code>' for kind in endpoint.bodies)}.</p>")
    parts.append(f"<p>Get: {', '.join(f'<code>{escape(kind)}</code>' for kind in endpoint.answers)}.</p>")
    if endpoint.example:
        parts.append(f"<pre>{escape(endpoint.example)}</pre>")
    return f"<section>{''.join(parts)}</section>"


STYLE = """:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 48rem; margin: 0 auto; padding: 1rem; }
section { border-top: 1px solid #8886; }
h2 { font-size: 1.1rem; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; background: #8882; border-radius: .25rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dd { margin: 0; }
"""
