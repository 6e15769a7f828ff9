"""Models on the page: what they consist of, files of the user's own, two side by side."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, expect

from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import model_file, pretrained
from handgrad.nn.layers import Conv, Dense, Ensemble, Flatten, ReLU, Residual, Sequential
from handgrad.nn.network import Network
from handgrad.web.stored import stored_images

from .conftest import Opener, draw

pytestmark = pytest.mark.process
THREE = "3,1.8 5,1.4 6.8,2.8 4.6,4.8 6.9,6.4 5,8.5 3,7.8"


def give(page: Page, data: bytes, name: str = "mine.safetensors") -> None:
    chooser = page.get_by_label("Choose a model file")
    chooser.set_input_files([FilePayload(name=name, mimeType="application/octet-stream", buffer=data)])


def made(layers: list, path: Path, shape: tuple[int, int, int] = (28, 28, 1)) -> bytes:
    network = Network(layers, shape)
    network.theta[:] = np.random.default_rng(0).normal(0, 0.1, network.theta.shape)
    seen = Preprocess(np.zeros(shape, np.float32), np.full(shape, 1 / 255, np.float32))
    Model(network, seen, [*"0123456789"], {"recipe": {"name": "mine"}}).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["robust", "mlp", "tiny"])
def test_a_model_is_described(browser_page: Opener, name: str) -> None:
    page, model = browser_page(hash="panel=models", models=(name,)), pretrained(name)
    card = page.locator(".models-card")
    expect(card).to_contain_text(f"Parameters{model.network.layout.count:,}")
    expect(card).to_contain_text(f"{model.temperature:.3f}")
    expect(card).to_contain_text("set upright first" if model.preprocess.deskew else "as they lean")


def test_a_file_of_the_users_is_shown_and_chosen(browser_page: Opener, tmp_path: Path) -> None:
    page = browser_page(hash="panel=models", models=("tiny",))
    inner = [Flatten(), Dense(16), ReLU(), Residual([Dense(16), ReLU()]), Dense(10)]
    other = [Sequential([Conv(4, 3), ReLU(), Flatten(), Dense(10)])]
    for layers, name in ((inner, "mine"), ([Ensemble([Sequential(inner), *other])], "mine 2")):
        file = tmp_path / f"{name}.safetensors"
        give(page, made(layers, file))
        expect(page.locator("#model")).to_have_value(name)
        draw(page, THREE)
        pixels = page.evaluate(
            "() => [...modules['core/strokes.js'].imageOf(modules['parts/state.js'].state.drawing, [28, 28])]"
        )
        expected = Model.load(file).predict_proba(np.array(pixels, np.uint8).reshape(1, 28, 28))[0]
        shown = page.locator(".models-pair tbody tr td:nth-child(2)").all_inner_texts()
        np.testing.assert_allclose([float(text.split()[0]) / 100 for text in shown], expected, atol=0.006)
    expect(page.locator(".models-card")).to_have_count(3)
    page.get_by_role("button", name="Show tiny on the page").click()
    expect(page.locator("#model")).to_have_value("tiny")


def changed(change: Callable[[dict], None]) -> bytes:
    """The file of `tiny` with its header changed."""
    data = model_file("tiny").read_bytes()
    length = int.from_bytes(data[:8], "little")
    index = json.loads(data[8 : 8 + length])
    header = json.loads(index["__metadata__"]["handgrad"])
    change(header)
    index["__metadata__"]["handgrad"] = json.dumps(header)
    head = json.dumps(index).encode()
    return len(head).to_bytes(8, "little") + head + data[8 + length :]


def tiny(start: int = 0, stop: int | None = None) -> bytes:
    return model_file("tiny").read_bytes()[start:stop]


FAULTS = {
    "empty": (b"", "this is no safetensors file"),
    "text": (b"what is this, a file of words", "this is no safetensors file"),
    "no JSON": ((4).to_bytes(8, "little") + b"{{{{", "the file is damaged"),
    "cut": (tiny(stop=20_000), "cut short"),
    "cut in its header": (tiny(stop=500), "this is no safetensors file"),
    "no header of handgrad": ((2).to_bytes(8, "little") + b"{}", "was not written by handgrad"),
    "an unknown layer": (changed(lambda header: header["layers"].insert(0, ["Attention", {}])), "layer Attention"),
    "no layers": (changed(lambda header: header.pop("layers")), "the file is damaged"),
    "other sizes": (changed(lambda header: header["layers"][0][1].update(filters=9)), "has 72 numbers, expected 81"),
    "other classes": (changed(lambda header: header.update(classes=["a", "b"])), "10 outputs for 2 classes"),
    "pictures": (changed(lambda header: header.update(pictures="pictures")), "sees pictures of 28x28x1, expected"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_file_is_told(browser_page: Opener, fault: str) -> None:
    data, told = FAULTS[fault]
    page = browser_page(hash="panel=models")
    give(page, data)
    expect(page.locator("#message")).to_contain_text("mine.safetensors: ")
    expect(page.locator("#message")).to_contain_text(told)
    expect(page.locator("#model option")).to_have_count(1)


def test_two_models_differ_where_they_do_in_python(browser_page: Opener, tmp_path: Path) -> None:
    page = browser_page(hash="panel=models&model=tiny", models=("tiny", "mlp"))
    layers = [Flatten(), Dense(10)]
    give(page, made(layers, tmp_path / "mine.safetensors"))
    expect(page.locator("#model")).to_have_value("mine")
    page.locator("#models-other").select_option("mlp")
    page.get_by_role("button", name="Find digits on which they differ").click()
    images = stored_images()[0].pixels
    mine, mlp = Model.load(tmp_path / "mine.safetensors").predict(images), pretrained("mlp").predict(images)
    expect(page.locator("#panel")).to_contain_text(
        f"they read {int((mine != mlp).sum())} as different digits", timeout=30_000
    )
    first = np.flatnonzero(mine != mlp)[0]
    tile = page.locator(".image").first
    expect(tile).to_have_text(f"{mine[first]} | {mlp[first]}")
    tile.click()
    drawn = page.evaluate("() => [...modules['parts/state.js'].state.drawing.base]")
    np.testing.assert_array_equal(drawn, images[first].ravel())
