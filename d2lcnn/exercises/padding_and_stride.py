"""Exercises of the chapter "Padding and stride"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, unordered
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, conv2d_backward, pad
from d2lcnn.shapes import conv_output_size, same_padding

# Exercise 6: an image of constant rows, and what a kernel of ones made of it.
ROWS = np.array([1.0, 5.0, 2.0, 8.0])
FIRST_COLUMN = conv2d(pad(np.tile(ROWS[:, None], (1, 4))[None, None], 1, mode="reflect"), np.ones((1, 1, 3, 3)))[0, 0, :, 0]

# What tf.nn.convolution pads for "SAME": (i, k, s) -> (before, after), worked out once by its documented rule.
TENSORFLOW = {
    (6, 3, 2): (0, 1), (5, 3, 2): (1, 1), (28, 5, 1): (2, 2), (7, 2, 2): (0, 1), (10, 4, 3): (1, 2), (9, 1, 4): (0, 0),
    (8, 2, 2): (0, 0), (8, 1, 3): (0, 0), (224, 7, 2): (2, 3),
}  # fmt: skip

PIXEL = np.zeros((1, 1, 6, 6))
PIXEL[0, 0, 4, 3] = 1


def _three_layers(size=conv_output_size, paddings=(3, 1, 0)):
    """Follow 224 rows through the layers of exercise 1 with a relation for the size."""
    a = size(224, 7, 2, paddings[0])
    b = size(a, 3, 2, paddings[1])
    return [a, b, size(b, 3, 1, paddings[2])]


def _fed(padding=1, stride=2, pixel=PIXEL):
    """The outputs that the pixel of exercise 8 changes, found by changing it."""
    return np.argwhere(conv2d(pixel, np.ones((1, 1, 3, 3)), stride=stride, padding=padding)[0, 0]).tolist()


def _reads(n, k, s, p):
    o = conv_output_size(n, k, s, p)
    return conv2d_backward(np.ones((1, 1, o, o)), np.zeros((1, 1, n, n)), np.ones((1, 1, k, k)), stride=s, padding=p).x[0, 0]


def _sizes(rng):
    k = int(rng.integers(1, 6))
    return (int(rng.integers(k, 14)), k, int(rng.integers(1, k + 1)), int(rng.integers(0, k)))


def _each_pixel_once(answer, n):
    k, s, p = (int(v) for v in answer)
    if not (1 <= k <= n and 1 <= s <= n and p == 0):
        return False
    return conv_output_size(n, k, s, p) == 8 and bool((_reads(n, k, s, p) == 1).all())


EXERCISES = [
    Exercise(
        "padding-and-stride-1", "padding_and_stride", kind="value", cls="P", minutes=6, difficulty=1, points=2,
        cases=(Case("three sizes"),),
        oracle=lambda: _three_layers(),
        mistakes=(
            Mistake("rounded up", _three_layers(lambda i, k, s, p: -(-(i + 2 * p - k) // s) + 1), "You rounded up: half a step leads to no window."),
            Mistake("total padding", _three_layers(lambda i, k, s, p: (i + p - k) // s + 1), "You took the padding for a total. It is counted per side here."),
            Mistake("plus one forgotten", _three_layers(lambda i, k, s, p: (i + 2 * p - k) // s), "You counted the steps between windows; there is one window more than steps."),
            Mistake("all padded", _three_layers(paddings=(3, 1, 1)), "You padded the last layer too. What does a 3 by 3 window take away without padding?"),
            Mistake("none padded", _three_layers(paddings=(0, 0, 0)), "You left the padding out."),
            Mistake("one row", [*_three_layers()[:2], _three_layers()[1] - 1], "A window of three takes a row at each side."),
            Mistake("stride forgotten", _three_layers(lambda i, k, s, p: i + 2 * p - k + 1), "You left the strides out."),
            *usual(_three_layers(), "reversed"),
        ),
        hints=(
            "Each layer needs the side that the one before it left: go step by step.",
            "The number of windows is the number of steps that fit, plus one. Steps are whole: round down.",
            "For the first layer, write the padded side, take the kernel off, and divide by the stride.",
        ),
    ),
    Exercise(
        "padding-and-stride-2", "padding_and_stride", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=tuple(Case(f"i={i}, k={k}, s={s}", (i, k, s)) for i, k, s in TENSORFLOW),
        oracle=lambda *sizes: TENSORFLOW[sizes],
        mistakes=(
            Mistake("stride ignored", lambda i, k, s: same_padding(k), "Your rows do not depend on the stride. How many does the last window need?"),
            Mistake(
                "odd row first", lambda *sizes: TENSORFLOW[sizes][::-1],
                "If the total is odd, the additional row belongs at the end.",
            ),
            Mistake(
                "negative rows",
                lambda i, k, s: TENSORFLOW[i, k, s] if k >= s else (-((i - k) % s + 1) // 2, -((i - k) % s // 2)),
                "For a window smaller than its stride your total is negative; nothing is cropped.",
            ),
            Mistake(
                "all at the end", lambda *sizes: (0, sum(TENSORFLOW[sizes])),
                "All your rows stand at the end. Half of them belongs before.",
            ),
            Mistake(
                "all before", lambda *sizes: (sum(TENSORFLOW[sizes]), 0),
                "All your rows stand before. Half of them belongs at the end.",
            ),
            Mistake(
                "the total twice", lambda *sizes: (sum(TENSORFLOW[sizes]),) * 2,
                "You gave the total to both sides.",
            ),
            Mistake(
                "even totals", lambda *sizes: (TENSORFLOW[sizes][1],) * 2,
                "Both of your sides are equal, so an odd total becomes one row too many.",
            ),
            Mistake(
                "half lost", lambda *sizes: (TENSORFLOW[sizes][0],) * 2,
                "Both of your sides are equal, so an odd total loses a row.",
            ),
            Mistake("nothing", lambda i, k, s: (0, 0), "Without padding the output is smaller than asked, unless the last window happens to fit."),
        ),
        hints=(
            "Do not look for the two numbers at once. First: how many rows are needed in total?",
            "The output has a known number of windows. Where does the last one end, and how far is that past the image? It may be not at all.",
            "Put windows of 3 with stride 2 over 6 pixels on paper, and write down where the last window begins and ends.",
        ),
    ),
    Exercise(
        "padding-and-stride-3", "padding_and_stride", kind="function", cls="P", minutes=10, difficulty=2, points=3,
        cases=(
            Case("one row left over", (6, 3, 2, 0)), Case("only padding left over", (6, 3, 2, 1)),
            Case("two rows, one of them padding", (6, 3, 3, 1)), Case("nothing left over", (5, 3, 2, 1)),
            Case("two rows of the image", (5, 3, 3, 0)),
        ),
        generate=_sizes,
        oracle=lambda i, k, s, p: int((_reads(i, k, s, p).sum(axis=1) == 0).sum()),
        mistakes=(
            Mistake("padding counted", lambda i, k, s, p: (i + 2 * p - k) % s, "You counted rows of padding too; the question is about the image."),
            Mistake("both sides", lambda i, k, s, p: max(0, (i + 2 * p - k) % s - 2 * p), "Unread rows are all at the end, where p rows of padding lie, not 2p."),
            Mistake("padding ignored", lambda i, k, s, p: (i - k) % s, "You left the padding out of the size."),
            Mistake("negative", lambda i, k, s, p: (i + 2 * p - k) % s - p, "Where the rows left over are padding alone, your count is negative."),
            Mistake("stride for size", lambda i, k, s, p: (i + 2 * p) % s, "Your windows are as long as the stride. The first window covers k rows, the others s more each."),
            Mistake("none", lambda i, k, s, p: 0, "You found no row unread. Try 6 rows, a kernel of 3 and a stride of 2."),
            Mistake("rows read", lambda i, k, s, p: i - int((_reads(i, k, s, p).sum(axis=1) == 0).sum()), "You counted the rows that are read."),
        ),
        hints=(
            "Rows can only be missed at the end: without gaps, everything before the last window is read.",
            "The padded axis has i + 2p rows. Some at its end are in no window, and the first of these to be left out are padding.",
            "For i = 6, k = 3, s = 2, p = 0 draw the windows and count; then add a row of padding on each side and count again.",
        ),
    ),
    Exercise(
        "padding-and-stride-4", "padding_and_stride", kind="value", cls="A", minutes=8, difficulty=2, points=2,
        cases=(Case("8 by 8, each pixel once", (32,)),),
        oracle=lambda n: n,
        compare=_each_pixel_once,
        mistakes=(
            Mistake("overlap", (5, 4, 2), "Windows larger than the stride overlap, and pixels in two windows are read twice."),
            Mistake("gaps", (1, 4, 0), "Your windows leave gaps: most pixels are never read."),
            Mistake("smaller gaps", (2, 4, 0), "Your windows leave gaps: three pixels of four are never read."),
            Mistake("smallest gaps", (3, 4, 0), "Your windows leave gaps: some pixels are never read."),
            Mistake("sizes exchanged", (8, 4, 2), "That layer needs padding, and reads pixels four times. Which sides do eight windows without overlap have?"),
            Mistake("eight by eight", (8, 8, 0), "You took the size of the output for that of the window."),
            Mistake("one step", (25, 1, 0), "The size is right, and each pixel is read many times."),
            Mistake("half padding", (3, 4, 1), "The statement wants a layer without padding."),
        ),
        hints=(
            "Each pixel once: windows may neither overlap nor leave gaps.",
            "This ties the kernel size to the stride.",
            "How many windows stand side by side along an axis, and how many pixels have they to share?",
        ),
    ),
    Exercise(
        "padding-and-stride-5", "padding_and_stride", kind="value", cls="P", minutes=5, difficulty=1, points=1,
        cases=(Case("the number of layers"),),
        oracle=lambda: 6,
        mistakes=(
            Mistake("one too many", 28 // 4, "After the sixth layer the side is 4. Does a window of 5 fit?"),
            Mistake("two rows a layer", (28 - 4) // 2, "A 5 by 5 kernel takes four rows, two at each side."),
            Mistake("five rows a layer", 28 // 5, "A kernel of k takes k - 1 rows."),
            Mistake("three rows a layer", 28 // 3, "A kernel of k takes k - 1 rows."),
            Mistake("one row a layer", 28 - 4, "A kernel of 5 takes more than one row."),
            Mistake("size of the last map", 28 - 6 * 4, "That is the side of the last map. How many layers are there?"),
        ),
        hints=(
            "Each layer takes the same number of rows away, until the side is smaller than the kernel.",
            "A kernel of k without padding takes k - 1 rows. The last layer must still have room for one window.",
            "List the sides: 28, then one layer less, and so on.",
        ),
    ),
    Exercise(
        "padding-and-stride-6", "padding_and_stride", kind="value", cls="A", minutes=10, difficulty=2, points=2,
        cases=(Case("the column is the printed one", (FIRST_COLUMN,)),),
        oracle=lambda column: column,
        compare=lambda mode, column: bool(np.allclose(
            conv2d(pad(np.tile(ROWS[:, None], (1, 4))[None, None], 1, mode=mode.strip().lower()), np.ones((1, 1, 3, 3)))[0, 0, :, 0], column)),
        mistakes=(
            Mistake("zeros", "zeros", "With zeros the first column would lack a third of each row: the sums would be smaller."),
            Mistake("replicate", "replicate", "Replicate would count the border row itself once more. Compare the first number."),
            Mistake("circular", "circular", "Circular would bring in the last row at the top. Compare the first number."),
            Mistake("another name of zeros", "zero", "The names are zeros, reflect, replicate and circular; and with zeros the first column would be smaller."),
            Mistake("a name of NumPy's", "edge", "The names are zeros, reflect, replicate and circular. What NumPy calls edge is one of them."),
            Mistake("another of NumPy's", "wrap", "The names are zeros, reflect, replicate and circular. What NumPy calls wrap is one of them."),
            Mistake("a third of NumPy's", "symmetric", "The names are zeros, reflect, replicate and circular. NumPy's symmetric repeats the border row."),
        ),
        hints=(
            "The first number of the column depends on the row above the image, and that row is what the four differ in.",
            "All rows are constant, so an output away from zeros is three times a sum of three row values. At the left border this is so, except for zeros.",
            "Divide the first printed number by three and take off the values of the two uppermost rows: what is left came from outside.",
        ),
    ),
    Exercise(
        "padding-and-stride-7", "padding_and_stride", kind="open", cls="P", minutes=40, difficulty=3, points=5,
        hints=(
            "Without padding a constant image stays constant. What tells a pixel at the border that it is there?",
            "A circular border looks like the inside; a zero does not. Each layer carries the difference one pixel further.",
            "Print the last map with both paddings, and count the rows at the border that differ from the middle.",
        ),
    ),
    Exercise(
        "padding-and-stride-8", "padding_and_stride", kind="value", cls="P", minutes=5, difficulty=1, points=1,
        cases=(Case("the cells of the output"),),
        oracle=lambda: _fed(),
        compare=unordered,
        mistakes=(
            Mistake("window at 0", _fed(padding=0), "You let the first window start at 0. With a padding of 1 it starts at -1."),
            Mistake("columns for rows", _fed(pixel=PIXEL.swapaxes(2, 3)), "You took columns for rows: the row is named first."),
            Mistake("one output", _fed()[:1], "You stopped at one. Windows of three that move by two overlap."),
            Mistake("the other output", _fed()[1:], "You stopped at one. Windows of three that move by two overlap."),
            Mistake("stride 1", _fed(stride=1), "Those are the outputs of a layer with stride 1."),
            Mistake("counted from 1", (np.array(_fed()) + 1).tolist(), "You count from 1. The first row and the first column have the number 0."),
            Mistake("the pixel's own place", [[4, 3]], "That is the place of the pixel. Which outputs have it in their window?"),
        ),
        hints=(
            "Turn the question around: which windows contain that row, and which contain that column?",
            "The window of output o begins at o times the stride, minus the padding, and is three long. The two axes do not depend on each other.",
            "List the rows that windows 0, 1 and 2 cover.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged"),
    2: ("one too many", "one too few"),
    3: ("one too many", "one too few", "doubled", "halved", "upside down"),
    5: ("halved", "upside down"),
})  # fmt: skip
