"""Exercises of the chapter "Convolution in mathematics"."""

from dataclasses import replace

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, close
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d

SIGNALS = (np.array([3.0, 1.0, 4.0, 1.0, 5.0]), np.array([2.0, 7.0, 1.0, 8.0]))


def _full(p, q):
    """The full convolution, by way of the package's cross-correlation with a flipped kernel."""
    p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    return conv2d(p[None, None], q[None, None, ::-1, ::-1].copy(), padding="full")[0, 0]


def _two_matrices(rng):
    return tuple(rng.integers(-3, 4, size=rng.integers(1, 5, size=2)).astype(float) for _ in range(2))


def _signal_and_kernel(rng):
    return (rng.standard_normal(rng.integers(5, 10)), rng.standard_normal(rng.integers(2, 5)))


def _delays(k, x):
    k = np.asarray(k, dtype=float)
    return k.shape == (3,) and np.allclose(np.convolve(x, k, "same"), np.concatenate([[0.0], x[:-1]]))


def _valid_part_is_right(length, sizes):
    """The property of exercise 6: with this length the valid part is right, with one less it is not."""
    rng = np.random.default_rng(0)
    x, k = (rng.standard_normal(n) for n in sizes)
    valid = np.convolve(x, k, "valid")

    def right(n):
        if n < len(x):
            return False  # the transform would cut the signal
        wrapped = np.fft.ifft(np.fft.fft(x, n) * np.fft.fft(k, n)).real
        return np.allclose(wrapped[len(k) - 1 : len(x)], valid)

    return int(length) == length and right(int(length)) and not right(int(length) - 1)


def _as_handed_in(*mistakes):
    """Each mistake, and again with its value rounded as the statement asks: to four digits, or to four decimals."""
    found = []
    for mistake in mistakes:
        values = [mistake.answer]
        for value in (float(f"{mistake.answer:.4g}"), round(float(mistake.answer), 4)):
            if not any(close(value, known) for known in values):
                values.append(value)
        names = (mistake.name, f"{mistake.name}, rounded", f"{mistake.name}, to four decimals")
        found += [replace(mistake, name=name, answer=value) for name, value in zip(names, values, strict=False)]
    return tuple(found)


