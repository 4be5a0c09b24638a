"""Exercises of the chapter "Transposed convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, close
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv_transpose2d

# exercise 4: smallest and largest number of stamps on a row far from the border, by (k, s, d); recorded
COUNTS = {
    (3, 2, 1): (1, 2), (4, 2, 1): (2, 2), (5, 2, 1): (2, 3), (5, 3, 1): (1, 2), (6, 3, 1): (2, 2), (2, 3, 1): (0, 1),
    (4, 2, 2): (0, 4), (3, 2, 3): (1, 2), (6, 4, 2): (0, 3), (6, 3, 2): (2, 2), (4, 6, 3): (0, 2), (3, 1, 2): (3, 3),
}  # fmt: skip
# the same without holes, for kernels of k and of the span of a kernel with holes: what those two mistakes answer
PLAIN = {
    **{(k, s): counts for (k, s, d), counts in COUNTS.items() if d == 1},
    (6, 4): (1, 2), (4, 6): (0, 1), (3, 1): (3, 3), (7, 2): (3, 4), (11, 4): (2, 3), (11, 3): (3, 4), (10, 6): (1, 2),
    (5, 1): (5, 5),
}  # fmt: skip


def _scattered(y, K, s, p, a):
    y, K = np.asarray(y, dtype=float), np.asarray(K, dtype=float)
    return conv_transpose2d(y[None, None], K[None, None], stride=s, padding=p, output_padding=a)[0, 0]


STAMP = (1, 3, 2, 1)


def _stamped(kernel=STAMP, p=2, a=1):
    """The transposed convolution of exercise 1."""
    y, w = np.array([2.0, 0, 1]).reshape(1, 1, 1, 3), np.asarray(kernel, dtype=float).reshape(1, 1, 1, 4)
    return conv_transpose2d(y, w, stride=(1, 2), padding=(0, p), output_padding=(0, a))[0, 0, 0]


def _map_and_kernel(rng):
    k, s = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    p, a = int(rng.integers(1, k - 1)), int(rng.integers(1, s))
    return rng.standard_normal((int(rng.integers(3, 6)), int(rng.integers(3, 6)))), rng.standard_normal((k, k)), s, p, a


def _zeros_then(y, K, s, p, a, *, gap=None, frame=None, before=0, flip=True):
    """Zero insertion with one thing wrong: the gap, the frame, the side of the output padding, or the flip."""
    frame = len(K) - 1 - p if frame is None else frame
    gap = s if gap is None else gap
    wide = np.zeros([(n - 1) * gap + 1 for n in np.shape(y)])
    wide[::gap, ::gap] = y
    wide = np.pad(wide, (frame + before, frame + a - before))
    windows = np.lib.stride_tricks.sliding_window_view(wide, np.shape(K))
    return np.einsum("ijuv,uv->ij", windows, np.asarray(K)[::-1, ::-1] if flip else K)


def _sequence(rng):
    n, s = int(rng.integers(3, 6)), int(rng.integers(1, 4))
    return rng.standard_normal(n), rng.standard_normal(int(rng.integers(2, min(5, n * s)))), s


def _is_the_adjoint(got, args):
    """The property asked in exercise 2: a unit vector's inner products are those of the circular convolution."""
    return close(got, _inner_products(*args))


def _inner_products(y, w, s):
    """Inner products of y with the circular convolutions of all unit vectors."""
    n = len(y) * s
    rows = (s * np.arange(len(y))[:, None] + np.arange(len(w))) % n
    return np.array([y @ (unit[rows] @ w) for unit in np.eye(n)])


