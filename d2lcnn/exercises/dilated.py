"""Exercises of the chapter "Dilated convolution"."""

from itertools import product

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv1d, conv_matrix
from d2lcnn.shapes import Window, conv_output_size, effective_kernel_size, path_counts, receptive_field

STRIDED = [Window(3, p=1), Window(3, s=2, p=1), Window(3, p=1)]
TWICE = [Window(3, s=2, p=1), Window(2, s=2), Window(3, p=2, d=2)]
SPAN = 40  # pixels of the line on which exercises 3 and 4 are judged


def _four_lengths(span=effective_kernel_size, shortens=0):
    """Follow 64 steps through the layers of exercise 1, with a formula for the span of a kernel."""
    a = conv_output_size(64, span(3, 2))
    b = a - shortens * (span(5, 4) - 1)
    return [a, b, b, conv_output_size(b, span(2, 8))]


def _strided(rng):
    count = int(rng.integers(2, 4))
    return ([Window(int(rng.integers(2, 4)), int(rng.integers(1, 3)), int(rng.integers(0, 2)),
                    int(rng.integers(1, 3))) for _ in range(count)],)  # fmt: skip


def _dilations_and_step(rng):
    return [int(d) for d in rng.integers(1, 5, 3)], int(rng.integers(2, 4)), int(rng.integers(1, 6))


def _line_matrix(windows, kernels):
    """Return the matrix of a stack on a line of `SPAN` pixels; row n belongs to output n."""
    product, n = np.eye(SPAN), SPAN
    for (k, s, p, d), kernel in zip(windows, kernels, strict=True):
        matrix = conv_matrix(kernel.reshape(1, k), (1, n), stride=(1, s), padding=(0, p), dilation=(1, d))
        product, n = matrix @ product, len(matrix)
    return product


def _same_outputs(answer, windows):
    """The property asked in exercise 3: stride 1 throughout, and every J-th output is an output of the strided stack."""
    dense = [Window(*window) for window in answer]
    if [w.s for w in dense] != [1] * len(windows) or [w.k for w in dense] != [w.k for w in windows]:
        return False
    rng = np.random.default_rng(0)
    kernels = [rng.uniform(1, 2, w.k) for w in windows]
    expected, got = _line_matrix(windows, kernels), _line_matrix(dense, kernels)
    got = got[:: receptive_field(windows).jump]
    return got.shape == expected.shape and np.allclose(got, expected)


def _shared(dilations, k, m):
    windows = [Window(k, d=d) for d in dilations]
    rows = _line_matrix(windows, [np.ones(k)] * len(windows))
    return int(np.count_nonzero(rows[0] * rows[m]))


def _design(dilations, asked):
    """The properties asked in exercise 2, one at a time."""
    try:
        windows = [Window(3, d=int(d)) for d in dilations]
        size = receptive_field(windows).size
    except (TypeError, ValueError):
        return False
    return {
        "layers": len(windows) == 5,
        "different": len({w.d for w in windows}) == 5,
        "size": size == 101,
        "holes": 0 not in path_counts(windows),
    }[asked]


