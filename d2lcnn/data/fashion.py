"""Fashion-MNIST, split into training, validation and test images."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from numbers import Integral
from typing import NamedTuple

import numpy as np

from ..shapes import integer
from . import files

#: Class names in the order of the labels 0..9 (Xiao et al. 2017, table 2).
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")  # fmt: skip

VALIDATION = {"full": 5000, "subset": 1000}


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
        Unknown source, an integer out of range, or a file that is corrupt or cut short; it is named.
    FileNotFoundError
        ``D2LCNN_DATA`` names a folder that lacks one of the four files.
    OSError
        The download failed. Nothing incomplete is left behind. A cache that cannot be read is as if empty for "auto".

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
    seed = integer("seed", seed, 0, 2**32 - 1)
    folder = None if source == "subset" else files.local_folder()
    if source == "auto":
        source = "full" if folder else "subset"
        if folder is None:
            print("fashion_mnist: full set not found, using the subset of 10,000 training images", file=sys.stderr)
    if source == "subset":
        folder = files.SUBSET
    elif folder is None:
        folder = files.download()
    suffix = ".xz" if source == "subset" else ".gz"
    arrays = {name: files.read_idx(folder / (name + suffix), sha) for name, sha in files.CONTENT[source].items()}
    train, test = (
        Images(arrays[f"{part}-images-idx3-ubyte"][:, None], arrays[f"{part}-labels-idx1-ubyte"].astype(np.int64))
        for part in ("train", "t10k")
    )
    validation = integer("validation", VALIDATION[source] if validation is None else validation, 0, len(train) - 1)
    held_back = _held_back(train.y, validation, seed)
    return Splits(train[~held_back], train[held_back], test)


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
