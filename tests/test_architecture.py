"""What the package promises about its own shape: rooms, sizes, silence, no global random numbers, a quick import.

Each rule is one test that lists the offenders.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import handgrad

ROOT = Path(handgrad.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
CONTRIBUTING = Path(__file__).parent.parent / "CONTRIBUTING.md"
# A room is a module or a folder of the package. Each imports only from those before it, or from itself.
ORDER = (
    "errors", "files", "rng", "signals", "kernels", "nn", "images", "datasets", "evaluation", "model", "reading",
    "report", "training", "sweeps", "bulk", "estimator", "export", "web", "cli", "__main__",
)  # fmt: skip
LONGEST = 300  # lines of a file
LAZY = {name: home.split(".")[0] for name, home in handgrad.HOMES.items()}  # `handgrad.Model` is in the room `model`


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    """`kernels` for kernels/dense.py, `rng` for rng.py, and nothing for the package itself."""
    first = path.relative_to(ROOT).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def rooms_imported(tree: ast.AST) -> Iterator[str]:
    """The rooms that a file imports from anywhere in it, `import handgrad` and `handgrad.Model` included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names if alias.name.split(".")[0] == "handgrad"]
            yield from (parts[1] for parts in names if parts[1:])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "handgrad":
            parts = (node.module or "").split(".")
            found = parts[1:2] or [alias.name for alias in node.names]
            yield from (LAZY.get(name, name) for name in found if name != "__version__")  # the package's own
        elif isinstance(node, ast.Attribute) and dotted(node.value) == "handgrad":
            yield LAZY.get(node.attr, node.attr)


def dotted(node: ast.expr) -> str:
    """`np.random.rand` of such an expression."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_the_walk_sees_the_package() -> None:
    assert {room(path) for path in FILES} == {"", *ORDER}
    assert set(rooms_imported(TREES[ROOT / "nn" / "network.py"])) >= {"errors", "kernels", "nn", "rng"}
    assert set(rooms_imported(ast.parse("import handgrad\nhandgrad.Model"))) == {"model"}
    assert set(rooms_imported(ast.parse("from handgrad import sweep"))) == {"sweeps"}


def test_imports_point_down() -> None:
    upward = [
        f"{name_of(path)} imports {other}"
        for path, tree in TREES.items()
        if room(path)  # the package's own __init__ passes names on
        for other in set(rooms_imported(tree))
        if ORDER.index(other) > ORDER.index(room(path))
    ]
    assert not upward


def test_contributing_has_the_same_order() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name.rstrip("/") for row in rows for name in re.findall(r"`([\w/]+)`", row)]
    assert named == [name for name in ORDER if name != "__main__"]


def test_contributing_names_files_that_exist() -> None:
    named = re.findall(r"`([\w/]+\.py|[\w/]+/)`", CONTRIBUTING.read_text(encoding="utf-8"))
    assert len(named) > 20
    assert not [name for name in named if not (CONTRIBUTING.parent / name).exists() and not [*ROOT.rglob(name)]]


def test_no_relative_imports() -> None:
    assert not [
        name_of(path) for path, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]  # fmt: skip


def test_files_stay_short() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}, "an idea is hiding in them"


def test_the_top_level_can_be_taken_in_at_a_glance() -> None:
    names = {path.name for path in ROOT.iterdir() if path.name != "__pycache__"}
    assert len(names) <= 22


def test_only_the_command_line_prints() -> None:
    assert not [
        f"{name_of(path)}:{node.lineno}"
        for path, tree in TREES.items()
        if room(path) not in ("cli", "__main__")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) == "print"
    ]


def test_no_global_generator() -> None:
    stated = {"Generator", "Philox", "SeedSequence", "default_rng"}
    used = [
        f"{name_of(path)}: {name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (name := dotted(node)).startswith(("np.random.", "numpy.random."))
        and name.split(".")[2] not in stated
    ]
    imported = [
        name_of(path) for path, tree in TREES.items() for node in ast.walk(tree)
        if isinstance(node, ast.Import) and "random" in [alias.name for alias in node.names]
    ]  # fmt: skip
    assert not used + imported


def test_compiled_code_divides_like_numpy_and_is_cached_whole() -> None:
    """Else a division keeps a loop from becoming vector code, and a part in a cache of its own can be an old one."""
    wrong = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and dotted(node.func).endswith("njit"):
                given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
                if (given.get("nogil"), given.get("error_model")) != (True, "numpy") or "cache" in given:
                    wrong.append(f"{name_of(path)}:{node.lineno}")
    assert not wrong


QUICK = """
import sys
import numpy as np
import handgrad
assert not [name for name in sys.modules if name.startswith("handgrad.")]

import handgrad.model.model, handgrad.nn.network
from handgrad.model.preprocess import Preprocess
from handgrad.nn.layers import Dense, Flatten, ReLU

network = handgrad.nn.network.Network([Flatten(), Dense(8), ReLU(), Dense(3)], (5, 4, 1))
one = np.ones((5, 4, 1), np.float32)
handgrad.model.model.Model(network, Preprocess(one, one), "abc").predict(np.zeros((1, 5, 4), np.uint8))
heavy = {"numba", "llvmlite", "matplotlib", "scipy", "PIL", "rich", "click"} & set(sys.modules)
assert not heavy, heavy
"""


def test_public_names_are_there() -> None:
    for name in handgrad.__all__:
        assert name == "__version__" or getattr(handgrad, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = handgrad.nothing


def test_type_checkers_see_the_same_names() -> None:
    imports = [node for node in ast.walk(TREES[ROOT / "__init__.py"]) if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: (node.module or "").removeprefix("handgrad.") for node in imports for alias in node.names}
    assert {name: home for name, home in seen.items() if name in handgrad.HOMES} == handgrad.HOMES


@pytest.mark.process
def test_importing_and_a_first_answer_wait_for_no_compiler(tmp_path: Path) -> None:
    environment = {**os.environ, "HANDGRAD_CACHE": str(tmp_path)}  # where nothing has been compiled
    done = subprocess.run([sys.executable, "-c", QUICK], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
