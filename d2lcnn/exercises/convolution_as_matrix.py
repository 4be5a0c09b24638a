"""Exercises of the chapter "Convolution as a matrix product"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d_backward, conv_matrix

# The matrix of exercise 2: weights 1, 2, 3 along an image of one row.
RIDDLE = conv_matrix(np.array([[1, 2, 3]]), (1, 9), stride=(1, 2), padding=(0, 2), dilation=(1, 3))


def _of_the_matrix(stride=2, size=5, padding=1):
    """Rows, columns and non-zero entries of the matrix of exercise 1."""
    matrix = conv_matrix(np.ones((3, 3)), (size, size), stride=stride, padding=padding)
    return *matrix.shape, np.count_nonzero(matrix)


def _counting_map(n, k, s, p):
    o = (n + 2 * p - k) // s + 1
    x, w, g = np.zeros((1, 1, n, n)), np.ones((1, 1, k, k)), np.ones((1, 1, o, o))
    return conv2d_backward(g, x, w, stride=s, padding=p).x[0, 0]


def _settings(rng):
    k = int(rng.integers(1, 5))
    return (int(rng.integers(k, 9)), k, int(rng.integers(1, 4)), int(rng.integers(0, k)))


def _rank_one(rng, size=None, kernel=None):
    """Arguments of exercise 4, with a gradient of rank one: outer(dy, x), as that of one image is."""
    size = size or tuple(int(n) for n in rng.integers(4, 7, size=2))
    kernel = kernel or tuple(int(n) for n in rng.integers(1, 4, size=2))
    places = (size[0] - kernel[0] + 1) * (size[1] - kernel[1] + 1)
    return (np.outer(rng.integers(1, 5, places), rng.integers(1, 5, size[0] * size[1])).astype(float), size, kernel)


def _kernel_gradient(G, size, kernel):
    """Recover dy and x from their outer product, and let the backward pass of `ops` do the rest."""
    u, s, v = np.linalg.svd(G)
    out = (size[0] - kernel[0] + 1, size[1] - kernel[1] + 1)
    dy, x = (s[0] * u[:, 0]).reshape(1, 1, *out), v[0].reshape(1, 1, *size)
    return conv2d_backward(dy, x, np.zeros((1, 1, *kernel))).w[0, 0]


def _fits_the_riddle(answer, riddle):
    k, s, p, d = (int(n) for n in answer)
    matrix = conv_matrix(np.arange(1, k + 1)[None, :], (1, 9), stride=(1, s), padding=(0, p), dilation=(1, d))
    return matrix.shape == riddle.shape and bool((matrix == riddle).all())


def _forgets(K, size):
    K = np.asarray(K, dtype=float)
    if K.shape != (3, 3) or abs(K[1, 1]) < 1e-6 * np.abs(K).max():
        return False
    singular = np.linalg.svd(conv_matrix(K, size, padding=1), compute_uv=False)
    return bool(singular[-1] < 1e-9 * singular[0])


EXERCISES = [
    Exercise(
        "convolution-as-matrix-1", "convolution_as_matrix", kind="value", cls="P", minutes=8, difficulty=1, points=3,
        cases=(Case("rows, columns, non-zero entries"),),
        oracle=lambda: _of_the_matrix(),
        mistakes=(
            Mistake("padding counted", (*_of_the_matrix()[:2], 9 * 9), "You counted products with padding. Padding is no pixel and has no column."),
            Mistake("padding as pixels", _of_the_matrix(size=7, padding=0), "You gave the padding columns of its own; the matrix acts on the image."),
            Mistake("transposed", (*_of_the_matrix()[1::-1], _of_the_matrix()[2]), "Rows are outputs and columns are pixels, so that C can be multiplied by x."),
            Mistake("stride forgotten", _of_the_matrix(stride=1), "That is the matrix for stride 1. How many outputs has stride 2?"),
            Mistake("padding forgotten", _of_the_matrix(padding=0), "That is the matrix without padding."),
            Mistake("all entries", (*_of_the_matrix()[:2], 9 * 25), "You counted all entries. Most of them are zero."),
            Mistake("one axis", (3, 5, 7), "These are the numbers along one axis. An image has two."),
            *usual(_of_the_matrix(), "reversed"),
        ),
    ),
    Exercise(
        "convolution-as-matrix-2", "convolution_as_matrix", kind="value", cls="A", minutes=12, difficulty=2, points=4,
        cases=(Case("the matrix is the printed one", (RIDDLE,)),),
        oracle=lambda riddle: riddle,
        compare=_fits_the_riddle,
        mistakes=(
            Mistake("stride and dilation exchanged", (3, 3, 2, 2), "From row to row is the stride; within a row, the dilation."),
            Mistake("no padding", (3, 2, 0, 3), "Without padding the first row would begin with the first weight."),
            Mistake("the span as size", (7, 2, 2, 1), "You took the zeros between the weights for weights."),
            Mistake("holes for distance", (3, 2, 2, 2), "With dilation 1 weights are neighbours. How far apart do they stand here?"),
            Mistake("no dilation", (3, 2, 2, 1), "Within a row your weights are neighbours. Look at the zeros between them."),
            Mistake("no stride", (3, 1, 2, 3), "From row to row the weights move by more than one column."),
            Mistake("padding of both sides", (3, 2, 4, 3), "You counted the padding of both sides. It is asked per side."),
            Mistake("one row of padding", (3, 2, 1, 3), "How many columns before the image does the first window begin?"),
            Mistake("alphabet", (3, 3, 2, 2)[::-1], "The order is kernel size, stride, padding, dilation."),
        ),
    ),
    Exercise(
        "convolution-as-matrix-3", "convolution_as_matrix", kind="function", cls="P", minutes=12, difficulty=2, points=3,
        cases=(
            Case("3 x 3 on 6 x 6", (6, 3, 1, 0)),
            Case("stride 2 and padding 1", (5, 3, 2, 1)),
            Case("even kernel, rows left over", (7, 2, 3, 0)),
        ),
        generate=_settings,
        oracle=_counting_map,
        mistakes=(
            Mistake(
                "sums of rows",
                lambda n, k, s, p: conv_matrix(np.ones((k, k)), (n, n), stride=s, padding=p).sum(axis=1),
                "You summed the rows: that counts the pixels that an output reads, not the outputs that read a pixel.",
            ),
            Mistake(
                "all pixels alike", lambda n, k, s, p: np.full((n, n), float(k * k)),
                "Pixels at the border are read less often than pixels in the middle.",
            ),
            Mistake(
                "read or not", lambda n, k, s, p: np.sign(_counting_map(n, k, s, p)),
                "You marked which pixels are read. How often is each?",
            ),
            Mistake(
                "no padding", lambda n, k, s, p: _counting_map(n, k, s, 0),
                "The padding is missing: with it, windows reach further to the border.",
            ),
            Mistake(
                "stride forgotten", lambda n, k, s, p: _counting_map(n, k, 1, p),
                "That is the map for stride 1.",
            ),
            Mistake(
                "in a row", lambda n, k, s, p: _counting_map(n, k, s, p).ravel(),
                "Your counts are right and stand in one row. The map has the shape of the image.",
            ),
            *usual(_counting_map, "half a turn"),
        ),
    ),
    Exercise(
        "convolution-as-matrix-4", "convolution_as_matrix", kind="function", cls="A", minutes=25, difficulty=3, points=6,
        cases=(
            Case("a 2 x 2 kernel on 4 x 4", _rank_one(np.random.default_rng(1), (4, 4), (2, 2))),
            Case("a 1 x 3 kernel on 4 x 5", _rank_one(np.random.default_rng(2), (4, 5), (1, 3))),
        ),
        generate=_rank_one,
        oracle=_kernel_gradient,
        mistakes=(
            Mistake("one place only", lambda G, size, kernel: G[0].reshape(size)[: kernel[0], : kernel[1]], "You read one output's entries. A weight stands in every row of the matrix."),
            Mistake(
                "the mean",
                lambda G, size, kernel: _kernel_gradient(G, size, kernel) / len(G),
                "You averaged over the places. The chain rule adds: each place is one way for the weight to act.",
            ),
            Mistake(
                "flipped",
                lambda G, size, kernel: _kernel_gradient(G, size, kernel)[::-1, ::-1],
                "Your weights come out in reverse order in both directions: the kernel is not flipped here.",
            ),
            Mistake(
                "in a row", lambda G, size, kernel: _kernel_gradient(G, size, kernel).ravel(),
                "Your numbers are right and stand in one row. The gradient has the shape of the kernel.",
            ),
            Mistake(
                "last place", lambda G, size, kernel: G[-1].reshape(size)[-kernel[0] :, -kernel[1] :],
                "You read one output's entries. A weight stands in every row of the matrix.",
            ),
            *usual(_kernel_gradient, "transposed", "opposite sign"),
        ),
    ),
    Exercise(
        "convolution-as-matrix-5", "convolution_as_matrix", kind="value", cls="P", minutes=4, difficulty=1, points=1,
        cases=(Case("the density"),),
        oracle=lambda: 25 / 50_176,
        mistakes=(
            Mistake("one axis", 5 / 224, "That is the share along one axis; an image has two."),
            Mistake("of the outputs", 25 / 220**2, "You divided by the number of outputs. A row has one entry for each pixel."),
            Mistake("of the whole matrix", 25 / (220**2 * 224**2), "You divided the entries of one row by those of all rows."),
            Mistake("rounded to one digit", 0.0005, "That is rounded to one digit. Hand in the fraction, or six digits."),
            Mistake("three digits", 0.000498, "That is rounded. Hand in the fraction, or six digits."),
            *usual(25 / 224**2, "upside down", "percent"),
        ),
    ),
    Exercise(
        "convolution-as-matrix-6", "convolution_as_matrix", kind="value", cls="A", minutes=25, difficulty=3, points=5,
        cases=(Case("not invertible, with a middle weight", ((4, 4),)),),
        oracle=lambda size: size,
        compare=_forgets,
        mistakes=(
            Mistake("a shift", [[0, 0, 0], [1, 0, 0], [0, 0, 0]], "A shift forgets the border, but its middle weight is zero."),
            Mistake("an edge", [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], "That kernel's middle weight is zero."),
            Mistake("the identity", [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "That kernel hands the image on, so nothing is forgotten."),
            Mistake("Laplacian", [[0, 1, 0], [1, -4, 1], [0, 1, 0]], "With zeros outside, the Laplacian forgets nothing: compute its determinant."),
            Mistake("a blur", np.outer([1, 2, 1], [1, 2, 1]), "That blur weakens fast waves and forgets none of those that fit. Compute its determinant."),
            Mistake("zeros", np.zeros((3, 3)), "That forgets everything, and its middle weight is zero."),
            Mistake("a box", np.ones((3, 3)), "Sums forget a pattern only if its waves fit the image; these do not. Compute its determinant."),
        ),
    ),
    Exercise(
        "convolution-as-matrix-7", "convolution_as_matrix", kind="open", cls="P", minutes=30, difficulty=3, points=5,
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "one too many", "one too few"),
    3: ("opposite sign", "doubled", "halved"),
    4: ("doubled", "halved"),
    5: ("doubled", "halved"),
})  # fmt: skip
