"""A tenth of a data set without test images is kept back: by the image alone, and never learnt from."""

from pathlib import Path

import numpy as np
import pytest

from handgrad.datasets import Dataset, Images, load
from handgrad.datasets.images import checksum
from handgrad.datasets.kept_back import FEWEST, with_test_images
from handgrad.errors import UserError
from handgrad.model.shipped import pretrained
from handgrad.training.data import Source
from handgrad.training.evaluate import evaluate_file, unseen_images
from handgrad.training.recipes import recipe
from handgrad.training.run import Run

MNIST = load("mnist").train[:2000]


def divided(images: Images) -> Dataset:
    return with_test_images(Dataset("own", images))


def pictures(images: Images) -> set[bytes]:
    return {pixels.tobytes() for pixels in images.pixels}


def test_about_a_tenth_is_kept_back_and_nothing_is_lost() -> None:
    found = divided(MNIST)
    assert found.test is not None and 150 < len(found.test) < 250
    assert len(found.test) + len(found.train) == 2000
    assert not pictures(found.test) & pictures(found.train)
    for part in (found.train, found.test):
        np.testing.assert_array_equal(part.pixels, MNIST.pixels[part.rows])
        np.testing.assert_array_equal(part.labels, MNIST.labels[part.rows])
    assert set(found.test.labels) == set(range(10))


def test_an_image_stays_on_its_side_whatever_else_there_is() -> None:
    all_of_them = divided(MNIST)
    assert all_of_them.test is not None
    shuffled = MNIST[np.random.default_rng(0).permutation(2000)[:700]]
    some = divided(shuffled + shuffled[:50])
    assert some.test is not None
    assert pictures(some.test) <= pictures(all_of_them.test)
    assert pictures(some.train) <= pictures(all_of_them.train), "copies lie on the side of their originals"


def test_no_class_and_no_small_set_is_kept_back_whole() -> None:
    tests = divided(MNIST).test
    assert tests is not None
    alone = Images(tests.pixels, np.zeros(len(tests)), ("a", "b"))
    assert divided(alone).test is None
    assert divided(MNIST[: FEWEST - 1]).test is None
    with_tests = Dataset("own", MNIST, lambda: tests)
    assert with_test_images(with_tests) is with_tests


def test_a_run_is_judged_by_what_it_never_saw(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", x=MNIST.pixels[:400], y=MNIST.labels[:400])
    source = Source(str(tmp_path / "own.npz"))
    small = recipe("mlp").change(hidden=(16,), epochs=2, batch=20)
    run = Run.begin(tmp_path / "run", small, source)
    for _ in run.events():
        pass
    found, part = evaluate_file(run.finish(), source)
    data = source.load()
    assert data.test is not None and (part, found.n) == ("kept-back", len(data.test))
    assert not pictures(data.test) & (pictures(run.trainer.data) | pictures(run.trainer.valid))
    header, *rows = (tmp_path / "run" / "mistakes.csv").read_text().splitlines()
    assert header == "index,path,label,digit,probability" and len(rows) == len(found.mistakes) > 0
    for row in rows:
        index, path, label, digit, _ = row.split(",")
        assert MNIST.labels[int(index)] == int(label) != int(digit) and path == ""


def test_a_model_that_learnt_from_all_of_it_is_not_judged_by_a_part() -> None:
    data, model = divided(MNIST), pretrained("tiny")
    assert unseen_images(data, model) == (data.test, "kept-back")
    record = dict(model.record)
    try:
        for seen in ({"data": checksum(MNIST)}, {"tuned_from": {}}):
            model.record = {**record, **seen}
            with pytest.raises(UserError, match="may have learnt from all of it"):
                unseen_images(data, model)
    finally:
        model.record = record


def test_where_nothing_is_kept_back_its_own_model_is_judged_by_the_validation_images() -> None:
    data, model = divided(MNIST[: FEWEST - 1]), pretrained("tiny")
    valid = data.split()[1]
    record, classes = dict(model.record), model.classes
    own = {**record, "data": data.checksum, "recipe": {}}
    try:
        with pytest.raises(UserError, match="own: has no test images, expected a 'test' part; choose another"):
            unseen_images(data, model)
        model.record = own
        images, part = unseen_images(data, model)
        assert part == "validation" and (images.pixels == valid.pixels).all()
        model.record = {**own, "recipe": {"all_data": True}}
        with pytest.raises(UserError, match="own: has no test images"):
            unseen_images(data, model)
        model.record = own
        model.classes = ("a", "b")
        with pytest.raises(UserError, match=r"own: its classes are \('0', .*, the model's are \('a', 'b'\)"):
            unseen_images(data, model)
    finally:
        model.record, model.classes = record, classes
