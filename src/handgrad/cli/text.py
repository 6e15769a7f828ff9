"""What commands print: text that a terminal only shows, and JSON without NaN."""

import json
import math
import re
from typing import Any

import click

# What moves a terminal's cursor, changes its colours or title, or turns the direction of writing.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """One line of text, with control characters as escapes: names in files may hold any."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output; what is no finite number becomes null, as JSON has no other word."""
    click.echo(json.dumps(_finite(value), allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
