"""Exercises of the chapter "Grouped, depthwise and separable convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d

ROW, COLUMN = np.array([1.0, 4, 6, 4, 1]), np.array([1.0, 2, 0, -2, -1])
PLANE = np.add.outer(np.arange(7.0) - 3, np.arange(7.0) - 3)  # row + column: rank 2
RING = np.hypot(*np.mgrid[-4:5, -4:5]).round().clip(0, 4)
# (kernel, tolerance) -> multiplications a pixel, recorded
EACH = [64 * 32 * 25, 64 * 8 * 25, 32 * 25 + 32 * 64, 32 * 64 + 64 * 25]  # exercise 1
INTENSITY = [9 * 128 * 128 / 1024, 128 * 128 / 1024, 9 * 128 / 1024]  # exercise 5
CHEAPEST = {
    "a product of column and row": (np.outer(COLUMN, ROW), 1e-9, 10),
    "the sum of a row and a column": (PLANE, 1e-9, 28),
    "the same, a tenth allowed": (PLANE, 0.1, 28),
    "the same, four fifths allowed": (PLANE, 0.8, 14),
    "a sharpening kernel, exactly": (np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]), 1e-9, 9),
    "a ring, exactly": (RING, 1e-9, 81),
    "a ring, a tenth allowed": (RING, 0.1, 36),
    "a wide kernel of three rows, exactly": (np.vander([1.0, 2, 3], 9), 1e-9, 27),
    "the same, a hundredth allowed": (np.vander([1.0, 2, 3], 9), 0.01, 12),
}
# (channels, groups) -> layers with a shuffle between each two, until every output reads every input; recorded
LAYERS = {(8, 1): 1, (8, 2): 2, (16, 4): 2, (12, 6): 4, (32, 16): 5, (27, 9): 3, (24, 3): 2, (64, 16): 3}


def _cheapest(K, tolerance):
    return next(n for k, t, n in CHEAPEST.values() if np.array_equal(k, K) and t == tolerance)


def _grouped(rng):
    groups, each_in, each_out, k = (int(n) for n in rng.integers(1, 4, size=4))
    return (rng.integers(-5, 6, size=(groups * each_out, each_in, k, k)).astype(float), groups)


def _same_layer(dense, args):
    """The property asked in exercise 3: one group with these weights does what the groups do."""
    w, groups = args
    dense = np.asarray(dense, dtype=float)
    if dense.shape != (w.shape[0], w.shape[1] * groups, *w.shape[2:]):
        return False
    x = np.random.default_rng(5).standard_normal((2, dense.shape[1], 6, 5))
    return np.allclose(conv2d(x, dense), conv2d(x, w, groups=groups))


def _dense(w, groups, place):
    """Put each kernel's slices on the input channels that ``place(group, groups, each)`` names: wrong ones, below."""
    out, each = w.shape[:2]
    dense = np.zeros((out, each * groups, *w.shape[2:]))
    for o in range(out):
        dense[o, place(o, out, groups, each)] = w[o]
    return dense


def _kernels(rng):
    return (rng.standard_normal((int(rng.integers(2, 6)), int(rng.integers(1, 4)), 3, 3)),)


def _nearest(v, w):
    """The property asked in exercise 4: a separable layer's kernels, and no other such are nearer to w."""
    v, (out, c) = np.asarray(v, dtype=float), w.shape[:2]
    if v.shape != w.shape:
        return False
    spectra = [np.linalg.svd(v[:, n].reshape(out, -1), compute_uv=False) for n in range(c)]
    if any(len(s) > 1 and s[1] > 1e-9 * s[0] for s in spectra):
        return False
    least = sum(np.sum(np.linalg.svd(w[:, n].reshape(out, -1), compute_uv=False)[1:] ** 2) for n in range(c))
    return bool(np.sum((w - v) ** 2) <= least * (1 + 1e-9) + 1e-12)


