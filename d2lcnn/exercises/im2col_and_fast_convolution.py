"""Exercises of the chapter "im2col and fast convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.ops import avg_pool2d, col2im, conv2d, im2col


def _images(rng):
    shape = tuple(int(n) for n in rng.integers([1, 2, 5, 5], [3, 4, 9, 9]))
    return (rng.standard_normal(shape), int(rng.integers(2, 5)), int(rng.integers(1, 4)))


def _channel_last(rng):
    shape = tuple(int(n) for n in rng.integers([1, 4, 4, 2], [3, 7, 7, 4]))
    return (rng.standard_normal(shape), int(rng.integers(1, 4)))


def _mean_over_all_rows(x, k, s):
    n, _, h, w = x.shape
    return im2col(x, k, stride=s).mean(axis=1).reshape(n, 1, (h - k) // s + 1, (w - k) // s + 1)


def _factor_exceeds_the_rule(answer, _):
    n, k, s, p = (int(v) for v in answer)
    if not (1 <= k <= n <= 64 and 0 <= p < k and s >= 1):
        return False
    image = np.zeros((1, 1, n, n))
    return im2col(image, k, stride=s, padding=p).size / image.size > k**2 / s**2


def _multiplies_right(rows, case):
    """The property of exercise 4, tried with drawn weights against conv2d."""
    x, k = case
    w = np.random.default_rng(7).standard_normal((k, k, x.shape[3], 5))
    expected = conv2d(x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1)).transpose(0, 2, 3, 1)
    got = np.asarray(rows) @ w.reshape(-1, 5)
    return got.shape == (len(x), expected[0, ..., 0].size, 5) and np.allclose(got, expected.reshape(got.shape))


def assigning_col2im(cols, size, k, s):
    """Return what the function of exercise 6 returns: every entry of the columns overwrites its pixel.

    Parameters
    ----------
    cols : (k*k, L) array
        Columns of one image with one channel.
    size, k, s : int
        Side of the image, side of the window, stride.

    Returns
    -------
    (size, size) array
    """
    places = (size - k) // s + 1
    image = np.zeros((size, size))
    for number, column in enumerate(cols.T):
        top, left = s * (number // places), s * (number % places)
        image[top : top + k, left : left + k] = column.reshape(k, k)
    return image


def _fault_does_not_show(answer, size):
    k, s = (int(v) for v in answer)
    if not (2 <= k <= 4 and 1 <= s <= size):
        return False
    cols = np.random.default_rng(3).uniform(1, 2, (k * k, ((size - k) // s + 1) ** 2))
    return np.allclose(assigning_col2im(cols, size, k, s), col2im(cols[None], size, k, stride=s)[0, 0])


EXERCISES = [
    Exercise(
        "im2col-and-fast-convolution-1", "im2col_and_fast_convolution", kind="value", cls="P",
        minutes=6, difficulty=1, points=2,
        cases=(Case("rows and columns"),),
        oracle=lambda: im2col(np.zeros((1, 3, 224, 224), dtype=np.int8), 7, stride=2, padding=3).shape[1:],
        mistakes=(
            Mistake("the kernels counted", (64 * 147, 12544), "The kernels are the other matrix; the columns hold pixels only."),
            Mistake("channels forgotten", (49, 12544), "A window of a colour image is a box: it has channels too."),
            Mistake("stride forgotten", (147, 224 * 224), "That is the number of windows for stride 1."),
            Mistake("transposed", (12544, 147), "You gave the transpose: here each window is a column."),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-2", "im2col_and_fast_convolution", kind="value", cls="A",
        minutes=8, difficulty=2, points=3,
        cases=(Case("columns / image exceeds the rule", (None,)),),
        oracle=lambda _: None,
        compare=_factor_exceeds_the_rule,
        mistakes=(
            Mistake("no padding", (8, 3, 1, 0), "With stride 1 and no padding there are fewer windows than pixels, so the factor stays below the rule."),
            Mistake("same padding", (8, 3, 1, 1), "With this padding there are exactly as many windows as pixels: the rule holds with equality."),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-3", "im2col_and_fast_convolution", kind="function", cls="P",
        minutes=15, difficulty=2, points=3,
        cases=(
            Case("2 x 2 windows side by side", (np.arange(32.0).reshape(1, 2, 4, 4) ** 2, 2, 2)),
            Case("overlapping windows", (np.arange(50.0).reshape(1, 2, 5, 5) % 7, 3, 1)),
        ),
        generate=_images,
        oracle=lambda x, k, s: avg_pool2d(x, k, stride=s),
        mistakes=(
            Mistake("channels mixed", _mean_over_all_rows, "You averaged over all rows of the columns: that mixes the channels."),
            Mistake(
                "largest", lambda x, k, s: im2col(x, k, stride=s).reshape(
                    *x.shape[:2], k * k, (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1).max(axis=2),
                "That is the largest value of each window, not the mean.",
            ),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-4", "im2col_and_fast_convolution", kind="function", cls="A",
        minutes=25, difficulty=3, points=6,
        cases=(
            Case("two channels, 2 x 2 windows", (np.arange(32.0).reshape(1, 4, 4, 2), 2)),
            Case("three channels, 3 x 3 windows", (np.arange(90.0).reshape(1, 5, 6, 3) % 11, 3)),
        ),
        generate=_channel_last,
        oracle=lambda x, k: (x, k),
        compare=_multiplies_right,
        mistakes=(
            Mistake(
                "channel first within a row",
                lambda x, k: im2col(x.transpose(0, 3, 1, 2), k).transpose(0, 2, 1),
                "Within a row your channels come first, so the pixels do not meet their weights. Which axis of w is flattened last?",
            ),
            Mistake(
                "columns for rows",
                lambda x, k: im2col(x.transpose(0, 3, 1, 2), k),
                "Your windows are columns. The statement asks for windows as rows, so that the weights stand on the right.",
            ),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-5", "im2col_and_fast_convolution", kind="value", cls="P",
        minutes=5, difficulty=1, points=1,
        cases=(Case("the number of multiplications"),),
        oracle=lambda: 64,
        mistakes=(
            Mistake("one dimension", 8, "That is the count in one dimension; in two it is squared."),
            Mistake("the definition", 400, "That is what the definition needs."),
            Mistake("one too many", 81, "m + r - 1 is the number of pixels read, not m + r."),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-6", "im2col_and_fast_convolution", kind="value", cls="A",
        minutes=10, difficulty=2, points=3,
        cases=(Case("agrees on a 9 x 9 image", (9,)),),
        oracle=lambda size: size,
        compare=_fault_does_not_show,
        mistakes=(
            Mistake("stride 1", (3, 1), "With stride 1 neighbouring windows share pixels, and later copies overwrite earlier ones."),
            Mistake("half the window", (4, 2), "These windows still share half of their pixels."),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-7", "im2col_and_fast_convolution", kind="open", cls="P",
        minutes=45, difficulty=3, points=6,
    ),
]  # fmt: skip
