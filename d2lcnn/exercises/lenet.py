"""Exercises of the chapter "LeNet"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, max_pool2d

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


def _balanced(widths, asked):
    """The properties asked in exercise 2, one at a time."""
    try:
        c1, c2, u1, u2 = (int(n) for n in widths)
    except (TypeError, ValueError):
        return False
    if min(c1, c2, u1, u2) < 1:
        return False
    convolutions, dense, macs = counts((c1, c2, u1, u2))
    return {
        "balance": convolutions > dense,
        "parameters": convolutions + dense <= LIMITS["parameters"],
        "multiply-adds": macs <= LIMITS["multiply-adds"],
        "width": min(u1, u2) >= LIMITS["width"],
    }[asked]


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
        hints=(
            "Only what reads or makes something of another size can change its count. Follow the shapes first.",
            "A map of the first layer reads all three channels, and has one bias. Do the maps still become 28 by 28?",
            "Write 32 - 5 + 1. Then set up the count of the first convolution, with 25 weights for each channel it reads.",
        ),
    ),
    Exercise(
        "lenet-2", "lenet", kind="value", cls="A", minutes=20, difficulty=2, points=4,
        cases=(
            Case("more than half of the parameters in the convolutions", ("balance",)),
            Case("at most 20,000 parameters", ("parameters",)),
            Case("at most 600,000 multiply-adds", ("multiply-adds",)),
            Case("at least 10 units in each hidden layer", ("width",)),
        ),
        oracle=lambda asked: asked,
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
            Mistake(
                "the old maps on narrow dense layers", (6, 16, 10, 10),
                "Your dense layers are as narrow as they may be. Now the maps: the first dense layer reads those of one convolution only.",
            ),
            Mistake(
                "a few products too many", (10, 16, 10, 10),
                "Only the work is too much, by 200 products. Which of your two numbers of maps costs least in weights to lower?",
            ),
            Mistake("three numbers", (6, 16, 10), "Four widths are asked for, in the order of the layers."),
            Mistake("one map first", (1, 40, 10, 10), "The second convolution reads what the first one makes: with one map it has few weights."),
        ),
        hints=(
            "The first dense layer reads the maps of the second convolution alone. Which maps give a convolution weights and the dense layers none?",
            "Weights of the first dense layer: 25 times the maps it reads, times its units. The work of the second convolution grows with the product of its two widths.",
            "Write the five counts as a function of the four widths, set both hidden layers to their smallest width, and try maps.",
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
            Mistake(
                "factor added", lambda x, factor, bias: _tanh_of(_sums(x, np.ones_like(factor), factor + bias)),
                "You added the factor to the sum. It scales the sum.",
            ),
            Mistake(
                "bias multiplied", lambda x, factor, bias: _tanh_of(_sums(x, factor * bias, 0 * bias)),
                "You multiplied by the bias. It is added, after the factor.",
            ),
            Mistake(
                "bias subtracted", lambda x, factor, bias: _tanh_of(_sums(x, factor, -bias)),
                "Your bias has the wrong sign.",
            ),
            Mistake(
                "amplitude added", lambda x, factor, bias: 1.7159 + np.tanh(2 / 3 * _sums(x, factor, bias)),
                "You shifted the tanh upwards. Its amplitude multiplies: the result lies between -1.7159 and 1.7159.",
            ),
            Mistake(
                "slope upside down", lambda x, factor, bias: _tanh_of(_sums(x, factor * 9 / 4, bias * 9 / 4)),
                "Your slope is three halves. The statement asks for two thirds.",
            ),
            Mistake(
                "slope added", lambda x, factor, bias: 1.7159 * np.tanh(2 / 3 + _sums(x, factor, bias)),
                "You added two thirds inside the tanh. It multiplies there.",
            ),
            Mistake(
                "two times three", lambda x, factor, bias: 1.7159 * np.tanh(2 * 3 * _sums(x, factor, bias)),
                "Inside the tanh stand six times the sum, so nearly everything saturates. Two *divided by* three is asked.",
            ),
            Mistake(
                "four added", lambda x, factor, bias: _tanh_of(_sums(x, factor / 4, bias + 4 * factor)),
                "You added 4 to the mean. What turns a mean of four numbers into their sum?",
            ),
            Mistake(
                "factors in reverse", lambda x, factor, bias: _tanh_of(_sums(x, factor[::-1], bias)),
                "Factors have gone to the wrong maps: the first factor belongs to the first map.",
            ),
            Mistake(
                "biases in reverse", lambda x, factor, bias: _tanh_of(_sums(x, factor, bias[::-1])),
                "Biases have gone to the wrong maps: the first bias belongs to the first map.",
            ),
            Mistake(
                "bias along columns", lambda x, factor, bias: _tanh_of(_sums(x, factor, 0 * bias) + bias),
                "Your bias met the columns of the maps, or found no partner: broadcasting starts at the last axis. "
                "Which axis has one entry for each map?",
            ),
            Mistake(
                "bias alone", lambda x, factor, bias: _tanh_of(_sums(x, 0 * factor, bias)),
                "Your result does not depend on the image: the sums are lost on the way.",
            ),
            Mistake(
                "one factor for all maps", lambda x, factor, bias: _tanh_of(_sums(x, factor[:1].repeat(len(factor)), bias)),
                "All your maps got the factor of the first. Each has its own.",
            ),
            Mistake(
                "factors summed", lambda x, factor, bias: _tanh_of(_sums(x, factor.sum().repeat(len(factor)), bias)),
                "All your maps got the sum of the factors. Each map meets its own factor alone.",
            ),
            Mistake(
                "the largest", lambda x, factor, bias: _tanh_of(
                    max_pool2d(x, 2) * factor[:, None, None] + bias[:, None, None]),
                "You kept the largest of the four. The layer of 1998 adds them.",
            ),
            *usual(lambda *args: _tanh_of(_sums(*args)), "transposed"),
        ),
        hints=(
            "Four steps, in the order of the sentence in the statement: add, multiply, add, activate.",
            "A sum over a window is a mean times the number of its pixels, or four strided views added. Factor and bias need axes that line up with the maps.",
            "Get the sums alone first: for an input of ones every entry should be 4.",
        ),
    ),
    Exercise(
        "lenet-4", "lenet", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("two vectors, two codes", (np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1.0, -1.0], [1.0, 1.0]]))),
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
            Mistake(
                "codes in columns", lambda x, codes: np.linalg.norm(x[:, None] - codes.T[None], axis=-1) ** 2,
                "You read each code down a column of `codes`. A row of it is one code.",
            ),
            Mistake(
                "codes in reverse", lambda x, codes: np.linalg.norm(x[:, None] - codes[None, ::-1], axis=-1) ** 2,
                "Your columns are in reverse order: column 0 belongs to the first code.",
            ),
            Mistake(
                "entries in reverse", lambda x, codes: np.linalg.norm(x[:, None] - codes[None, :, ::-1], axis=-1) ** 2,
                "Entries of vector and code do not meet: the first entry of one belongs to the first of the other.",
            ),
            Mistake(
                "codes turned", lambda x, codes: np.linalg.norm(x[:, None] - codes[None, ::-1, ::-1], axis=-1) ** 2,
                "You went through the codes backwards, in rows and in entries.",
            ),
            *usual(lambda x, codes: np.linalg.norm(x[:, None] - codes[None], axis=-1) ** 2, "opposite sign", "halved"),
        ),
        hints=(
            "Each row of the result belongs to a vector, each column to a code. Nothing in it is negative.",
            "Give both arrays an axis of length one, so that every vector meets every code.",
            "Write the shape of x[:, None] - codes[None], and say which of its axes has to be summed.",
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
        hints=(
            "The chain rule tells how slopes of functions that follow each other combine.",
            "How steep can a sigmoid be? The chapter shows it with two numbers that add up to 1.",
            "Write down the largest slope of one sigmoid, and list the activations on the way.",
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
            Mistake(
                "all above zero", [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10],
                "All your logits are above zero, so every one of them gets its gradient. Where is a ReLU flat?",
            ),
            Mistake("class 3 counted from 1", [-1.0, -1, -0.5, -1, -1, -1, -1, -1, -1], "Ten numbers are asked for, one for each class from 0 to 9."),
            Mistake(
                "one above zero", [1.0, -1, -1, -1, -1, -1, -1, -1, -1, -1],
                "One logit is positive, so its gradient passes the ReLU.",
            ),
        ),
        hints=(
            "Where does a ReLU let no gradient pass?",
            "For every logit ask: is it above or below zero? Then compare them with the logit of class 3.",
            "Begin with ten equal logits that all are silenced. Then make one class win.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    3: ("half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    4: ("half a turn", "flat", "doubled", "rounded"),
    5: ("doubled", "halved"),
})  # fmt: skip
