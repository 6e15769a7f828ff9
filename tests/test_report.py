"""Pictures by what they show, pages by what a browser would read."""

import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from handgrad import report
from handgrad.errors import UserError
from handgrad.evaluation.metrics import evaluate

HISTORY = [
    {"epoch": 1, "train_loss": 0.9, "train_accuracy": 0.8, "valid_loss": 0.5, "valid_accuracy": 0.9, "lr": 0.1},
    {"epoch": 2, "train_loss": 0.05, "train_accuracy": 0.98, "valid_loss": 0.1, "valid_accuracy": 0.97, "lr": 0.05},
]
CLASSES = ("<b>", "$x$", "c & d")
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.9, 0.05, 0.05]])
LABELS = np.array([0, 0, 1, 2], np.uint8)
PIXELS = np.arange(4 * 6 * 5, dtype=np.uint8).reshape(4, 6, 5)
FOUND = evaluate(PROBABILITIES, LABELS, CLASSES)


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def _worst() -> Figure:
    return report.mistakes(PIXELS, LABELS, PROBABILITIES, FOUND.mistakes, CLASSES)


def test_curves_have_three_panels_and_say_the_last_values() -> None:
    figure = report.curves(HISTORY)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "error, %", "learning rate"]
    assert _texts(figure) == ["train 0.0500", "valid 0.1000", "train 2.00 %", "valid 3.00 %"]
    loss, error, lr = figure.axes
    assert loss.get_yscale() == "log"  # 0.9 / 0.05 is more than 10
    assert error.get_yscale() == "linear"  # 20 / 2 is not
    assert error.lines[1].get_ydata() == pytest.approx([10, 3])
    assert lr.lines[0].get_ydata() == pytest.approx([0.1, 0.05])


def test_curves_without_validation_and_with_one_epoch(tmp_path: Path) -> None:
    record = {**HISTORY[0], "valid_loss": None, "valid_accuracy": None}
    figure = report.curves([record])
    report.save(figure, tmp_path / "curves.png")
    assert _texts(figure) == ["train 0.9000", "train 20.00 %"]
    assert figure.axes[0].lines[0].get_marker() == "o"


def test_curves_of_a_run_that_diverged(tmp_path: Path) -> None:
    report.save(report.curves([{**HISTORY[0], "train_loss": float("nan"), "valid_loss": None}]), tmp_path / "c.png")


def test_curves_refuse_an_empty_history() -> None:
    with pytest.raises(UserError, match="history is empty"):
        report.curves([])


def test_confusion_matrix_colours_mistakes_only() -> None:
    figure = report.confusion_matrix(np.array([[90, 1, 0], [4, 80, 0], [0, 0, 70]]), CLASSES)
    (axes,) = figure.axes
    assert sorted(_texts(figure)) == ["1", "4", "70", "80", "90"]  # zeros stay empty
    assert axes.get_title(loc="left") == "5 mistakes in 245 images"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert tuple(label.get_text() for label in axes.get_yticklabels()) == CLASSES
    faces = axes.collections[0].get_facecolor().reshape(3, 3, 4)
    assert faces[1, 0, 3] > faces[0, 1, 3] > faces[0, 0, 3] > faces[0, 2, 3]
    assert not np.allclose(faces[0, 0, :3], faces[1, 0, :3])  # grey against orange
    assert (faces[0, 0] == faces[1, 1]).all()
    assert "4 times $x$ read as <b>" in str(figure.get_label())


def test_confusion_matrix_grows_with_the_classes() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    figure = report.confusion_matrix(np.eye(26, dtype=np.int64), letters)
    assert figure.get_figwidth() > 26 * 0.35
    assert figure.axes[0].get_title(loc="left") == "0 mistakes in 26 images"
    with pytest.raises(UserError, match=r"\(26, 26\); expected \(3, 3\)"):
        report.confusion_matrix(np.eye(26, dtype=np.int64), CLASSES)


