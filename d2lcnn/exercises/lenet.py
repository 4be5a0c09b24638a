"""Exercises of the chapter "LeNet"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d

LIMITS = {"parameters": 20_000, "multiply-adds": 600_000, "width": 10}  # of exercise 2
MAPS = np.array([[[[1, 2, 0, 1], [0, 1, 1, 0], [3, 0, 1, 1], [0, 1, 1, 1]],
                  [[0, 1, 1, 0], [1, 0, 0, 1], [2, 2, 0, 1], [2, 2, 1, 0]]]], dtype=float)  # fmt: skip
FACTORS, BIASES = np.array([0.5, -0.25]), np.array([0.1, 0.4])


def _maps(rng):
    return (rng.normal(size=(2, 3, 6, 8)), rng.normal(size=3), rng.normal(size=3))


def _tanh_of(sums):
    return 1.7159 * np.tanh(2 / 3 * sums)


def _sums(x, factor, bias):
    """Sums over 2 x 2 windows times a factor a map plus a bias a map, as a convolution with one group a map."""
    w = np.ones((len(factor), 1, 2, 2)) * np.reshape(factor, (-1, 1, 1, 1))
    return conv2d(x, w, np.asarray(bias), stride=2, groups=len(factor))


def _codes(rng):
    return rng.normal(size=(5, 84)), rng.choice([-1.0, 1.0], size=(10, 84))


def counts(widths):
    """Count parameters of convolutions and of dense layers, and multiply-adds, of a LeNet of four other widths.

    Parameters
    ----------
    widths : (int, int, int, int)
        Maps of the two convolutions and units of the two hidden dense layers; LeNet has (6, 16, 120, 84).

    Returns
    -------
    (int, int, int)

    Examples
    --------
    >>> counts((6, 16, 120, 84))
    (2572, 59134, 416520)
    """
    c1, c2, u1, u2 = widths
    convolutions = (25 + 1) * c1 + (25 * c1 + 1) * c2
    dense = (25 * c2 + 1) * u1 + (u1 + 1) * u2 + (u2 + 1) * 10
    macs = 28 * 28 * 25 * c1 + 10 * 10 * 25 * c1 * c2 + 25 * c2 * u1 + u1 * u2 + u2 * 10
    return convolutions, dense, macs


def _colour(channels=3, side=5):
    """Parameters of LeNet for images of so many channels, with last maps of so many rows."""
    return counts((6, 16, 120, 84))[0] + 6 * 25 * (channels - 1) + 120 * (16 * side**2 + 1) + 84 * 121 + 10 * 85


def _balanced(widths, _):
    """The property asked in exercise 2."""
    try:
        c1, c2, u1, u2 = (int(n) for n in widths)
    except (TypeError, ValueError):
        return False
    if min(c1, c2) < 1 or min(u1, u2) < LIMITS["width"]:
        return False
    convolutions, dense, macs = counts((c1, c2, u1, u2))
    return convolutions > dense and convolutions + dense <= LIMITS["parameters"] and macs <= LIMITS["multiply-adds"]


def _silent(logits, label):
    """The property asked in exercise 7: with ReLU on the logits no gradient arrives, and the class is wrong."""
    z = np.asarray(logits, dtype=float)
    if z.shape != (10,) or np.argmax(z) == label:
        return False
    e = np.exp(np.maximum(z, 0))
    gradient = (e / e.sum() - np.eye(10)[label]) * (z > 0)
    return not gradient.any()


EXERCISES = [
    Exercise(
        "lenet-1", "lenet", kind="value", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("the number of parameters"),),
        oracle=lambda: 62_006,
        mistakes=(
            Mistake("one channel", _colour(channels=1), "That is the net for grey images. Which weights see the colours?"),
            Mistake("padding kept", _colour(side=6), "You kept the padding, so the maps that reach the dense layers are larger."),
            Mistake("a bias a channel", _colour() + 6 * 2, "A kernel has weights for every input channel, but how many biases?"),
            Mistake("no biases", _colour() - 6 - 16 - 120 - 84 - 10, "You left out the biases."),
            Mistake("convolutions alone", _colour() - 120 * 401 - 84 * 121 - 10 * 85, "The dense layers are missing."),
            Mistake("all channels tripled", _colour() + 2 * 6 * 25 * 16, "You gave the second convolution three times its weights. Which layer reads the colours?"),
            Mistake("one map", _colour() - 6 * 75 + 75, "You counted the weights of one kernel of the first layer. It has six."),
        ),
    ),
    Exercise(
        "lenet-2", "lenet", kind="value", cls="A", minutes=20, difficulty=2, points=4,
        cases=(Case("widths within the three limits"),),
        oracle=lambda: LIMITS,
        compare=_balanced,
        mistakes=(
            Mistake(
                "LeNet itself", (6, 16, 120, 84),
                "That is LeNet itself: nearly all of its parameters lie in its dense layers.",
            ),
            Mistake(
                "starved dense layers", (12, 12, 4, 4),
                "Your dense layers are narrower than the statement allows.",
            ),
            Mistake(
                "wide convolutions", (16, 40, 10, 10),
                "More parameters lie in your convolutions, but each of them is used at many places: count products.",
            ),
            Mistake(
                "narrow everywhere", (4, 8, 10, 10),
                "Your dense layers still hold more than half. What does the first of them read?",
            ),
            Mistake(
                "dense layers alone halved", (6, 16, 60, 42),
                "Your dense layers are narrower, and still hold most of the parameters.",
            ),
            Mistake("three numbers", (6, 16, 10), "Four widths are asked for, in the order of the layers."),
            Mistake("one map first", (1, 40, 10, 10), "The second convolution reads what the first one makes: with one map it has few weights."),
        ),
    ),
    Exercise(
        "lenet-3", "lenet", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("two maps of 4 x 4", (MAPS, FACTORS, BIASES)),
            Case("the same with other factors", (MAPS, np.array([1.0, 0.1]), np.array([-1.0, 0.0]))),
        ),
        generate=_maps,
        oracle=lambda x, factor, bias: _tanh_of(_sums(x, factor, bias)),
        mistakes=(
            Mistake(
                "the mean", lambda x, factor, bias: _tanh_of(_sums(x, factor / 4, bias)),
                "You multiplied the mean of the window. The layer of 1998 adds its four inputs.",
            ),
            Mistake(
                "no activation", lambda x, factor, bias: _sums(x, factor, bias),
                "Factor and bias are right; the result still has to pass the scaled tanh.",
            ),
            Mistake(
                "bias first", lambda x, factor, bias: _tanh_of(_sums(x, factor, bias * factor)),
                "You added the bias before you multiplied. The factor scales the sum alone.",
            ),
            Mistake(
                "plain tanh", lambda x, factor, bias: np.tanh(_sums(x, factor, bias)),
                "That is the plain tanh. The one of 1998 is stretched in both directions.",
            ),
            Mistake(
                "stretched in one direction", lambda x, factor, bias: np.tanh(2 / 3 * _sums(x, factor, bias)),
                "The amplitude of the tanh is missing.",
            ),
            Mistake(
                "stretched in the other", lambda x, factor, bias: 1.7159 * np.tanh(_sums(x, factor, bias)),
                "The slope of two thirds inside the tanh is missing.",
            ),
            Mistake(
                "no bias", lambda x, factor, bias: _tanh_of(_sums(x, factor, 0 * bias)),
                "The bias is missing.",
            ),
            Mistake(
                "no factor", lambda x, factor, bias: _tanh_of(_sums(x, np.ones_like(factor), bias)),
                "The factor of each map is missing.",
            ),
            Mistake(
                "exchanged", lambda x, factor, bias: _tanh_of(_sums(x, bias, factor)),
                "Factor and bias have changed places.",
            ),
            *usual(lambda *args: _tanh_of(_sums(*args)), "transposed"),
        ),
    ),
    Exercise(
        "lenet-4", "lenet", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("two vectors, two codes", (np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1.0, -1.0], [-1.0, -1.0]]))),
            Case("one vector, three codes", (np.array([[2.0, 0.0, 1.0]]), np.array([[1.0, 1, 1], [-1, 1, 1], [1, -1, 1]]))),
        ),
        generate=_codes,
        oracle=lambda x, codes: np.linalg.norm(x[:, None] - codes[None], axis=-1) ** 2,
        mistakes=(
            Mistake(
                "a dense layer", lambda x, codes: x @ codes.T,
                "You computed products with the codes, as a dense layer does. This layer measures distances.",
            ),
            Mistake(
                "root", lambda x, codes: np.linalg.norm(x[:, None] - codes[None], axis=-1),
                "You took the root. The outputs of 1998 are squared distances.",
            ),
            Mistake(
                "codes in rows", lambda x, codes: np.linalg.norm(codes[:, None] - x[None], axis=-1) ** 2,
                "Rows and columns have changed places: one row belongs to one vector of x.",
            ),
            Mistake(
                "sum of absolute values", lambda x, codes: np.linalg.norm(x[:, None] - codes[None], ord=1, axis=-1),
                "You added absolute differences. This layer adds squares.",
            ),
            Mistake(
                "mean", lambda x, codes: np.linalg.norm(x[:, None] - codes[None], axis=-1) ** 2 / x.shape[1],
                "You took the mean over the entries. The layer adds.",
            ),
            Mistake(
                "sign of the code", lambda x, codes: np.linalg.norm(x[:, None] + codes[None], axis=-1) ** 2,
                "You added the codes. A distance is made of differences.",
            ),
            *usual(lambda x, codes: np.linalg.norm(x[:, None] - codes[None], axis=-1) ** 2, "opposite sign", "halved"),
        ),
    ),
    Exercise(
        "lenet-5", "lenet", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the largest factor"),),
        oracle=lambda: 0.25**4,
        mistakes=(
            Mistake("one activation", 0.25**1, "That is one activation. How many does the gradient pass?"),
            Mistake("added", 4 * 0.25, "The chain rule multiplies slopes, it does not add them."),
            Mistake("value, not slope", 0.5**4, "You used the sigmoid's value at zero. What is its slope there?"),
            Mistake("pooling too", 0.25**6, "Pooling shares a gradient out among four inputs: the question leaves it aside."),
            Mistake("three activations", 0.25**3, "How many activations stand between the logits and the input of the first one? Count that one too."),
            Mistake("five activations", 0.25**5, "The logits pass no activation."),
            *usual(0.25**4, "upside down"),
        ),
    ),
    Exercise(
        "lenet-6", "lenet", kind="open", cls="A", minutes=90, difficulty=3, points=8,
    ),
    Exercise(
        "lenet-7", "lenet", kind="value", cls="P", minutes=15, difficulty=2, points=3,
        cases=(Case("label 3", (3,)),),
        oracle=lambda label: label,
        compare=_silent,
        mistakes=(
            Mistake(
                "only the label below zero", [1.0, 0, 0, -1.0, 0, 0, 0, 0, 0, 0],
                "The label's logit gets no gradient, but another one still does. When are all of them silent?",
            ),
            Mistake(
                "a right answer", [-1.0, -1, -1, -0.5, -1, -1, -1, -1, -1, -1],
                "No gradient arrives, but class 3 has the largest logit: the net is right. Make it wrong.",
            ),
            Mistake(
                "large and positive", [9.0, 1, 1, 1, 1, 1, 1, 1, 1, 1],
                "Positive logits pass the ReLU unchanged, and so do their gradients.",
            ),
            Mistake("class 3 counted from 1", [-1.0, -1, -0.5, -1, -1, -1, -1, -1, -1], "Ten numbers are asked for, one for each class from 0 to 9."),
            Mistake(
                "one above zero", [1.0, -1, -1, -1, -1, -1, -1, -1, -1, -1],
                "One logit is positive, so its gradient passes the ReLU.",
            ),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    3: ("half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    4: ("half a turn", "flat", "doubled", "rounded"),
    5: ("doubled", "halved"),
})  # fmt: skip
