"""Exercises of the chapter "The networks compared"."""

from itertools import combinations

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, close, unordered

RIGHT_A = np.array([1, 1, 1, 0, 1, 0, 1, 1, 0, 1], dtype=bool)
RIGHT_B = np.array([1, 0, 1, 0, 1, 0, 1, 0, 0, 1], dtype=bool)
# costs, accuracies, and the answer found by drawing them
DRAWN = {
    3: ([1.0, 2.0, 3.0], [0.7, 0.9, 0.8], (0, 1)),
    5: ([4.0, 1.0, 3.0, 2.0, 5.0], [0.90, 0.80, 0.85, 0.86, 0.90], (0, 1, 3)),
    6: ([10, 20, 30, 40, 50, 60], [0.5, 0.4, 0.6, 0.6, 0.7, 0.65], (0, 2, 4)),
}
# mean of the largest of m standard normal numbers; Harter 1961, Biometrika 48, table 1
LARGEST = {2: 0.56419, 3: 0.84628, 5: 1.16296, 10: 1.53875}


def _judgements(rng):
    n = int(rng.integers(20, 60))
    hard = rng.random(n) < 0.3
    return (rng.random(n) < np.where(hard, 0.4, 0.95)), (rng.random(n) < np.where(hard, 0.3, 0.95))


def _from_counts(right_a, right_b):
    """Difference and its standard error, from a table of the four kinds of images (Agresti 2013, section 11.1)."""
    n = len(right_a)
    only_a, only_b = np.sum(right_a & ~right_b), np.sum(right_b & ~right_a)
    d = (only_a - only_b) / n
    return d, np.sqrt((only_a + only_b - n * d**2) / (n - 1) / n)


def _unpaired(right_a, right_b):
    p, q, n = np.mean(right_a), np.mean(right_b), len(right_a)
    return p - q, np.sqrt((p * (1 - p) + q * (1 - q)) / n)


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
            Mistake("variance", 2.944e-5, "That is the variance. The standard deviation is its root."),
            Mistake("one image", 0.2713, "That is the standard deviation for one image. There are 2,500."),
            Mistake("twice", 0.010852, "That is the usual margin, two standard deviations."),
        ),
    ),
    Exercise(
        "compared-2", "compared", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(Case("ten images", (RIGHT_A, RIGHT_B)), Case("the other way round", (RIGHT_B, RIGHT_A))),
        generate=_judgements,
        oracle=_from_counts,
        mistakes=(
            Mistake("not paired", _unpaired,
                    "You treated the two networks as if they had been tested on different images."),
            Mistake("wrong order", lambda a, b: (_from_counts(b, a)),
                    "The sign is the other way round: positive means that the first network is better."),
            Mistake("divided by n", lambda a, b: (np.mean(a) - np.mean(b), np.std(a.astype(float) - b) / np.sqrt(len(a))),
                    "Your spread divides by n. The mean was estimated from the same images: divide by n - 1."),
            Mistake("spread of one image", lambda a, b: (np.mean(a) - np.mean(b), np.std(a.astype(float) - b, ddof=1)),
                    "That is the spread of one image's difference. How does the spread of a mean follow from it?"),
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
        ),
    ),
    Exercise(
        "compared-4", "compared", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=tuple(Case(f"{n} networks", DRAWN[n][:2]) for n in DRAWN),
        oracle=lambda costs, accuracies: DRAWN[len(costs)][2],
        compare=unordered,
        mistakes=(
            Mistake("best only", lambda c, a: [int(np.argmax(a))],
                    "You return the best network alone. A cheaper one that is a little worse may be worth having."),
            Mistake("all", lambda c, a: list(range(len(c))),
                    "You return every network. Some are worse and no cheaper than another."),
            Mistake("best ratio", lambda c, a: [int(np.argmax(np.divide(a, c)))],
                    "A ratio of accuracy and cost picks one network for all purposes. The question is who is beaten by nobody."),
        ),
    ),
    Exercise(
        "compared-5", "compared", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the expected number"),),
        oracle=lambda: 6.6,
        mistakes=(
            Mistake("one direction", 3.3, "Each pair can be called different in two directions."),
            Mistake("all ordered pairs twice", 13.2, "66 pairs, two directions, one in twenty each: you doubled once too often."),
            Mistake("a share", 0.1, "That is the share of the pairs. How many pairs are there?"),
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
        ),
    ),
]  # fmt: skip