def faulty_causal(x, w, d):
    """Return what the function of exercise 6 returns: a "same" convolution, rolled to the right.

    Parameters
    ----------
    x : (N, C_in, L) array
        Sequences.
    w : (C_out, C_in, k) array
        Kernels, k odd.
    d : int
        Dilation.

    Returns
    -------
    (N, C_out, L) array
    """
    y = conv1d(x, w, padding="same", dilation=d)
    return np.roll(y, d * (w.shape[2] - 1) // 2, axis=2)


def _lonely(axes=2):
    """Pixels of the field, pixels seen, and paths from the middle one, of the layers of exercise 5."""
    counts = path_counts([Window(3, d=d) for d in (2, 4, 8)])
    return [len(counts) ** axes, np.count_nonzero(counts) ** axes, int(counts[len(counts) // 2]) ** axes]


def _leaks(answer, asked):
    """The properties asked in exercise 6, one at a time."""
    t, n = (int(v) for v in answer)
    x, w = np.zeros((1, 1, 12)), np.arange(1.0, 4.0).reshape(1, 1, 3)
    if asked == "order":
        return 0 <= n < t < 12
    before = faulty_causal(x, w, 2)
    x[0, 0, t] = 1
    return bool(before[0, 0, n] != faulty_causal(x, w, 2)[0, 0, n])


EXERCISES = [
    Exercise(
        "dilated-1", "dilated", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the four lengths"),),
        oracle=lambda: _four_lengths(),
        mistakes=(
            Mistake(
                "dilation ignored", _four_lengths(lambda k, d: k),
                "You took the kernels as they are without holes. How many steps does each span?",
            ),
            Mistake(
                "span is d times k", _four_lengths(lambda k, d: k * d),
                "You multiplied dilation and kernel size. Between k taps there are only k - 1 distances.",
            ),
            Mistake(
                "causal shortens", _four_lengths(shortens=1),
                'You let the causal layer shorten the sequence. Keras fills up in front: padding="causal" pads.',
            ),
            Mistake(
                "everything pads", [64] * 4,
                'Keras pads only where it is told to: the default is padding="valid".',
            ),
            Mistake(
                "one tap more", _four_lengths(lambda k, d: d * (k - 1)),
                "Off by one: the span of a kernel counts both of its ends.",
            ),
            Mistake("channels", [16, 32, 8, 8], "Those are the channels. The lengths are asked for."),
            *usual(_four_lengths(), "reversed", "one too many", "one too few"),
        ),
    ),
    Exercise(
        "dilated-2", "dilated", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("five layers", ("layers",)),
            Case("no dilation twice", ("different",)),
            Case("a field of 101 pixels", ("size",)),
            Case("no hole", ("holes",)),
        ),
        oracle=lambda asked: asked,
        compare=_design,
        mistakes=(
            Mistake(
                "doubling", [1, 2, 4, 8, 16],
                "Doubling leaves no hole and does not reach this size. How much more may a layer jump?",
            ),
            Mistake(
                "a leap at the end", [1, 2, 4, 8, 35],
                "The size is right. Is the largest dilation at most what the four other layers see together?",
            ),
            Mistake("all alike", [10] * 5, "The size is right, and all dilations share a factor. How many pixels are seen?"),
            Mistake("four layers", [1, 3, 9, 27], "Five layers are asked for."),
            Mistake("in steps", [1, 2, 3, 4, 5], "Your field has 31 pixels. How much more may a layer jump, and leave no hole?"),
            Mistake("even", [2, 4, 6, 8, 30], "All your dilations are even. Can an output see a pixel at an odd distance?"),
            Mistake("tripled", [1, 3, 9, 27, 81], "Tripling leaves no hole, and its field is larger than asked."),
            Mistake("multiples of ten", [2, 5, 8, 15, 20], "The size is right. Does the second-largest dilation reach across what the smaller ones see?"),
        ),
    ),
    Exercise(
        "dilated-3", "dilated", kind="function", cls="P", minutes=20, difficulty=2, points=4,
        cases=(
            Case("one stride among three layers", (STRIDED,)),
            Case("two strides, and a dilation above them", (TWICE,)),
            Case("a stride in the last layer", ([Window(3), Window(3, s=2)],)),
        ),
        generate=_strided,
        oracle=lambda windows: windows,
        compare=_same_outputs,
        mistakes=(
            Mistake(
                "strides removed only", lambda windows: [Window(k, 1, p, d) for k, _, p, d in windows],
                "You removed the strides and left the layers above them as they were. Which pixels did they read before?",
            ),
            Mistake(
                "padding kept", lambda windows: _densify_without_padding(windows),
                "The dilations are right. A padding of p cells was p cells of the small map. How many of the large one?",
            ),
            Mistake(
                "own stride counted", lambda windows: _densify_too_early(windows),
                "You let a layer's own stride spread its own kernel. The stride thins out what the layers above it read.",
            ),
        ),
    ),
    Exercise(
        "dilated-4", "dilated", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=(
            Case("neighbours, dilations 2, 2, 2", ([2, 2, 2], 3, 1)),
            Case("neighbours, dilations 1, 2, 5", ([1, 2, 5], 3, 1)),
            Case("two plain layers, two pixels apart", ([1, 1], 3, 2)),
            Case("dilations 3, 3, three pixels apart", ([3, 3], 3, 3)),
            Case("too far apart", ([1, 2], 2, 9)),
        ),
        generate=_dilations_and_step,
        oracle=_shared,
        mistakes=(
            Mistake(
                "spans", lambda dilations, k, m: max(0, sum(dilations) * (k - 1) + 1 - m),
                "You count the pixels that both fields reach around. A field may have holes, and two fields may interlock.",
            ),
            Mistake(
                "distance ignored", lambda dilations, k, m: _shared(dilations, k, 0),
                "You count what one output sees. The field of output m lies m pixels further on.",
            ),
            Mistake(
                "other direction twice", lambda dilations, k, m: _shared(dilations, k, 2 * m),
                "You moved both fields. Output m lies m pixels from output 0.",
            ),
            Mistake(
                "off by one", lambda dilations, k, m: _shared(dilations, k, m + 1),
                "Off by one: neighbours are one pixel apart.",
            ),
            Mistake(
                "not shared", lambda dilations, k, m: _shared(dilations, k, 0) - _shared(dilations, k, m),
                "You count the pixels that only one of the two sees.",
            ),
            Mistake(
                "seen by either", lambda dilations, k, m: 2 * _shared(dilations, k, 0) - _shared(dilations, k, m),
                "You count the pixels that either of the two sees.",
            ),
            Mistake(
                "dilation ignored", lambda dilations, k, m: _shared([1] * len(dilations), k, m),
                "You left the dilations out.",
            ),
            *usual(_shared, "one too many", "doubled"),
        ),
    ),
    Exercise(
        "dilated-5", "dilated", kind="value", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("field, pixels seen, paths from the middle pixel"),),
        oracle=lambda: _lonely(),
        mistakes=(
            Mistake("everything seen", [_lonely()[0]] * 2 + _lonely()[2:], "All three dilations are even. Can an output see a pixel at an odd distance?"),
            Mistake("one axis", _lonely(axes=1), "These are the numbers along one axis. The field is a square."),
            Mistake(
                "27 taps", [_lonely()[0], 3 * 9, 1],
                "You counted the taps of the three kernels. Each tap of one layer reads a place with nine taps of its own.",
            ),
            Mistake(
                "most paths in the middle", [*_lonely()[:2], 9],
                "Nine is the largest count of the map, and it does not stand in the middle. In how many ways is 14 a sum?",
            ),
            Mistake(
                "spans added", [(5 + 9 + 17) ** 2, *_lonely()[1:]],
                "You added the spans. Between k taps there are k - 1 distances, and the first pixel counts once.",
            ),
            Mistake(
                "9 taps thrice", [_lonely()[0], 9**3, 1],
                "You counted paths. Several of them end at the same pixel.",
            ),
            Mistake(
                "no path in the middle", [*_lonely()[:2], 0],
                "Is the pixel in the middle out of reach? Let each layer take its middle tap.",
            ),
            *usual(_lonely(), "reversed", "exchanged"),
        ),
    ),
    Exercise(
        "dilated-6", "dilated", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("a step of the input after an output", ("order",)),
            Case("the output depends on it", ("depends",)),
        ),
        oracle=lambda asked: asked,
        compare=_leaks,
        mistakes=(
            Mistake(
                "no leap back", (3, 5),
                "This output comes after the step it depends on, as it may. Look for one that comes before.",
            ),
            *(
                Mistake(f"reversed pair {t}, {n}", (n, t), "Your pair is reversed: the step of the input comes first, then the output.")
                for t, n in product(range(12), repeat=2) if _leaks((t, n), "order") and _leaks((t, n), "depends")
            ),
            Mistake("the same step", (6, 6), "An output may read the step it stands at. Look for one that comes before."),
            Mistake(
                "the last step and the first output", (11, 0),
                "The pair is in the forbidden order, and the output does not depend on that step: the taps lie two steps apart.",
            ),
        ),
    ),
    Exercise(
        "dilated-7", "dilated", kind="open", cls="A", minutes=60, difficulty=3, points=6,
    ),
]  # fmt: skip


def _densify_without_padding(windows):
    """The mistake of exercise 3 that spreads the kernels and not the padding."""
    found, jump = [], 1
    for k, s, p, d in windows:
        found.append(Window(k, 1, p, d * jump))
        jump *= s
    return found


def _densify_too_early(windows):
    """The mistake of exercise 3 that multiplies by a layer's own stride."""
    found, jump = [], 1
    for k, s, p, d in windows:
        jump *= s
        found.append(Window(k, 1, p * jump, d * jump))
    return found

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated",),
    4: ("one too few", "halved", "upside down"),
    5: ("rotated", "one too many", "one too few"),
})  # fmt: skip
