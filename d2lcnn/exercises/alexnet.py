"""Exercises of the chapter "AlexNet"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import local_response_norm
from d2lcnn.shapes import conv_output_size, pool_output_size

PAPER = {"alpha": 5e-4, "beta": 0.75, "k": 2.0}  # torch's alpha: the paper's times the window
MAPS = np.arange(6, 14, dtype=float).reshape(1, 8, 1, 1) * 10
D2L = ((96, 11, 4, 1, 1, "pool"), (256, 5, 1, 2, 1, "pool"), (384, 3, 1, 1, 1), (384, 3, 1, 1, 1),
       (256, 3, 1, 1, 1, "pool"))  # fmt: skip
SIZES = (227, 258)  # exercise 2, found by trying every size
TINY = ((8, 5, 1, 0, 1), (16, 3, 2, 1, 2, "norm", "pool"))
RAMP = np.array([[[[0.0, 2], [4, 6]], [[1, 1], [3, 3]], [[5, 0], [0, 1]]]])


def _parameters(groups=(1, 4, 1, 4, 4), last=9216):
    """Parameters of the network of 2012 with other numbers of groups."""
    rows = zip((96, 256, 384, 384, 256), (3, 96, 256, 384, 384), (11, 5, 3, 3, 3), groups, strict=True)
    dense = 4096 * (last + 1) + 4096 * 4097 + 1000 * 4097
    return sum(out * (c // g * k * k + 1) for out, c, k, g in rows) + dense


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
        oracle=_parameters,
        mistakes=(
            Mistake("three layers at a quarter, biases too", _parameters() - (256 + 384 + 256) * 3 // 4,
                    "Groups divide the weights. How many biases does a layer of so many maps have?"),
            Mistake("the third layer too", _parameters((1, 4, 4, 4, 4)), "The third convolution reads all maps, in the paper and here."),
            Mistake("without groups", _parameters((1,) * 5), "That is the network without groups: each map reads all maps."),
            Mistake("two groups", _parameters((1, 2, 1, 2, 2)), "That is the paper's network, with two groups."),
            Mistake("all layers", _parameters((3, 4, 4, 4, 4)), "You divided the first convolution too. It reads all channels of the image."),
            Mistake("no biases", _parameters() - 96 - 256 - 384 - 384 - 256 - 4096 - 4096 - 1000, "You left out the biases."),
            Mistake("convolutions alone", _parameters() - 4096 * 9217 - 4096 * 4097 - 1000 * 4097, "The dense layers are missing."),
            Mistake("second layer alone", _parameters((1, 4, 1, 2, 2)), "You gave four groups to the second convolution alone. The fourth and the fifth have them too."),
        ),
    ),
    Exercise(
        "alexnet-2", "alexnet", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("the smallest and the largest size"),),
        oracle=lambda: SIZES,
        mistakes=(
            Mistake("one size", SIZES[:1] * 2, "Divisions are rounded down, so more than one size gives the same maps."),
            Mistake("rest of the first layer", (SIZES[0], SIZES[0] + 4 - 1),
                    "You kept the 55 x 55 maps of the first layer. Must they have that size?"),
            Mistake("from 224", (224, SIZES[1]), "Try 224: how many rows has the last map?"),
            Mistake("224 to the last", (224, 224 + 4 - 1), "Try 224: how many rows has the last map?"),
            Mistake("padded", (SIZES[0] - 4, SIZES[1] - 4), "You padded the first convolution by two. The network of 2012 has no padding there."),
            Mistake("one beyond", (SIZES[0], SIZES[1] + 1), "Your largest size is the first that gives a larger map."),
            Mistake("one before", (SIZES[0] - 1, SIZES[1]), "Your smallest size is the last that gives a smaller map."),
            Mistake("without the second pooling", (SIZES[0], SIZES[0] + 8 - 1), "You went back through one pooling. How many halve the map behind the first convolution?"),
            *usual(SIZES, "reversed"),
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
            Mistake("k of one", lambda x, groups: np.concatenate(
                [local_response_norm(part, 5, **PAPER | {"k": 1.0}) for part in np.split(x, groups, axis=1)], axis=1),
                "The cards are apart, but k is torch's default, not the paper's."),
            Mistake("torch's defaults", lambda x, groups: np.concatenate(
                [local_response_norm(part, 5, **PAPER | {"alpha": 1e-4, "k": 1.0}) for part in np.split(x, groups, axis=1)], axis=1),
                "The cards are apart, and the constants are torch's defaults, not the paper's."),
            Mistake("first card only", lambda x, groups: np.concatenate(
                [_apart(x, groups)[:, : x.shape[1] // groups], x[:, x.shape[1] // groups :]], axis=1),
                "Only the first card's maps are normalised."),
            Mistake("maps taken in turn", lambda x, groups: _apart(
                x.reshape(len(x), -1, groups, *x.shape[2:]).swapaxes(1, 2).reshape(x.shape), groups).reshape(
                    len(x), groups, -1, *x.shape[2:]).swapaxes(1, 2).reshape(x.shape),
                "You dealt the maps out in turn. A card holds neighbouring maps."),
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
            Mistake("one shift for all channels", lambda images, alphas: images + alphas.sum(),
                    "You made all channels brighter alike. Which directions do the pixels' colours vary along?"),
            Mistake("channels scaled", lambda images, alphas: images * (1 + alphas[:, None, None]),
                    "You scaled the channels. The same vector is added to every pixel."),
            Mistake("by the variances", lambda images, alphas: images + (alphas * images.var(axis=(0, 2, 3)))[:, None, None],
                    "You used the variance of each channel. The channels vary together: take the covariance matrix."),
        ),
    ),
    Exercise(
        "alexnet-5", "alexnet", kind="value", cls="P", minutes=5, difficulty=1, points=1,
        cases=(Case("the number of different patches"),),
        oracle=lambda: 2178,
        mistakes=(
            Mistake("the paper's", 2 * 32**2, "That is the paper's number. At how many places does a window of 224 fit in 256?"),
            Mistake("not mirrored", 33**2, "These are the places. Each patch also comes mirrored."),
            Mistake("one axis", 2 * 33, "A window moves along two axes."),
            Mistake("the paper's places", 32**2, "At how many places does a window of 224 fit in 256? And each patch also comes mirrored."),
            Mistake("mirrored along both axes", 4 * 33**2, "The paper mirrors left and right alone."),
            Mistake("one place more", 2 * 34**2, "Off by one: a window of 224 fits at 256 - 224 + 1 places."),
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
            Mistake("plus one forgotten", lambda table, size: [
                (c, n - 1) for c, n in _stages([row[:5] for row in table], size)],
                    "One is missing: count windows, not steps between them. And pooling changes the size, too."),
            Mistake("stride forgotten", lambda table, size: _stages([(r[0], r[1], 1, *r[3:]) for r in table], size),
                    "Your convolutions move by one."),
            Mistake("sizes alone", lambda table, size: [n for _, n in _stages(table, size)],
                    "The numbers of maps are missing: a pair for each row is asked for."),
            Mistake("pairs turned", lambda table, size: [pair[::-1] for pair in _stages(table, size)],
                    "Your pairs are turned: the number of maps comes first."),
            Mistake("the last row", lambda table, size: _stages(table, size)[-1],
                    "That is the last row alone. A pair for each row is asked for."),
            Mistake("rounded up", _unfloored, "The last window has to fit: the division is rounded down."),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    2: ("one too many", "one too few"),
    3: ("transposed", "half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    5: ("upside down",),
    7: ("transposed", "half a turn", "flat", "one too many", "one too few"),
})  # fmt: skip