EXERCISES = [
    Exercise(
        "convolution-in-mathematics-1", "convolution_in_mathematics", kind="value", cls="P",
        minutes=5, difficulty=1, points=2,
        cases=(Case("the five numbers"),),
        oracle=lambda: np.convolve([1, 2, 3], [0, 1, 2]),
        mistakes=(
            Mistake("correlation", np.correlate([1, 2, 3], [0, 1, 2], "full"), "You did not flip the kernel: that is cross-correlation."),
            Mistake("valid only", np.convolve([1, 2, 3], [0, 1, 2], "valid"), "You kept the place where both overlap entirely. The full convolution has five."),
            Mistake("same", np.convolve([1, 2, 3], [0, 1, 2], "same"), "You cropped to the signal's length. The full convolution has two more."),
            Mistake("the other correlation", np.correlate([0, 1, 2], [1, 2, 3], "full"), "You slid the signal over the kernel without a flip: that is cross-correlation."),
            Mistake("entry by entry", np.multiply([1, 2, 3], [0, 1, 2]), "You multiplied entry by entry. Every number of the one meets every number of the other."),
            Mistake("zero dropped", np.convolve([1, 2, 3], [1, 2]), "You dropped the zero at the front of the kernel. It holds a place: what does it do to the signal?"),
        ),
        hints=(
            "A full convolution begins where the two sequences touch in one number and ends where they part.",
            "Read the two lists as coefficients of polynomials; the convolution is their product.",
            "Write the products of all pairs into a table of 3 by 3, and add along the diagonals that run from the lower left to the upper right.",
        ),
    ),
    Exercise(
        "convolution-in-mathematics-2", "convolution_in_mathematics", kind="function", cls="A",
        minutes=15, difficulty=2, points=4,
        cases=(
            Case("(1 + z)(1 + w)", (np.array([[1.0], [1.0]]), np.array([[1.0, 1.0]]))),
            Case("two by two with two by three", (np.array([[1.0, 2], [0, -1]]), np.array([[3.0, 0, 1], [1, 1, 0]]))),
        ),
        generate=_two_matrices,
        oracle=_full,
        mistakes=(
            Mistake(
                "correlation", lambda p, q: _full(p, q[::-1, ::-1]),
                "Your second polynomial is read backwards: powers must add up, not differ.",
            ),
            Mistake(
                "transposed", lambda p, q: _full(p, q).T,
                "The variables z and w have changed places: rows are powers of z.",
            ),
            Mistake(
                "size of the first", lambda p, q: _full(p, q)[: p.shape[0], : p.shape[1]],
                "Your product has no higher powers than its first factor. What is the degree of a product?",
            ),
            Mistake(
                "one row too many", lambda p, q: np.pad(_full(p, q), ((0, 1), (0, 1))),
                "Your matrix has a row and a column of zeros too many: degrees add up, and begin at zero.",
            ),
            Mistake(
                "second turned over", lambda p, q: _full(p, q.T),
                "Rows and columns of your second polynomial have changed places: rows are powers of z in both.",
            ),
            Mistake(
                # the last term to reach a place belongs to the highest power of p that can
                "overwritten", lambda p, q: (
                    np.pad(p, ((0, q.shape[0] - 1), (0, q.shape[1] - 1)), "edge")
                    * np.pad(q, ((p.shape[0] - 1, 0), (p.shape[1] - 1, 0)), "edge")
                ),
                "Several products belong to the same power. Yours keeps the last of them in place of their sum.",
            ),
            *usual(_full, "half a turn", "flat"),
        ),
        hints=(
            "The product of two terms adds their exponents, in z and in w separately.",
            "Each coefficient of p, times each of q, goes to one place of the result; several land on the same place and add up.",
            "How many rows does the result have, when the highest powers of z in p and in q are known? Make a matrix of zeros of that shape.",
        ),
    ),
    Exercise(
        "convolution-in-mathematics-3", "convolution_in_mathematics", kind="function", cls="P",
        minutes=8, difficulty=1, points=2,
        cases=(Case("five with three", (np.array([2.0, 0, 1, 3, 1]), np.array([1.0, 2, -1]))),),
        generate=_signal_and_kernel,
        oracle=lambda x, k: np.correlate(x, k, "valid"),
        mistakes=(
            Mistake("no flip", lambda x, k: np.convolve(x, k, "valid"), "That is the convolution: numpy.convolve flips the kernel."),
            Mistake("signal flipped", lambda x, k: np.convolve(x[::-1], k, "valid"), "You flipped the signal, so the result comes out backwards."),
            Mistake("full", lambda x, k: np.convolve(x, k[::-1]), "You kept the places where the kernel hangs over the ends."),
            Mistake("same", lambda x, k: np.convolve(x, k[::-1], "same"), "You cropped to the signal's length: some places at the ends still hang over."),
            Mistake("full and no flip", np.convolve, "You kept the places at the ends, and numpy.convolve has flipped the kernel."),
            Mistake("nothing", lambda x, k: 0 * np.correlate(x, k, "valid"), "Everything is zero. Was an array of zeros never filled, or did you multiply in place of adding?"),
            Mistake("one place on", lambda x, k: np.correlate(np.roll(x, -1), k, "valid"), "Your kernel lies one place too far along the signal."),
            Mistake("both flipped", lambda x, k: np.convolve(x[::-1], k[::-1], "valid"), "You flipped the signal as well, so the kernel meets it backwards."),
        ),
        hints=(
            "A convolution does one thing more than a cross-correlation does.",
            "Doing that thing twice undoes it.",
            "Look up what mode= does to the length of the result, and choose the mode whose length fits.",
        ),
    ),
    Exercise(
        "convolution-in-mathematics-4", "convolution_in_mathematics", kind="value", cls="A",
        minutes=8, difficulty=1, points=2,
        cases=tuple(Case(f"a signal of {len(x)}", (x,)) for x in SIGNALS),
        oracle=lambda x: x,
        compare=_delays,
        mistakes=(
            Mistake("an advance", [1, 0, 0], "Yours fetches the next sample instead of the last one. Think of the flip."),
            Mistake("the identity", [0, 1, 0], "A one in the middle leaves the signal where it is."),
            Mistake("a difference", [-1, 0, 1], "Yours compares neighbours. A delay copies one sample."),
            Mistake("smeared", [0, 0.5, 0.5], "Yours mixes two samples. A delay copies one."),
            Mistake("too long", [0, 0, 0, 1], "A kernel of three numbers is asked for."),
            Mistake("for the full convolution", [0, 1], "That delays in the full convolution. Here three numbers are asked for, and \"same\" takes the middle one as the present."),
        ),
        hints=(
            "Only one sample contributes to each output, unchanged. How many weights are then not zero?",
            'In a convolution the weight k[m] multiplies a sample m places earlier; "same" cuts the ends so that the middle weight is the present.',
            "Try the single one at the middle weight: it delays by nothing. Now ask which neighbour of the middle reaches into the past.",
        ),
    ),
    Exercise(
        "convolution-in-mathematics-5", "convolution_in_mathematics", kind="value", cls="P",
        minutes=8, difficulty=2, points=2,
        cases=(Case("the area, to four digits", ()),),
        oracle=lambda: 0.95661,
        compare=lambda got, expected: abs(got - expected) < 1e-4,
        mistakes=_as_handed_in(
            Mistake("height times width", 1.0, "The half disc is not flat above the box: its height falls from the middle to the sides."),
            Mistake("the whole half disc", np.pi / 2, "That is the area of the whole half disc; the box covers only its middle."),
            Mistake("half the box", np.sqrt(3) / 8 + np.pi / 12, "You integrated over half of the box: it lies on both sides of t."),
            Mistake("degrees", np.sqrt(3) / 4 + 30.0, "Your angle is in degrees. The integral needs it in radians."),
            Mistake("the segment", np.pi / 6, "You kept the sector and left out the triangle, or the other way round."),
            Mistake("the triangle", np.sqrt(3) / 4, "You kept the triangle and left out the sector."),
            Mistake("width two", np.sqrt(3) / 2 + np.pi / 3, "You have twice of what is asked: the box is one wide in all."),
        ),
        hints=(
            "At t = 0 the box lies in the middle of the half disc: the value is the area of the part above it.",
            "The height of the half disc at u is the root of 1 - u squared, and F is the function with this derivative.",
            "Write the two ends of the overlap, and use that the area is symmetric about zero.",
        ),
    ),
    Exercise(
        "convolution-in-mathematics-6", "convolution_in_mathematics", kind="value", cls="A",
        minutes=10, difficulty=2, points=2,
        cases=(Case("the valid part is right, and with one less it is not", ((100, 28),)),),
        oracle=lambda sizes: sizes,
        compare=_valid_part_is_right,
        mistakes=(
            Mistake("the full length", 100 + 28 - 1, "That length keeps all of the full result. The question is about the valid part."),
            Mistake("a power of two", 2**7, "A power of two is quick, but not needed."),
            Mistake("the valid length", 100 - 28 + 1, "That is how many numbers the valid part has. The transform has to hold the signal."),
            Mistake("one less", 100 - 1, "That transform would cut the signal."),
            Mistake("one less than the full length", 100 + 28 - 2, "That length wraps one number around, and the valid part lies further in. How many may wrap?"),
            Mistake("the kernel's length", 28, "The transform has to hold the signal, not only the kernel."),
            Mistake("one more", 100 + 1, "That length does it, and there is a smaller one."),
        ),
        hints=(
            "With transforms of length n the full result is wound around a clock of n hours. Which hours are hit twice?",
            "What is too long at the end lands at the beginning. Wrong places are harmless while they lie before the valid part.",
            "How long is the full result, and at which index does the valid part begin? Try it with a signal of 5 and a kernel of 3 first.",
        ),
    ),
    Exercise(
        "convolution-in-mathematics-7", "convolution_in_mathematics", kind="open", cls="P",
        minutes=25, difficulty=3, points=5,
        hints=(
            "Crop after the first layer, and something is lost that the second would have read.",
            "A place is safe if all that it reads of the first result was kept. Which of the two kernels decides how far it reads?",
            "Try kernels of 3 and 3, then 5 and 3, then 3 and 5, on random signals, and count differing places at each end.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("reversed", "rotated", "exchanged", "one too many", "one too few"),
    2: ("opposite sign", "doubled", "halved"),
    3: ("rotated", "exchanged", "opposite sign", "doubled", "halved", "rounded"),
})  # fmt: skip
