"""Exercises of the chapter "Padding and stride"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, unordered
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, conv2d_backward, pad
from d2lcnn.shapes import conv_output_size

# Exercise 6: an image of constant rows, and what a kernel of ones made of it.
ROWS = np.array([1.0, 5.0, 2.0, 8.0])
FIRST_COLUMN = conv2d(pad(np.tile(ROWS[:, None], (1, 4))[None, None], 1, mode="reflect"), np.ones((1, 1, 3, 3)))[0, 0, :, 0]

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


def _unread(i, k, s, p):
    return int((_reads(i, k, s, p).sum(axis=1) == 0).sum())


def _row(rng):
    row = rng.integers(0, 10, int(rng.integers(3, 9))).astype(float)
    return row, int(rng.integers(0, len(row)))


def _with_other_sizes():
    """Mistakes of exercise 3 that read one size for another: what the layer of those sizes leaves unread."""
    order = "Two of the four sizes have changed places. They come as input, kernel, stride, padding."
    one_off = "Your {} is off by one somewhere. Try the first case by hand, row by row."
    ignored = "Your count does not depend on the {}."
    changed = {
        "input one more": (lambda i, k, s, p: (i + 1, k, s, p), one_off.format("length of the axis")),
        "input one less": (lambda i, k, s, p: (i - 1, k, s, p), one_off.format("length of the axis")),
        "kernel one less": (lambda i, k, s, p: (i, k - 1, s, p), one_off.format("kernel")),
        "stride one more": (lambda i, k, s, p: (i, k, s + 1, p), one_off.format("stride")),
        "padding one less": (lambda i, k, s, p: (i, k, s, p - 1), one_off.format("padding")),
        "input ignored": (lambda i, k, s, p: (1, k, s, p), ignored.format("size of the input")),
        "kernel ignored": (lambda i, k, s, p: (i, 1, s, p), ignored.format("kernel")),
        "padding of one": (lambda i, k, s, p: (i, k, s, 1), ignored.format("padding")),
        "input and kernel": (lambda i, k, s, p: (k, i, s, p), order),
        "input and stride": (lambda i, k, s, p: (s, k, i, p), order),
        "kernel and stride": (lambda i, k, s, p: (i, s, k, p), order),
        "kernel and padding": (lambda i, k, s, p: (i, p, s, k), order),
    }
    return tuple(Mistake(name, lambda *sizes, change=change: _unread(*change(*sizes)), hint)
                 for name, (change, hint) in changed.items())


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
        "padding-and-stride-2", "padding_and_stride", kind="function", cls="A", minutes=15, difficulty=2, points=4,
        cases=(
            Case("a ramp goes on", (np.array([1.0, 2.0, 3.0, 4.0]), 2)), Case("a bent row", (np.array([2.0, 3.0, 5.0, 9.0, 8.0]), 3)),
            Case("one pixel per side", (np.array([4.0, 1.0, 7.0]), 1)), Case("nothing to add", (np.array([4.0, 1.0]), 0)),
        ),
        generate=_row,
        oracle=lambda row, p: np.pad(row, p, mode="reflect", reflect_type="odd"),
        mistakes=(
            Mistake(
                "mirrored in place", lambda row, p: np.pad(row, p, mode="reflect"),
                "That is reflect padding: a ramp turns back at the border. Which values are mirrored, and which should be: "
                "the brightness itself, or what it has beyond the border pixel?",
            ),
            Mistake(
                "border pixel twice", lambda row, p: np.pad(row, p, mode="symmetric", reflect_type="odd"),
                "Your first invented value repeats the border pixel. Its mirror image is the pixel next to the border.",
            ),
            Mistake("border repeated", lambda row, p: np.pad(row, p, mode="edge"), "That is replicate padding: a ramp becomes level outside."),
            Mistake("zeros", lambda row, p: np.pad(row, p), "That is zero padding."),
            Mistake("rolled up", lambda row, p: np.pad(row, p, mode="wrap"), "That is circular padding."),
            Mistake(
                "slope of the last two", lambda row, p: np.concatenate([
                    (row[0] + (row[0] - row[1]) * np.arange(p, 0, -1))[:p], row, row[-1] + (row[-1] - row[-2]) * np.arange(1, p + 1)]),
                "You drew a straight line through the last two pixels. A ramp goes on like that, but a bent row should go on bent: "
                "every invented value has its own mirror image.",
            ),
            Mistake(
                "distance taken off", lambda row, p: 2 * np.pad(row, p, mode="reflect") - np.pad(row, p, mode="edge"),
                "Your values lie on the side of the border pixel where their mirror images lie. They belong on the other side.",
            ),
            Mistake(
                "only before", lambda row, p: np.pad(row, (p, 0), mode="reflect", reflect_type="odd"),
                "You added pixels on one side only.",
            ),
            Mistake(
                "only after", lambda row, p: np.pad(row, (0, p), mode="reflect", reflect_type="odd"),
                "You added pixels on one side only.",
            ),
            Mistake("one pixel", lambda row, p: np.pad(row, 1, mode="reflect", reflect_type="odd"), "You add one pixel per side, whatever p is."),
            Mistake("no pixel", lambda row, p: row, "You hand back the row itself."),
            Mistake(
                "one pixel too many", lambda row, p: np.pad(row, p + 1, mode="reflect", reflect_type="odd"),
                "You add a pixel too many on each side.",
            ),
            Mistake(
                "one pixel too few", lambda row, p: np.pad(row, p - 1, mode="reflect", reflect_type="odd"),
                "You add a pixel too few on each side.",
            ),
        ),
        hints=(
            "An invented value and its mirror image lie equally far from the border pixel, once in place and once in brightness.",
            "So the border pixel is the mean of the two. That gives one equation for each invented value.",
            "Take the row 2, 3, 5 and one pixel on the left: the border pixel is 2, the mirror image 3. Which number has 2 in the middle "
            "between itself and 3?",
        ),
    ),
    Exercise(
        "padding-and-stride-3", "padding_and_stride", kind="function", cls="P", minutes=10, difficulty=2, points=3,
        cases=(
            Case("one row left over", (6, 3, 2, 0)), Case("only padding left over", (6, 3, 2, 1)),
            Case("two rows, one of them padding", (6, 3, 3, 1)), Case("nothing left over", (5, 3, 2, 1)),
            Case("two rows of the image", (5, 3, 3, 0)), Case("windows side by side", (7, 5, 5, 2)),
        ),
        generate=_sizes,
        oracle=_unread,
        mistakes=(
            Mistake("padding counted", lambda i, k, s, p: (i + 2 * p - k) % s, "You counted rows of padding too; the question is about the image."),
            Mistake("both sides", lambda i, k, s, p: max(0, (i + 2 * p - k) % s - 2 * p), "Unread rows are all at the end, where p rows of padding lie, not 2p."),
            Mistake("padding ignored", lambda i, k, s, p: (i - k) % s, "You left the padding out of the size."),
            Mistake("negative", lambda i, k, s, p: (i + 2 * p - k) % s - p, "Where the rows left over are padding alone, your count is negative."),
            Mistake("stride for size", lambda i, k, s, p: (i + 2 * p) % s, "Your windows are as long as the stride. The first window covers k rows, the others s more each."),
            Mistake("padding added", lambda i, k, s, p: max(0, (i + 2 * p - k) % s + p), "You added the padding to the rows left over. It is padding that is left out first."),
            Mistake("padding three times", lambda i, k, s, p: max(0, (i + 3 * p - k) % s - p), "You counted three frames. The padded axis has p rows before and p rows after."),
            Mistake("padding once", lambda i, k, s, p: max(0, (i + p - k) % s - p), "You counted the frame once. The padded axis has p rows before and p rows after."),
            Mistake("padding and two", lambda i, k, s, p: max(0, (i + 2 + p - k) % s - p), "You added two rows and p. The padded axis has p rows before and p rows after."),
            Mistake("kernel added", lambda i, k, s, p: max(0, (i + 2 * p + k) % s - p), "You added the kernel to the axis. The first window takes its rows off."),
            Mistake("quotient", lambda i, k, s, p: max(0, (i + 2 * p - k) // s - p), "You counted the steps that fit. The rows left over are what the steps do not reach."),
            Mistake("never none", lambda i, k, s, p: max(1, (i + 2 * p - k) % s - p), "Your count never comes to zero, not even where the steps come out even."),
            *_with_other_sizes(),
            Mistake("none", lambda i, k, s, p: 0, "You found no row unread. Try 6 rows, a kernel of 3 and a stride of 2."),
            Mistake("rows read", lambda i, k, s, p: i - _unread(i, k, s, p), "You counted the rows that are read."),
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
    2: ("reversed", "rotated", "exchanged", "opposite sign", "doubled", "halved"),
    3: ("one too many", "one too few", "doubled", "halved", "upside down"),
    5: ("halved", "upside down"),
    8: ("one too few", "flat"),
})  # fmt: skip
