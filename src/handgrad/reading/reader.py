"""Reading with a model: one digit on a picture, or all digits of a page, each with its probability or a reason."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.shipped import open_model
from handgrad.nn.params import Array
from handgrad.reading.answer import Answer, Page, Refusal
from handgrad.reading.fit import fit
from handgrad.reading.marks import Mark
from handgrad.reading.normalise import see, sides
from handgrad.reading.page import Reading, read_ink, read_sheet
from handgrad.reading.picture import Box, Picture
from handgrad.reading.pieces import Piece
from handgrad.reading.source import Source, open_picture
from handgrad.reading.together import Asking, side_by_side
from handgrad.reading.turn import Turn
from handgrad.reading.views import Normalised, views

MARGIN = 0.75  # share of its threshold that a score reaches with the prior of its view too
SURE = 0.9  # a score from which no other way to see a picture is tried
STEEP = 0.15  # pixels down for each to the right from which lines are read upright too
LATER = 0.02  # what a score loses for each likelier way to see the picture
DOUBTED = 0.8  # what is left of a score where the ink looks like two digits


def read_digit(source: Source, model: str | os.PathLike[str] | Model = "robust", name: str = "picture") -> Answer:
    """Return which digit a picture shows.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, of any size; arrays are (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), of any number type, from 0 to
        1, 255 or 65535.
    model : str, path or Model
        A model that comes along (robust, cnn, mlp or tiny), a model file, or a model.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Answer
        The likeliest digit with its probability, or the reason why it is refused.

    Raises
    ------
    UserError
        For what is no picture, and what is no model for it; the message is one line.

    Examples
    --------
    >>> import numpy as np
    >>> read_digit(np.zeros((50, 50))).reason
    <Refusal.BLANK: 'blank'>
    """
    return inspect_digit(source, model, name)[0]


def inspect_digit(
    source: Source, model: str | os.PathLike[str] | Model = "robust", name: str = "picture"
) -> tuple[Answer, Normalised]:
    """Return which digit a picture shows, and what the network saw of it.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, as for `read_digit`.
    model : str, path or Model
        The model, as for `read_digit`.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Answer
        The likeliest digit with its probability, or the reason why it is refused.
    Normalised
        What the network saw, and the steps that led there.

    Raises
    ------
    UserError
        For what is no picture, and what is no model for it; the message is one line.
    """
    trained = open_model(model)
    if trained.pictures != "digits":
        seen = see(source, trained.network.in_shape, trained.pictures, name)
        return _answer(trained, trained.scores(seen.pixels[None])[0], seen.box, seen.doubt), seen
    return _best_view(trained, open_picture(source, name), sides(trained.network.in_shape))


def _best_view(model: Model, picture: Picture, size: tuple[int, int]) -> tuple[Answer, Normalised]:
    """The digit on a picture, seen in the way in which the model is surest of it."""
    best: tuple[float, Normalised, Array] | None = None
    for number, view in enumerate(views(picture, *size)):
        scores = model.scores(view.pixels[None])[0]
        worth = float(scores.max()) * view.prior * (1 if view.doubt is None else DOUBTED) - number * LATER
        if best is None or worth > best[0]:
            best = worth, view, scores
        if best[0] >= SURE:
            break
    assert best is not None
    worth, seen, scores = best
    one = seen.doubt is Refusal.TWO_DIGITS and not seen.left_out and scores.max() >= SURE  # of several strokes
    doubt = None if one else seen.doubt
    if worth < MARGIN * model.thresholds[int(scores.argmax())]:  # a less likely way to see the picture has to be surer
        doubt = doubt or Refusal.UNKNOWN
    return _answer(model, scores, seen.box, doubt), seen


def read_page(
    source: Source, model: str | os.PathLike[str] | Model = "robust", name: str = "picture",
    region: Box | None = None, grid: tuple[int, int] | None = None,
) -> Page:  # fmt: skip
    """Return all digits on a page, a photo or a scan.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, as for `read_digit`.
    model : str, path or Model
        The model, as for `read_digit`.
    name : str
        What messages call a picture that has no path.
    region : tuple of int, optional
        Left, top, width and height, in pixels, of the part to read; all of the picture without it.
    grid : tuple of int, optional
        Columns and rows of cells, of one size and with one digit each, which the picture or the region has.

    Returns
    -------
    Page
        An answer for each digit, line by line; no lines where nothing is written. With a grid, an answer for each cell.

    Raises
    ------
    UserError
        For what is no picture, and what is no model of digits; the message is one line.

    Examples
    --------
    >>> import numpy as np
    >>> read_page(np.ones((300, 200))).lines
    ()
    """
    (page,) = read_pictures([open_picture(source, name)], model, region, grid)
    if isinstance(page, Exception):
        raise page
    return page


def read_pictures(
    pictures: Sequence[Picture], model: str | os.PathLike[str] | Model = "robust",
    region: Box | None = None, grid: tuple[int, int] | None = None,
) -> list[Page | Exception]:  # fmt: skip
    """Return all digits on several pages, read side by side: that takes less time where each has few digits.

    Parameters
    ----------
    pictures : sequence of Picture
        The pages. All of them, and some ten times as much, are in memory meanwhile.
    model : str, path or Model
        The model, as for `read_page`.
    region : tuple of int, optional
        The part of each page to read, as for `read_page`.
    grid : tuple of int, optional
        Columns and rows of cells that each page or region has, as for `read_page`.

    Returns
    -------
    list of Page or Exception
        For each picture what `read_page` returns, or the exception that it raises.

    Raises
    ------
    UserError
        For what is no model of digits.
    """
    trained = open_model(model)
    if trained.pictures != "digits":
        raise UserError("this model sees whole pictures: expected one of digits to read a page, as robust")
    size = sides(trained.network.in_shape)
    readings = [_reading(trained, picture, region, grid) for picture in pictures]
    return side_by_side(readings, lambda pieces: _scores(trained, pieces, size))


def _reading(model: Model, picture: Picture, region: Box | None, grid: tuple[int, int] | None) -> Asking[Page]:
    part = picture.part(region) if region else picture
    if grid:
        size = sides(model.network.in_shape)
        lines = tuple(tuple(_best_view(model, cell, size)[0] for cell in row) for row in part.cells(*grid))
        return Page(picture, lines)
    return (yield from _read_upright(model, part, picture))


def _read_upright(model: Model, part: Picture, picture: Picture) -> Asking[Page]:
    """The page of a part of a picture, turned first where its lines are steep and are better read so."""
    found = yield from read_ink(part.grey.astype(np.float32), model.classes, model.kernels)
    turn = Turn(part.grey, found.slope)
    if abs(found.slope) > STEEP:
        turned = turn.picture()
        level, sheet = turned.astype(np.float32), turn.mask(found.sheet)
        upright = yield from read_sheet(level, sheet, found.dark, model.classes, model.kernels)
        if upright.gain > found.gain:
            return _page(model, upright, picture, lambda box: part.in_original(turn.back(box, turned.shape)))
    return _page(model, found, picture, part.in_original)


def _page(model: Model, found: Reading, picture: Picture, place: Callable[[Box], Box]) -> Page:
    lines = tuple(
        tuple(_page_answer(model, mark, place(mark.glyph.piece.box)) for mark in line) for line in found.lines
    )
    return Page(picture, lines, tuple(place(piece.box) for piece in found.words))


def _page_answer(model: Model, mark: Mark, box: Box) -> Answer:
    scores = mark.glyph.scores if mark.glyph.scores is not None else np.zeros(len(model.classes), np.float32)
    doubt = Refusal.PUNCTUATION if mark.sign else None if mark.glyph.is_digit else Refusal.UNKNOWN
    return replace(_answer(model, scores, box, doubt), sign=mark.sign)


def _scores(model: Model, pieces: list[Piece], size: tuple[int, int]) -> Array:
    """The probability of each class for each piece (N, K)."""
    if not pieces:
        return np.zeros((0, len(model.classes)), np.float32)
    return model.scores(np.stack([fit(piece.amount, *size) for piece in pieces]))


def _answer(model: Model, scores: Array, box: Box, doubt: Refusal | None = None) -> Answer:
    best = int(scores.argmax())
    score = float(scores[best])
    reason = doubt or (None if score >= model.thresholds[best] else Refusal.UNKNOWN)
    probabilities = scores / max(float(scores.sum()), 1e-30)
    return Answer(model.classes[best], score, tuple(float(p) for p in probabilities), reason, box)
