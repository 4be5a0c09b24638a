"""Exercises of the chapter "Grouped, depthwise and separable convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.ops import conv2d

ROW, COLUMN = np.array([1.0, 4, 6, 4, 1]), np.array([1.0, 2, 0, -2, -1])
PLANE = np.add.outer(np.arange(7.0) - 3, np.arange(7.0) - 3)  # row + column: rank 2
RING = np.hypot(*np.mgrid[-4:5, -4:5]).round().clip(0, 4)
# (kernel, tolerance) -> multiplications a pixel, recorded
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


def _onto(w, depthwise):
    """Bring each slice of w to the nearest multiple of its channel's kernel in `depthwise` (C, k, k)."""
    share = np.einsum("ocuv,cuv->oc", w, depthwise) / np.sum(depthwise**2, axis=(1, 2))
    return np.einsum("oc,cuv->ocuv", share, depthwise)


EXERCISES = [
    Exercise(
        "separable-1", "separable", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the four numbers"),),
        oracle=lambda: [51_200, 12_800, 2_848, 3_648],
        mistakes=(
            Mistake("groups on one side", [51_200, 51_200, 2_848, 3_648],
                    "Your groups save nothing: how many input channels does each kernel of the second layer have?"),
            Mistake("groups on both sides", [51_200, 3_200, 2_848, 3_648],
                    "You divided by the number of groups twice. There are still 64 kernels."),
            Mistake("a kernel for each output", [51_200, 12_800, 3_648, 3_648],
                    "You gave each output channel a spatial kernel. Without a multiplier there is one for each input."),
            Mistake("pointwise forgotten", [51_200, 12_800, 800, 1_600],
                    "That is the depthwise half. What mixes the channels?"),
        ),
    ),
    Exercise(
        "separable-2", "separable", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=tuple(Case(name, (K, tolerance)) for name, (K, tolerance, _) in CHEAPEST.items()),
        oracle=lambda K, tolerance: next(n for k, t, n in CHEAPEST.values() if np.array_equal(k, K) and t == tolerance),
        mistakes=(
            Mistake("always in passes", lambda K, tolerance: int(
                next(r for r in range(1, 10) if np.sqrt((np.linalg.svd(K)[1][r:] ** 2).sum())
                     <= tolerance * np.linalg.norm(K)) * sum(K.shape)),
                "Yours takes passes even where the kernel as it is costs less."),
            Mistake("tolerance of one singular value", lambda K, tolerance: int(
                min(K.size, sum(K.shape) * max(1, int((np.linalg.svd(K)[1] > tolerance * np.linalg.svd(K)[1][0]).sum())))),
                "You compared each singular value with the largest. The error is made of all that are left out."),
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
            Mistake("the mean kernel", lambda w: _onto(w, w.mean(axis=0)),
                    "The mean of a channel's slices is not the slice that all of them are nearest to multiples of."),
            Mistake("spatial rank", lambda w: np.stack(
                [[np.outer(u[:, 0], v[0]) * s[0] for u, s, v in map(np.linalg.svd, kernel)] for kernel in w]),
                "Yours makes each slice a column times a row. Which slices have to be multiples of each other?"),
            Mistake("unchanged", lambda w: w.copy(),
                    "These are the kernels you were given. A separable layer has one spatial kernel for each channel."),
        ),
    ),
    Exercise(
        "separable-5", "separable", kind="value", cls="P", minutes=10, difficulty=2, points=3,
        cases=(Case("the three intensities"),),
        oracle=lambda: [144.0, 16.0, 1.125],
        mistakes=(
            Mistake("counts numbers", [576.0, 64.0, 4.5],
                    "You divided by numbers moved. Each of them has four bytes."),
            Mistake("reads only", [288.0, 32.0, 2.25], "The results are written as well."),
            Mistake("reads every window anew", [28.8, 16.0, 0.225],
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
        ),
    ),
    Exercise("separable-7", "separable", kind="open", cls="A", minutes=60, difficulty=3, points=6),
]  # fmt: skip
