"""Exercises of the chapter "Cross-correlation on images"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._code import meeting
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import corr2d

SOBEL = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
FOUR = (np.array([[1, 2, 1], [0, 3, 2], [3, 0, 4]]), np.array([[0, 1], [-1, 0]]))  # exercise 1
RAMP = np.arange(20.0).reshape(4, 5) ** 2
HOUSE = np.array([[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 0, 1, 0], [0, 1, 0, 1, 0]], dtype=float)


def _with_the_kernel(X, column, row):
    return corr2d(X, np.outer(column, row))


def _forms_the_kernel(two_passes):
    """Say where the code of exercise 4 multiplies column and row: the statement asks to do without the kernel."""
    found = meeting(two_passes, 1, 2)
    advice = "Send the picture through a pass with the column, and what comes out through one with the row."
    return f"`{found}` forms the kernel from column and row. {advice}" if found else ""


def _picture(rng):
    return (rng.uniform(size=rng.integers(4, 9, size=2)),)


def _column_and_row(rng):
    column, row = (rng.integers(1, 5, size=n).astype(float) for n in rng.choice([2, 3, 4], size=2, replace=False))
    return rng.integers(0, 9, size=(7, 8)).astype(float), column, row


def _shifts_and_darkens(K, X):
    """The property asked in exercise 2: the picture one column further left, and half as bright."""
    K = np.asarray(K, dtype=float)
    return K.shape == (3, 3) and np.allclose(corr2d(X, K), 0.5 * X[1:-1, 2:])


def faulty_corr2d(X, K):
    """Return what the function of exercise 6 returns: its window has the kernel's height in both directions.

    Parameters
    ----------
    X, K : (h, w) and (kh, kw) array of float
        Input and kernel.

    Returns
    -------
    (h-kh+1, w-kw+1) array
    """
    kh, kw = K.shape
    Y = np.zeros((X.shape[0] - kh + 1, X.shape[1] - kw + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = np.sum(X[i : i + kh, j : j + kh] * K)
    return Y


def _silently_wrong(shape, X):
    """The property asked in exercise 6: the faulty function runs on kernels of that shape and is wrong."""
    K = np.random.default_rng(1).uniform(1, 2, size=tuple(shape))
    try:
        return not np.allclose(faulty_corr2d(X, K), corr2d(X, K))
    except ValueError:  # the arrays do not fit together: the fault shows itself
        return False


EXERCISES = [
    Exercise(
        "cross-correlation-1", "cross_correlation", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the four numbers"),),
        oracle=lambda: corr2d(*FOUR),
        mistakes=(
            Mistake(
                "convolution", corr2d(FOUR[0], FOUR[1][::-1, ::-1]),
                "You flipped the kernel: that is convolution, not cross-correlation.",
            ),
            Mistake(
                "input size", corr2d(np.pad(FOUR[0], ((0, 1), (0, 1))), FOUR[1]),
                "Your output is as large as the input. Where would the window lie for its last column?",
            ),
            Mistake(
                "sign lost", corr2d(FOUR[0], abs(FOUR[1])),
                "One weight of the kernel is negative. You added where it takes away.",
            ),
            Mistake(
                "full", corr2d(np.pad(FOUR[0], 1), FOUR[1]),
                "Your windows hang over the border. Without padding, each lies inside the input.",
            ),
            Mistake(
                "side by side", corr2d(*FOUR)[:1, :1],
                "Your window moved by its own size. It moves by one.",
            ),
            *usual(corr2d(*FOUR), "transposed", "flat"),
        ),
        hints=(
            "First the shape: at how many places does a window of 2 by 2 fit into 3 by 3?",
            "At each place, multiply the kernel as it stands with what lies under it and add; nothing is flipped.",
            "Only two weights are not zero. For the first window, write down the two pixels that they meet.",
        ),
    ),
    Exercise(
        "cross-correlation-2", "cross_correlation", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(Case("a small house", (HOUSE,)), Case("a ramp of squares", (RAMP,))),
        oracle=lambda X: X,
        compare=_shifts_and_darkens,
        mistakes=(
            Mistake(
                "moves the other way", np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 0]]),
                "Yours moves the picture to the right: a weight at the left of the kernel brings in what lies on the left.",
            ),
            Mistake(
                "stays in place", np.array([[0, 0, 0], [0, 0.5, 0], [0, 0, 0]]),
                "Yours darkens the picture and leaves it where it is: its weight lies in the middle.",
            ),
            Mistake(
                "rows for columns", np.array([[0, 0, 0], [0, 0, 0], [0, 0.5, 0]]),
                "Yours moves the picture up. Rows come first in an array, columns second.",
            ),
            Mistake(
                "a corner", np.diag([0.5, 0, 0])[::-1, ::-1],
                "Yours moves the picture up as well as to the left: its weight lies in a corner.",
            ),
            Mistake(
                "the other corner", np.array([[0, 0, 0.5], [0, 0, 0], [0, 0, 0]]),
                "Yours moves the picture down as well as to the left: its weight lies in a corner.",
            ),
            Mistake(
                "moves down", np.array([[0, 0.5, 0], [0, 0, 0], [0, 0, 0]]),
                "Yours moves the picture down. Rows come first in an array, columns second.",
            ),
            Mistake(
                "not darkened", np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]]),
                "Yours moves the picture and leaves it as bright as it was. The value of the weight scales it.",
            ),
            Mistake(
                "brighter", np.array([[0, 0, 0], [0, 0, 2], [0, 0, 0]]),
                "Yours doubles the brightness, where half of it is asked for.",
            ),
            Mistake(
                "a mean", np.full((3, 3), 1 / 9),
                "Yours mixes the whole window. One pixel of it is asked for.",
            ),
        ),
        hints=(
            "Each pixel of the output comes from one pixel of the input only. How many weights are not zero?",
            "In a cross-correlation a weight reads the pixel that lies under it, and its value scales it.",
            "If everything moves to the left, on which side of the middle did the pixel lie that is now in the middle?",
        ),
    ),
    Exercise(
        "cross-correlation-3", "cross_correlation", kind="function", cls="P", minutes=10, difficulty=1, points=3,
        cases=(Case("a small house", (HOUSE,)), Case("a ramp of squares", (RAMP,))),
        generate=_picture,
        oracle=lambda X: np.hypot(corr2d(X, SOBEL), corr2d(X, SOBEL.T)),
        mistakes=(
            Mistake(
                "sum of absolute values", lambda X: abs(corr2d(X, SOBEL)) + abs(corr2d(X, SOBEL.T)),
                "You added absolute values. That is quicker and counts a diagonal edge 1.41 times too strong.",
            ),
            Mistake(
                "one direction twice", lambda X: np.hypot(corr2d(X, SOBEL), corr2d(X, SOBEL)),
                "Both of your responses come from the same kernel, so edges of the other direction are lost.",
            ),
            Mistake(
                "no root", lambda X: corr2d(X, SOBEL) ** 2 + corr2d(X, SOBEL.T) ** 2,
                "These are squared lengths: twice the contrast would give four times the response.",
            ),
            Mistake(
                "one response", lambda X: abs(corr2d(X, SOBEL)),
                "That is one component. Edges of the other direction leave no trace in it.",
            ),
            Mistake(
                "the other response", lambda X: abs(corr2d(X, SOBEL.T)),
                "That is one component. Edges of the other direction leave no trace in it.",
            ),
            Mistake(
                "signed sum", lambda X: corr2d(X, SOBEL) + corr2d(X, SOBEL.T),
                "You added the components. Those of opposite sign cancel: what is the length of a vector?",
            ),
            Mistake(
                "difference of squares", lambda X: np.sqrt(abs(corr2d(X, SOBEL) ** 2 - corr2d(X, SOBEL.T) ** 2)),
                "You took one square from the other. What is the length of a vector?",
            ),
        ),
        hints=(
            "Two responses, one for each direction, are the two legs of a right triangle.",
            "Sobel's second kernel is the first one transposed. The length asked for is the hypotenuse at each place.",
            "Compute the two responses with corr2d and look at them side by side on a small picture.",
        ),
    ),
    Exercise(
        "cross-correlation-4", "cross_correlation", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(
            Case("a column of 3 and a row of 2", (RAMP, np.array([1.0, 2.0, 1.0]), np.array([-1.0, 1.0]))),
            Case("a column of 2 and a row of 3", (HOUSE, np.array([1.0, 3.0]), np.array([2.0, 0.0, 1.0]))),
        ),
        generate=_column_and_row,
        oracle=lambda X, column, row: _with_the_kernel(X, column, row),
        reading=_forms_the_kernel,
        mistakes=(
            Mistake(
                "column and row exchanged", lambda X, column, row: _with_the_kernel(X, row, column),
                "Column and row have changed places: the column weighs pixels that lie one below the other.",
            ),
            Mistake(
                "flipped", lambda X, column, row: _with_the_kernel(X, column[::-1], row[::-1]),
                "You flipped the weights (numpy.convolve does): that is convolution, not cross-correlation.",
            ),
            Mistake(
                "column flipped", lambda X, column, row: _with_the_kernel(X, column[::-1], row),
                "Your column is upside down, and the row is not. In a cross-correlation neither is flipped.",
            ),
            Mistake(
                "row flipped", lambda X, column, row: _with_the_kernel(X, column, row[::-1]),
                "Your row is reversed, and the column is not. In a cross-correlation neither is flipped.",
            ),
            Mistake(
                "no weights", lambda X, column, row: 0 * _with_the_kernel(X, column, row),
                "Everything is zero. Was an array of zeros never filled, or multiplied in place of added to?",
            ),
            Mistake(
                "column alone", lambda X, column, row: corr2d(X, column[:, None])[:, : X.shape[1] - len(row) + 1],
                "The pass with the row is missing.",
            ),
            Mistake(
                "row alone", lambda X, column, row: corr2d(X, row[None, :])[: X.shape[0] - len(column) + 1],
                "The pass with the column is missing.",
            ),
            *usual(_with_the_kernel, "transposed", "half a turn"),
            Mistake(
                "two passes side by side",
                lambda X, column, row: (
                    corr2d(X, column[:, None])[:, : X.shape[1] - len(row) + 1]
                    + corr2d(X, row[None, :])[: X.shape[0] - len(column) + 1]
                ),
                "You added the results of two passes over the same picture. The second pass takes what the first gave.",
            ),
        ),
        hints=(
            "The sum over rows and columns of the kernel can be done one after the other.",
            "A vector is a kernel too: of one column, or of one row. The second pass reads what the first has written.",
            "Which shape must `column` have to be a kernel for corr2d? Make that pass alone and check the shape of its result.",
        ),
    ),
    Exercise(
        "cross-correlation-5", "cross_correlation", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the number of multiplications"),),
        oracle=lambda: 51_540_400,
        mistakes=(
            Mistake("as many outputs as pixels", 1920 * 1080 * 25, "The output is smaller than the image. How large is it?"),
            Mistake("outputs only", (1920 - 4) * (1080 - 4), "That is the number of outputs. What does each of them cost?"),
            Mistake("one border too many", (1920 - 5) * (1080 - 5) * 25, "You lost five rows where four are lost: recall the '+ 1'."),
            Mistake("half the border", (1920 - 2) * (1080 - 2) * 25, "You lost two rows in all; the window loses two at each border."),
            Mistake("one axis of the kernel", (1920 - 4) * (1080 - 4) * 5, "A window of 5 by 5 has more than five numbers."),
            Mistake("additions too", (1920 - 4) * (1080 - 4) * 49, "You counted the additions as well."),
        ),
        hints=(
            "The price is the number of outputs times what one output costs.",
            "One output costs a multiplication for each weight. An axis of n pixels has fewer than n places for a window of 5.",
            "Count the places on the axis of 1080 rows first.",
        ),
    ),
    Exercise(
        "cross-correlation-6", "cross_correlation", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("wrong on a 6 x 7 picture, and no error", (np.arange(42.0).reshape(6, 7),)),
            Case("wrong on a picture of noise, and no error", (np.random.default_rng(0).uniform(size=(8, 8)),)),
        ),
        oracle=lambda X: X,
        compare=_silently_wrong,
        mistakes=(
            Mistake("a square kernel", (3, 3), "With a square kernel the function is right. Which line uses kh and kw?"),
            Mistake("another square kernel", (2, 2), "With a square kernel the function is right. Which line uses kh and kw?"),
            Mistake("one number", (1, 1), "A kernel of one number is square. Which line uses kh and kw?"),
            Mistake("too large to fit", (9, 9), "That kernel is larger than the pictures, and square."),
            Mistake("a tall kernel", (3, 2), "There NumPy raises an error, so the fault shows itself. When does it not?"),
            Mistake("a taller kernel", (4, 3), "There NumPy raises an error, so the fault shows itself. When does it not?"),
            Mistake("an error shows it", (2, 3), "There NumPy raises an error, so the fault shows itself. When does it not?"),
        ),
        hints=(
            "Read the window that the loop cuts out: which of its sides takes its length from the wrong number?",
            "Arrays of different shapes can be multiplied without an error if one of them is stretched: broadcasting.",
            "Write the shape of the window beside the shape of the kernel, for a kernel of kh rows and kw columns, and ask when NumPy accepts the pair.",
        ),
    ),
    Exercise(
        "cross-correlation-7", "cross_correlation", kind="open", cls="A", minutes=45, difficulty=3, points=6,
        hints=(
            "Least squares divides by the eigenvalues of A; think of what division by a small number does to noise.",
            "After n steps an eigenvector keeps the share (1 - eigenvalue / largest) ** n of its error, and has taken in the rest of its noise.",
            "First print the 25 eigenvalues, and for each the number of steps after which half of that direction is learned.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("one too many", "one too few"),
    3: ("transposed", "half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    4: ("flat", "opposite sign", "doubled", "halved"),
    5: ("doubled", "halved", "upside down"),
})  # fmt: skip
