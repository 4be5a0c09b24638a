"""Exercises of the chapter "GoogLeNet: four paths side by side"."""

from functools import reduce

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import softmax_cross_entropy
from d2lcnn.shapes import conv_output_size, conv_transpose_output_size

# multiply-adds a pixel, without a reduction and with it: sums done by hand
DIRECT = {(192, 16, 32, 5): 153_600, (192, 96, 128, 3): 221_184, (4, 2, 8, 1): 32}
REDUCED = {(192, 16, 32, 5): 15_872, (192, 96, 128, 3): 129_024, (4, 2, 8, 1): 24}
# parameters by channels in: blocks 3a, 3b and 5b, summed by hand and found again in the network
RECORDED = {192: 163_696, 256: 388_736, 832: 1_444_080, 1: 44}
ROWS = {192: (64, 96, 128, 16, 32, 32), 256: (128, 128, 192, 32, 96, 64), 832: (384, 192, 384, 48, 128, 128),
        1: (1, 1, 1, 1, 1, 1)}
PLAN = (96, 64, 160, 24, 48, 48)  # exercise 1
NEEDED = 95  # exercise 4: pixels a side, found by trying
RIGHT = [(1, 1, 0), (3, 1, 1), (5, 1, 2), (3, 1, 1)]
LOGITS = np.array([[2.0, 0, -1], [0.5, 1, 3]]), np.array([[0.0, 1, 0], [2, -1, 0]]), np.array([[1.0, 1, 1], [0, 4, 2]])


def _saved(c, reduced, out, k):
    return DIRECT[c, reduced, out, k] / REDUCED[c, reduced, out, k]


def _unfit(size, paths, pads=1, strides=True):
    """Flags of paths whose size differs, from the formula of `shapes`."""
    return [int(conv_output_size(size, k, s if strides else 1, pads * p) != size) for k, s, p in paths]


def _paths(rng):
    return int(rng.integers(6, 15)), [(int(k), int(s), int(p)) for k, s, p in
                                      zip(rng.choice([1, 3, 5], 4), rng.integers(1, 3, 4), rng.integers(0, 3, 4),
                                          strict=True)]


def _wrong_parameters(c, row, bias=1, reduce=True, pool=True):
    one, r3, three, r5, five, proj = row
    direct = three * (9 * c + bias) + five * (25 * c + bias)
    reduced = r3 * (c + bias) + three * (9 * r3 + bias) + r5 * (c + bias) + five * (25 * r5 + bias)
    return one * (c + bias) + (reduced if reduce else direct) + (proj * (c + bias) if pool else 0)


def _loss(main, first, second, targets, weights=(1, 0.3, 0.3)):
    return sum(w * softmax_cross_entropy(z, targets) for w, z in zip(weights, (main, first, second), strict=True))


def _logits(rng):
    return *rng.normal(size=(3, 5, 4)), rng.integers(0, 4, size=5)


