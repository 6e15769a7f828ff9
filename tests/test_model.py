"""A model file: there and back to the same bytes, and one line about whatever is wrong with one."""

import errno
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from handgrad.datasets import load
from handgrad.errors import UserError
from handgrad.kernels.loss import softmax
from handgrad.model.answering import SIZES
from handgrad.model.model import Model
from handgrad.model.preprocess import Preprocess
from handgrad.model.shipped import pretrained
from handgrad.nn.layers import BatchNorm, Dense, Dropout, Flatten, ReLU
from handgrad.nn.network import Network
from tolerance import assert_close

Array = Any
CLASSES = ("nought", "one", "two")


def random() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=1))


@pytest.fixture(scope="module")
def model() -> Model:
    layers = [Flatten(), Dropout(0.1), Dense(9, "lecun", 0.5), BatchNorm(0.8, 1e-4), ReLU(), Dense(3)]
    network = Network(layers, (5, 4, 1), seed=3)
    network.state += random().uniform(0, 1, network.state.shape).astype(np.float32)
    mean, scale = random().uniform(0, 99, (5, 4, 1)).astype(np.float32), np.full((5, 4, 1), 0.01, np.float32)
    record = {"recipe": {"name": "é ☃"}, "history": [{"loss": 0.5}]}
    return Model(network, Preprocess(mean, scale, background=127.0), CLASSES, record, temperature=1.5)


@pytest.fixture(scope="module")
def content(model: Model, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    model.save(path)
    return path.read_bytes()


def pixels(n: int = 20) -> Array:
    return random().integers(0, 256, (n, 5, 4), np.uint8)


def loaded(path: Path, content: bytes) -> Model:
    path.write_bytes(content)
    return Model.load(path)


def test_there_and_back(model: Model, content: bytes, tmp_path: Path) -> None:
    back = loaded(tmp_path / "m.safetensors", content)
    assert back.predict_proba(pixels()).tobytes() == model.predict_proba(pixels()).tobytes()
    assert (back.classes, back.record, back.temperature) == (CLASSES, model.record, 1.5)
    assert back.network.layers == model.network.layers
    assert back.network.theta.tobytes() == model.network.theta.tobytes()
    back.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.safetensors", "m.safetensors"]


def test_answers_by_hand(model: Model) -> None:
    network, images = model.network, pixels(4)
    value = {**dict(network.layout.views(network.theta)), **dict(network.state_layout.views(network.state))}
    value = {name: array.astype(np.float64) for name, array in value.items()}
    x = ((images[..., None] - model.preprocess.mean.astype(np.float64)) * model.preprocess.scale).reshape(4, -1)
    x = x @ value["2.w"] + value["2.b"]
    x = (x - value["3.mean"]) / np.sqrt(value["3.var"] + 1e-4) * value["3.gamma"] + value["3.beta"]
    logits = np.maximum(x, 0) @ value["5.w"] + value["5.b"]
    powers = np.exp(logits / 1.5)
    assert_close(model.predict_proba(images), powers / powers.sum(axis=1, keepdims=True))
    assert model.predict(images).tolist() == logits.argmax(axis=1).tolist()


@pytest.mark.parametrize("n", [0, 1, 2, SIZES[-1] - 1, SIZES[-1], SIZES[-1] + 1, 2 * SIZES[-1] + 3])
def test_any_number_of_images(model: Model, n: int) -> None:
    images = pixels(n)
    found = model.predict_proba(images)
    assert found.shape == (n, 3) and found.dtype == np.float32
    assert_close(found.sum(axis=1), np.ones(n))
    assert (found == model.predict_proba(images[..., None])).all()
    if n:
        assert_close(found[-1], model.predict_proba(images[-1:])[0])


@pytest.mark.parametrize("shape", [(4, 5), (2, 4, 5), (2, 5, 4, 3), (2, 21), (2, 5, 4, 1, 1)])
def test_images_of_another_shape(model: Model, shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"expected \(5, 4\), \(5, 4, 1\), \(20,\), or N of these"):
        model.predict(np.zeros(shape, np.uint8))


def test_images_in_every_form_that_people_have(model: Model) -> None:
    images = pixels(6)
    wanted = model.predict_proba(images)
    for given in (
        images.tolist(), images.astype(np.int64), images.reshape(6, 20), images / 255, images.astype(np.float32),
        images[..., None], np.asfortranarray(images),
    ):  # fmt: skip
        assert_close(model.predict_proba(given), wanted)
    assert_close(model.predict_proba(images[0]), wanted[:1])
    assert model.predict(images[0]).shape == (1,)


@pytest.mark.parametrize("value", [-1.0, 300.0, np.nan])
def test_values_that_no_pixel_has(model: Model, value: float) -> None:
    with pytest.raises(UserError, match="expected whole numbers from 0 to 255"):
        model.predict(np.full((2, 5, 4), value))


def test_inverted_images_are_warned_of() -> None:
    images = load("mnist").train.pixels[:20]
    model = pretrained("tiny")
    model.predict(images)
    with pytest.warns(UserWarning, match="look inverted: their border is 255 of 255, .* give 255 - pixels"):
        model.predict(255 - images)


def test_a_pickled_model_answers_with_the_same_bits(model: Model) -> None:
    for each in (model, pretrained("cnn")):
        copy = pickle.loads(pickle.dumps(each))
        images = np.zeros((3, *each.network.in_shape), np.uint8)
        assert copy.predict_proba(images).tobytes() == each.predict_proba(images).tobytes()
        assert copy.classes == each.classes and copy.network.theta.ctypes.data % 64 == 0


def test_softmax_of_any_size() -> None:
    assert_close(softmax(np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4]])), np.array([[1, 0, 0], [1 / 3] * 3]))


