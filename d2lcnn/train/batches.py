"""From images in memory to batches a network can read, converted on the fly."""

import numpy as np
import torch

from ..shapes import integer


def check_images(images, argument="images"):
    """Return the arrays (x, y) of `images`, or say what is wrong with them.

    Raises
    ------
    TypeError
        If `images` has no ``x`` and ``y``, or ``x`` holds neither uint8 nor floats, or ``y`` no integers.
    ValueError
        If there are no images, not as many labels as images, or a negative label.
    """
    if not (hasattr(images, "x") and hasattr(images, "y")):
        raise TypeError(f"{argument} must have arrays x and y, such as data.fashion_mnist(...).train, "
                        f"not {type(images).__name__}")
    x, y = np.asarray(images.x), np.asarray(images.y)
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        raise TypeError(f"{argument}.x must hold uint8 or floats, not {x.dtype}")
    if y.dtype.kind not in "iu":
        raise TypeError(f"{argument}.y must hold integers, not {y.dtype}")
    if y.size and y.min() < 0:
        raise ValueError(f"{argument}.y holds the label {y.min()}; labels are 0 or more")
    if len(x) == 0 or y.shape != (len(x),):
        raise ValueError(f"{argument} has x of shape {x.shape} and y of shape {y.shape}; "
                         "there must be one label for each image, and at least one image")
    return x, y


def batches(images, batch_size, *, rng=None, augment=None, balanced=False, smallest=1):
    """Yield the images once, in batches ready for a network.

    Parameters
    ----------
    images : object with arrays ``x`` (N, C, H, W), uint8 or float, and ``y`` (N,), integer
    batch_size : int
    rng : numpy.random.Generator, optional
        Shuffles the images (and feeds `augment`). Without it they come in their order.
    augment : callable, optional
        ``augment(x, rng)`` changes a batch before conversion, for instance ``Augment(shift=2, flip=True)``.
    balanced : bool
        Draw as many images as there are, with replacement, so that each class comes equally often on average. Needs
        `rng`.
    smallest : int
        A last batch with fewer images than this is joined to the one before: batch norm needs two.

    Yields
    ------
    x : torch.Tensor, float32 (n, C, H, W)
        Bytes become fractions of 255, so they lie in [0, 1]; floats keep their values.
    y : torch.Tensor, int64 (n,)

    Raises
    ------
    ValueError, TypeError
        As `check_images`; if `batch_size` is no positive integer; if `augment` or `balanced` is given without `rng`.

    Notes
    -----
    Images stay uint8 in memory (a quarter of float32); a batch is picked by one indexing operation, which is some
    fifty times faster than a loader that converts image by image.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> images = SimpleNamespace(x=np.full((5, 1, 2, 2), 255, np.uint8), y=np.arange(5))
    >>> [(tuple(x.shape), x.max().item(), y.tolist()) for x, y in batches(images, 3)]
    [((3, 1, 2, 2), 1.0, [0, 1, 2]), ((2, 1, 2, 2), 1.0, [3, 4])]
    """
    x, y = check_images(images)
    batch_size = integer("batch_size", batch_size, 1)
    for name, asked in (("augment", augment is not None), ("balanced", balanced)):
        if asked and rng is None:
            raise ValueError(f"{name} draws random numbers: hand in rng, for instance np.random.default_rng(0)")
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    if balanced:
        chances = balanced_weights(y)[y]
        order = rng.choice(len(x), len(x), p=chances / chances.sum())
    cuts = np.arange(batch_size, len(x), batch_size)
    if len(cuts) and len(x) - cuts[-1] < smallest:
        cuts = cuts[:-1]
    for index in np.split(order, cuts):
        picked = x[index] if augment is None else augment(x[index], rng)
        yield to_float(picked), torch.from_numpy(y[index].astype(np.int64))


def balanced_weights(labels):
    """Return a weight for each class, by its frequency: images / (classes * images of the class); 0 for no images.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1])).tolist()
    [0.6666666666666666, 2.0]
    """
    counts = np.bincount(labels)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts, weights, 0.0)


def to_float(x):
    """Convert a batch of bytes to float32 fractions of 255, or of floats to float32."""
    tensor = torch.from_numpy(np.ascontiguousarray(x))
    return tensor.float().div_(255) if tensor.dtype == torch.uint8 else tensor.float()
