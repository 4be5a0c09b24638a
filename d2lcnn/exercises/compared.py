"""Exercises of the chapter "The networks compared"."""

from itertools import combinations

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, close, unordered
from d2lcnn.exercises._usual import usual, with_usual

RIGHT_A = np.array([1, 1, 1, 0, 1, 0, 1, 1, 0, 1], dtype=bool)
RIGHT_B = np.array([1, 0, 1, 0, 1, 0, 1, 0, 0, 1], dtype=bool)
# costs, accuracies, and the answer found by drawing them; then what is left if only a network that is both cheaper
# and better beats, and if one walks along the costs and keeps each new record: drawn as well, they are wrong answers
DRAWN = {
    "three networks": ([1.0, 2.0, 3.0], [0.7, 0.9, 0.8], (0, 1), (0, 1), (0, 1)),
    "five networks": ([4.0, 1.0, 3.0, 2.0, 5.0], [0.90, 0.80, 0.85, 0.86, 0.90], (0, 1, 3), (0, 1, 3, 4), (0, 1, 3)),
    "six networks": ([10, 20, 30, 40, 50, 60], [0.5, 0.4, 0.6, 0.6, 0.7, 0.65], (0, 2, 4), (0, 2, 3, 4), (0, 2, 4)),
    "equal costs": ([2.0, 1.0, 2.0, 3.0], [0.8, 0.7, 0.9, 0.9], (1, 2), (0, 1, 2, 3), (0, 1, 2)),
    "two alike": ([1.0, 1.0, 2.0], [0.8, 0.8, 0.9], (0, 1, 2), (0, 1, 2), (0, 2)),
}
# mean of the largest of m standard normal numbers; Harter 1961, Biometrika 48, table 1
LARGEST = {2: 0.56419, 3: 0.84628, 5: 1.16296, 10: 1.53875}


def _drawn(column):
    def answer(costs, accuracies):
        return next(row[column] for row in DRAWN.values() if row[:2] == (list(costs), list(accuracies)))

    return answer


def _judgements(rng):
    n = int(rng.integers(20, 60))
    hard = rng.random(n) < 0.3
    return (rng.random(n) < np.where(hard, 0.4, 0.95)), (rng.random(n) < np.where(hard, 0.3, 0.95))


def _from_counts(right_a, right_b):
    """Difference and its standard error, from a table of the four kinds of images (Agresti 2013, section 11.1)."""
    n = len(right_a)
    only_a, only_b = np.sum(right_a & ~right_b), np.sum(right_b & ~right_a)
    d = (only_a - only_b) / n
    return np.array([d, np.sqrt((only_a + only_b - n * d**2) / (n - 1) / n)])


def _counted(m):
    """Share of the ways to choose m of 2 m ranks that take the m highest."""
    ways = list(combinations(range(2 * m), m))
    return sum(min(way) >= m for way in ways) / len(ways)