EXERCISES = [
    Exercise(
        "googlenet-1", "googlenet", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the number of channels"),),
        oracle=lambda: PLAN[0] + PLAN[2] + PLAN[4] + PLAN[5],
        mistakes=(
            Mistake("all six", sum(PLAN), "You added all six numbers of the row. Two of them never leave the block."),
            Mistake("the reductions", PLAN[0] + PLAN[1] + PLAN[3] + PLAN[5], "You took the reductions in place of what the windows make of them."),
            Mistake("no pooling path", sum(PLAN[::2]), "The pooling path is missing: a 1x1 convolution follows the pooling."),
            Mistake("no 1x1 path", sum(PLAN[2::2]) + PLAN[5], "The path of the plain 1x1 convolution is missing."),
            Mistake("windows alone", PLAN[2] + PLAN[4], "You counted the two paths with windows. Four paths are joined."),
            Mistake("the widest", max(PLAN), "That is the widest path. The paths are joined, one behind the other."),
        ),
    ),
    Exercise(
        "googlenet-2", "googlenet", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("the 5x5 path of block 3a", (192, 16, 32, 5)),
            Case("the 3x3 path of block 3a", (192, 96, 128, 3)),
            Case("windows of one pixel", (4, 2, 8, 1)),
        ),
        oracle=_saved,
        mistakes=(
            Mistake("upside down", lambda *a: 1 / _saved(*a), "Your number is the price that is left, not the saving."),
            Mistake("reduction for free", lambda c, r, out, k: c / r,
                    "You left out what the 1x1 convolution itself costs."),
            Mistake("window forgotten", lambda c, r, out, k: c * out / (r * (c + out)),
                    "Each number of a k x k window costs a multiply-add: k does not appear in your count."),
            Mistake("share saved", lambda *a: 1 - 1 / _saved(*a), "That is the share that is saved. How many times fewer is asked for."),
            Mistake("difference", lambda *a: DIRECT[a] - REDUCED[a], "That is how many multiply-adds are saved at a pixel. A ratio is asked for."),
            Mistake("widths alone", lambda c, r, out, k: out / r, "You compared the channels that leave with those of the reduction. What does the window read in each case?"),
        ),
    ),
    Exercise(
        "googlenet-3", "googlenet", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("the block of the chapter", (14, RIGHT)),
            Case("5x5 with padding 1, pooling with stride 3", (14, [(1, 1, 0), (3, 1, 1), (5, 1, 1), (3, 3, 1)])),
            Case("no padding anywhere", (8, [(1, 1, 0), (3, 1, 0), (5, 1, 0), (3, 1, 0)])),
        ),
        generate=_paths,
        oracle=_unfit,
        mistakes=(
            Mistake("strides ignored", lambda size, paths: _unfit(size, paths, strides=False),
                    "A stride above 1 makes the map smaller too."),
            Mistake("padding ignored", lambda size, paths: _unfit(size, paths, pads=0),
                    "Your function takes no account of the padding."),
            Mistake("padding doubled", lambda size, paths: _unfit(size, paths, pads=2),
                    "The padding stands on each side; you counted it four times."),
            Mistake("the other way round", lambda size, paths: [1 - f for f in _unfit(size, paths)],
                    "You marked the paths that fit with 1."),
            Mistake("how many", lambda size, paths: sum(_unfit(size, paths)),
                    "That is how many paths do not fit. Which are they?"),
            Mistake("numbers of the paths", lambda size, paths: list(np.flatnonzero(_unfit(size, paths))),
                    "Those are the numbers of the paths that do not fit. A list with a 0 or a 1 for each is asked for."),
            Mistake("sizes", lambda size, paths: [conv_output_size(size, k, s, p) for k, s, p in paths],
                    "Those are the sizes. Which of them differ from the size that came in?"),
            Mistake("order of a triple", lambda size, paths: [
                int((size + 2 * s - k) // max(p, 1) + 1 != size) for k, s, p in paths],
                    "Stride and padding have changed places in your triples."),
            *usual(_unfit, "reversed"),
        ),
    ),
    Exercise(
        "googlenet-4", "googlenet", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("pixels a side"),),
        oracle=lambda: NEEDED,
        mistakes=(
            Mistake("a multiple of 32", 3 * 32, "That size does it too. Where does rounding up allow a smaller one?"),
            Mistake("rounded down", conv_transpose_output_size(
                reduce(lambda n, _: conv_transpose_output_size(n, 3, 2), range(4), 3), 7, 2, 3), "You rounded down in the poolings. Those of this network round up."),
            Mistake("a map of two", NEEDED - 32, "That image leaves maps of 2 by 2 pixels."),
            Mistake("a map of four", NEEDED + 32, "That image leaves maps of 4 by 4 pixels."),
            *usual(NEEDED, "one too few"),
        ),
    ),
    Exercise(
        "googlenet-5", "googlenet", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=tuple(Case(name, (c, ROWS[c])) for name, c in
                    (("block 3a", 192), ("block 3b", 256), ("block 5b", 832), ("ones everywhere", 1))),
        oracle=lambda in_channels, row: RECORDED[in_channels],
        mistakes=(
            Mistake("no biases", lambda c, row: _wrong_parameters(c, row, bias=0),
                    "The biases are missing, one for each map that each of the six convolutions makes."),
            Mistake("no reductions", lambda c, row: _wrong_parameters(c, row, reduce=False),
                    "Your large windows read the block's input. What stands before them?"),
            Mistake("no pooling path", lambda c, row: _wrong_parameters(c, row, pool=False),
                    "Pooling has no parameters, but a convolution follows it."),
            Mistake("windows of three for five", lambda c, row: _wrong_parameters(c, row) - row[4] * row[3] * 16,
                    "Your 5x5 convolution has windows of nine places."),
            Mistake("reductions left out", lambda c, row: _wrong_parameters(c, row) - (row[1] + row[3]) * (c + 1),
                    "The parameters of the two reductions themselves are missing."),
            Mistake("biases of the reductions", lambda c, row: _wrong_parameters(c, row) - row[1] - row[3],
                    "The reductions have biases, too."),
            Mistake("no 1x1 path", lambda c, row: _wrong_parameters(c, row) - row[0] * (c + 1),
                    "The path of the plain 1x1 convolution is missing."),
        ),
    ),
    Exercise(
        "googlenet-6", "googlenet", kind="open", cls="A", minutes=90, difficulty=3, points=8,
    ),
    Exercise(
        "googlenet-7", "googlenet", kind="function", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("two images, three classes", (*LOGITS, np.array([0, 2]))),
               Case("other targets", (*LOGITS, np.array([1, 1])))),
        generate=_logits,
        oracle=_loss,
        mistakes=(
            Mistake("no weights", lambda *a: _loss(*a, weights=(1, 1, 1)), "You gave the heads beside full weight."),
            Mistake("0.3 shared", lambda *a: _loss(*a, weights=(1, 0.15, 0.15)),
                    "You took the mean of the two heads' losses; each has the weight 0.3."),
            Mistake("main too", lambda *a: _loss(*a, weights=(0.3, 0.3, 0.3)), "The main loss has weight 1."),
            Mistake("main alone", lambda *a: _loss(*a, weights=(1, 0, 0)),
                    "That is the main loss alone; in training the heads beside count too."),
            Mistake("one head", lambda *a: _loss(*a, weights=(1, 0.3, 0)), "The second head is missing."),
            Mistake("the other head", lambda *a: _loss(*a, weights=(1, 0, 0.3)), "The first head is missing."),
            Mistake("sums over images", lambda *a: _loss(*a) * len(a[3]), "You added over the images. Each loss is a mean."),
            Mistake("mean of the three", lambda *a: _loss(*a) / 3, "You divided by three. The losses are added with their weights."),
            Mistake("shared weights", lambda *a: _loss(*a) / 1.6, "You divided by the sum of the weights. Training minimises the weighted sum."),
            Mistake("logarithm of base 2", lambda *a: _loss(*a) / np.log(2), "Your logarithm has base 2. Cross-entropy here has the natural one."),
            *usual(_loss, "opposite sign"),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("one too many", "one too few", "doubled", "halved", "upside down"),
    2: ("doubled", "halved"),
    3: ("rotated", "exchanged", "one too many", "one too few"),
    4: ("doubled", "halved", "upside down"),
    5: ("one too many", "one too few", "doubled", "halved", "upside down"),
    7: ("doubled", "halved", "upside down"),
})  # fmt: skip
