"""Exercises of the chapter "im2col and fast convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import avg_pool2d, col2im, conv2d, im2col


def _columns(channels=3, stride=2, padding=3):
    return im2col(np.zeros((1, channels, 224, 224), dtype=np.int8), 7, stride=stride, padding=padding).shape[1:]


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
        oracle=lambda: _columns(),
        mistakes=(
            Mistake("the kernels counted", (64 * _columns()[0], _columns()[1]), "The kernels are the other matrix; the columns hold pixels only."),
            Mistake("channels forgotten", _columns(channels=1), "A window of a colour image is a box: it has channels too."),
            Mistake("stride forgotten", _columns(stride=1), "That is the number of windows for stride 1."),
            *usual(_columns(), "reversed"),
            Mistake("padding forgotten", _columns(padding=0), "You left the padding out: how many places has the window along one axis?"),
            Mistake("one axis", (21, 112), "These are the numbers along one axis. Windows and places have two."),
            Mistake("rows of the image", (_columns()[0], 112), "You counted the places along one axis."),
            Mistake("a row a kernel", (64, _columns()[1]), "That is the shape of the result. The columns hold what its product starts from."),
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
            Mistake("a window of one", (8, 1, 1, 0), "A window of one pixel copies nothing: the rule holds with equality."),
            Mistake("side by side", (8, 2, 2, 0), "Windows side by side copy nothing: the rule holds with equality."),
            Mistake("much padding", (8, 3, 1, 3), "The statement asks for less padding than the window is wide."),
            Mistake("larger than the image", (3, 5, 1, 4), "The window has to fit into the image without padding."),
            Mistake("order", (3, 8, 1, 2), "The order is image size, kernel size, stride, padding."),
            Mistake("stride two, no padding", (8, 3, 2, 0), "Without padding the factor stays below the rule. What makes more windows than pixels?"),
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
            Mistake(
                "sums", lambda x, k, s: k * k * avg_pool2d(x, k, stride=s),
                "Those are the sums of the windows. A mean also divides.",
            ),
            Mistake(
                "divided by k", lambda x, k, s: k * avg_pool2d(x, k, stride=s),
                "You divided by k. A window has k times k numbers.",
            ),
            Mistake(
                "stride 1", lambda x, k, s: avg_pool2d(x, k, stride=1),
                "Your windows move by one.",
            ),
            Mistake(
                "side by side", lambda x, k, s: avg_pool2d(x, k),
                "Your windows move by their own size. They move by s.",
            ),
            Mistake(
                "places in a row", lambda x, k, s: avg_pool2d(x, k, stride=s).reshape(*x.shape[:2], -1),
                "Your means are right, and all places stand in one row. The output has an axis for rows and one for columns.",
            ),
            *usual(lambda x, k, s: avg_pool2d(x, k, stride=s), "transposed"),
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
            Mistake(
                "one channel", lambda x, k: im2col(x[..., :1].transpose(0, 3, 1, 2), k).transpose(0, 2, 1),
                "Only the first channel of the images is in your rows.",
            ),
            Mistake(
                "channel axis for rows", lambda x, k: im2col(x, k).transpose(0, 2, 1),
                "You let the window slide over columns and channels. In these images the channel is the last axis.",
            ),
            Mistake(
                "images in a row", lambda x, k: im2col(x.transpose(0, 3, 1, 2), k).transpose(0, 2, 1).reshape(-1, k * k * x.shape[-1]),
                "The axis of the images is gone.",
            ),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-5", "im2col_and_fast_convolution", kind="value", cls="P",
        minutes=5, difficulty=1, points=1,
        cases=(Case("the number of multiplications"),),
        oracle=lambda: 64,
        mistakes=(
            Mistake("one dimension", 4 + 5 - 1, "That is the count in one dimension; in two it is squared."),
            Mistake("the definition", 4**2 * 5**2, "That is what the definition needs."),
            Mistake("one too many", (4 + 5) ** 2, "m + r - 1 is the number of pixels read, not m + r."),
            Mistake("three by three", (4 + 3 - 1) ** 2, "Those are the multiplications for kernels of three."),
            Mistake("doubled", 2 * (4 + 5 - 1), "You doubled for two dimensions. Along each row there are as many again."),
            Mistake("the saving", 4**2 * 5**2 / (4 + 5 - 1) ** 2, "That is the saving. The number of multiplications is asked for."),
            Mistake("an output", (4 + 5 - 1) ** 2 / 16, "That is the number for one output. All 16 are asked for."),
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
            Mistake("one shared", (3, 2), "These windows still share a row of pixels."),
            Mistake("two of stride 1", (2, 1), "With stride 1 neighbouring windows share pixels, and later copies overwrite earlier ones."),
            Mistake("four of stride 3", (4, 3), "These windows still share a row of pixels."),
            Mistake("order", (1, 3), "The window comes first, then the stride."),
            Mistake("one pixel", (1, 1), "The statement asks for windows of 2 to 4."),
        ),
    ),
    Exercise(
        "im2col-and-fast-convolution-7", "im2col_and_fast_convolution", kind="open", cls="P",
        minutes=45, difficulty=3, points=6,
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("opposite sign", "doubled", "halved"),
    3: ("half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    5: ("one too few", "halved", "upside down"),
})  # fmt: skip
