"""What the data sets with a name are: one entry for each, with classes, sizes, files, checksums and mirrors.

A new data set in IDX form is one more entry here, and nothing else. Where the files lie on this machine, and whether
they are there, is the business of `registry.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from handgrad.datasets.download import Remote
from handgrad.errors import UserError

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Entry:
    """A data set with a name.

    Parameters
    ----------
    what, authors : str
        What it shows, and by whom it is.
    year : int
        When it was published.
    page, licence : str
        The addresses of its page and of its licence; no licence where its authors name none.
    classes : tuple of str
        The names of its classes.
    train, test : int
        How many training and test images it has.
    remotes : tuple of Remote
        The files to fetch; none for a data set that comes with the package, in a folder of its name beside this file.
    mirrors : tuple of str
        Where to fetch them from, in order: the start of a URL each.
    members : tuple of str
        The files wanted from the one zip archive in `remotes`; none if that is no archive.
    transposed : bool
        Whether the files hold each image with rows and columns exchanged, as EMNIST's do: Matlab wrote them.
    """

    what: str
    authors: str
    year: int
    page: str
    licence: str
    classes: tuple[str, ...]
    train: int
    test: int
    remotes: tuple[Remote, ...] = ()
    mirrors: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    transposed: bool = False

    @property
    def description(self) -> str:
        """What it shows, by whom, and when it was published."""
        return f"{self.what} ({self.authors}, {self.year})"

    @property
    def built_in(self) -> bool:
        """Whether it comes with the package."""
        return not self.remotes

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that are kept in the cache."""
        return self.members or tuple(remote.name for remote in self.remotes)


def entry_of(name: str) -> Entry:
    """Look a data set up by its name.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    Entry
        The data set of this name.

    Raises
    ------
    UserError
        When there is none.
    """
    if name not in CATALOG:
        raise UserError(unknown(name))
    return CATALOG[name]


def unknown(name: str) -> str:
    """Return the message for a name that is neither in the catalogue nor a folder or file.

    Parameters
    ----------
    name : str
        What the user gave.

    Returns
    -------
    str
        One line with all names, and the one that comes nearest.
    """
    near = get_close_matches(name.lower(), CATALOG, n=1)
    hint = f"did you mean {near[0]}?" if near else "give one of these names, or an existing folder or file"
    return f"{name}: no data set of this name and no such path; expected {', '.join(CATALOG)}, or a path; {hint}"


def _remotes(table: str) -> tuple[Remote, ...]:
    rows = (line.split() for line in table.strip().splitlines())
    return tuple(Remote(name, int(size), sha256) for sha256, size, name in rows)


# Sums and sizes are those of the files that the authors published, as TensorFlow Datasets pins them
# (tensorflow_datasets/url_checksums/{fashion_mnist,kmnist,emnist,qmnist}.txt). Fashion-MNIST's four were confirmed byte
# for byte: Debian's package dataset-fashion-mnist has the same gzip streams, only the name and the time removed.
CATALOG = {
    "mnist": Entry(
        "handwritten digits",
        "LeCun, Cortes, Burges",
        1998,
        "http://yann.lecun.com/exdb/mnist/",
        "https://creativecommons.org/licenses/by-sa/3.0/",
        DIGITS,
        60_000,
        10_000,
    ),
    "fashion-mnist": Entry(
        "articles of clothing in MNIST's format",
        "Zalando Research",
        2017,
        "https://github.com/zalandoresearch/fashion-mnist",
        "https://opensource.org/license/mit",
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        60_000,
        10_000,
        _remotes("""
            3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84  26421880  train-images-idx3-ubyte.gz
            a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845  29515     train-labels-idx1-ubyte.gz
            346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073  4422102   t10k-images-idx3-ubyte.gz
            67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5  5148      t10k-labels-idx1-ubyte.gz
        """),
        (
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
    ),
    "kmnist": Entry(
        "Kuzushiji-MNIST: cursive Japanese characters",
        "CODH",
        2018,
        "https://codh.rois.ac.jp/kmnist/",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        60_000,
        10_000,
        _remotes("""
            51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4  18165135  train-images-idx3-ubyte.gz
            e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17  29497     train-labels-idx1-ubyte.gz
            edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5  3041136   t10k-images-idx3-ubyte.gz
            20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c  5120      t10k-labels-idx1-ubyte.gz
        """),
        (
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
    ),
    "emnist-digits": Entry(
        "EMNIST's digits, from the forms that MNIST was taken from",
        "NIST",
        2017,
        "https://www.nist.gov/itl/products-and-services/emnist-dataset",
        "",
        DIGITS,
        240_000,
        40_000,
        _remotes("""
            fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e  561753746  gzip.zip
        """),
        (
            "https://biometrics.nist.gov/cs_links/EMNIST/",
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
        ),
        (
            "emnist-digits-train-images-idx3-ubyte.gz",
            "emnist-digits-train-labels-idx1-ubyte.gz",
            "emnist-digits-test-images-idx3-ubyte.gz",
            "emnist-digits-test-labels-idx1-ubyte.gz",
        ),
        transposed=True,
    ),
    "qmnist": Entry(
        "MNIST made again from its source, with 60,000 test images",
        "C. Yadav, L. Bottou",
        2019,
        "https://github.com/facebookresearch/qmnist",
        "https://github.com/facebookresearch/qmnist/blob/master/LICENSE",
        DIGITS,
        60_000,
        60_000,
        _remotes("""
            9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d  9704059  qmnist-train-images-idx3-ubyte.gz
            2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f  463024   qmnist-train-labels-idx2-int.gz
            43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375  9742279  qmnist-test-images-idx3-ubyte.gz
            9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06  526800   qmnist-test-labels-idx2-int.gz
        """),
        ("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",),
    ),
}
