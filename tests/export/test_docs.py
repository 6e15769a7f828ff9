"""What docs/export.md says can be run."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from export.machine import STRICT, compiler, stated
from handgrad.datasets import load
from handgrad.export.c.file import c_file
from handgrad.export.onnx.file import onnx_file
from handgrad.kernels import naive
from handgrad.kernels.loss import softmax
from handgrad.model.shipped import pretrained, shipped_names

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = (DOCS / "export.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def run_block(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(compile(text, "docs/export.md", "exec"), names)
    return names


def test_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits.onnx").write_bytes(onnx_file(pretrained("tiny")))
    names = run_block(blocks("python")[0], tmp_path, monkeypatch)
    assert names["probabilities"].shape == names["scores"].shape == (5, 10)


def test_c(tmp_path: Path) -> None:
    (tmp_path / "digits.c").write_text(c_file(pretrained("tiny")))
    (tmp_path / "main.c").write_text(blocks("c")[0])
    subprocess.run([compiler(), *STRICT, "-O2", "main.c", "digits.c", "-lm"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "a.out"], capture_output=True, text=True, check=True).stdout
    probabilities = pretrained("tiny").predict_proba(np.zeros((28, 28), np.uint8))[0]
    assert said == f"{probabilities.argmax()} {probabilities.max():.3f}\n"


def test_the_sketch_declares_what_the_file_defines() -> None:
    source = c_file(pretrained("tiny"))
    (sketch,) = blocks("cpp", (DOCS / "microcontroller.md").read_text(encoding="utf-8"))
    for declared in re.findall(r'extern "C" (.*;)', sketch):
        assert declared.removesuffix(";") in source


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in shipped_names() if name != "tiny"]


@pytest.mark.parametrize("name", ["tiny", *SLOW])
def test_the_table_has_what_the_files_state(name: str) -> None:
    files = [c_file(pretrained(name), images) for images in (None, load("mnist").split()[0].nhwc[:1000])]
    memory = [", ".join(rounded(stated(source, what)) for what in ("flash", "RAM")) for source in files]
    assert f"| `{name}` | {memory[0]} | {memory[1]} | {stated(files[0], 'work'):,} |" in PAGE


def rounded(size: int) -> str:
    return f"{size / 1024:,.{int(size < 100 * 1024)}f} KB"


class Functional:
    """What the page takes from torch.nn.functional, in NumPy."""

    @staticmethod
    def conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, pad: int) -> np.ndarray:
        x, w = (np.ascontiguousarray(array) for array in (x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0)))
        sides = [(side + 2 * pad - len(w)) // stride + 1 for side in x.shape[1:3]]
        out = np.empty((len(x), *sides, len(b)), np.float32)
        naive.conv_forward(out, x, w, b, -np.inf, stride, pad, np.empty((1, 0), np.float32))
        return out.transpose(0, 3, 1, 2)

    @staticmethod
    def batch_norm(x: np.ndarray, *each: np.ndarray, eps: float) -> np.ndarray:
        mean, var, gamma, beta = (array.reshape(1, -1, *(1,) * (x.ndim - 2)) for array in each)
        return (x - mean) / np.sqrt(var + eps) * gamma + beta

    @staticmethod
    def max_pool2d(x: np.ndarray, side: int) -> np.ndarray:
        n, channels, height, width = x.shape
        rows, columns = height // side, width // side
        whole = x[:, :, : rows * side, : columns * side]
        return whole.reshape(n, channels, rows, side, columns, side).max(axis=(3, 5))


def without_torch(block: str) -> str:
    """The block with NumPy in the place of PyTorch."""
    for old, new in (
        ("import torch\n", ""), ("from torch.nn import functional as F\n", ""), ('"pt"', '"np"'),
        (".float()", '.astype("f4")'),
    ):  # fmt: skip
        assert old in block
        block = block.replace(old, new)
    return block


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_safetensors_in_pytorch(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = pretrained(name), load("mnist").split()[1].nhwc[:20]
    model.save(tmp_path / "cnn.safetensors")
    block, pixels = blocks("python")[1], model.preprocess.upright(images).astype(np.float32)
    if find_spec("torch"):
        import torch

        got = run_block(block, tmp_path, monkeypatch)["logits"](torch.from_numpy(pixels)).numpy()
    else:
        names = run_block(without_torch(block), tmp_path, monkeypatch)
        names |= {"torch": SimpleNamespace(permute=np.transpose), "F": Functional}
        names["logits"].__globals__.update(names)
        got = names["logits"](pixels)
    want = model.predict_proba(images)
    np.testing.assert_allclose(softmax(got / model.temperature), want, rtol=0, atol=1e-5)