def _phases(K, s):
    return np.asarray(K, dtype=float).reshape(len(K) // s, s, len(K) // s, s).sum(axis=(0, 2))


def _is_the_nearest_flat_kernel(got, args):
    """The property asked in exercise 6: equal phases, total kept, and one number added to all weights of a phase."""
    K, s = args
    if np.shape(got) != np.shape(K):
        return False
    change = np.asarray(got, dtype=float) - K
    sums = _phases(got, s)
    return (close(sums, np.full((s, s), sums[0, 0])) and close(np.sum(got), np.sum(K))
            and close(change, np.tile(change[:s, :s], (len(K) // s,) * 2)))


def _even_kernel(rng):
    s = int(rng.integers(2, 4))
    return rng.uniform(0.5, 1.5, (s * int(rng.integers(1, 4)),) * 2), s


EXERCISES = [
    Exercise(
        "transposed-convolution-1", "transposed_convolution", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the five numbers"),),
        oracle=lambda: _stamped(),
        mistakes=(
            Mistake(
                "flip", _stamped(np.array(STAMP)[::-1]),
                "You stamped with the reversed kernel. The flip belongs to the window that reads, not to the stamp.",
            ),
            Mistake(
                "total padding", _stamped(p=1),
                "You cut one value at each end. Here, as in PyTorch, padding is the number on each side, not the total.",
            ),
            Mistake(
                "output padding at the front", _stamped(p=0, a=0)[1:-2],
                "You moved the cut at the front. Output padding moves the one at the far end.",
            ),
            Mistake(
                "output padding of zeros", np.append(_stamped(a=0), 0),
                "You appended a zero. Output padding uncovers what the last stamp has put there.",
            ),
            Mistake("no output padding", _stamped(a=0), "One value is missing: what does output padding do?"),
            Mistake(
                "nothing cut", _stamped(p=0, a=0),
                "Those are all the stamps. Padding crops a transposed convolution.",
            ),
            Mistake(
                "stride 1", np.convolve([2, 0, 1], STAMP)[2:-1],
                "Your stamps lie one step apart. With stride 2 they lie two apart.",
            ),
            Mistake(
                "nothing cut, and one more", np.append(_stamped(p=0, a=0), 0),
                "You have cut nothing, and appended a zero. Padding crops a transposed convolution.",
            ),
            *usual(_stamped(), "reversed"),
        ),
    ),
    Exercise(
        "transposed-convolution-2", "transposed_convolution", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(
            Case("one value, three weights", (np.array([0.0, 1.0, 0.0]), np.array([1.0, 2.0, 3.0]), 1)),
            Case("a stamp that leaves at the end", (np.array([0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0]), 2)),
            Case("overlaps", (np.array([1.0, -2.0, 3.0, 0.5]), np.array([1.0, 2.0, 3.0, 5.0]), 2)),
        ),
        generate=_sequence,
        oracle=lambda *args: args,
        compare=_is_the_adjoint,
        mistakes=(
            Mistake(
                "cropped", lambda y, w, s: _inner_products(np.append(y, 0 * w), w, s)[: len(y) * s],
                "What hangs over the end was cut off. In a circular convolution nothing is outside: where does it go?",
            ),
            Mistake(
                "flip", lambda y, w, s: _inner_products(y, w[::-1], s),
                "You stamped with the reversed kernel. Stamps carry the kernel as it is.",
            ),
            Mistake(
                "shifted", lambda y, w, s: np.roll(_inner_products(y, w, s), -(len(w) // 2)),
                "Your stamps are centred. The convolution of the statement reads from its place onwards.",
            ),
            Mistake(
                "not folded", lambda y, w, s: _inner_products(np.append(y, 0 * w), w, s)[: len(y) * s + len(w) - 1],
                "Your line is too long: what leaves it at the end comes in again at the beginning.",
            ),
            Mistake(
                "one step late", lambda y, w, s: np.roll(_inner_products(y, w, s), 1),
                "Your line is turned by one step: the first weight of a stamp meets place j s.",
            ),
            Mistake(
                "one step early", lambda y, w, s: np.roll(_inner_products(y, w, s), -1),
                "Your line is turned by one step: the first weight of a stamp meets place j s.",
            ),
            *usual(_inner_products, "reversed", "opposite sign"),
        ),
    ),
    Exercise(
        "transposed-convolution-3", "transposed_convolution", kind="function", cls="P", minutes=25, difficulty=2, points=4,
        cases=(
            Case("stride 2", (np.arange(1.0, 5).reshape(2, 2), np.arange(1.0, 10).reshape(3, 3), 2, 1, 1)),
            Case("kernel 5", (np.arange(9.0).reshape(3, 3), np.arange(25.0).reshape(5, 5), 2, 3, 1)),
            Case("stride 3", (np.arange(1.0, 5).reshape(2, 2), np.arange(16.0).reshape(4, 4), 3, 1, 2)),
        ),
        generate=_map_and_kernel,
        oracle=_scattered,
        mistakes=(
            Mistake(
                "flip forgotten", lambda *args: _zeros_then(*args, flip=False),
                "You forgot the flip: the window that reads needs the kernel reversed in both directions.",
            ),
            Mistake(
                "s zeros", lambda y, K, s, p, a: _zeros_then(y, K, s, p, a, gap=s + 1),
                "Off by one: with s zeros between neighbours they stand s + 1 apart. They shall stand s apart.",
            ),
            Mistake(
                "frame of k - p", lambda y, K, s, p, a: _zeros_then(y, K, s, p, a, frame=len(K) - p),
                "Off by one: the first window shall end on the first value when p = 0. How many rows are before it then?",
            ),
            Mistake(
                "total padding", lambda y, K, s, p, a: _zeros_then(y, K, s, p, a, frame=len(K) - 1 - p // 2),
                "You halved p. It is the padding on each side already, not the total.",
            ),
            Mistake(
                "frame of p", lambda y, K, s, p, a: _zeros_then(y, K, s, p, a, frame=p),
                "You framed with p. That is the padding of the convolution; its transpose needs the opposite.",
            ),
            Mistake(
                "wrong side", lambda y, K, s, p, a: _zeros_then(y, K, s, p, a, before=a),
                "Your output padding stands at the top and at the left. It belongs to the far ends.",
            ),
            Mistake(
                "no output padding", lambda y, K, s, p, a: _scattered(y, K, s, p, 0),
                "The output padding is missing.",
            ),
            Mistake(
                "padding of zeros", lambda y, K, s, p, a: np.pad(_scattered(y, K, s, p, 0), (0, a)),
                "You appended zeros. Output padding uncovers what the stamps have put there.",
            ),
            Mistake(
                "nothing cut", lambda y, K, s, p, a: _scattered(y, K, s, 0, a),
                "Nothing is cut at the borders. Where does the padding come in?",
            ),
            Mistake(
                "stride forgotten", lambda y, K, s, p, a: _zeros_then(y, K, s, p, a, gap=1),
                "No zeros stand between your values.",
            ),
            Mistake(
                "kernel transposed", lambda y, K, s, p, a: _scattered(y, np.transpose(K), s, p, a),
                "You transposed the kernel. A transposed convolution transposes the matrix; the kernel is turned by half a turn.",
            ),
            *usual(_scattered, "transposed"),
        ),
    ),
    Exercise(
        "transposed-convolution-4", "transposed_convolution", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=tuple(Case(f"k={k}, s={s}, d={d}", (k, s, d)) for k, s, d in COUNTS),
        oracle=lambda k, s, d: COUNTS[k, s, d],
        mistakes=(
            Mistake(
                "dilation ignored", lambda k, s, d: PLAIN[k, s],
                "Right without dilation. With it, taps stand d apart: can they reach every remainder by s?",
            ),
            Mistake(
                "span for size", lambda k, s, d: PLAIN[d * (k - 1) + 1, s],
                "You counted all rows under the stamp. Its holes put nothing down.",
            ),
            Mistake(
                "all taps", lambda k, s, d: (k, k),
                "Every row gets a share of the taps only: stamps stand s rows apart.",
            ),
            Mistake(
                "largest twice", lambda *sizes: (COUNTS[sizes][1],) * 2,
                "Your counts are always equal. Rows with different remainders by s get different numbers of stamps.",
            ),
            Mistake(
                "smallest twice", lambda *sizes: (COUNTS[sizes][0],) * 2,
                "Your counts are always equal. Rows with different remainders by s get different numbers of stamps.",
            ),
            Mistake(
                "none never", lambda *sizes: (max(1, COUNTS[sizes][0]), COUNTS[sizes][1]),
                "Your smallest count is one at least. Can there be rows that no stamp reaches?",
            ),
            Mistake(
                "two axes", lambda *sizes: np.square(COUNTS[sizes]),
                "You counted along two axes. One is asked for.",
            ),
            *usual(lambda *sizes: COUNTS[sizes], "reversed"),
        ),
    ),
    Exercise(
        "transposed-convolution-5", "transposed_convolution", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the two numbers"),),
        oracle=lambda: [1024, 4096],
        mistakes=(
            Mistake("one axis", [8 * 4, 16 * 4], "That is one axis. A map of 8 by 8 has 64 values and a kernel 16 weights."),
            Mistake("inputs twice", [8**2 * 4**2] * 2, "A window stands at every output, not at every input."),
            Mistake(
                "stride missed", [8**2 * 4**2, 10**2 * 4**2],
                "Your stretched map has 10 rows of outputs, as if the stride were 1. How many outputs has stride 2?",
            ),
            Mistake("one axis of the kernel", [8**2 * 4, 16**2 * 4], "A kernel of 4 by 4 has more than four weights."),
            Mistake("cropped products left out", [31**2, 16**2 * 4**2], "You left out the products that are cropped. They are computed too, and the statement counts them."),
            Mistake("nothing cropped", [8**2 * 4**2, 18**2 * 4**2], "Your windows stand at every place of the uncropped output. How large is the output?"),
            Mistake("the stretched map", [8**2 * 4**2, 15**2 * 4**2], "A window stands at every output, and there are more of them than places of the stretched map."),
            *usual([8**2 * 4**2, 16**2 * 4**2], "reversed"),
        ),
    ),
    Exercise(
        "transposed-convolution-6", "transposed_convolution", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=(
            Case("kernel 2, stride 2", (np.array([[1.0, 2.0], [3.0, 6.0]]), 2)),
            Case("kernel 4, stride 2", (np.arange(1.0, 17).reshape(4, 4), 2)),
            Case("kernel 3, stride 3", (np.arange(1.0, 10).reshape(3, 3), 3)),
        ),
        generate=_even_kernel,
        oracle=lambda *args: args,
        compare=_is_the_nearest_flat_kernel,
        mistakes=(
            Mistake(
                "all weights alike", lambda K, s: np.full(np.shape(K), np.mean(K)),
                "That kernel is flat, and nothing of the given one is left. A smaller change does it.",
            ),
            Mistake(
                "scaled to one", lambda K, s: K / np.sum(K),
                "You scaled all weights alike, so the phases stay unequal, and the total does not stay.",
            ),
            Mistake("unchanged", lambda K, s: np.array(K), "That is the kernel you were given."),
            Mistake(
                "the phases themselves", _phases,
                "Those are the sums of the phases. A kernel of the size of K is asked for.",
            ),
            Mistake(
                "smoothed with its mirror", lambda K, s: (K + np.asarray(K)[::-1, ::-1]) / 2,
                "You made the kernel symmetric. That is not what makes phases equal.",
            ),
            Mistake(
                "mean removed", lambda K, s: np.asarray(K) - np.mean(K),
                "One number for all weights moves all phases alike, so they stay unequal.",
            ),
            Mistake(
                "zeros", lambda K, s: np.zeros_like(K),
                "Your phases are equal because all are zero. The sum of all weights stays, says the statement.",
            ),
        ),
    ),
    Exercise(
        "transposed-convolution-7", "transposed_convolution", kind="open", cls="A", minutes=60, difficulty=3, points=6,
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged", "opposite sign", "doubled", "halved"),
    3: ("half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    4: ("one too many", "one too few"),
    5: ("opposite sign", "doubled", "halved"),
})  # fmt: skip
