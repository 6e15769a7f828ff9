"""The kinds of scenes: what is written, by whom, with which pen, on what, and how it is photographed."""

from dataclasses import dataclass, field, replace

import texts
from paper import Camera, Light
from texts import Text
from writing import BIRO, CHALK, FELT, INK, MARKER, PENCIL, Hand, Pen, Range

PENS = (BIRO, BIRO, INK, INK, FELT, PENCIL)


@dataclass(frozen=True)
class Style:
    """What distinguishes a kind.

    paper is plain, ruled, squared, boxed, board or whiteboard. sides says how many sides of the sheet show what it lies
    on. edge is what disturbs beside the page: "", gutter or border. turn and steep are degrees, of the sheet and of the
    lines on it; tall and size are pixels, of a digit and of the photo's longer side.
    """

    text: Text = texts.number
    hand: Hand = field(default_factory=Hand)
    pens: tuple[Pen, ...] = PENS
    paper: str = "plain"
    sides: tuple[int, int] = (0, 0)
    edge: str = ""
    turn: float = 2
    skew: float = 0.01
    steep: Range = (0, 0)
    tall: Range = (36, 110)
    size: Range = (1000, 2600)
    lines: tuple[int, int] = (2, 7)
    columns: tuple[int, int] = (1, 1)
    light: Light = field(default_factory=Light)
    camera: Camera = field(default_factory=Camera)


PLAIN = Style()
TABLE = Style(sides=(1, 4), turn=14, skew=0.05, light=Light(0.3, 0.2))
SCAN = Camera(blur=(0, 0.6), noise=(0, 3), quality=(60, 95), scanner=True)

STYLES: dict[str, Style] = {
    "plain": PLAIN,
    "scan": replace(PLAIN, camera=SCAN, light=Light(0, 0), turn=1, skew=0),
    "table": TABLE,
    "gutter": replace(PLAIN, edge="gutter", turn=3, light=Light(0.25, 0.1)),
    "border": replace(PLAIN, edge="border", camera=SCAN, light=Light(0, 0), turn=1, skew=0),
    "shadow": replace(PLAIN, light=Light(0.3, 0.2, 0.5), turn=5, skew=0.02),
    "phone shadow": replace(PLAIN, light=Light(0.3, 0.2, 0.45, hand=True), turn=5, skew=0.02),
    "uneven light": replace(PLAIN, light=Light(0.65, 0.5)),
    "ruled": replace(PLAIN, paper="ruled"),
    "squared": replace(PLAIN, paper="squared"),
    "boxed": replace(PLAIN, paper="boxed"),
    "biro": replace(PLAIN, pens=(BIRO,), turn=4),
    "pencil": replace(PLAIN, pens=(PENCIL,), turn=4, light=Light(0.3, 0.15)),
    "felt pen": replace(PLAIN, pens=(FELT,), turn=4),
    "chalk": replace(PLAIN, pens=(CHALK,), paper="board", light=Light(0.4, 0.3)),
    "whiteboard": replace(PLAIN, pens=(MARKER,), paper="whiteboard", light=Light(0.4, 0.2)),
    "touching": replace(PLAIN, hand=Hand(gap=(-0.09, 0.0)), text=texts.round_number),
    "slanted": replace(PLAIN, hand=Hand(lean=(0.35, 0.65))),
    "tails": replace(PLAIN, hand=Hand(tails=(0.35, 0.8))),
    "dates": replace(PLAIN, text=texts.date),
    "prices": replace(PLAIN, text=texts.price),
    "phones": replace(PLAIN, text=texts.phone),
    "times": replace(PLAIN, text=texts.time),
    "sums": replace(PLAIN, text=texts.sum_of_two),
    "steep": replace(PLAIN, steep=(15, 40), lines=(1, 4)),
    "small": replace(PLAIN, tall=(20, 32), size=(1400, 2600), lines=(4, 10), pens=(BIRO, INK, PENCIL)),
    "lengths": replace(PLAIN, text=texts.any_length, lines=(3, 8)),
    "columns": replace(PLAIN, text=texts.short, columns=(2, 4), lines=(3, 7)),
    "one line": replace(PLAIN, lines=(1, 1)),
    "12 megapixels": replace(TABLE, text=texts.anything, size=(4000, 4400), tall=(70, 160), camera=Camera((0.5, 2))),
    "everything": replace(
        TABLE, text=texts.anything, paper="any", hand=Hand(gap=(-0.03, 0.3), lean=(-0.1, 0.4), tails=(0, 0.5)),
        light=Light(0.4, 0.3, 0.35), steep=(0, 8), camera=Camera((0.3, 1.3), (2, 7), (40, 75)),
    ),
}  # fmt: skip
