import os
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.datasets import Resized, folder, load, pictures
from handgrad.errors import UserError

GREY = np.arange(6 * 4, dtype=np.uint8).reshape(6, 4) * 10


def put(path: Path, name: str, array: np.ndarray = GREY, **options: object) -> Path:
    file = path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(file, **options)
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    put(tmp_path, "a/1.png")
    put(tmp_path, "b/1.png", GREY + 1)
    return tmp_path


def test_grey_pictures(path: Path) -> None:
    dataset = folder.load(path)
    assert dataset.train.classes == ("a", "b")
    assert dataset.train.shape == (6, 4, 1)
    assert dataset.test is None
    for pixels, label in zip(dataset.train.pixels, dataset.train.labels, strict=True):
        np.testing.assert_array_equal(pixels, GREY + label)


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "webp", "jpg"])
def test_formats(path: Path, ending: str) -> None:
    put(path, f"a/2.{ending}", np.full((6, 4), 128, np.uint8))
    images = folder.load(path).train
    assert images.shape == (6, 4, 1)
    assert any((pixels == 128).all() for pixels in images.pixels)


def test_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    for name in ("10", "9", "2"):
        put(tmp_path, f"{name}/x.png", np.full((2, 2), int(name), np.uint8))
    images = folder.load(tmp_path).train
    assert images.classes == ("2", "9", "10")
    assert [int(images.classes[label]) for label in images.labels] == images.pixels[:, 0, 0].tolist()


def test_order_is_fixed_mixed_and_hardly_changed_by_one_more(tmp_path: Path) -> None:
    for label in range(2):
        for number in range(50):
            put(tmp_path, f"{label}/{number}.png", np.full((2, 2), number, np.uint8))
    first = folder.load(tmp_path)
    assert first.checksum == folder.load(tmp_path).checksum
    tail = first.split()[1].labels
    assert len(tail) == 20
    assert 4 <= tail.sum() <= 16
    put(tmp_path, "1/50.png", np.full((2, 2), 50, np.uint8))
    again = folder.load(tmp_path).train
    kept = again[again.pixels[:, 0, 0] < 50]
    np.testing.assert_array_equal(kept.pixels, first.train.pixels)


def test_one_picture_in_colour_makes_all_of_them_so(path: Path) -> None:
    red = np.zeros((6, 4, 3), np.uint8)
    red[..., 0] = 200
    put(path, "b/2.png", red)
    images = folder.load(path).train
    assert images.shape == (6, 4, 3)
    assert sum((pixels == red).all() for pixels in images.pixels) == 1
    assert sum((pixels == GREY[:, :, None]).all() for pixels in images.pixels) == 1


def test_rgb_without_colour_is_grey(path: Path) -> None:
    put(path, "a/2.png", np.repeat(GREY[:, :, None], 3, axis=2))
    images = folder.load(path).train
    assert images.shape == (6, 4, 1)
    assert sum((pixels == GREY).all() for pixels in images.pixels) == 2


def test_transparent_is_white_paper(path: Path) -> None:
    ink = np.zeros((6, 4, 4), np.uint8)
    ink[2, 1, 3] = 255  # black, opaque; all else black, transparent
    put(path, "a/2.png", ink)
    expected = np.full((6, 4), 255, np.uint8)
    expected[2, 1] = 0
    assert any((pixels == expected).all() for pixels in folder.load(path).train.pixels)


def test_sixteen_bits_and_one_bit(path: Path) -> None:
    put(path, "a/16.png", (GREY.astype(np.uint16) << 8) + 99)
    put(path, "a/bits.png", GREY > 100)
    pixels = folder.load(path).train.pixels
    assert sum((image == GREY).all() for image in pixels) == 2
    assert any((image == (GREY > 100) * 255).all() for image in pixels)


