"""The pages of the documentation, README among them, and the code blocks in them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = {"notebooks", "generated", "_build"}  # what Sphinx makes
PAGES = [ROOT / "README.md", *(p for p in sorted(DOCS.rglob("*.md")) if not MADE & {*p.relative_to(DOCS).parts})]
RUN = ("python", "console")  # the languages of blocks that run
NOT_RUN = "# Not run by the tests: "  # how the first line of a block begins that does not run; the reason follows
BLOCK = re.compile(r"^```([\w{}-]*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block between fences: its language, its text, and the line of the page on which it begins."""

    language: str
    text: str
    line: int

    @property
    def runs(self) -> bool:
        return self.language in RUN and not self.text.startswith(NOT_RUN)

    @property
    def commands(self) -> list[str]:
        """What a reader types in a console: lines that begin with `$ `, without comments at their ends."""
        typed = [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]
        return [re.sub(r"\s+# .*", "", line).strip() for line in typed]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, from the top."""
    text = page.read_text(encoding="utf-8")
    return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in BLOCK.finditer(text)]