def test_mistakes_name_what_was_read() -> None:
    figure = _worst()
    assert [axes.get_title() for axes in figure.axes] == ["c & d →\n<b> 90 %", "<b> →\n$x$ 60 %"]
    digits = report.mistakes(PIXELS, LABELS, PROBABILITIES, FOUND.mistakes, "479")
    assert digits.axes[0].get_title() == "9 → 4\n90 %"


@pytest.mark.parametrize(("limit", "panels", "images"), [(40, 16, 11), (8, 8, 8), (3, 3, 3)])
def test_mistakes_fill_rows_of_eight(limit: int, panels: int, images: int) -> None:
    rows = np.zeros(11, np.int64)
    figure = report.mistakes(np.zeros((4, 6, 5, 3), np.uint8), LABELS, PROBABILITIES, rows, "479", limit)
    assert len(figure.axes) == panels
    assert sum(len(axes.images) for axes in figure.axes) == images


def test_no_mistakes_is_a_sentence() -> None:
    figure = report.mistakes(PIXELS, LABELS, PROBABILITIES, FOUND.mistakes[:0], CLASSES)
    assert _texts(figure) == ["Not one mistake: every image was read as it should be."]


@pytest.mark.parametrize("colour", [(), (3,)])
def test_grid_puts_every_variant_in_its_place(colour: tuple[int, ...]) -> None:
    originals = np.arange(2, dtype=np.uint8).reshape(2, 1, 1, *([1] * len(colour))) + np.zeros(
        (2, 6, 5, *colour), np.uint8
    )
    variants = np.stack([originals + 10, originals + 20, originals + 30], axis=1)
    left, right = report.grid(originals, variants).axes
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("original", "augmented")
    shown = right.images[0].get_array()
    assert shown.shape == (2 * 6 + 2, 3 * 5 + 2 * 2, *colour)
    assert (shown[8:14, 14:19] == variants[1, 2]).all()
    assert (left.images[0].get_array()[:6] == originals[0]).all()


def test_grid_refuses_images_that_do_not_belong_together() -> None:
    with pytest.raises(UserError, match=r"originals \(4, 6, 5\) and variants \(3, 2, 6, 5\)"):
        report.grid(PIXELS, np.zeros((3, 2, 6, 5), np.uint8))


def test_lr_curve_marks_the_suggestion_and_cuts_the_explosion() -> None:
    rates = np.geomspace(1e-4, 1, 60)
    losses = np.append(np.linspace(2, 1, 58), [1e9, np.inf])
    (axes,) = report.lr_curve(list(rates), list(losses), 0.03).axes
    assert axes.get_xscale() == "log"
    assert _texts(axes.figure) == ["suggested: 0.03"]
    assert axes.lines[-1].get_xdata() == [0.03, 0.03]
    assert axes.get_ylim()[1] < 3
    smooth = axes.lines[1].get_ydata()
    assert len(smooth) == 59
    assert smooth[1:56] == pytest.approx(losses[1:56])  # a straight line has no valley to shift: it stays


@pytest.mark.parametrize("losses", [[1.0], [np.nan, np.inf], []])
def test_lr_curve_refuses(losses: list[float]) -> None:
    with pytest.raises(UserError, match="expected"):
        report.lr_curve([0.1, 0.2], losses, 0.1)


