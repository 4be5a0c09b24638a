"""Wrong answers that come up everywhere: a right result in reverse order, transposed, with the opposite sign, off by one.

Each is made of a right result by one change, so that no wrong answer has to be typed, and none shows how the right
one is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from d2lcnn.exercises import Exercise, Mistake

__all__ = ["first", "usual", "with_usual"]


def _entries(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any], Any]:
    """Apply a change to a result as an array, or to each part of a result with parts of several shapes."""

    def changed(result):
        try:
            return change(np.asarray(result))
        except ValueError:
            return tuple(change(np.asarray(part)) for part in result)

    return changed


# name -> (what is done to a right result, what the reader is told)
USUAL = {
    "reversed": (lambda v: v[::-1], "Your numbers are right and stand in reverse order. Which one is asked for first?"),
    "transposed": (_entries(lambda v: v.swapaxes(-1, -2)),
                   "The last two axes of your result have changed places: rows come first, then columns."),
    "half a turn": (_entries(lambda v: v[..., ::-1, ::-1]),
                    "Your result is turned by half a turn: somewhere a kernel was flipped, or should have been."),
    "opposite sign": (_entries(lambda v: -v),
                      "All your numbers have the opposite sign. Which of two things is taken from the other?"),
    "one too many": (_entries(lambda v: v + 1), "Off by one, upwards. What did you count twice, or as one more?"),
    "one too few": (_entries(lambda v: v - 1), "Off by one, downwards. Was the first or the last one left out?"),
    "doubled": (_entries(lambda v: 2 * v), "You have twice of what is asked. What was counted, or added, two times?"),
    "halved": (_entries(lambda v: v / 2), "You have half of what is asked. What happens twice, or on both sides?"),
    "upside down": (_entries(lambda v: np.divide(1.0, v, where=v != 0, out=np.zeros(v.shape))),
                    "Your fraction is upside down. What shall be divided by what?"),
    "percent": (_entries(lambda v: 100 * v), "You gave per cent. The statement asks for a share of one."),
    "rounded": (_entries(np.rint),
                "Your numbers are whole. Did an array of integers receive them, and cut off what follows the point?"),
    "flat": (_entries(np.ravel), "Your numbers are right and stand in one row. Which shape is asked for?"),
    "mean": (_entries(lambda v: v / v.shape[-1]),
             "You divided by the number of entries along the last axis. Nothing is averaged here."),
    "rotated": (lambda v: [*v[1:], v[0]], "Your numbers are right, and the first of them has moved to the end."),
    "exchanged": (lambda v: (v[1], v[0], *v[2:]), "Your first two numbers have changed places."),
}  # fmt: skip


def usual(right: Any, *names: str) -> tuple[Mistake, ...]:
    """Return usual mistakes, made of a right answer.

    Parameters
    ----------
    right : callable or object
        An oracle for an exercise of the kind "function", or a right value.
    *names : str
        Keys of `USUAL`.

    Returns
    -------
    tuple of Mistake

    Examples
    --------
    >>> [m.answer for m in usual((3, 5), "reversed")]
    [(5, 3)]
    """

    def wrong(change):
        return (lambda *args: change(right(*args))) if callable(right) else change(right)

    return tuple(Mistake(name, wrong(USUAL[name][0]), USUAL[name][1]) for name in names)


def with_usual(exercises: Iterable[Exercise], names: Mapping[int, tuple[str, ...]]) -> list[Exercise]:
    """Return a chapter's exercises, some of them with usual mistakes behind their own.

    Parameters
    ----------
    exercises : iterable of Exercise
        Exercises that are compared with what their oracle gives.
    names : mapping of int to tuple of str
        Number of the exercise, and keys of `USUAL`.

    Returns
    -------
    list of Exercise
    """

    def extended(exercise):
        chosen = names.get(int(exercise.id.rpartition("-")[2]), ())
        right = exercise.oracle() if chosen and exercise.kind == "value" else exercise.oracle
        return replace(exercise, mistakes=exercise.mistakes + usual(right, *chosen)) if chosen else exercise

    return [extended(exercise) for exercise in exercises]


def first(compare: Callable[[Any, Any], bool], args: tuple, below: int, numbers: int) -> tuple[int, ...]:
    """Return the first tuple of small numbers that has a property, found by trying.

    Exercises that are judged by a property need what has it to make wrong answers of: trying shows that, not how.

    Parameters
    ----------
    compare : callable
        ``compare(tried, args) -> bool``, the property.
    args : tuple
        What the property needs.
    below, numbers : int
        Bound of the numbers, and how many there are in a tuple.

    Returns
    -------
    tuple of int

    Raises
    ------
    StopIteration
        If no tuple has the property.

    Examples
    --------
    >>> first(lambda pair, total: sum(pair) == total, 3, 5, 2)
    (0, 3)
    """
    return next(found for found in product(range(below), repeat=numbers) if compare(found, args))
