"""Reading with a model: one digit on a picture, or all digits of a page, each with its probability or a reason."""

import os
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.model.shipped import open_model
from handgrad.nn.params import Array
from handgrad.reading.answer import Answer, Page, Refusal
from handgrad.reading.ink import find_ink
from handgrad.reading.lines import in_lines
from handgrad.reading.normalise import Normalised, fit, see, sides
from handgrad.reading.picture import Box, Source, open_picture
from handgrad.reading.segment import Piece, find_pieces, split

WIDEST_STROKE = 0.1  # on a page, as a share of its longer side

# Digits that touch.
MIN_WIDTH = 0.75  # share of its height from which a piece of ink may be several digits
MIN_PART_WIDTH = 0.4  # share of its height that each of them has at least
MAX_PARTS = 4
CUT_PRICE = 0.3  # how much likelier the parts must be than the whole, for each cut


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
    seen = see(source, trained.network.in_shape, trained.pictures, name)
    return _answer(trained, trained.scores(seen.pixels[None])[0], seen.box, seen.doubt), seen


def read_page(source: Source, model: str | os.PathLike[str] | Model = "robust", name: str = "picture") -> Page:
    """Return all digits on a page, a photo or a scan.

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
    Page
        An answer for each digit, line by line; no lines where nothing is written.

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
    trained = open_model(model)
    if trained.pictures != "digits":
        raise UserError("this model sees whole pictures: expected one of digits to read a page, as robust")
    size = sides(trained.network.in_shape)
    picture = open_picture(source, name)
    pieces, scores = _cut_apart(trained, find_pieces(find_ink(picture.grey, WIDEST_STROKE)), size)
    lines = (
        tuple(_answer(trained, scores[i], picture.in_original(pieces[i].box)) for i in line)
        for line in in_lines(pieces)
    )
    return Page(picture, tuple(lines))


def _answer(model: Model, scores: Array, box: Box, doubt: Refusal | None = None) -> Answer:
    best = int(scores.argmax())
    score = float(scores[best])
    reason = doubt or (None if score >= model.threshold else Refusal.UNKNOWN)
    probabilities = scores / max(float(scores.sum()), 1e-30)
    return Answer(model.classes[best], score, tuple(float(p) for p in probabilities), reason, box)


def _cut_apart(model: Model, pieces: list[Piece], size: tuple[int, int]) -> tuple[list[Piece], NDArray[np.float32]]:
    """The pieces, cut where the parts are likelier to be digits than the whole; and their scores (N, K)."""
    choices = [_ways_to_cut(piece) for piece in pieces]
    every = [part for ways in choices for parts in ways for part in parts]
    if not every:
        return [], np.zeros((0, len(model.classes)), np.float32)
    scores = model.scores(np.stack([fit(part.amount, *size) for part in every]))
    places, kept = iter(range(len(every))), []
    for ways in choices:
        rows = [list(islice(places, len(parts))) for parts in ways]
        kept += rows[int(np.argmax([_worth(scores[parts]) for parts in rows]))]
    return [every[i] for i in kept], scores[kept]


def _ways_to_cut(piece: Piece) -> list[list[Piece]]:
    """The whole piece, and, if it is wide, its halves, thirds and quarters."""
    most = 1
    if piece.width > MIN_WIDTH * piece.height:
        most = min(MAX_PARTS, max(1, round(piece.width / (MIN_PART_WIDTH * piece.height))))
    return [[piece], *(split(piece, parts) for parts in range(2, most + 1))]


def _worth(scores: NDArray[np.float32]) -> float:
    """How good a way to cut is, by the scores (parts, K): the least likely part decides, and each cut has a price."""
    return float(scores.max(axis=1).min()) - CUT_PRICE * (len(scores) - 1)
