"""What the package promises about its own shape: levels, sizes, silence, no global random numbers, a quick import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import handgrad

ROOT = Path(handgrad.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
# Each module imports only from those before it, or from its own package. A new module is given its place here.
ORDER = [
    "errors", "version", "files", "rng", "kernels", "nn", "images", "datasets", "evaluation", "model", "reading",
    "report", "training", "sweeps", "cli", "__main__",
]  # fmt: skip
LONGEST = 300


def unit(path: Path) -> str:
    """`kernels` for kernels/tile.py, `keys` for keys.py, and nothing for the package itself."""
    first = path.relative_to(ROOT).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The modules and packages of handgrad that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("handgrad."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            parts = (node.module or "").split(".")
            if parts[0] != "handgrad":
                continue
            names = parts[1:2] or [alias.name for alias in node.names if alias.name != "__version__"]
            yield from names


def dotted(node: ast.expr) -> str:
    """`np.random.rand` of such an expression."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@pytest.fixture(params=FILES, ids=lambda path: str(path.relative_to(ROOT)))
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_the_walk_sees_the_package() -> None:
    assert {"kernels", "nn", "training", "model", "cli"} <= {unit(path) for path in FILES}
    assert set(imported(ROOT / "nn" / "network.py")) >= {"errors", "kernels", "nn"}


def test_imports_point_down(path: Path) -> None:
    own, wanted = unit(path), set(imported(path))
    if not own:
        return  # the package's own __init__ only passes names on, and only when asked: see QUICK
    assert {own} | wanted <= set(ORDER), "give each module its place in ORDER"
    upward = [name for name in wanted if name != own and ORDER.index(name) > ORDER.index(own)]
    assert not upward, f"{own} imports from above it"


def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST, "an idea is hiding in it"


def test_only_the_command_line_prints(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert unit(path) in ("cli", "__main__") or not [c.lineno for c in calls if dotted(c.func) == "print"]


def test_no_global_generator(path: Path) -> None:
    stated = {"Generator", "Philox", "SeedSequence", "default_rng"}
    tree = ast.parse(path.read_text())
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = [name.split(".") for name in used if name.startswith(("np.random.", "numpy.random."))]
    assert not [name for name in names if name[2] not in stated]
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert "random" not in plain


def test_compiled_code_divides_like_numpy_and_is_cached_by_us(path: Path) -> None:
    """Else a division keeps a loop from becoming vector code, and Numba's cache misses changes in other files."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and dotted(node.func).endswith("njit"):
            given = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
            assert (given.get("nogil"), given.get("error_model")) == (True, "numpy")
            assert "cache" not in given and path.name in ("jit.py", "compiled.py")


QUICK = """
import sys
import numpy as np
import handgrad
assert not [name for name in sys.modules if name.startswith("handgrad.")]

import handgrad.model.model, handgrad.nn.network
from handgrad.nn.layers import Dense, Flatten, ReLU

network = handgrad.nn.network.Network([Flatten(), Dense(8), ReLU(), Dense(3)], (5, 4, 1))
one = np.ones((5, 4, 1), np.float32)
handgrad.model.model.Model(network, one, one, "abc").predict(np.zeros((1, 5, 4), np.uint8))
heavy = {"numba", "llvmlite", "matplotlib", "scipy", "PIL", "rich", "click"} & set(sys.modules)
assert not heavy, heavy
"""


def test_public_names_are_there() -> None:
    for name in handgrad.__all__:
        assert getattr(handgrad, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = handgrad.nothing


def test_importing_and_a_first_answer_wait_for_no_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", QUICK], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