def rewritten(
    content: bytes,
    tensors: Callable[[dict[str, Array]], Any] = lambda t: None,
    header: Callable[[dict[str, Any]], Any] = lambda h: None,
    metadata: Callable[[dict[str, str]], Any] = lambda m: None,
) -> bytes:
    """The file with something changed; each function changes what it is given in place."""
    (size,) = struct.unpack("<Q", content[:8])
    meta = json.loads(content[8 : 8 + size])["__metadata__"]
    arrays, ours = dict(from_bytes(content)), json.loads(meta["handgrad"])
    tensors(arrays)
    header(ours)
    meta["handgrad"] = json.dumps(ours)
    metadata(meta)
    return to_bytes(arrays, meta)


def test_rewriting_alone_does_no_harm(model: Model, content: bytes, tmp_path: Path) -> None:
    back = loaded(tmp_path / "m.safetensors", rewritten(content))
    assert_close(back.predict_proba(pixels()), model.predict_proba(pixels()))


HEADER = ("layers", "in_shape", "classes", "temperature", "deskew", "record")
DAMAGE: dict[str, dict[str, Callable[[Any], Any]]] = {
    "missing tensor": {"tensors": lambda t: t.pop("2.w")},
    "missing state": {"tensors": lambda t: t.pop("3.var")},
    "missing mean": {"tensors": lambda t: t.pop("mean")},
    "wrong shape": {"tensors": lambda t: t.update({"2.b": np.zeros(8, np.float32)})},
    "turned": {"tensors": lambda t: t.update({"2.w": np.ascontiguousarray(t["2.w"].T)})},
    "float64": {"tensors": lambda t: t.update({"2.b": np.zeros(9)})},
    "integers": {"tensors": lambda t: t.update({"2.b": np.zeros(9, np.int32)})},
    "weights that are no numbers": {"tensors": lambda t: t.update({"2.b": np.full(9, np.nan, np.float32)})},
    "mean of another shape": {"tensors": lambda t: t.update({"mean": np.zeros((4, 5, 1), np.float32)})},
    "another format": {"header": lambda h: h.update(format="handgrad-999")},
    "no format": {"header": lambda h: h.pop("format")},
    "no header": {"metadata": lambda m: m.pop("handgrad")},
    "header no JSON": {"metadata": lambda m: m.update(handgrad="{")},
    "header a list": {"metadata": lambda m: m.update(handgrad="[]")},
    "header a number": {"metadata": lambda m: m.update(handgrad="3")},
    "header deep": {"metadata": lambda m: m.update(handgrad="[" * 100_000)},
    "header of long digits": {"metadata": lambda m: m.update(handgrad="1" * 10_000)},
    **{f"no {key}": {"header": lambda h, key=key: h.pop(key)} for key in HEADER},
    "no layers at all": {"header": lambda h: h.update(layers=[])},
    "layers a number": {"header": lambda h: h.update(layers=3)},
    "layers of words": {"header": lambda h: h.update(layers=["Dense"])},
    "unknown layer": {"header": lambda h: h["layers"][0].__setitem__(0, "Convolution")},
    "layer that is none": {"header": lambda h: h["layers"][0].__setitem__(0, "Slot")},
    "layer of a dunder": {"header": lambda h: h["layers"][0].__setitem__(0, "__name__")},
    "layer that is abstract": {"header": lambda h: h["layers"][0].__setitem__(0, "Layer")},
    "layer named by a number": {"header": lambda h: h["layers"][0].__setitem__(0, 3)},
    "unknown setting": {"header": lambda h: h["layers"][0][1].update(nothing=1)},
    "settings a list": {"header": lambda h: h["layers"][2].__setitem__(1, [9])},
    "bad dropout": {"header": lambda h: h["layers"][1][1].update(rate=7)},
    "dropout of text": {"header": lambda h: h["layers"][1][1].update(rate="a")},
    "init unknown": {"header": lambda h: h["layers"][2][1].update(init="x")},
    "init a number": {"header": lambda h: h["layers"][2][1].update(init=3)},
    "no units": {"header": lambda h: h["layers"][2][1].pop("units")},
    **{
        f"{name} units": {"header": lambda h, units=units: h["layers"][2][1].update(units=units)}
        for name, units in {
            "negative": -5, "text": "9", "no": 0, "half": 9.5, "null": None, "list": [9], "huge": 10**12,
            "endless": 10**30, "infinite": float("inf"), "nan": float("nan"),
        }.items()
    },
    **{
        f"in_shape {shape}": {"header": lambda h, shape=shape: h.update(in_shape=shape)}
        for shape in (3, [], [0, 4, 1], [-5, -4, 1], ["5", 4, 1], [5, 4], [10**9, 10**9, 1], [10**40, 1, 1], "ab", None)
    },
    "dense behind an image": {"header": lambda h: h.update(layers=h["layers"][1:])},
    "too few classes": {"header": lambda h: h.update(classes=["a"])},
    "classes a number": {"header": lambda h: h.update(classes=3)},
    "classes null": {"header": lambda h: h.update(classes=None)},
    **{
        f"temperature {value}": {"header": lambda h, value=value: h.update(temperature=value)}
        for value in (0, -1, "hot", None, float("nan"), float("inf"), [1])
    },
    "record a list": {"header": lambda h: h.update(record=[1])},
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_in_a_line(content: bytes, damage: str, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with pytest.raises(UserError) as caught:
        loaded(path, rewritten(content, **DAMAGE[damage]))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000


def test_more_weights_than_the_file_holds_are_not_made_room_for(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    wide = rewritten(content, header=lambda h: h["layers"][2][1].update(units=10**7))
    with pytest.raises(UserError, match=r"\d+ parameters, where the file holds \d+"):
        loaded(path, wide)


def test_cut_files(content: bytes, tmp_path: Path) -> None:
    (size,) = struct.unpack("<Q", content[:8])
    for length in (0, 1, 7, 8, 9, 8 + size // 2, 8 + size, 9 + size, len(content) // 2, len(content) - 1):
        with pytest.raises(UserError, match="not a whole safetensors file"):
            loaded(tmp_path / "m.safetensors", content[:length])


def test_bytes_too_many(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        loaded(tmp_path / "m.safetensors", content + b"x")


def test_random_bytes(tmp_path: Path) -> None:
    for length in (1, 8, 100, 5000):
        with pytest.raises(UserError):
            loaded(tmp_path / "m.safetensors", random().bytes(length))


def by_hand(dtype: str, size: int) -> bytes:
    header = json.dumps({"x": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


FOREIGN = [("F32", 4), ("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("BOOL", 1), ("F99", 1)]


@pytest.mark.parametrize(("dtype", "size"), FOREIGN)
def test_other_safetensors_files(dtype: str, size: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="safetensors file"):
        loaded(tmp_path / "m.safetensors", by_hand(dtype, size))


def test_missing_files(tmp_path: Path) -> None:
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(UserError, match="no such model file"):
            Model.load(path)


def test_never_another_exception(content: bytes, tmp_path: Path) -> None:
    """Flip, cut, drop, double: a damaged file loads, if only weights were hit, or is a UserError."""
    generator, path, told = random(), tmp_path / "m.safetensors", 0
    (size,) = struct.unpack("<Q", content[:8])
    for turn in range(300):
        data = bytearray(content)
        at = int(generator.integers(0, 8 + size if turn % 4 else len(data)))
        match turn % 5:
            case 0 | 1:
                data[at] ^= 1 << int(generator.integers(8))
            case 2:
                data[at] = int(generator.choice(np.frombuffer(b'0123456789-.eE"[]{},:tfn', np.uint8)))
            case 3:
                del data[at : at + int(generator.integers(1, 20))]
            case _:
                data[at:at] = data[at : at + int(generator.integers(1, 20))]
        try:
            loaded(path, bytes(data))
        except UserError:
            told += 1
    assert told > 150


def settings_fuzzed(header: Any, generator: np.random.Generator) -> None:
    """Put something strange in a random place of the header."""
    strange = [None, True, -1, 0, 1.5, 1e400, 10**19, 10**40, "", "x", [], {}, [[]], {"units": 3}]
    while True:
        keys = list(header) if isinstance(header, dict) else list(range(len(header)))
        key = keys[int(generator.integers(len(keys)))]
        if not header[key] or not isinstance(header[key], (list, dict)) or generator.random() < 0.2:
            header[key] = strange[int(generator.integers(len(strange)))]
            return
        header = header[key]


def test_strange_headers(content: bytes, tmp_path: Path) -> None:
    generator, told = random(), 0
    for _ in range(400):
        data = rewritten(content, header=lambda h: settings_fuzzed(h, generator))
        try:
            loaded(tmp_path / "m.safetensors", data)
        except UserError as error:
            assert "\n" not in str(error)
            told += 1
    assert told > 150


def full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file(
    model: Model, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"the old one")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="cannot be written"):
        model.save(path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    model.save(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"the old one")

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.save(path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_nowhere_to_write(model: Model, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "none" / "m.safetensors", tmp_path / "folder"):
        with pytest.raises(UserError, match="cannot be written"):
            model.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_each_class_has_a_threshold(model: Model, tmp_path: Path) -> None:
    classes = len(model.classes)
    each = tuple(np.linspace(0.1, 0.9, classes).tolist())
    other = Model(model.network, model.preprocess, model.classes, thresholds=each)
    scores = np.eye(classes, dtype=np.float32) * np.float32(0.5)
    assert other.answered(scores).tolist() == [threshold <= 0.5 for threshold in each]
    other.save(tmp_path / "m.safetensors")
    assert Model.load(tmp_path / "m.safetensors").thresholds == each
    assert Model(model.network, model.preprocess, model.classes, thresholds=0.3).thresholds == (0.3,) * classes
    for wrong in (1.5, each[:-1]):
        with pytest.raises(ValueError, match="expected a probability for each"):
            Model(model.network, model.preprocess, model.classes, thresholds=wrong)


@pytest.mark.parametrize("kernels", ["naive", "compiled"])
@pytest.mark.parametrize("name", ["tiny", "mlp"])
def test_an_image_gets_the_same_bits_every_time(name: str, kernels: str) -> None:
    """Alone, among few and among many, first and later."""
    model, pixels = pretrained(name), load("mnist").train.pixels[:300]
    model.kernels = kernels
    alone = model.predict_proba(pixels[:1])
    many = model.predict_proba(pixels)
    for some in (alone, model.predict_proba(pixels[:3]), model.predict_proba(pixels[:1])):
        assert (some == many[: len(some)]).all()


def test_what_answers_is_chosen_when_a_model_is_made_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pretrained("tiny").kernels == "compiled", "this machine has compiled everything"
    assert "answers by compiled kernels" in repr(pretrained("tiny"))
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path))
    stranger = pretrained("tiny")
    assert stranger.kernels == "naive" and "answers in NumPy" in repr(stranger)
    monkeypatch.undo()
    assert stranger.kernels == "naive", "it stays with that"
