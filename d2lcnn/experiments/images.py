"""The images of a run, as a function of its seed: fewer of them, in another place, or with their pixels reordered."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from d2lcnn import data
from d2lcnn.data import Splits

PERMUTATION_SEED = 28  # of the one pixel permutation that all runs share
_fashion_mnist = functools.lru_cache(maxsize=2)(data.fashion_mnist)


def load(source, budget=None):
    """Load Fashion-MNIST, once; a Budget may name another source."""
    return _fashion_mnist((budget and budget.source) or source)


@dataclass(frozen=True)
class Fashion:
    """Fashion-MNIST, with its default validation split, for the run with some seed.

    Parameters
    ----------
    source : {"full", "subset"}
        Argument of ``data.fashion_mnist``.
    count : int, optional
        Train on this many images, as equally many of each class as can be, drawn by the seed; default all.
    measured : int, optional
        Measure on this many validation and test images, the same for every seed; default all.
    change : callable, optional
        ``change(images, part, seed)`` is applied to all images of "train", "validation" and "test".

    Examples
    --------
    >>> parts = Fashion("subset", count=50)(seed=3)
    >>> len(parts.train), np.bincount(parts.train.y).tolist(), len(parts.test)
    (50, [5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 10000)
    """

    source: str = "full"
    count: int | None = None
    measured: int | None = None
    change: Callable | None = None

    def __call__(self, seed, budget=None):
        """Load the images; return Splits."""
        parts = load(self.source, budget)
        if self.change:
            parts = Splits(*(self.change(images, part, seed) for part, images in parts._asdict().items()))
        return cut(parts, budget, seed, count=self.count, measured=self.measured)


FULL, SUBSET = Fashion("full"), Fashion("subset")


def cut(parts, budget, seed, *, count=None, measured=None, measured_seed=0):
    """Shorten Splits to `count` training images, `measured` of the other parts, and to a Budget; None: as they are."""
    if budget:
        count = min(count or budget.train_images, budget.train_images)
        measured = min(measured or budget.measured_images, budget.measured_images)
    train, *others = parts
    if count is not None and count != len(train):
        train = balanced(train, count, seed)
    if measured is not None:
        others = (balanced(part, measured, measured_seed) for part in others)
    return Splits(train, *others)


def permute(images, order):
    """Put pixel ``order[i]`` of the flattened image at place i, for every image and channel.

    Examples
    --------
    >>> images = data.Images(np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2), np.array([7]))
    >>> permute(images, np.array([3, 0, 1, 2])).x[0, 0].tolist()
    [[3, 0], [1, 2]]
    """
    flat = images.x.reshape(*images.x.shape[:2], -1)
    return replace(images, x=flat[:, :, order].reshape(images.x.shape))


def permuted(images, part, seed):
    """Apply one fixed random permutation to the pixels of every image, whatever the part and the seed."""
    return permute(images, np.random.default_rng(PERMUTATION_SEED).permutation(math.prod(images.x.shape[2:])))


def on_canvas(images, size):
    """Put every image in the middle of a square of `size` pixels a side that is zero elsewhere.

    Examples
    --------
    >>> on_canvas(data.Images(np.full((1, 1, 1, 1), 7), np.array([0])), 3).x[0, 0].tolist()
    [[0, 0, 0], [0, 7, 0], [0, 0, 0]]
    """
    around = [((size - n) // 2, size - n - (size - n) // 2) for n in images.x.shape[2:]]
    if min(min(pair) for pair in around) < 0:
        raise ValueError(f"images of {images.x.shape[2:]} pixels do not fit on a canvas of {size}")
    return replace(images, x=np.pad(images.x, ((0, 0), (0, 0), *around)))


def halved(images):
    """Shrink images to half their height and width: each pixel is the mean of four, rounded down.

    Examples
    --------
    >>> halved(data.Images(np.array([[[[0, 2], [4, 7]]]], np.uint8), np.array([0]))).x.tolist()
    [[[[3]]]]
    """
    n, c, h, w = images.x.shape
    means = images.x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))
    return replace(images, x=means.astype(np.uint8))


def placed(images, size, corners):
    """Put each image on a black square of `size` pixels a side, its upper left pixel at its row of `corners`.

    Examples
    --------
    >>> placed(data.Images(np.full((1, 1, 1, 1), 7), np.array([0])), 2, np.array([[1, 0]])).x[0, 0].tolist()
    [[0, 0], [7, 0]]
    """
    n, c, h, w = images.x.shape
    x = np.zeros((n, c, size, size), images.x.dtype)
    for target, image, (top, left) in zip(x, images.x, corners, strict=True):
        target[:, top : top + h, left : left + w] = image
    return replace(images, x=x)


def scattered(images, size, seed):
    """Put each image at a random place of a black square of `size` pixels a side, all of it in sight."""
    corners = np.random.default_rng(seed).integers(0, size - images.x.shape[2] + 1, (len(images), 2))
    return placed(images, size, corners)


def balanced(images, count, seed):
    """Draw `count` images, as equally many of each class as can be; a larger draw holds the smaller ones of its seed.

    Examples
    --------
    >>> images = data.Images(np.arange(6), np.array([0, 0, 0, 1, 1, 1]))
    >>> np.bincount(balanced(images, 4, seed=0).y).tolist()
    [2, 2]
    >>> set(balanced(images, 2, seed=0).x.tolist()) < set(balanced(images, 4, seed=0).x.tolist())
    True
    """
    order = np.random.default_rng(seed).permutation(len(images))
    labels = images.y[order]
    rank = np.empty(len(labels), np.int64)  # how many of its class come before an image
    for label in np.unique(labels):
        rank[labels == label] = np.arange((labels == label).sum())
    return images[order[np.argsort(rank, kind="stable")[:count]]]