EXERCISES = [
    Exercise(
        "compared-1", "compared", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the standard deviation"),),
        oracle=lambda: 0.005426,
        compare=lambda got, expected: close(got, expected, rtol=0.01),
        mistakes=(
            Mistake("variance", 0.92 * 0.08 / 2500, "That is the variance. The standard deviation is its root."),
            Mistake("one image", (0.92 * 0.08) ** 0.5, "That is the standard deviation for one image. There are 2,500."),
            Mistake("twice", 2 * (0.92 * 0.08 / 2500) ** 0.5, "That is the usual margin, two standard deviations."),
            Mistake("percent", 100 * (0.92 * 0.08 / 2500) ** 0.5, "You gave per cent. Accuracy is a share of one here."),
            Mistake("sizes not rooted", (0.92 * 0.08) ** 0.5 / 2500, "You divided by the number of images. The spread of a mean falls with its root."),
            Mistake("one chance", (0.92 / 2500) ** 0.5, "The chance of being wrong is missing from your variance."),
            Mistake("the other chance", (0.08 / 2500) ** 0.5, "The chance of being right is missing from your variance."),
            Mistake("ten thousand", (0.92 * 0.08 / 10_000) ** 0.5, "That is the spread on ten thousand images. There are 2,500."),
            Mistake("a count", (0.92 * 0.08 * 2500) ** 0.5, "That is the spread of the number of right images. Their share is asked for."),
        ),
    ),
    Exercise(
        "compared-2", "compared", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(Case("ten images", (RIGHT_A, RIGHT_B)), Case("the other way round", (RIGHT_B, RIGHT_A))),
        generate=_judgements,
        oracle=_from_counts,
        mistakes=(
            Mistake("not paired", lambda a, b: (_from_counts(a, b)[0], np.sqrt((np.var(a) + np.var(b)) / len(a))),
                    "You treated the two networks as if they had been tested on different images."),
            Mistake("not paired, divided by n - 1", lambda a, b: (
                        _from_counts(a, b)[0], np.sqrt((np.var(a) + np.var(b)) / (len(a) - 1))),
                    "You treated the two networks as if they had been tested on different images."),
            Mistake("wrong order", lambda a, b: (_from_counts(b, a)),
                    "The sign is the other way round: positive means that the first network is better."),
            Mistake("divided by n", lambda a, b: _from_counts(a, b) * np.array([1, np.sqrt(1 - 1 / len(a))]),
                    "Your spread divides by n. The mean was estimated from the same images: divide by n - 1."),
            Mistake("spread of one image", lambda a, b: _from_counts(a, b) * np.array([1, np.sqrt(len(a))]),
                    "That is the spread of one image's difference. How does the spread of a mean follow from it?"),
            Mistake("variance", lambda a, b: (_from_counts(a, b)[0], _from_counts(a, b)[1] ** 2),
                    "That is the variance of the mean. The standard error is its root."),
            Mistake("number of images", lambda a, b: (_from_counts(a, b)[0] * len(a), _from_counts(a, b)[1]),
                    "You gave the difference in images. Accuracies are shares."),
            Mistake("difference alone", lambda a, b: _from_counts(a, b)[0], "Two numbers are asked for."),
            Mistake("without its sign", lambda a, b: (abs(_from_counts(a, b)[0]), _from_counts(a, b)[1]),
                    "The sign is lost: positive means that the first network is better, negative that the second is."),
            Mistake("margin", lambda a, b: _from_counts(a, b) * np.array([1, 2]), "That is the usual margin, two standard errors."),
            *usual(_from_counts, "reversed", "percent"),
        ),
    ),
    Exercise(
        "compared-3", "compared", kind="function", cls="P", minutes=10, difficulty=2, points=3,
        cases=(Case("three seeds", (3,)), Case("five seeds", (5,)), Case("one seed", (1,))),
        generate=lambda rng: (2 + int(rng.integers(100)) % 7,),
        oracle=_counted,
        mistakes=(
            Mistake("both directions", lambda m: 2 * _counted(m) if m > 1 else 1.0,
                    "You counted both directions: also the cases in which B is above A."),
            Mistake("coins", lambda m: 0.5**m, "The runs of A are not compared in pairs: each must be above all of B."),
            Mistake("orders", lambda m: 1 / np.prod(np.arange(1.0, 2 * m + 1)),
                    "Your count tells the runs of one network apart. The order within a network does not matter."),
            Mistake("how many ways", lambda m: 1 / _counted(m), "That is the number of ways. Its inverse is a probability."),
            Mistake("all pairs", lambda m: 0.5 ** (m * m), "The pairs are not independent: a run that is above one is likely above others."),
            Mistake("none", lambda m: 0.0, "It is rare, and not impossible: in how many ways can the ranks fall?"),
            Mistake("one of 2 m", lambda m: 1 / (2 * m), "That is the chance that one given run is the best. All m are to be above."),
        ),
    ),
    Exercise(
        "compared-4", "compared", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=tuple(Case(name, row[:2]) for name, row in DRAWN.items()),
        oracle=_drawn(2),
        compare=unordered,
        mistakes=(
            Mistake("best only", lambda c, a: [int(np.argmax(a))],
                    "You return the best network alone. A cheaper one that is a little worse may be worth having."),
            Mistake("all", lambda c, a: list(range(len(c))),
                    "You return every network. Some are worse and no cheaper than another."),
            Mistake("both at once", _drawn(3),
                    "With you a network is beaten only if another is cheaper and better at once. Read the statement: either may be equal."),
            Mistake("records along the costs", _drawn(4),
                    "You walk along the costs and keep each new record. What happens where two costs are the same?"),
            Mistake("the beaten", lambda c, a: np.setdiff1d(range(len(c)), _drawn(2)(c, a)),
                    "You return those that are beaten."),
            Mistake("marks", lambda c, a: np.isin(range(len(c)), _drawn(2)(c, a)),
                    "You return a mark for each network. Indices are asked for."),
            Mistake("their accuracies", lambda c, a: np.take(a, _drawn(2)(c, a)),
                    "You return accuracies. Indices are asked for."),
            Mistake("best ratio", lambda c, a: [int(np.argmax(np.divide(a, c)))],
                    "A ratio of accuracy and cost picks one network for all purposes. The question is who is beaten by nobody."),
        ),
    ),
    Exercise(
        "compared-5", "compared", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the expected number"),),
        oracle=lambda: 6.6,
        mistakes=(
            Mistake("one direction", 66 / 20, "Each pair can be called different in two directions."),
            Mistake("all ordered pairs twice", 66 * 4 / 20, "66 pairs, two directions, one in twenty each: you doubled once too often."),
            Mistake("a share", 2 / 20, "That is the share of the pairs. How many pairs are there?"),
            Mistake("a share of one direction", 1 / 20, "That is the chance in one direction of one pair. How many pairs are there?"),
            Mistake("networks for pairs", 12 * 2 / 20, "You counted networks. Pairs are compared."),
            Mistake("all ordered pairs", 12 * 12 / 20, "A network is not compared with itself."),
            Mistake("coins", 66 * 2 / 8, "The runs are not compared in pairs: each must be above all of the other network."),
            Mistake("rounded", round(66 * 2 / 20), "An expected number need not be whole."),
        ),
    ),
    Exercise(
        "compared-6", "compared", kind="open", cls="A", minutes=120, difficulty=3, points=10,
    ),
    Exercise(
        "compared-7", "compared", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=tuple(Case(f"{m} seeds", (m,)) for m in LARGEST),
        oracle=LARGEST.__getitem__,
        compare=lambda got, expected: close(got, expected, atol=0.02),
        mistakes=(
            Mistake("the mean", lambda m: 0.0, "The mean of the runs is not moved by choosing. The best run is."),
            Mistake("root of m", lambda m: float(np.sqrt(m)), "The root of m belongs to the spread of a mean or a sum."),
            Mistake("large m", lambda m: float(np.sqrt(2 * np.log(m))),
                    "That formula holds for very many runs; for few it is much too large."),
            Mistake("range", lambda m: 2 * LARGEST[m], "That is the distance of the best from the worst."),
            Mistake("best of two always", lambda m: LARGEST[2], "Yours does not depend on the number of runs."),
            Mistake("the worst", lambda m: -LARGEST[m], "That is the worst run."),
            Mistake("one run fewer", lambda m: {2: 0.0, 3: LARGEST[2], 5: 1.02938, 10: 1.48501}[m],
                    "That is the best of one run fewer."),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    2: ("opposite sign", "doubled", "halved", "rounded"),
    3: ("halved",),
    5: ("upside down",),
})  # fmt: skip
