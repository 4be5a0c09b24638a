"""The images that settings ask for: fewer of them, in another place, or with their pixels in another order."""

import functools
import math
from types import SimpleNamespace

import numpy as np

from d2lcnn import data

PERMUTATION_SEED = 28  # of the one pixel permutation that all runs share


@functools.lru_cache(maxsize=2)
def splits(source, permuted):
    """Load the images of a source, once; `permuted` puts the pixels of all of them in one other order."""
    parts = data.fashion_mnist(source)
    if not permuted:
        return parts
    order = np.random.default_rng(PERMUTATION_SEED).permutation(math.prod(parts.train.x.shape[2:]))
    return SimpleNamespace(**{part: permute(getattr(parts, part), order) for part in ("train", "validation", "test")})


def permute(images, order):
    """Put pixel ``order[i]`` of the flattened image at place i, for every image and channel.

    Examples
    --------
    >>> images = SimpleNamespace(x=np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2), y=np.array([7]))
    >>> permute(images, np.array([3, 0, 1, 2])).x[0, 0].tolist()
    [[3, 0], [1, 2]]
    """
    flat = images.x.reshape(*images.x.shape[:2], -1)
    return SimpleNamespace(x=flat[:, :, order].reshape(images.x.shape), y=images.y)


def on_canvas(images, size):
    """Put every image in the middle of a square of `size` pixels a side that is zero elsewhere.

    Examples
    --------
    >>> on_canvas(SimpleNamespace(x=np.full((1, 1, 1, 1), 7), y=np.array([0])), 3).x[0, 0].tolist()
    [[0, 0, 0], [0, 7, 0], [0, 0, 0]]
    """
    x = np.asarray(images.x)
    around = [((size - n) // 2, size - n - (size - n) // 2) for n in x.shape[2:]]
    if min(min(pair) for pair in around) < 0:
        raise ValueError(f"images of {x.shape[2:]} pixels do not fit on a canvas of {size}")
    return SimpleNamespace(x=np.pad(x, ((0, 0), (0, 0), *around)), y=images.y)


def halved(images):
    """Shrink images to half their height and width: each pixel is the mean of four, rounded down.

    Examples
    --------
    >>> halved(SimpleNamespace(x=np.array([[[[0, 2], [4, 7]]]], np.uint8), y=np.array([0]))).x.tolist()
    [[[[3]]]]
    """
    n, c, h, w = np.shape(images.x)
    means = np.reshape(images.x, (n, c, h // 2, 2, w // 2, 2)).mean(axis=(3, 5))
    return SimpleNamespace(x=means.astype(np.uint8), y=images.y)


def placed(images, size, corners):
    """Put each image on a black square of `size` pixels a side, its upper left pixel at its row of `corners`.

    Examples
    --------
    >>> placed(SimpleNamespace(x=np.full((1, 1, 1, 1), 7), y=np.array([0])), 2, np.array([[1, 0]])).x[0, 0].tolist()
    [[0, 0], [7, 0]]
    """
    n, c, h, w = np.shape(images.x)
    x = np.zeros((n, c, size, size), np.asarray(images.x).dtype)
    for target, image, (top, left) in zip(x, images.x, corners, strict=True):
        target[:, top : top + h, left : left + w] = image
    return SimpleNamespace(x=x, y=images.y)


def scattered(images, size, seed):
    """Put each image at a random place of a black square of `size` pixels a side, all of it in sight."""
    corners = np.random.default_rng(seed).integers(0, size - np.shape(images.x)[2] + 1, (len(images.y), 2))
    return placed(images, size, corners)


def balanced(images, count, seed):
    """Draw `count` images, as equally many of each class as can be; a larger draw holds the smaller ones of its seed.

    Examples
    --------
    >>> images = SimpleNamespace(x=np.arange(6), y=np.array([0, 0, 0, 1, 1, 1]))
    >>> np.bincount(balanced(images, 4, seed=0).y).tolist()
    [2, 2]
    >>> set(balanced(images, 2, seed=0).x.tolist()) < set(balanced(images, 4, seed=0).x.tolist())
    True
    """
    order = np.random.default_rng(seed).permutation(len(images.y))
    labels = np.asarray(images.y)[order]
    rank = np.empty(len(labels), np.int64)  # how many of its class come before an image
    for label in np.unique(labels):
        rank[labels == label] = np.arange((labels == label).sum())
    picked = order[np.argsort(rank, kind="stable")[:count]]
    return SimpleNamespace(x=np.asarray(images.x)[picked], y=np.asarray(images.y)[picked])
