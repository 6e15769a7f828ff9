"""A picture -> the image that a network sees: of a digit, or of whatever a model of pictures has learnt."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from handgrad.errors import UserError
from handgrad.reading.fit import Pixels
from handgrad.reading.source import Source, open_picture, open_resized
from handgrad.reading.views import Normalised, views


@dataclass(frozen=True)
class Digits:
    """The digits in picture files, as a model sees them: call it with a path.

    Parameters
    ----------
    height, width : int
        Sides of the image, in pixels.
    """

    height: int = 28
    width: int = 28
    pictures: ClassVar[str] = "digits"  # what a model records that learns from them

    def __call__(self, path: Path) -> Pixels:
        """Return the digit on a picture.

        Parameters
        ----------
        path : pathlib.Path
            A picture of one digit.

        Returns
        -------
        numpy.ndarray
            Uint8 (height, width), bright ink on dark.

        Raises
        ------
        UserError
            For what is no picture, and for a blank one; the message begins with the path.
        """
        seen = normalise(path, self.height, self.width)
        if not seen.pixels.any():
            raise UserError(f"{path}: {seen.doubt}; give a picture of a digit")
        return seen.pixels


def see(source: Source, shape: tuple[int, ...], pictures: str = "digits", name: str = "picture") -> Normalised:
    """Return what a model sees of a picture.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, as for `open_picture`.
    shape : tuple of int
        Shape of the images that the model's network takes, (H, W, C).
    pictures : str
        How the model sees pictures: "digits", whose ink is found and normalised, or "pictures", which are resized as
        they are, in grey or in colour.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Normalised
        The image for the network; "pictures" have neither ink nor doubt.

    Raises
    ------
    UserError
        For what is no picture, and for a model that sees no images of this kind.
    """
    if pictures == "digits":
        return normalise(source, *sides(shape), name)
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise UserError(f"this model sees images of shape {shape}: expected one for pictures, (H, W, 1) or (H, W, 3)")
    picture, pixels = open_resized(source, (shape[0], shape[1]), shape[2] == 3, name)
    return Normalised(picture, None, pixels, None)


def sides(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of the images that a model of digits takes.

    Parameters
    ----------
    shape : tuple of int
        Shape of its images, (H, W, 1).

    Returns
    -------
    tuple of int
        Height and width.

    Raises
    ------
    UserError
        For the shape of anything but grey images.
    """
    if len(shape) != 3 or shape[2] != 1:
        raise UserError(f"this model sees images of shape {shape}: expected one for grey images, (H, W, 1)")
    return shape[0], shape[1]


def normalise(source: Source, height: int = 28, width: int = 28, name: str = "picture") -> Normalised:
    """Return the digit on a picture, whatever its size, place, polarity and light.

    Parameters
    ----------
    source : path, bytes, Pillow image or array
        The picture, as for `open_picture`.
    height, width : int
        Sides of the image to make, in pixels.
    name : str
        What messages call a picture that has no path.

    Returns
    -------
    Normalised
        The image, and the steps that led there: the likeliest one of `views`.

    Raises
    ------
    UserError
        For everything that is not a single sound picture; the message begins with the path or the name.
    """
    return next(views(open_picture(source, name), height, width))