class Reader(HTMLParser):
    """Collects tags, ids, references, headings and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.labels: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href", "srcset", "data"):
                self.references.append(value or "")
            if tag == "svg" and name == "aria-label":
                self.labels.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\N{NO-BREAK SPACE}", " ")


def _evaluation_page() -> str:
    return report.evaluation_page("<script>alert(1)</script>", {"Model & more": '"<i>"'}, FOUND, _worst())


def _training_page() -> str:
    return report.training_page("Run", {"Seed": "0"}, HISTORY)


def _page_of_several_figures() -> str:
    table = report.Table(("Name", "Value"), [("a", "1")])
    return report.page("Mine", {}, {"Curves": report.curves(HISTORY), "Mistakes": _worst()}, {"Numbers": table})


@pytest.mark.parametrize("make", [_evaluation_page, _training_page, _page_of_several_figures])
def test_pages_fetch_nothing(make: Callable[[], str]) -> None:
    html = make()
    read = Reader(html)
    assert read.references
    assert all(reference.startswith(("#", "data:")) for reference in read.references)
    assert not re.search(r"url\((?!#)|@import", html)
    assert not {"script", "link", "iframe"} & set(read.tags)
    assert len(read.ids) == len(set(read.ids))
    assert {reference[1:] for reference in read.references if reference[0] == "#"} <= set(read.ids)


def test_evaluation_page_says_it_all() -> None:
    read = Reader(_evaluation_page())
    assert "<script>alert(1)</script>" in read.text  # as text, not as a tag
    assert '"<i>"' in read.text
    assert "i" not in read.tags
    assert "50.00 %" in read.text
    assert "2 of 4 images right; 95 % interval 15.00 % to 85.00 % (Wilson score)" in read.text
    for heading in ("Confusion matrix", "Worst mistakes", "Each class"):
        assert heading in read.text
    assert [label.split(":")[0] for label in read.labels] == [
        "Confusion matrix",
        "The 2 worst of 2 mistakes, each with its true and its predicted class.",
    ]
    assert read.tags.count("h1") == 1
    assert read.tags.count("tr") == 1 + len(CLASSES)
    assert "c & d" in read.text


def test_training_page_has_the_curves_and_no_headline() -> None:
    html = report.training_page("Run", {"Seed": "0"}, HISTORY)
    read = Reader(html)
    assert "valid 3.00 %" in read.text
    assert 'class="headline"' not in html
    assert read.tags.count("svg") == 1


def test_pages_are_dark_and_light_and_reproducible() -> None:
    html = _page_of_several_figures()
    assert html == _page_of_several_figures()
    assert "prefers-color-scheme: dark" in html
    pictures = html[html.index("<figure") :]
    assert "var(--ink)" in pictures
    assert report.style.INK not in pictures


def test_a_page_of_the_users_own() -> None:
    table = report.Table(("Name", "Value"), [("a", "1")])
    html = report.page("Mine", {}, {}, {"Numbers": table}, report.Headline("42", "the answer"))
    assert "<strong>42</strong>" in html
    assert '<th scope="row">a</th><td>1</td>' in html
    assert "<dl>" not in html


def test_save_writes_150_dots_an_inch(tmp_path: Path) -> None:
    target = tmp_path / "picture.png"
    report.save(_worst(), target)
    with Image.open(target) as picture:
        assert picture.size == (4 * 150, 225)
        assert picture.info["dpi"] == pytest.approx((150, 150), abs=0.1)
    report.save(_worst(), tmp_path / "picture.svg")
    assert {path.name for path in tmp_path.iterdir()} == {"picture.png", "picture.svg"}


def test_save_refuses_other_endings(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot draw a \.bmp; expected \.png, \.svg, \.pdf"):
        report.save(_worst(), tmp_path / "picture.bmp")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file or directory"):
        report.write_page("x", tmp_path / "none" / "page.html")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Not a directory"):
        report.write_page("x", tmp_path / "file" / "page.html")


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the nearest thing to a full disk that needs no disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_old_page(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    report.write_page("old", target)
    with pytest.raises(UserError, match=r"cannot be written \(File too large\)") as refusal, full_disk(room=1000):
        report.write_page(2000 * "new", target)
    assert "\n" not in str(refusal.value)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.process
def test_matplotlib_waits_until_something_is_drawn() -> None:
    code = "import sys, handgrad.report; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_leaves_no_global_state() -> None:
    _evaluation_page()
    assert "matplotlib.pyplot" not in sys.modules