def test_exif_orientation_is_applied(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a turn to the right
    put(path, "a/2.png", np.rot90(GREY), exif=exif)
    assert sum((pixels == GREY).all() for pixels in folder.load(path).train.pixels) == 2


@pytest.mark.parametrize("name", [".DS_Store", "._1.png", "Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini"])
def test_system_files_in_class_folders_are_passed_over(path: Path, name: str) -> None:
    (path / "a" / name).write_bytes(b"junk")
    (path / "notes.txt").write_text("beside the class folders")
    assert len(folder.load(path).train) == 2


@pytest.mark.parametrize("name", [".git", "__MACOSX"])
def test_system_folders_are_no_classes(path: Path, name: str) -> None:
    put(path, f"{name}/1.png")
    put(path, f"a/{name}/1.png")
    dataset = folder.load(path)
    assert dataset.train.classes == ("a", "b")
    assert len(dataset.train) == 2


def test_a_class_of_system_files_alone_is_empty(path: Path) -> None:
    put(path, "c/Thumbs.db.png").rename(path / "c/Thumbs.db")
    with pytest.raises(UserError, match="c: got no pictures for this class"):
        folder.load(path)


def test_train_and_test_folders(path: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for part, count in (("train", 3), ("test", 1)):
        for number in range(count):
            put(root, f"{part}/a/{number}.png")
            put(root, f"{part}/b/{number}.png")
    put(root, "test/b/colour.png", np.dstack([GREY, GREY, GREY + 100]))
    dataset = folder.load(root)
    assert "test" not in vars(dataset)
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test)) == (6, 3)
    assert dataset.test.shape == dataset.train.shape == (6, 4, 1)
    put(root, "test/c/0.png")
    with pytest.raises(UserError, match="the class 'c', expected those of training: a, b"):
        _ = folder.load(root).test


def test_mixed_sizes_name_two_files(path: Path) -> None:
    put(path, "b/2.png", np.zeros((7, 5), np.uint8))
    with pytest.raises(
        UserError, match=r"1\.png is 4x6 but .*b/2\.png is 5x7|b/2\.png is 5x7 but .*1\.png is 4x6"
    ) as caught:
        folder.load(path)
    assert "resize or crop them first, or load them with a size: load(..., see=Resized(" in str(caught.value)


def test_an_empty_class(path: Path) -> None:
    (path / "c").mkdir()
    (path / "c/.hidden").write_bytes(b"")
    with pytest.raises(UserError, match="c: got no pictures for this class"):
        folder.load(path)


def test_one_class_is_none(path: Path) -> None:
    (path / "b/1.png").unlink()
    (path / "b").rmdir()
    with pytest.raises(UserError, match="got 1 class folders"):
        folder.load(path)


def test_a_class_that_cannot_be_named(path: Path) -> None:
    (path / "b").rename(path / os.fsdecode(b"b\xff"))
    with pytest.raises(UserError, match="expected a name that can be printed"):
        folder.load(path)


def test_unreadable_pictures(path: Path) -> None:
    whole = put(path, "c/1.png").read_bytes()
    lonely = r"c: none of its pictures can be read; the first: .*1\.png: not a readable picture"
    for data in (b"not a picture", b"", whole[: len(whole) - 30], whole[:20]):
        (path / "c/1.png").write_bytes(data)
        with pytest.raises(UserError, match=lonely):
            folder.load(path)


