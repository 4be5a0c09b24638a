"""Exercises of the chapter "AlexNet"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.ops import local_response_norm
from d2lcnn.shapes import conv_output_size, pool_output_size

PAPER = {"alpha": 5e-4, "beta": 0.75, "k": 2.0}  # torch's alpha: the paper's times the window
MAPS = np.arange(6, 14, dtype=float).reshape(1, 8, 1, 1) * 10
D2L = ((96, 11, 4, 1, 1, "pool"), (256, 5, 1, 2, 1, "pool"), (384, 3, 1, 1, 1), (384, 3, 1, 1, 1),
       (256, 3, 1, 1, 1, "pool"))  # fmt: skip
TINY = ((8, 5, 1, 0, 1), (16, 3, 2, 1, 2, "norm", "pool"))
RAMP = np.array([[[[0.0, 2], [4, 6]], [[1, 1], [3, 3]], [[5, 0], [0, 1]]]])


def _maps(rng):
    return 50 * rng.random((2, 12, 3, 4)), 3


def _apart(x, groups):
    """Normalise all maps at once, with two maps of zeros between the groups: no window sees two groups."""
    n, c, h, w = x.shape
    spread = np.zeros((n, groups, c // groups + 2, h, w))
    spread[:, :, :-2] = x.reshape(n, groups, -1, h, w)
    done = local_response_norm(spread.reshape(n, -1, h, w), 5, **PAPER)
    return done.reshape(spread.shape)[:, :, :-2].reshape(x.shape)


def _stages(table, size):
    """Follow the sizes through the rows with the formulas of `shapes`."""
    shapes = []
    for channels, kernel, stride, padding, _, *after in table:
        size = conv_output_size(size, kernel, stride, padding)
        size = pool_output_size(size, 3, 2) if "pool" in after else size
        shapes.append((channels, size))
    return shapes


def _table(rng):
    rows = [(int(rng.integers(4, 9)), int(rng.choice([3, 5])), int(rng.choice([1, 2])), int(rng.integers(0, 3)), 1,
             *(["pool"] if rng.random() < 0.5 else [])) for _ in range(3)]
    return tuple(rows), int(rng.integers(90, 120))


def _unfloored(table, size):
    """Round up where the division has a rest."""
    shapes = []
    for channels, kernel, stride, padding, _, *after in table:
        size = -(-(size + 2 * padding - kernel) // stride) + 1
        size = -(-(size - 3) // 2) + 1 if "pool" in after else size
        shapes.append((channels, size))
    return shapes


def _pictures(rng):
    return rng.random((2, 3, 4, 5)) * np.array([3.0, 2.0, 1.0])[:, None, None], rng.normal(size=3)


def _along_the_components(got, given):
    """The property asked in exercise 4: one shift for all pixels, of the right length along each component."""
    images, alphas = given
    try:
        shift = np.asarray(got, dtype=float) - images
    except (TypeError, ValueError):
        return False
    if shift.shape != images.shape or np.ptp(shift, axis=(0, 2, 3)).max() > 1e-9:
        return False
    pixels = np.moveaxis(images, 1, 0).reshape(3, -1)
    values, vectors = np.linalg.eigh(np.cov(pixels, bias=True))
    wanted = np.abs(alphas * values[::-1])  # a component's sign is anyone's choice
    return np.allclose(np.abs(vectors.T[::-1] @ shift[0, :, 0, 0]), wanted, rtol=1e-6, atol=1e-9)


EXERCISES = [
    Exercise(
        "alexnet-1", "alexnet", kind="value", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("the number of parameters"),),
        oracle=lambda: 60_258_664,
        mistakes=(
            Mistake("three layers at a quarter, biases too", 60_257_992,
                    "Groups divide the weights. How many biases does a layer of so many maps have?"),
            Mistake("the third layer too", 59_595_112, "The third convolution reads all maps, in the paper and here."),
            Mistake("without groups", 62_378_344, "That is the network without groups: each map reads all maps."),
            Mistake("two groups", 60_965_224, "That is the paper's network, with two groups."),
        ),
    ),
    Exercise(
        "alexnet-2", "alexnet", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("the smallest and the largest size"),),
        oracle=lambda: (227, 258),
        mistakes=(
            Mistake("one size", (227, 227), "Divisions are rounded down, so more than one size gives the same maps."),
            Mistake("rest of the first layer", (227, 230),
                    "You kept the 55 x 55 maps of the first layer. Must they have that size?"),
            Mistake("from 224", (224, 258), "Try 224: how many rows has the last map?"),
        ),
    ),
    Exercise(
        "alexnet-3", "alexnet", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(Case("eight maps of one pixel, two cards", (MAPS, 2)), Case("the same, four cards", (MAPS, 4))),
        generate=_maps,
        oracle=_apart,
        mistakes=(
            Mistake("across the cards", lambda x, groups: local_response_norm(x, 5, **PAPER),
                    "Your windows reach from one card's maps to the other's."),
            Mistake("the paper's alpha", lambda x, groups: np.concatenate(
                [local_response_norm(part, 5, **PAPER | {"alpha": 1e-4}) for part in np.split(x, groups, axis=1)],
                axis=1), "The cards are apart, but alpha is too small: who divides it by the window's size?"),
            Mistake("nothing done", lambda x, groups: x, "The maps came back as they were."),
        ),
    ),
    Exercise(
        "alexnet-4", "alexnet", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=(Case("four pixels", (RAMP, np.array([0.1, -0.2, 0.3]))),
               Case("the first component alone", (RAMP, np.array([1.0, 0.0, 0.0])))),
        generate=_pictures,
        oracle=lambda images, alphas: (images, alphas),
        compare=_along_the_components,
        mistakes=(
            Mistake("each channel by itself", lambda images, alphas: images + alphas[:, None, None],
                    "You moved red, green and blue on their own. Which directions do the pixels' colours vary along?"),
            Mistake("brighter", lambda images, alphas: images * (1 + alphas.sum()),
                    "You scaled the pixels. The same vector is added to every pixel of every image."),
            Mistake("nothing done", lambda images, alphas: images, "The images came back as they were."),
        ),
    ),
    Exercise(
        "alexnet-5", "alexnet", kind="value", cls="P", minutes=5, difficulty=1, points=1,
        cases=(Case("the number of different patches"),),
        oracle=lambda: 2178,
        mistakes=(
            Mistake("the paper's", 2048, "That is the paper's number. At how many places does a window of 224 fit in 256?"),
            Mistake("not mirrored", 1089, "These are the places. Each patch also comes mirrored."),
            Mistake("one axis", 66, "A window moves along two axes."),
        ),
    ),
    Exercise(
        "alexnet-6", "alexnet", kind="open", cls="A", minutes=90, difficulty=3, points=8,
    ),
    Exercise(
        "alexnet-7", "alexnet", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(Case("Dive into Deep Learning's table, 224", (D2L, 224)), Case("two rows, 30", (TINY, 30))),
        generate=_table,
        oracle=_stages,
        mistakes=(
            Mistake("pooling forgotten", lambda table, size: _stages([row[:5] for row in table], size),
                    "What stands behind the fifth number of a row also changes the size."),
            Mistake("padding forgotten", lambda table, size: _stages([(*r[:3], 0, *r[4:]) for r in table], size),
                    "Your sizes are those without padding."),
            Mistake("padding once", lambda table, size: [
                (c, n) for c, n in _stages([(r[0], r[1] + r[3], r[2], r[3], *r[4:]) for r in table], size)],
                    "Padding stands on both sides."),
            Mistake("rounded up", _unfloored, "The last window has to fit: the division is rounded down."),
        ),
    ),
]  # fmt: skip
