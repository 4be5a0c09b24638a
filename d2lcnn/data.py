"""Fashion-MNIST and a few photographs as NumPy arrays; torch is not needed.

Images stay uint8 in memory, a quarter of what float32 takes; :func:`batches` converts whole
batches on the way out.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import lzma
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import numpy as np

#: Class names in the order of the labels 0..9 (Xiao et al. 2017, table 2).
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")  # fmt: skip

URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # where `apt install dataset-fashion-mnist` puts it
SUBSET = Path(__file__).parent / "_data" / "fashion_mnist_subset"  # written by tools/make_subset.py

# SHA-256 of the published .gz files, which the download is held against. Their MD5 sums are the ones in
# the README of github.com/zalandoresearch/fashion-mnist: train-images 8d4fb7e6c68d591d4c3dfef9ec88bf0d,
# train-labels 25c81989df183df01b3e8a0aad5dffbe, t10k-images bef4ecab320f06d8554ea6380940ec79,
# t10k-labels bb300cfdad3c16e7a12a480ee83cd310.
PUBLISHED = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
# SHA-256 of what is inside. Debian compresses the same bytes without name and date, so its .gz files
# differ from the published ones; every file that is read, from wherever, is held against these.
TEST = {
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
CONTENT = {
    "full": TEST | {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    },
    "subset": TEST | {
        "train-images-idx3-ubyte": "afb9a30f709ca8c713e38793e9d74e4d1d82f2c9185fb829ab0ad63b2c4b7838",
        "train-labels-idx1-ubyte": "f2efb92fb175759431f2e6ed86ad559fc66eaf217770921d05222bb8fa338a40",
    },
}  # fmt: skip
VALIDATION = {"full": 5000, "subset": 1000}

#: Photographs that scikit-image carries in its wheel: name -> (what it shows, credit, terms). PNG files
#: only, because JPEG decoders may differ by a grey level from version to version.
PHOTOGRAPHS = {
    "astronaut": ("Eileen Collins, astronaut", "NASA", "public domain"),
    "brick": ("a brick wall", "cc0textures.com, Bricks25", "CC0"),
    "camera": ("a man with a camera on a tripod", "Lav Varshney", "CC0"),
    "chelsea": ("Chelsea the cat", "Stefan van der Walt", "CC0"),
    "coffee": ("a cup of espresso", "Rachel Michetti, Pikolo Espresso Bar", "CC0"),
    "coins": ("Greek coins from Pompeii", "Brooklyn Museum Collection", "no known copyright restrictions"),
    "grass": ("grass", "linolafett, DeviantArt", "CC0"),
    "gravel": ("gravel", "cc0textures.com, Gravel04", "CC0"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Images:
    """Labelled images: ``x`` uint8 (N, 1, 28, 28), ``y`` int64 (N,), ``classes`` the names of the labels.

    Indexing with a slice, an array of positions or a boolean mask selects images:
    ``images[:100]``, ``images[images.y == 9]``.
    """

    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...] = CLASSES

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index) -> Images:
        if isinstance(index, Integral):
            raise TypeError(f"index must be a slice or an array, got {index!r}; use images.x[{index}] for one image")
        return Images(self.x[index], self.y[index], self.classes)

    def __repr__(self) -> str:
        return f"Images(x: {self.x.dtype} {self.x.shape}, y: {self.y.dtype} {self.y.shape})"


class Splits(NamedTuple):
    """Three disjoint sets: fit on ``train``, choose on ``validation``, report on ``test``, once."""

    train: Images
    validation: Images
    test: Images


def fashion_mnist(source: str = "auto", *, validation: int | None = None, seed: int = 0) -> Splits:
    """Load Fashion-MNIST, split into training, validation and test images.

    Parameters
    ----------
    source : {"auto", "subset", "full"}
        "subset" comes with the package: 10,000 of the 60,000 training images, 1,000 of each class, and all
        10,000 test images. "full" looks in the folder that the variable ``D2LCNN_DATA`` names, else in the
        cache, else in /usr/share/datasets/fashion-mnist (Debian's package dataset-fashion-mnist), else
        downloads 31 MB into the cache. "auto" takes the full set where one of these folders has it, and
        otherwise the subset; it says so on stderr and never downloads.
    validation : int, optional
        How many training images to hold back, the classes in equal parts as far as the number allows.
        Default 5,000 of the full set, 1,000 of the subset.
    seed : int
        Draws the held-back images. Same seed, same split, on every machine.

    Returns
    -------
    Splits
        ``train``, ``validation``, ``test``: each :class:`Images` with x uint8 (N, 1, 28, 28) and y int64
        (N,), in the order of the original files.

    Raises
    ------
    ValueError
        Unknown source, validation out of range, or a file that is corrupt or cut short; it is named.
    FileNotFoundError
        ``D2LCNN_DATA`` names a folder that lacks one of the four files.
    OSError
        The download failed. Nothing incomplete is left behind.

    Notes
    -----
    Xiao, Rasul & Vollgraf (2017), arXiv:1708.07747. The published set has no validation split.

    Examples
    --------
    >>> train, validation, test = fashion_mnist("subset")
    >>> len(train), len(validation), len(test)
    (9000, 1000, 10000)
    >>> train.x.shape, train.x.dtype, train.classes[9]
    ((9000, 1, 28, 28), dtype('uint8'), 'Ankle boot')
    """
    if source not in ("auto", "subset", "full"):
        raise ValueError(f"source must be 'auto', 'subset' or 'full', got {source!r}")
    _check_integer("seed", seed, 0, 2**32 - 1)
    folder = None if source == "subset" else _local_folder()
    if source == "auto":
        source = "full" if folder else "subset"
        if folder is None:
            print("fashion_mnist: full set not found, using the subset of 10,000 training images", file=sys.stderr)
    n = 60_000 if source == "full" else 10_000
    validation = VALIDATION[source] if validation is None else validation
    _check_integer("validation", validation, 0, n - 1)
    if source == "subset":
        folder = SUBSET
    elif folder is None:
        folder = _download()
    suffix = ".xz" if source == "subset" else ".gz"
    arrays = {name: read_idx(folder / (name + suffix), sha) for name, sha in CONTENT[source].items()}
    train, test = (
        Images(arrays[f"{part}-images-idx3-ubyte"][:, None], arrays[f"{part}-labels-idx1-ubyte"].astype(np.int64))
        for part in ("train", "t10k")
    )
    held_back = _held_back(train.y, validation, seed)
    return Splits(train[~held_back], train[held_back], test)


def read_idx(path: Path, sha256: str) -> np.ndarray:
    """Read a compressed IDX file (.gz or .xz) into a writable uint8 array, if its content has this SHA-256.

    Raises ValueError, naming the file, if it cannot be decompressed or holds anything else.
    """
    try:
        with (lzma.open if path.suffix == ".xz" else gzip.open)(path) as file:
            raw = bytearray(file.read())
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path} is corrupt or cut short ({error}); delete it and get it again") from error
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise ValueError(f"{path} does not hold the published data: SHA-256 {found}, expected {sha256}")
    # IDX: two zero bytes, type (8 is uint8), number of axes, their sizes as big-endian int32, the values
    shape = np.frombuffer(raw, ">i4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def batches(images: Images, batch_size: int, *, rng: np.random.Generator | None = None) -> Iterator[tuple]:
    """Yield ``(x, y)`` a batch at a time: x float32 (B, 1, 28, 28) in [0, 1], y int64 (B,).

    Parameters
    ----------
    images : Images
    batch_size : int
        The last batch is smaller if this does not divide ``len(images)``.
    rng : numpy.random.Generator, optional
        Shuffles the images; without it they come in order.

    Examples
    --------
    >>> test = fashion_mnist("subset").test
    >>> [len(y) for x, y in batches(test[:10], 4)]
    [4, 4, 2]
    """
    _check_integer("batch_size", batch_size, 1, sys.maxsize)
    order = np.arange(len(images)) if rng is None else rng.permutation(len(images))
    parts = (order[start : start + batch_size] for start in range(0, len(order), batch_size))
    return ((np.divide(images.x[part], 255, dtype=np.float32), images.y[part]) for part in parts)


def photograph(name: str, gray: bool = False) -> np.ndarray:
    """Load one of the photographs that scikit-image carries; never from the network.

    Parameters
    ----------
    name : str
        A key of ``PHOTOGRAPHS``, which also holds credits and terms.
    gray : bool
        Return luminance, (2125 R + 7154 G + 721 B) / 10000, rounded (ITU-R BT.709 weights, as scikit-image).

    Returns
    -------
    ndarray of uint8
        (H, W, 3), or (H, W) if ``gray`` or if the photograph has no colour.

    Raises
    ------
    ValueError
        Unknown name.
    ImportError
        scikit-image is not installed.
    FileNotFoundError
        This version of scikit-image does not carry the photograph.

    Examples
    --------
    >>> photograph("chelsea").shape, photograph("chelsea", gray=True).shape
    ((300, 451, 3), (300, 451))
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(f"name must be one of {', '.join(PHOTOGRAPHS)}, got {name!r}")
    # found, not imported: only its picture files are wanted, and its own loader may download
    package = importlib.util.find_spec("skimage")
    if package is None:
        raise ImportError("the photographs come with scikit-image: pip install scikit-image")
    path = Path(package.origin).parent / "data" / f"{name}.png"
    if not path.is_file():
        raise FileNotFoundError(f"the installed scikit-image does not carry {name!r}: {path} is missing")
    from PIL import Image  # comes with matplotlib

    with Image.open(path) as picture:
        pixels = np.array(picture)
    if gray and pixels.ndim == 3:
        pixels = ((pixels @ np.array([2125, 7154, 721]) + 5000) // 10000).astype(np.uint8)
    return pixels


def _check_integer(name: str, value: int, low: int, high: int) -> None:
    if not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in {low}..{high}, got {value}")


def _held_back(y: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Boolean mask with ``count`` True, drawn class by class so that class counts differ by one at most."""
    # RandomState, because NumPy promises that its stream never changes (NEP 19); Generator's may
    rng = np.random.RandomState(seed)
    labels = rng.permutation(np.unique(y))
    mask = np.zeros(len(y), bool)
    for rank, label in enumerate(labels):
        share = count // len(labels) + (rank < count % len(labels))
        mask[rng.permutation(np.flatnonzero(y == label))[:share]] = True
    return mask


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("d2lcnn")) / "fashion-mnist"


def _local_folder() -> Path | None:
    """The folder that has all four files of the full set, or None."""
    chosen = os.environ.get("D2LCNN_DATA")
    if chosen:
        missing = [name for name in PUBLISHED if not (Path(chosen) / name).is_file()]
        if missing:
            raise FileNotFoundError(f"D2LCNN_DATA is {chosen!r}, but that folder lacks {', '.join(missing)}")
        return Path(chosen)
    return next((place for place in (_cache(), DEBIAN) if all((place / f).is_file() for f in PUBLISHED)), None)


def _download() -> Path:
    """Fetch what the cache lacks. pooch writes beside the target and renames once the SHA-256 is right."""
    import pooch

    for name, sha256 in PUBLISHED.items():
        try:
            pooch.retrieve(URL + name, f"sha256:{sha256}", fname=name, path=_cache())
        except (OSError, ValueError) as error:  # requests' errors are OSErrors; a wrong hash is a ValueError
            raise OSError(
                f"download of {URL + name} failed ({error}); fashion_mnist('subset') works offline, "
                "or put the four files into a folder and name it in D2LCNN_DATA"
            ) from error
    return _cache()
