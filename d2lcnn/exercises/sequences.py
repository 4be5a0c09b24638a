"""Exercises of the chapter "Convolution for sequences"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._mixture import Mixture
from d2lcnn.exercises._usual import first, usual, with_usual
from d2lcnn.ops import conv1d
from d2lcnn.shapes import Window, receptive_field

# exercise 2: settings
REACHES = ((3, 5), (3, 13), (3, 14), (2, 1), (2, 63), (2, 64), (5, 121), (5, 122), (8, 1000), (3, 4_194_301))
# exercise 6: the least mean squared error, by (length, field); recorded
FLOORS = {
    (100, 10): 0.15, (100, 50): 0.0833333, (100, 75): 0.0416667, (100, 100): 0.0, (50, 5): 0.15, (50, 40): 0.0333333,
    (200, 1): 0.1658333, (20, 13): 0.0583333,
}  # fmt: skip


def _field(k, blocks):
    return receptive_field([Window(k, d=2**n) for n in range(blocks) for _ in range(2)]).size


def _is_the_least(got, args):
    """The property asked in exercise 2: the field covers the length, that of one block fewer does not."""
    k, length = args
    whole = isinstance(got, int | np.integer) and not isinstance(got, bool)
    return whole and 1 <= got <= 64 and _field(k, int(got)) >= length and (got == 1 or _field(k, int(got) - 1) < length)


def _least(k, length):
    return first(lambda got, args: _is_the_least(got[0], args), (k, length), 65, 1)[0]


def _causal(w=(1, 10, 100), d=2, ahead=0):
    """The layer of exercise 1 on its six numbers, its window moved ahead."""
    return _padded(np.arange(1.0, 7 + ahead) * (np.arange(6 + ahead) < 6), w, d)[ahead:]


def _padded(x, w, d):
    x, w = np.asarray(x, dtype=float), np.asarray(w, dtype=float)
    return conv1d(np.pad(x, (d * (len(w) - 1), 0))[None, None], w[None, None], dilation=d)[0, 0]


def _sequence(rng):
    return rng.standard_normal(int(rng.integers(8, 13))), rng.standard_normal(int(rng.integers(3, 5))), int(
        rng.integers(2, 4))


def _by_numpy(x, w, gap, mode="full"):
    v = np.zeros(gap * (len(w) - 1) + 1)
    v[::gap] = w
    return np.convolve(x, v, mode)


class Suspect(Mixture):
    """A function of a sequence that mixes steps from some before to some ahead, at every step or at one alone."""

    def __init__(self, length, ahead, behind, only=None, seed=0, gated=False):
        rng = np.random.default_rng(seed)
        steps = np.arange(length)
        distance = steps - steps[:, None]  # of the input (column) from the output (row)
        reach = np.full((length, 1), ahead)
        if only is not None:
            reach[:] = 0
            reach[only] = ahead
        mixes = (distance >= -behind) & (distance <= reach)
        super().__init__(np.where(mixes, rng.uniform(0.2, 1.0, mixes.shape), 0.0), gated)
        self._ahead, self._behind, self._usual = ahead, behind, ahead if only is None else 0


def _suspect(rng):
    length = int(rng.integers(6, 12))
    return Suspect(length, int(rng.integers(0, 4)), int(rng.integers(0, 4)), seed=int(rng.integers(1000))), length


def _search(text, pattern):
    return sum(text.startswith(pattern, i) for i in range(len(text)))


def _text(rng):
    draw = lambda n: "".join(rng.choice(list("ab"), n))  # noqa: E731
    return draw(int(rng.integers(12, 25))), draw(int(rng.integers(2, 4)))


EXERCISES = [
    Exercise(
        "sequences-1", "sequences", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the six numbers"),),
        oracle=lambda: _causal(),
        mistakes=(
            Mistake(
                "flip", _causal(w=(100, 10, 1)),
                "You let the first weight read the present. In this layer the last one does: nothing is flipped.",
            ),
            Mistake("no dilation", _causal(d=1), "Those are neighbours. With dilation 2 taps stand two steps apart."),
            Mistake(
                "centred", _causal(ahead=2),
                "Your window is centred, so the first output has read the third step. Which steps may it know?",
            ),
            Mistake(
                "valid", _causal()[4:],
                "Those outputs have a full window. A causal layer has one output for each step: what stands before the first?",
            ),
            Mistake(
                "looks ahead", _causal(ahead=4),
                "Your window begins at the present and ends in the future.",
            ),
            Mistake(
                "dilation 3", _causal(d=3),
                "Your taps stand three steps apart. With dilation 2 they stand two apart: one step lies between.",
            ),
            Mistake(
                "full", np.append(_causal(), _padded(np.append(np.arange(1.0, 7), [0] * 4), (1, 10, 100), 2)[6:]),
                "You went on behind the last step. A causal layer has one output for each step.",
            ),
            *usual(_causal(), "reversed"),
        ),
    ),
    Exercise(
        "sequences-2", "sequences", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=tuple(Case(f"k={k}, {n} steps", (k, n)) for k, n in REACHES),
        generate=lambda rng: (int(rng.integers(2, 9)), int(rng.integers(50, 5000))),
        oracle=lambda *args: args,
        compare=_is_the_least,
        mistakes=(
            Mistake(
                "one convolution a block", lambda k, length: _least(k, 2 * length - 1),
                "You counted one convolution a block. There are two, with the same dilation.",
            ),
            Mistake(
                "present forgotten", lambda k, length: _least(k, length + 1),
                "Off by one step: the present belongs to the field, and no layer has to add it.",
            ),
            Mistake(
                "last dilation only", lambda k, length: _least(k, max(1, 2 * (length - k) + 1)),
                "You counted the last block. Each block adds its part to the field of those below.",
            ),
            Mistake(
                "dilation 1", lambda k, length: max(1, -(-(length - 1) // (2 * (k - 1)))),
                "That many blocks are needed without dilation. How much does block number n add with dilation 2**n?",
            ),
            Mistake(
                "rounded down", lambda k, length: _least(k, length + 1) - 1,
                "You rounded down: with that many blocks the field is too short, unless it fits exactly.",
            ),
            Mistake(
                "convolutions", lambda k, length: 2 * _least(k, length),
                "You counted convolutions. A block has two.",
            ),
            *usual(_least, "one too many", "one too few"),
        ),
    ),
    Exercise(
        "sequences-3", "sequences", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("dilation 1", (np.arange(1.0, 7), np.array([1.0, 2.0, 4.0]), 1)),
            Case("dilation 2", (np.arange(1.0, 9), np.array([1.0, 10.0, 100.0]), 2)),
            Case("dilation 3", (np.array([2.0, -1, 0, 3, 1, 5, -2, 4]), np.array([1.0, -1.0]), 3)),
        ),
        generate=_sequence,
        oracle=_padded,
        mistakes=(
            Mistake(
                "flip", lambda x, w, d: _by_numpy(x, w, d)[: len(x)],
                "np.convolve flips its second argument, and the layer does not: the present meets the wrong weight.",
            ),
            Mistake(
                "centred", lambda x, w, d: _by_numpy(x, w[::-1], d, "same"),
                "Mode 'same' is centred: your outputs know the future. Change the last input and look at the ones before.",
            ),
            Mistake(
                "not cut", lambda x, w, d: _by_numpy(x, w[::-1], d),
                "Too many outputs: the full convolution goes on after the last step.",
            ),
            Mistake(
                "wrong end cut", lambda x, w, d: _by_numpy(x, w[::-1], d)[-len(x) :],
                "You cut the beginning. Your outputs are those of a window that begins at the present, and ends in the future.",
            ),
            Mistake(
                "d zeros", lambda x, w, d: _by_numpy(x, w[::-1], d + 1)[: len(x)],
                "Off by one: with d zeros between neighbours the taps stand d + 1 steps apart.",
            ),
            Mistake(
                "dilation ignored", lambda x, w, d: _by_numpy(x, w[::-1], 1)[: len(x)],
                "Right for dilation 1. For larger ones the taps have to stand apart.",
            ),
            Mistake(
                "one step late", lambda x, w, d: np.append(0, _padded(x, w, d)[:-1]),
                "Your outputs come one step late: the last weight reads the present.",
            ),
            Mistake(
                "valid", lambda x, w, d: _padded(x, w, d)[d * (len(w) - 1) :],
                "Those outputs have a full window. A causal layer has one output for each step.",
            ),
            *usual(_padded, "reversed"),
        ),
    ),
    Exercise(
        "sequences-4", "sequences", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=(
            Case("a causal one", (Suspect(8, 0, 3), 8)),
            Case("one step ahead, three back", (Suspect(9, 1, 3, seed=1), 9)),
            Case("three ahead, one back", (Suspect(10, 3, 1, seed=2), 10)),
            Case("two ahead, at one step alone", (Suspect(10, 2, 4, only=6, seed=3), 10)),
            Case("two ahead, times the present", (Suspect(9, 2, 1, seed=4, gated=True), 9)),
        ),
        generate=_suspect,
        oracle=lambda f, length: f._ahead,
        mistakes=(
            Mistake(
                "past counted", lambda f, length: max(f._ahead, f._behind),
                "You counted how far back it looks too. Reading the past is allowed.",
            ),
            Mistake(
                "yes or no", lambda f, length: int(f._ahead > 0),
                "You found that it looks ahead. By how many steps?",
            ),
            Mistake(
                "typical step", lambda f, length: f._usual,
                "You report what most outputs do. One output that looks further is enough to leak: take them all.",
            ),
            Mistake(
                "present counted", lambda f, length: f._ahead + 1,
                "Off by one: an output that reads the input of its own step looks 0 steps ahead.",
            ),
            Mistake(
                "zeros alone", lambda f, length: 0 if f._gated else f._ahead,
                "You changed inputs of a sequence of zeros alone. What if an output multiplies two steps?",
            ),
            Mistake(
                "how far back", lambda f, length: f._behind,
                "That is how far it looks back. Which inputs lie ahead of an output?",
            ),
            Mistake(
                "the opposite sign", lambda f, length: -f._ahead,
                "Your number is negative: it is the step of the input minus that of the output.",
            ),
            Mistake(
                "the whole reach", lambda f, length: f._ahead + f._behind,
                "You added how far it looks back. Reading the past is allowed.",
            ),
        ),
    ),
    Exercise(
        "sequences-5", "sequences", kind="function", cls="P", minutes=20, difficulty=2, points=3,
        cases=(
            Case("overlaps", ("aaa", "aa")),
            Case("a word", ("the other one there bathes", "the")),
            Case("not symmetric", ("abcabcbac", "abc")),
            Case("a symbol that the text lacks", ("abab", "abz")),
            Case("longer than the text", ("ab", "abab")),
        ),
        generate=_text,
        oracle=_search,
        mistakes=(
            Mistake(
                "without overlaps", lambda text, pattern: text.count(pattern),
                "str.count goes on behind each find, so it misses overlaps. A window stands at every place.",
            ),
            Mistake(
                "flip", lambda text, pattern: _search(text, pattern[::-1]),
                "You counted the reversed pattern: a kernel was flipped that should not be.",
            ),
            Mistake(
                "near misses", lambda text, pattern: sum(
                    sum(a == b for a, b in zip(text[i:], pattern, strict=False)) >= len(pattern) - 1
                    for i in range(len(text) - len(pattern) + 1)),
                "Windows with one wrong symbol were counted. What is the score of a full match?",
            ),
            Mistake(
                "yes or no", lambda text, pattern: int(pattern in text),
                "You asked whether it occurs, as max over time does. Asked is how often.",
            ),
            Mistake(
                "best score", lambda text, pattern: max(
                    (sum(a == b for a, b in zip(text[i:], pattern, strict=False))
                     for i in range(len(text) - len(pattern) + 1)), default=0),
                "That is the best score of a window. How many windows have a full one?",
            ),
            Mistake(
                "last window forgotten", lambda text, pattern: _search(text[:-1], pattern),
                "Your last window is missing: there is one window more than steps between them.",
            ),
            Mistake(
                "first window forgotten", lambda text, pattern: _search(text[1:], pattern),
                "Your first window is missing.",
            ),
            *usual(_search, "one too many"),
        ),
    ),
    Exercise(
        "sequences-6", "sequences", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=tuple(Case(f"length {n}, field {r}", (n, r)) for n, r in FLOORS),
        oracle=lambda length, field: FLOORS[length, field],
        compare=lambda got, expected: bool(np.shape(got) == () and abs(float(got) - expected) < 1e-5),
        mistakes=(
            Mistake(
                "all or nothing", lambda *sizes: 1 / 6 if FLOORS[sizes] else 0.0,
                "Sometimes both marks lie inside the field, or one does. How often?",
            ),
            Mistake(
                "chances multiplied", lambda *sizes: 6 * FLOORS[sizes] ** 2,
                "Both numbers need not be missing: each missing one adds its own share to the error.",
            ),
            Mistake(
                "silence", lambda *sizes: 4 * FLOORS[sizes],
                "You let the network answer 0 for a number that it cannot see. What is the best guess for it?",
            ),
            Mistake(
                "second always seen", lambda *sizes: min(FLOORS[sizes], 1 / 12),
                "You took the second number for always seen. With a short field it lies outside now and then.",
            ),
            Mistake(
                "chance for error", lambda *sizes: 12 * FLOORS[sizes],
                "That is how many numbers are missing on average. What does a missing one cost?",
            ),
            Mistake(
                "deviation", lambda *sizes: FLOORS[sizes] ** 0.5,
                "That is the root of the mean squared error.",
            ),
            Mistake(
                "one number", lambda *sizes: FLOORS[sizes] / 2,
                "You took the mean over the two numbers. Their errors add up in the sum.",
            ),
        ),
    ),
    Exercise("sequences-7", "sequences", kind="open", cls="A", minutes=60, difficulty=3, points=6),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged", "opposite sign", "doubled", "halved"),
    3: ("rotated", "exchanged", "opposite sign", "doubled", "halved", "rounded"),
    4: ("one too few", "doubled", "halved", "upside down"),
    5: ("one too few", "doubled", "halved", "upside down"),
})  # fmt: skip