EXERCISES = [
    Exercise(
        "separable-1", "separable", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the four numbers"),),
        oracle=lambda: EACH,
        mistakes=(
            Mistake("groups on one side", [*EACH[:1] * 2, *EACH[2:]],
                    "Your groups save nothing: how many input channels does each kernel of the second layer have?"),
            Mistake("groups on both sides", [EACH[0], EACH[1] // 4, *EACH[2:]],
                    "You divided by the number of groups twice. There are still 64 kernels."),
            Mistake("a kernel for each output", [*EACH[:2], EACH[3], EACH[3]],
                    "You gave each output channel a spatial kernel. Without a multiplier there is one for each input."),
            Mistake("pointwise forgotten", [*EACH[:2], 32 * 25, 64 * 25],
                    "That is the depthwise half. What mixes the channels?"),
            Mistake("orders exchanged", [*EACH[:2], EACH[3], EACH[2]],
                    "Your last two have changed places: how many channels does the depthwise half work on?"),
            Mistake("window of one axis", [n // 5 for n in EACH[:2]] + [32 * 5 + 32 * 64, 32 * 64 + 64 * 5],
                    "A window of 5 by 5 has more than five places."),
            Mistake("with biases", [n + m for n, m in zip(EACH, (64, 64, 96, 128), strict=True)],
                    "You counted the biases. Weights alone are asked for."),
            *usual(EACH, "reversed"),
        ),
    ),
    Exercise(
        "separable-2", "separable", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=tuple(Case(name, (K, tolerance)) for name, (K, tolerance, _) in CHEAPEST.items()),
        oracle=_cheapest,
        mistakes=(
            Mistake("always in passes", lambda K, tolerance: (
                        _cheapest(K, tolerance) if _cheapest(K, tolerance) < K.size
                        else np.linalg.matrix_rank(K) * np.add(*K.shape)),
                    "Yours takes passes even where the kernel as it is costs less."),
            Mistake("nothing allowed", lambda K, tolerance: _cheapest(K, 1e-9),
                    "Yours makes no use of the tolerance: which singular values may be left out?"),
            Mistake("one pair of passes", lambda K, tolerance: np.add(*K.shape),
                    "Yours takes one pair of passes always. Is one pair near enough?"),
            Mistake("only the pairs counted", lambda K, tolerance: _cheapest(K, tolerance) / np.add(*K.shape),
                    "You counted pairs of passes. What does a pair cost?"),
            Mistake("the whole of the kernel", lambda K, tolerance: K.size,
                    "Yours never uses the rank of the kernel."),
        ),
    ),
    Exercise(
        "separable-3", "separable", kind="function", cls="P", minutes=20, difficulty=2, points=4,
        cases=(
            Case("two groups of one channel", (np.arange(1.0, 9).reshape(2, 1, 2, 2), 2)),
            Case("three groups, two channels each, six kernels", (np.arange(108.0).reshape(6, 2, 3, 3) % 7 - 3, 3)),
            Case("one group", (np.arange(24.0).reshape(2, 3, 2, 2) % 5, 1)),
        ),
        generate=_grouped,
        oracle=lambda w, groups: (w, groups),
        compare=_same_layer,
        mistakes=(
            Mistake("taken in turn", lambda w, groups: _dense(
                w, groups, lambda o, out, groups, each: o % groups * each + np.arange(each)),
                "Your kernels take turns between the groups. The first kernels all belong to the first group."),
            Mistake("every how many-th channel", lambda w, groups: _dense(
                w, groups, lambda o, out, groups, each: o * groups // out + groups * np.arange(each)),
                "A group is a run of neighbouring input channels, not every second or third one."),
            Mistake("repeated", lambda w, groups: np.tile(w, (1, groups, 1, 1)),
                    "Your kernels read the channels of all groups. Which weights have to be zero?"),
            Mistake("unchanged", lambda w, groups: w.copy(),
                    "These are the weights you were given. With one group, each kernel needs a slice for every channel."),
            Mistake("zeros behind", lambda w, groups: _dense(w, groups, lambda o, out, groups, each: np.arange(each)),
                    "All your kernels read the first group."),
            Mistake("groups in reverse", lambda w, groups: _dense(
                w, groups, lambda o, out, groups, each: (groups - 1 - o * groups // out) * each + np.arange(each)),
                "Your groups are joined in reverse: the first kernels read the last channels."),
        ),
    ),
    Exercise(
        "separable-4", "separable", kind="function", cls="A", minutes=35, difficulty=3, points=6,
        cases=tuple(Case(f"{o} kernels, {c} channels", (np.random.default_rng(o).standard_normal((o, c, 3, 3)),))
                    for o, c in ((3, 1), (4, 2), (12, 3))),
        generate=_kernels,
        oracle=lambda w: w,
        compare=_nearest,
        mistakes=(
            Mistake("the mean kernel", lambda w: np.broadcast_to(w.mean(axis=0), w.shape),
                    "You gave all outputs the mean kernel of a channel. The pointwise half may weight it for each output."),
            Mistake("one kernel an output", lambda w: np.broadcast_to(w.mean(axis=1, keepdims=True), w.shape),
                    "Yours has one spatial kernel for each output. The depthwise half works on the inputs."),
            Mistake("one kernel for all", lambda w: np.broadcast_to(w.mean(axis=(0, 1)), w.shape),
                    "Yours has one spatial kernel in all. How many does the depthwise half have?"),
            Mistake("the middle weight", lambda w: w * (np.arange(9).reshape(3, 3) == 4),
                    "You kept the middle weights: that is a 1x1 convolution. What does the depthwise half add?"),
            Mistake("the first kernel's shape", lambda w: np.broadcast_to(w[:1], w.shape),
                    "You gave all outputs the kernels of the first. Nothing says that these are the best."),
            Mistake("zeros", np.zeros_like, "Those weights can be had, and are as far from w as zero is."),
            Mistake("unchanged", lambda w: w.copy(),
                    "These are the kernels you were given. A separable layer has one spatial kernel for each channel."),
        ),
    ),
    Exercise(
        "separable-5", "separable", kind="value", cls="P", minutes=10, difficulty=2, points=3,
        cases=(Case("the three intensities"),),
        oracle=lambda: INTENSITY,
        mistakes=(
            Mistake("counts numbers", [4 * n for n in INTENSITY],
                    "You divided by numbers moved. Each of them has four bytes."),
            Mistake("reads only", [2 * n for n in INTENSITY], "The results are written as well."),
            Mistake("two bytes, reads only", [n / 2 for n in INTENSITY], "You have half of what is asked: what moves, and how often?"),
            Mistake("window of one axis", [n / d for n, d in zip(INTENSITY, (3, 1, 3), strict=True)],
                    "A window of 3 by 3 has more than three places."),
            Mistake("depthwise reads all channels", [INTENSITY[0], INTENSITY[1], INTENSITY[0]],
                    "A depthwise kernel reads one channel."),
            *usual(INTENSITY, "reversed", "upside down"),
            Mistake("reads every window anew", [n * 2 / m for n, m in zip(INTENSITY, (10, 2, 10), strict=True)],
                    "You let each window fetch its pixels again. Count every pixel once, as if the cache held it."),
        ),
    ),
    Exercise(
        "separable-6", "separable", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=tuple(Case(f"{c} channels in {g} groups", (c, g)) for c, g in LAYERS),
        oracle=lambda c, g: LAYERS[c, g],
        mistakes=(
            Mistake("two always do", lambda c, g: 1 if g == 1 else 2,
                    "With many small groups two layers do not reach everything: how many inputs does one output read?"),
            Mistake("as many as groups", lambda c, g: g,
                    "Yours grows with the number of groups. What an output reads is multiplied by every layer."),
            Mistake("shuffles counted", lambda c, g: LAYERS[c, g] - 1,
                    "You counted the shuffles. Between n layers there are n - 1 of them."),
            Mistake("one for safety", lambda c, g: LAYERS[c, g] + 1,
                    "One layer fewer does it already: draw which inputs an output reads."),
            Mistake("channels of a group", lambda c, g: c // g,
                    "That is how many channels a group has. By which factor does each layer widen what an output reads?"),
            Mistake("one always", lambda c, g: 1, "One grouped layer reads its own group alone."),
        ),
    ),
    Exercise("separable-7", "separable", kind="open", cls="A", minutes=60, difficulty=3, points=6),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged", "opposite sign", "doubled", "halved"),
    2: ("one too many", "one too few", "doubled", "halved", "upside down"),
    5: ("rotated", "exchanged", "opposite sign", "rounded"),
    6: ("doubled", "halved", "upside down"),
})  # fmt: skip
