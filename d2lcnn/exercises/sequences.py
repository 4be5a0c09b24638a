"""Exercises of the chapter "Convolution for sequences"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.ops import conv1d
from d2lcnn.shapes import Window, receptive_field

# exercise 2: settings, and wrong answers to them; recorded
REACHES = ((3, 5), (3, 13), (3, 14), (2, 1), (2, 63), (2, 64), (5, 121), (5, 122), (8, 1000), (3, 4_194_301))
WRONG_BLOCKS = {
    "one convolution a block": (2, 3, 3, 1, 6, 6, 5, 5, 8, 21),
    "present forgotten": (2, 3, 3, 1, 6, 6, 5, 5, 7, 21),
    "last dilation only": (1, 3, 3, 1, 6, 6, 5, 5, 8, 21),
    "dilation 1": (1, 3, 4, 0, 31, 32, 15, 16, 72, 1048575),
}
# exercise 6: the least mean squared error, by (length, field); recorded
FLOORS = {
    (100, 10): 0.15, (100, 50): 0.0833333, (100, 75): 0.0416667, (100, 100): 0.0, (50, 5): 0.15, (50, 40): 0.0333333,
    (200, 1): 0.1658333, (20, 13): 0.0583333,
}  # fmt: skip
WRONG_FLOORS = {
    "all or nothing": (0.1666667, 0.1666667, 0.1666667, 0.0, 0.1666667, 0.1666667, 0.1666667, 0.1666667),
    "chances multiplied": (0.135, 0.0416667, 0.0104167, 0.0, 0.135, 0.0066667, 0.1650042, 0.0204167),
    "silence": (0.6, 0.3333333, 0.1666667, 0.0, 0.6, 0.1333333, 0.6633333, 0.2333333),
    "second always seen": (0.0833333, 0.0833333, 0.0416667, 0.0, 0.0833333, 0.0333333, 0.0833333, 0.0583333),
}


def _field(k, blocks):
    return receptive_field([Window(k, d=2**n) for n in range(blocks) for _ in range(2)]).size


def _is_the_least(got, args):
    """The property asked in exercise 2: the field covers the length, that of one block fewer does not."""
    k, length = args
    whole = isinstance(got, int | np.integer) and not isinstance(got, bool)
    return whole and 1 <= got <= 64 and _field(k, int(got)) >= length and (got == 1 or _field(k, int(got) - 1) < length)


def _recorded(name):
    return lambda k, length: dict(zip(REACHES, WRONG_BLOCKS[name], strict=True)).get((k, length), 0)


def _floors(name):
    return lambda length, field: dict(zip(FLOORS, WRONG_FLOORS[name], strict=True))[length, field]


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


class Suspect:
    """A function of a sequence that mixes steps from some before to some ahead, at every step or at one alone."""

    def __init__(self, length, ahead, behind, only=None, seed=0):
        rng = np.random.default_rng(seed)
        steps = np.arange(length)
        distance = steps - steps[:, None]  # of the input (column) from the output (row)
        reach = np.full((length, 1), ahead)
        if only is not None:
            reach[:] = 0
            reach[only] = ahead
        mixes = (distance >= -behind) & (distance <= reach)
        self._weights = np.where(mixes, rng.uniform(0.2, 1.0, mixes.shape), 0.0)
        self._ahead, self._behind, self._usual = ahead, behind, ahead if only is None else 0

    def __call__(self, x):
        mixed = self._weights @ np.asarray(x, dtype=float)
        return mixed + 0.1 * mixed**2


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
        oracle=lambda: [100, 200, 310, 420, 531, 642],
        mistakes=(
            Mistake(
                "flip", [1, 2, 13, 24, 135, 246],
                "You let the first weight read the present. In this layer the last one does: nothing is flipped.",
            ),
            Mistake("no dilation", [100, 210, 321, 432, 543, 654], "Those are neighbours. With dilation 2 taps stand two steps apart."),
            Mistake(
                "centred", [310, 420, 531, 642, 53, 64],
                "Your window is centred, so the first output has read the third step. Which steps may it know?",
            ),
            Mistake(
                "valid", [531, 642],
                "Those outputs have a full window. A causal layer has one output for each step: what stands before the first?",
            ),
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
                "one convolution a block", _recorded("one convolution a block"),
                "You counted one convolution a block. There are two, with the same dilation.",
            ),
            Mistake(
                "present forgotten", _recorded("present forgotten"),
                "Off by one step: the present belongs to the field, and no layer has to add it.",
            ),
            Mistake(
                "last dilation only", _recorded("last dilation only"),
                "You counted the last block. Each block adds its part to the field of those below.",
            ),
            Mistake(
                "dilation 1", _recorded("dilation 1"),
                "That many blocks are needed without dilation. How much does block number n add with dilation 2**n?",
            ),
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
        ),
    ),
    Exercise(
        "sequences-4", "sequences", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=(
            Case("a causal one", (Suspect(8, 0, 3), 8)),
            Case("one step ahead, three back", (Suspect(9, 1, 3, seed=1), 9)),
            Case("three ahead, one back", (Suspect(10, 3, 1, seed=2), 10)),
            Case("two ahead, at one step alone", (Suspect(10, 2, 4, only=6, seed=3), 10)),
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
        ),
    ),
    Exercise(
        "sequences-6", "sequences", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=tuple(Case(f"length {n}, field {r}", (n, r)) for n, r in FLOORS),
        oracle=lambda length, field: FLOORS[length, field],
        compare=lambda got, expected: bool(np.shape(got) == () and abs(float(got) - expected) < 1e-5),
        mistakes=(
            Mistake(
                "all or nothing", _floors("all or nothing"),
                "Sometimes both marks lie inside the field, or one does. How often?",
            ),
            Mistake(
                "chances multiplied", _floors("chances multiplied"),
                "Both numbers need not be missing: each missing one adds its own share to the error.",
            ),
            Mistake(
                "silence", _floors("silence"),
                "You let the network answer 0 for a number that it cannot see. What is the best guess for it?",
            ),
            Mistake(
                "second always seen", _floors("second always seen"),
                "You took the second number for always seen. With a short field it lies outside now and then.",
            ),
        ),
    ),
    Exercise("sequences-7", "sequences", kind="open", cls="A", minutes=60, difficulty=3, points=6),
]  # fmt: skip
