"""Reading with a model: one digit on a picture, or all digits of a page, each with its probability or a reason."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import UserError
from handgrad.model.model import Model
from handgrad.nn.params import Array
from handgrad.reading.ink import find_ink
from handgrad.reading.normalise import Normalised, fit, normalise
from handgrad.reading.picture import Picture, open_picture
from handgrad.reading.segment import Piece, find_pieces, in_lines, split

UNKNOWN = "not like any digit seen"
WIDEST = 0.1  # a stroke's width on a page, as a share of its longer side
WIDE = 0.75  # share of its height from which a piece of ink may be digits that touch
NARROW = 0.4  # share of its height that each of them has at least
CUT = 0.3  # how much likelier the parts must be than the whole, for each cut
MOST_PARTS = 4


@dataclass(frozen=True)
class Answer:
    """digit: the likeliest class, also of what is refused. reason: why it is not to be relied on, or nothing.

    probabilities: of each class; likelihood: of the likeliest one, where the image may also show none of them. box:
    (left, top, width, height) in pixels of the picture.
    """

    digit: str
    likelihood: float
    probabilities: tuple[float, ...]
    reason: str
    box: tuple[int, int, int, int]

    @property
    def text(self) -> str:
        return "?" if self.reason else self.digit


@dataclass(frozen=True, eq=False)
class Page:
    """The lines of a page, from the top, each from left to right."""

    picture: Picture
    lines: tuple[tuple[Answer, ...], ...]

    @property
    def text(self) -> str:
        return "\n".join("".join(answer.text for answer in line) for line in self.lines)


def read_digit(model: Model, source: Any, name: str = "picture") -> tuple[Answer, Normalised]:
    """The one digit on a picture, and what the model saw; see `open_picture` for the sources and errors."""
    height, width = sides(model)
    seen = normalise(source, height, width, name)
    rows, columns = np.flatnonzero(seen.ink.amount.any(axis=1)), np.flatnonzero(seen.ink.amount.any(axis=0))
    box = (0, 0, 0, 0)
    if len(rows):
        box = _scaled((int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1), seen.picture)
    return _answer(model, model.likelihoods(seen.digit[None])[0], box, seen.doubt), seen


def read_page(model: Model, source: Any, name: str = "picture") -> Page:
    """All digits on a page, photo or scan; see `open_picture` for the sources and errors."""
    height, width = sides(model)
    picture = open_picture(source, name)
    pieces, found = _touching(model, find_pieces(find_ink(picture.grey, WIDEST)), height, width)
    lines = []
    for line in in_lines(pieces):
        boxes = [(pieces[i].left, pieces[i].top, pieces[i].width, pieces[i].height) for i in line]
        lines.append(tuple(_answer(model, found[i], _scaled(box, picture)) for i, box in zip(line, boxes, strict=True)))
    return Page(picture, tuple(lines))


def sides(model: Model) -> tuple[int, int]:
    """Height and width of the images that it reads; UserError for a model of anything but grey images."""
    shape = model.network.in_shape
    if len(shape) != 3 or shape[2] != 1:
        raise UserError(f"this model sees images of shape {shape}: expected one for grey images, (H, W, 1)")
    return shape[0], shape[1]


def _scaled(box: tuple[int, int, int, int], picture: Picture) -> tuple[int, int, int, int]:
    left, top, width, height = (round(side * picture.scale) for side in box)
    return left, top, width, height


def _answer(model: Model, likelihoods: Array, box: tuple[int, int, int, int], doubt: str = "") -> Answer:
    best = int(likelihoods.argmax())
    likelihood = float(likelihoods[best])
    reason = doubt or (UNKNOWN if not likelihood >= model.least else "")
    probabilities = likelihoods / max(float(likelihoods.sum()), 1e-30)
    return Answer(model.classes[best], likelihood, tuple(float(p) for p in probabilities), reason, box)


def _touching(model: Model, pieces: list[Piece], height: int, width: int) -> tuple[list[Piece], NDArray[np.float32]]:
    """The pieces, cut apart where the parts are likelier to be digits than the whole; and their likelihoods (N, K)."""
    choices: list[list[list[Piece]]] = []
    for piece in pieces:
        most = 1
        if piece.width > WIDE * piece.height:
            most = min(MOST_PARTS, max(1, round(piece.width / (NARROW * piece.height))))
        choices.append([[piece], *(split(piece, parts) for parts in range(2, most + 1))])
    every = [part for choice in choices for parts in choice for part in parts]
    if not every:
        return [], np.zeros((0, len(model.classes)), np.float32)
    found = model.likelihoods(np.stack([fit(part.amount, height, width) for part in every]))
    kept: list[int] = []
    at = 0
    for choice in choices:
        places = []
        for parts in choice:
            places.append(range(at, at + len(parts)))
            at += len(parts)
        # the least likely part decides; a cut must be worth it
        worth = [float(found[place].max(axis=1).min()) - CUT * (len(place) - 1) for place in places]
        kept += places[int(np.argmax(worth))]
    return [every[i] for i in kept], found[kept]
