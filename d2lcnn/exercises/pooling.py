"""Exercises of the chapter "Pooling"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises import _signal as signal
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import avg_pool2d, max_pool2d, max_pool2d_backward
from d2lcnn.shapes import pool_output_size

DIGITS = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9], [3, 2, 3, 8, 4], [6, 2, 6, 4, 3]], dtype=float)
TIES = np.array([[0, 0, 2, 1], [0, 0, 2, 2], [5, 1, 3, 0], [1, 5, 0, 3]], dtype=float)
# exercise 3: the tie lies across, so that column order and reading order find different first maxima
ACROSS = np.array([[0.0, 1], [1, 0]])
ONES = np.ones((2, 2))


def _three_poolings(s=2):
    return tuple(pool_output_size(i, 3, s) for i in (55, 27, 13))


def _image(rng):
    h, w = (int(n) for n in rng.integers(3, 7, size=2))
    return (rng.standard_normal((2 * h + 1, 2 * w + 1)),)


def _map_and_gradient(rng):
    h, w = (int(n) for n in rng.integers(2, 5, size=2))
    return (rng.integers(0, 4, size=(2 * h, 2 * w)).astype(float), rng.integers(1, 9, size=(h, w)).astype(float))


def _routed(X, G, kernel_size=2, stride=2):
    """Let the package route the gradient: its function is tested against torch, ties included."""
    return max_pool2d_backward(G[None, None], X[None, None], kernel_size, stride=stride)[0, 0]


def _to_every_maximum(X, G, shared=False):
    winners = np.kron(max_pool2d(X[None, None], 2)[0, 0], ONES) == X
    rivals = 4 * np.kron(avg_pool2d(winners[None, None].astype(float), 2)[0, 0], ONES) if shared else 1
    return np.kron(G, ONES) * winners / rivals


def _meets_in_the_middle(X, wanted):
    """The property asked in exercise 4: all four windows send their gradient to the centre of a 5 x 5 matrix."""
    X = np.asarray(X, dtype=float)
    if X.shape != (5, 5):
        return False
    return np.array_equal(_routed(X, ONES, 3, 2), wanted)


def _only_centre():
    wanted = np.zeros((5, 5))
    wanted[2, 2] = 4
    return wanted


def _removes(weights, wave):
    """The property asked in exercise 6: symmetric, sums to one, and answers the wave with zeros."""
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (3,) or not np.isclose(weights.sum(), 1) or not np.isclose(weights[0], weights[2]):
        return False
    return bool(np.allclose(np.correlate(wave, weights, mode="valid"), 0))


EXERCISES = [
    Exercise(
        "pooling-1", "pooling", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the three sizes"),),
        oracle=lambda: _three_poolings(),
        mistakes=(
            Mistake("windows side by side", _three_poolings(s=3), "You moved the window by its own size. Here it moves by two."),
            Mistake("rounded up", (*_three_poolings()[:2], 13 // 2 + 1), "Check your last step: a window must lie inside the map."),
            Mistake(
                "halved and rounded up", tuple(-(-n // 2) for n in (55, 27, 13)),
                "You halved and rounded up. A window of three that moves by two does not fit at the last odd place.",
            ),
            Mistake(
                "plus one forgotten", tuple(n - 1 for n in _three_poolings()),
                "You counted the steps between windows; there is one window more than steps.",
            ),
            Mistake("stride one", _three_poolings(s=1), "Your windows move by one. Here they move by two."),
            *usual(_three_poolings(), "reversed"),
        ),
        hints=(
            "The side after pooling is found as for a convolution without padding.",
            "Windows of 3 move by 2: steps that fit, rounded down, plus one.",
            "55 pixels: how far can the first window travel, and how many steps of 2 is that?",
        ),
    ),
    Exercise(
        "pooling-2", "pooling", kind="function", cls="A", minutes=15, difficulty=2, points=4,
        cases=(Case("twenty-five digits", (DIGITS,)), Case("their squares", (DIGITS[::-1] ** 2,))),
        generate=_image,
        oracle=lambda X: signal.medfilt2d(X, 3)[1:-1:2, 1:-1:2],
        mistakes=(
            Mistake(
                "the mean", lambda X: avg_pool2d(X[None, None], 3, stride=2)[0, 0],
                "That is the mean. One wild value moves it; the median stays.",
            ),
            Mistake(
                "stride one", lambda X: signal.medfilt2d(X, 3)[1:-1, 1:-1],
                "Your windows move by one pixel. The statement asks for two.",
            ),
            Mistake(
                "median of medians", lambda X: signal.medfilt2d(signal.medfilt2d(X, (1, 3)), (3, 1))[1:-1:2, 1:-1:2],
                "You took the median of three medians. Unlike a maximum or a mean, a median cannot be taken row by row.",
            ),
            Mistake(
                "columns first", lambda X: signal.medfilt2d(signal.medfilt2d(X, (3, 1)), (1, 3))[1:-1:2, 1:-1:2],
                "You took the median of three medians. Unlike a maximum or a mean, a median cannot be taken column by column.",
            ),
            Mistake(
                "the largest", lambda X: max_pool2d(X[None, None], 3, stride=2)[0, 0],
                "That is the largest number of each window. One wild value is enough to move it.",
            ),
            Mistake(
                "the smallest", lambda X: -max_pool2d(-X[None, None], 3, stride=2)[0, 0],
                "That is the smallest number of each window. Which place has the middle one when nine are in order?",
            ),
            Mistake(
                "hangs over the border", lambda X: signal.medfilt2d(X, 3)[::2, ::2],
                "Your windows are centred on the first pixel, so zeros from outside take part. Every window lies inside.",
            ),
            *usual(lambda X: signal.medfilt2d(X, 3)[1:-1:2, 1:-1:2], "transposed", "flat"),
        ),
        hints=(
            "It is pooling with another reduction: collect the nine values of each window, then reduce them.",
            "All windows at once: nine shifted and strided views of the matrix hold the nine values of every window.",
            "Write the slice of X that holds the upper left value of every window. Its shape is that of the output.",
        ),
    ),
    Exercise(
        "pooling-3", "pooling", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("windows without ties", (DIGITS[:4, :4], np.array([[1.0, 2], [3, 4]]))),
            Case("windows with ties", (TIES, np.array([[1.0, 2], [3, 4]]))),
            Case("a tie across", (ACROSS, np.array([[1.0]]))),
        ),
        generate=_map_and_gradient,
        oracle=_routed,
        mistakes=(
            Mistake(
                "spread", lambda X, G: np.kron(G, ONES) / 4,
                "You spread the gradient over the window: that is what average pooling does.",
            ),
            Mistake(
                "to every maximum", _to_every_maximum,
                "On a tie you paid every winner in full. The gradients of a window then add up to more than came in.",
            ),
            Mistake(
                "shared by the winners", lambda X, G: _to_every_maximum(X, G, shared=True),
                "On a tie you shared the gradient. Here the first of the winners gets all of it.",
            ),
            Mistake(
                "last winner", lambda X, G: _routed(X[::-1, ::-1], G[::-1, ::-1])[::-1, ::-1],
                "On a tie you paid the last winner. (A loop that compares with >= replaces the first by a later one.)",
            ),
            Mistake(
                "column order", lambda X, G: _routed(X.T, G.T).T,
                "On a tie you paid the first winner in column order. Reading order goes along the rows.",
            ),
            Mistake(
                "ones", lambda X, G: _routed(X, np.ones_like(G)),
                "You marked the winners. What arrives from above is missing.",
            ),
            Mistake(
                "smallest", lambda X, G: _routed(-X, G),
                "You paid the smallest number of each window.",
            ),
            Mistake(
                "values", lambda X, G: X * _routed(X, G),
                "You multiplied by the input. A maximum hands its gradient on as it is.",
            ),
            Mistake(
                "gradients in column order", lambda X, G: _routed(X, G.T),
                "Your winners are right, and the gradients went to the wrong windows: G[i, j] belongs to window (i, j), "
                "and yours went down the columns.",
            ),
            Mistake(
                "gradients from the end", lambda X, G: _routed(X, G[::-1, ::-1]),
                "Your winners are right, and the gradients went to the wrong windows: yours began with the last of G.",
            ),
        ),
        hints=(
            "Each window sends its whole gradient to a single pixel: the first one that holds the maximum.",
            "Bring the four values of a window together along one axis, find the winner there, and put the values back where they were.",
            "Reshape X to (h, 2, w, 2) and say which two of the four axes belong to a window.",
        ),
    ),
    Exercise(
        "pooling-4", "pooling", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(Case("all four gradients meet in the centre", (_only_centre(),)),),
        oracle=lambda wanted: wanted,
        compare=_meets_in_the_middle,
        mistakes=(
            Mistake("a constant", np.zeros((5, 5)), "In a constant matrix every window is a tie. To whom does a tie go?"),
            Mistake(
                "rows decide", np.arange(25.0).reshape(5, 5),
                "In yours each window finds its largest value in its own corner. Which pixel belongs to all four windows?",
            ),
            Mistake(
                "the gradient itself", _only_centre()[:3, :3],
                "A matrix of five rows and five columns is asked for.",
            ),
            Mistake(
                "rows decide, downwards", np.arange(25.0)[::-1].reshape(5, 5),
                "In yours each window finds its largest value in its own corner. Which pixel belongs to all four windows?",
            ),
            Mistake("a constant of ones", np.ones((5, 5)), "In a constant matrix every window is a tie. To whom does a tie go?"),
            Mistake(
                "the smallest in the middle", -_only_centre(),
                "Yours has its smallest value where all windows meet. Which value of a window gets the gradient?",
            ),
        ),
        hints=(
            "Four windows of 3 by 3 with stride 2 cover the matrix. Which pixels do they share?",
            "A window's gradient goes to its largest value, and on a tie to the first in reading order.",
            "Mark the four windows on paper, and ask what must hold for the value that all of them choose.",
        ),
    ),
    Exercise(
        "pooling-5", "pooling", kind="value", cls="P", minutes=8, difficulty=2, points=2,
        cases=(Case("the share"),),
        oracle=lambda: 7 / 8,
        mistakes=(
            Mistake("one layer", 1 / 2, "That is the share for one layer. The second pools what the first has pooled."),
            Mistake("two layers", 3 / 4, "That is the share for two layers. There are three."),
            Mistake(
                "what changes", 1 / 8,
                "You gave the share for which the map changes, or you multiplied three halves. "
                "A dot that stays in its first window stays in all later ones too.",
            ),
            Mistake("two axes", (7 / 8) ** 2, "The dot moves along one axis. You counted two."),
            Mistake("four layers", 15 / 16, "That is the share for four layers. There are three."),
            Mistake("always", 1.0, "Is there no column from which the dot moves into another window of the last layer?"),
        ),
        hints=(
            "When does the last map change? When the dot moves from one of its windows into the next.",
            "Three poolings in a row, with nothing in between, are one pooling with a larger window.",
            "How many columns does one entry of the last map see? Ask for the dot at each of them.",
        ),
    ),
    Exercise(
        "pooling-6", "pooling", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(
            Case("a wave of three pixels", (np.cos(2 * np.pi * np.arange(12) / 3),)),
            Case("the same, from another place on", (np.cos(2 * np.pi * np.arange(12) / 3 + 0.7),)),
        ),
        oracle=lambda wave: wave,
        compare=_removes,
        mistakes=(
            Mistake("binomial", [0.25, 0.5, 0.25], "These weights remove the wave of two pixels, not that of three."),
            Mistake("a difference", [-0.5, 2.0, -0.5], "These weights make fast waves stronger: they sharpen."),
            Mistake("nothing left", [1.0, 1.0, 1.0], "The wave is gone, but a flat signal comes out three times as large."),
            Mistake("the identity", [0.0, 1.0, 0.0], "These weights change nothing."),
            Mistake("two of three", [0.5, 0.0, 0.5], "A flat signal stays, and half of the wave comes through upside down. What of the middle weight?"),
            Mistake("not symmetric", [0.5, 0.5, 0.0], "Symmetric weights are asked for."),
            Mistake("halves", [0.5, 0.5, 0.5], "Your weights do not sum to one, so a flat signal becomes larger."),
        ),
        hints=(
            "Two demands: the weights leave a flat signal as it is, and the wave comes out as zero. Two unknowns, a and b.",
            "At the top of the wave, the neighbours have the value of the cosine a third of a period away.",
            "Write the first demand as an equation in a and b; then compute the cosine of 120 degrees for the second.",
        ),
    ),
    Exercise(
        "pooling-7", "pooling", kind="open", cls="A", minutes=60, difficulty=3, points=6,
        hints=(
            "Keep two questions apart: how well it does at all, and how much its answer depends on the place.",
            "Blur acts on every input, also on shifts never seen; training on shifts teaches those that were shown.",
            "Run one of the four cells of the experiment with one seed, and time it, before you plan all of them.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged"),
    2: ("half a turn", "opposite sign", "doubled", "halved", "rounded"),
    3: ("transposed", "half a turn", "flat", "opposite sign", "doubled", "halved"),
    5: ("doubled", "halved", "upside down"),
})  # fmt: skip