def test_one_bad_picture_is_named_and_the_rest_is_taken(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(pictures.NAMED + 3):
        (path / f"a/bad{number}.png").write_bytes(b"not a picture")
    images = folder.load(path).train
    assert sorted(zip(images.labels.tolist(), images.paths, strict=True)) == [
        (0, str(path / "a/1.png")), (1, str(path / "b/1.png"))
    ]  # fmt: skip
    named = [record.message for record in caplog.records if "not a readable picture" in record.message]
    assert len(named) == pictures.NAMED and all(message.startswith(f"left out {path}/a/bad") for message in named)
    assert caplog.records[-1].message == "left out 3 more that cannot be read"


def test_files_without_a_pictures_ending_are_passed_over_and_counted(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(path, "a/2.ppm")
    (path / "b/labels.txt").write_text("b")
    put(path, "b/.DS_Store.png").rename(path / "b/.DS_Store")
    assert len(folder.load(path).train) == 2
    assert [record.message for record in caplog.records] == [f"{path}: passed over 2 without a picture's ending"]
    put(path, "c/2.ppm")
    with pytest.raises(UserError, match=r"c: got no pictures for this class, expected one or more, called \*\.png"):
        folder.load(path)


@pytest.mark.parametrize("side", [64, 20_000])
def test_size_is_capped_before_decoding(path: Path, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 1000)
    data = bytearray(put(path, "a/1.png", np.zeros((64, 64), np.uint8)).read_bytes())
    # The header alone says how large: a decoder that believed it would need 400 MB.
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (path / "a/1.png").write_bytes(data)
    with pytest.raises(UserError, match=r"1\.png: too large"):
        folder.load(path)


def test_see_turns_each_file_into_pixels(path: Path) -> None:
    def see(file: Path) -> np.ndarray:
        seen.append(file)
        return np.full((3, 5), 7, np.uint8)

    seen: list[Path] = []
    put(path, "b/2.png", np.zeros((7, 5), np.uint8))
    dataset = load(path, see)
    assert sorted(seen) == sorted(path.glob("*/*.png"))
    assert dataset.train.pictures == "pictures" and dataset.train[:1].pictures == "pictures"
    assert dataset.train.shape == (3, 5, 1)
    assert (dataset.train.pixels == 7).all()
    assert load("mnist", see).train.pictures == "digits"


def test_see_is_used_for_test_pictures_too(path: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for number, part in enumerate(("train", "test")):
        put(root, f"{part}/a/1.png")
        put(root, f"{part}/b/1.png", np.zeros((7 + number, 5), np.uint8))
    dataset = load(root, Resized((4, 4), colour=True))
    assert dataset.test is not None
    assert dataset.test.shape == dataset.train.shape == (4, 4, 3)


def test_what_see_refuses_is_told(path: Path) -> None:
    def see(file: Path) -> np.ndarray:
        raise UserError(f"{file}: no digit")

    with pytest.raises(UserError, match=r"1\.png: no digit"):
        load(path, see)


@pytest.mark.parametrize(("colour", "shape"), [(False, (8, 5)), (True, (8, 5, 3))])
def test_resized(path: Path, colour: bool, shape: tuple[int, ...]) -> None:
    red = np.zeros((16, 10, 3), np.uint8)
    red[:8, :, 0] = 200
    for array in (red, red[:, :, 0]):
        pixels = Resized((8, 5), colour)(put(path, "a/2.png", array))
        assert (pixels.dtype, pixels.shape) == (np.uint8, shape)
        assert pixels[1].max() == (60 if array.ndim == 3 and not colour else 200)
        assert not pixels[-1].any()


def test_a_picture_of_the_size_keeps_its_bytes(path: Path) -> None:
    np.testing.assert_array_equal(Resized((6, 4))(path / "a/1.png"), GREY)


def test_shrinking_averages(path: Path) -> None:
    board = np.indices((64, 64)).sum(axis=0) % 2 * 200
    pixels = Resized((4, 4))(put(path, "a/2.png", board.astype(np.uint8)))
    assert pixels.min() > 90
    assert pixels.max() < 110


def test_resized_is_a_value() -> None:
    assert pickle.loads(pickle.dumps(Resized((6, 4), True))) == Resized((6, 4), True)
    assert hash(Resized((6, 4))) == hash(Resized((6, 4)))


@pytest.mark.parametrize("size", [(0, 4), (4, -1), (4, 5000), (4,), (4, 4, 3)])
def test_sizes_out_of_range(size: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="expected height and width, each 1 to 2048"):
        Resized(size)


def test_resized_tells_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match=r"1\.png: not a readable picture"):
        Resized((6, 4))(tmp_path / "1.png")
