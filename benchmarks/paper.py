"""What digits are written on, and how it is photographed: sheets and their lines, tables, light, cameras."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from strokes import Floats, Pixels, Random
from writing import Grey, grains

Colour = tuple[int, int, int]
SHEETS: tuple[Colour, ...] = ((250, 250, 248), (245, 243, 235), (238, 232, 215), (232, 234, 240), (225, 222, 214))
BOARD: tuple[Colour, ...] = ((38, 48, 44), (30, 52, 40), (45, 45, 48))
WHITEBOARD: tuple[Colour, ...] = ((236, 240, 243), (226, 232, 236))
RULES: tuple[Colour, ...] = ((150, 185, 225), (180, 205, 230), (185, 185, 190), (225, 185, 200), (165, 195, 185))
MARGIN: Colour = (225, 130, 140)
COARSE = 160  # light is computed on a grid of about so many cells a side


def sheet(size: tuple[int, int], colour: Colour, random: Random) -> Pixels:
    """Paper (height, width, 3) with the grain of its surface, and stains now and then."""
    rough = grains(size, random) - np.float32(0.5)
    shade = 1 + random.uniform(0, 0.05) * rough
    if random.random() < 0.3:
        blots = ndimage.gaussian_filter(random.standard_normal((40, 40)), 4)
        shade *= 1 - 0.06 * enlarged((blots / blots.std()).clip(0, 2) / 2, size)
    return (shade[..., None] * np.array(colour, np.float32)).clip(0, 255).astype(np.uint8)


def smeared(board: Pixels, random: Random) -> Pixels:
    """A board on which something was wiped off."""
    cloud = ndimage.gaussian_filter(random.standard_normal((60, 60)), (2, 9))
    light = enlarged((cloud / cloud.std()).clip(0, 3), board.shape[:2]) * random.uniform(3, 14)
    return (board + light[..., None]).clip(0, 255).astype(np.uint8)


def ruled(paper: Pixels, tall: float, random: Random, squares: bool = False) -> Pixels:
    """Faint lines, or squares, that the writing may cross; a red margin on some sheets."""
    picture = Image.fromarray(paper)
    canvas = ImageDraw.Draw(picture)
    height, width = paper.shape[:2]
    pitch = tall * (random.uniform(0.4, 1.1) if squares else random.uniform(1.0, 1.8))
    colour = RULES[random.integers(len(RULES))]
    colour = _darker(colour, random.uniform(0, 0.35))
    wide = max(1, round(tall * random.uniform(0.015, 0.05)))
    for y in np.arange(random.uniform(0, pitch), height, pitch):
        canvas.line([0, y, width, y], colour, wide)
    if squares:
        for x in np.arange(random.uniform(0, pitch), width, pitch):
            canvas.line([x, 0, x, height], colour, wide)
    elif random.random() < 0.4:
        canvas.line([width * 0.09, 0, width * 0.09, height], MARGIN, wide)
    return np.asarray(picture)


def _darker(colour: Colour, much: float) -> Colour:
    red, green, blue = (round(part * (1 - much)) for part in colour)
    return (red, green, blue)


def table(size: tuple[int, int], random: Random) -> Pixels:
    """What the sheet lies on: wood, cloth or something plain, mostly darker than paper."""
    kind = random.choice(["wood", "cloth", "plain", "stone"])
    base = np.array([[120, 80, 50], [75, 50, 35], [165, 125, 85], [50, 52, 58], [95, 105, 115], [110, 40, 45]])
    colour = base[random.integers(3)] if kind == "wood" else base[random.integers(3, 6)]
    if kind == "wood":
        fibres = ndimage.gaussian_filter(random.standard_normal((size[0] // 2, 60)), (1.2, 6))
        pattern = enlarged(fibres / fibres.std(), size) * 0.12
    elif kind == "cloth":
        y, x = np.ogrid[: size[0], : size[1]]
        step = random.uniform(3, 40)
        pattern = (0.12 * np.sign(np.sin(y / step)) * np.sign(np.sin(x / step))).astype(np.float32)
    elif kind == "stone":
        pattern = (grains(size, random) - np.float32(0.5)) * random.uniform(0.2, 0.8)
    else:
        pattern = (grains(size, random) - np.float32(0.5)) * 0.06
    return ((1 + pattern[..., None]) * colour.astype(np.float32)).clip(0, 255).astype(np.uint8)


def enlarged(field: Floats, size: tuple[int, int]) -> Grey:
    """A coarse field at full size."""
    picture = Image.fromarray(field.astype(np.float32))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class View:
    """Where the corners of the sheet lie in the photo, and the matrix (3, 3) that takes places of one to the other."""

    corners: Floats
    matrix: Floats

    def place(self, points: Floats) -> Floats:
        """Points of the sheet (N, 2) in the photo."""
        found = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        return np.asarray(found[:, :2] / found[:, 2:])

    def scale(self, point: Floats) -> float:
        """How long one pixel of the sheet is in the photo, at this point."""
        ways = np.diff(self.place(point + np.array([[1, 0], [0, 0], [0, 1]])), axis=0)
        return float(np.sqrt(abs(np.linalg.det(ways))))


def view(size: tuple[int, int], margins: Floats, turn: float, skew: float, random: Random) -> View:
    """The sheet seen with margins (left, top, right, bottom; shares of the size), turned, and in perspective."""
    height, width = size
    left, top, right, bottom = margins * (width, height, width, height)
    corners = np.array([[left, top], [width - right, top], [width - right, height - bottom], [left, height - bottom]])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = corners.mean(axis=0)
    corners = (corners - middle) @ spin.T + middle + random.uniform(-skew, skew, (4, 2)) * min(size)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    return View(corners, _projection(flat, corners))


def _projection(here: Floats, there: Floats) -> Floats:
    """The matrix (3, 3) that takes four points to four others."""
    rows = []
    for (x, y), (u, v) in zip(here, there, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.append(np.linalg.solve(np.array(rows), there.reshape(-1)), 1).reshape(3, 3)


def laid(paper: Pixels, under: Pixels, seen: View, random: Random) -> Pixels:
    """The sheet on the table, with the shadow of its edge."""
    size = (under.shape[1], under.shape[0])
    back = np.linalg.inv(seen.matrix)
    mapping = tuple((back / back[2, 2]).ravel()[:8])
    warped = Image.fromarray(paper).transform(size, Image.Transform.PERSPECTIVE, mapping, Image.Resampling.BICUBIC)
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon([tuple(corner) for corner in seen.corners], 255)
    below = under.astype(np.float32)
    if np.asarray(mask).min() == 0:
        small = mask.resize((size[0] // 8, size[1] // 8))
        soft = ndimage.gaussian_filter(np.roll(np.asarray(small, float), random.integers(-2, 3, 2), (0, 1)), 2)
        below *= 1 - random.uniform(0.2, 0.6) * enlarged(soft / 255, under.shape[:2])[..., None]
    return np.asarray(Image.composite(warped, Image.fromarray(below.clip(0, 255).astype(np.uint8)), mask))


@dataclass(frozen=True)
class Light:
    """How much the light falls off over the photo, towards its corners, and in a shadow; 0 is not at all."""

    slope: float = 0.15
    corners: float = 0.1
    shadow: float = 0
    hand: bool = False


def light(size: tuple[int, int], how: Light, random: Random) -> Grey:
    """The light on each pixel, about 1 where it is brightest."""
    unit = max(size) / COARSE
    y, x = np.mgrid[0 : size[0] / unit, 0 : size[1] / unit]
    y, x = y / y.max() - 0.5, x / x.max() - 0.5
    turn = random.uniform(0, 2 * np.pi)
    field = 1 - how.slope * (0.5 + (np.cos(turn) * x + np.sin(turn) * y) / 1.4)
    field *= 1 - how.corners * 2 * (x**2 + y**2)
    if how.shadow:
        field *= 1 - how.shadow * (_hand(x, y, random) if how.hand else _edge(x, y, random))
    return enlarged(field, size)


def _edge(x: Floats, y: Floats, random: Random) -> Floats:
    """A shadow with a straight edge, sharp or soft."""
    turn = random.uniform(0, 2 * np.pi)
    across = np.cos(turn) * x + np.sin(turn) * y - random.uniform(-0.25, 0.25)
    return np.asarray(1 / (1 + np.exp(-across * random.uniform(8, 90))))


def _hand(x: Floats, y: Floats, random: Random) -> Floats:
    """The shadow of an arm with a phone: a rounded block and a bar that comes in from an edge of the photo."""
    turn = random.uniform(0, 2 * np.pi)
    u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    u, v = u - random.uniform(-0.2, 0.1), v - random.uniform(-0.2, 0.2)
    block = (np.abs(u) < random.uniform(0.1, 0.2)) & (np.abs(v) < random.uniform(0.15, 0.3))
    arm = (u > 0) & (np.abs(v - 0.3 * u) < random.uniform(0.06, 0.12))
    return np.asarray(ndimage.gaussian_filter((block | arm).astype(float), random.uniform(0.8, 4)))


@dataclass(frozen=True)
class Camera:
    """Ranges of blur (pixels) and noise (grey levels), of JPEG's quality; a scanner keeps PNG."""

    blur: tuple[float, float] = (0, 1.0)
    noise: tuple[float, float] = (0, 5)
    quality: tuple[int, int] = (40, 95)
    scanner: bool = False


def taken(scene: Pixels, shine: Grey, camera: Camera, random: Random) -> bytes:
    """The file of a picture taken of the scene in this light."""
    tint = np.array([1, random.uniform(0.93, 1), random.uniform(0.86, 1)], np.float32)
    values = scene * (shine[..., None] * tint * np.float32(random.uniform(0.7, 1.02)))
    blur = random.uniform(*camera.blur)
    if blur > 0.25:
        values = ndimage.gaussian_filter(values, (blur, blur, 0), truncate=2.5)
    values += (grains(scene.shape[:2], random)[..., None] - np.float32(0.5)) * np.float32(
        random.uniform(*camera.noise) * 3
    )
    picture = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    buffer = BytesIO()
    if camera.scanner and random.random() < 0.5:
        picture.convert("L").save(buffer, "PNG", compress_level=1)
    else:
        picture.save(buffer, "JPEG", quality=int(random.integers(*camera.quality)))
    return buffer.getvalue()
