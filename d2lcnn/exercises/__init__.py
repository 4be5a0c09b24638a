"""Exercise specifications: one frozen `Exercise` for each exercise of the book.

A chapter's exercises stand in the module of its slug, ``d2lcnn/exercises/<slug>.py``, as the list
``EXERCISES``. The statement stands in the chapter, once; everything a program needs to check an answer stands
here: public cases, a seeded generator of further ones, an oracle, a comparison, and the known mistakes with
their hints. `d2lcnn.check` uses the specs for readers.

Classes. P (practice): the solution is public, in the chapter. A (assignable): no solution anywhere in the tree.

The oracle rule: an oracle is a call of a library, a property, or a recorded number - never the asked function
in disguise, or publishing the spec would publish the solution.

Instructors keep further exercises in a folder of their own, named by the environment variable ``D2LCNN_EXERCISES``
(several as in ``PATH``): modules of the same form, found like those here.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ._values import ATOL, RTOL, matched, plain, same

PRIVATE = "D2LCNN_EXERCISES"  # an instructor's own folders
__path__ += [os.path.abspath(folder) for folder in os.environ.get(PRIVATE, "").split(os.pathsep) if folder]

__all__ = ["PRIVATE", "Case", "Exercise", "Mistake", "all_exercises", "chapter", "close", "get", "unordered"]


def close(got: Any, expected: Any, rtol: float = RTOL, atol: float = ATOL) -> bool:
    """Tell whether two answers are the same up to rounding; never raise, and cast nothing away.

    Parameters
    ----------
    got, expected : number, str, array (NumPy or torch), or nested lists, tuples and sets of them
        They must agree in shape and kind: a string is no number, True is no 1, an imaginary part counts. Nested
        lists are arrays. Two integers agree only if they are equal; strings up to case and outer spaces.
    rtol, atol : float
        Relative and absolute tolerance, as in `numpy.allclose`.

    Returns
    -------
    bool

    Examples
    --------
    >>> close([1, 2], (1.0, 2.0)), close(np.ones((2, 1)), np.ones(2)), close("no", 1)
    (True, False, False)
    >>> close([1 + 5j, 2], [1, 2]), close(["1"], [1]), close(10**7 + 1, 10**7)
    (False, False, False)
    """
    try:
        return same(plain(got), plain(expected), rtol, atol)
    except Exception:  # what cannot be read, or objects that raise what they like, equals nothing
        return False


def unordered(got: Any, expected: Any) -> bool:
    """Tell whether two lists have the same entries, each as often, in any order; never raise.

    For statements that ask for several things and order none of them. A spec names it as its ``compare``.

    Parameters
    ----------
    got, expected : list, tuple, set or array
        Entries agree as in `close`.

    Returns
    -------
    bool

    Examples
    --------
    >>> unordered([[2, 2], [2, 1]], [[2, 1], [2, 2]]), unordered([1, 1, 2], [1, 2, 2])
    (True, False)
    """
    try:
        return len(plain(got)) == len(plain(expected)) == matched(plain(got), plain(expected))
    except Exception:  # as in `close`
        return False


@dataclass(frozen=True)
class Case:
    """One check of an answer: a name the reader sees, and the arguments of the oracle.

    Parameters
    ----------
    name : str
        What is tried, in the reader's words.
    args : tuple
        Arguments of the oracle, and of the answer where a function is asked.
    """

    name: str
    args: tuple = ()


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer, and the hint that names the misconception (not the answer).

    Parameters
    ----------
    name : str
        The misconception in a few words.
    answer : object
        A wrong value, or a wrong function of the same arguments as the asked one.
    hint : str
        One or two sentences for the reader.
    """

    name: str
    answer: Any
    hint: str


@dataclass(frozen=True)
class Exercise:
    """The specification of one exercise.

    Parameters
    ----------
    id : str
        Chapter slug with hyphens, and a number: ``"cross-correlation-1"``.
    chapter : str
        Slug of the chapter, as in its file name: ``"cross_correlation"``.
    kind : {"function", "value", "open"}
        What the reader hands in: a function, a value, or a text or study that no program judges.
    cls : {"P", "A"}
        Practice (public solution in the chapter) or assignable (no solution in the tree).
    minutes, difficulty, points : int
        Expected working time, difficulty from 1 to 3, points when graded.
    cases : tuple of Case
        Public checks, run for every reader.
    generate : callable or None
        ``generate(rng) -> tuple``: arguments of one further case, drawn with a `numpy.random.Generator`.
    oracle : callable or None
        ``oracle(*args)``: what the answer must agree with. See the oracle rule of the module.
    compare : callable
        ``compare(got, expected) -> bool``; `close` by default, `unordered` where the statement orders nothing. A
        property is stated here: then the oracle hands over what the property needs. `got` is a plain copy: numbers,
        strings, NumPy arrays, lists and tuples of them, of the kinds that the oracle or a mistake hands in.
    mistakes : tuple of Mistake
        Known wrong answers. An answer that agrees with one of them in every public case gets its hint.
    reading : callable or None
        ``reading(answer) -> str``: what a function's code does that the statement forbids, or an empty text. It reads
        the code (`_code`); whether the results are right, the cases judge.
    hints : tuple of str
        Up to three, for `check.hint`: the direction, the idea, the first step; never the answer.

    Raises
    ------
    ValueError
        If a field has a value outside its set, or the fields contradict each other.
    """

    id: str
    chapter: str
    kind: str
    cls: str
    minutes: int
    difficulty: int
    points: int
    cases: tuple[Case, ...] = ()
    generate: Callable[[np.random.Generator], tuple] | None = None
    oracle: Callable[..., Any] | None = None
    compare: Callable[[Any, Any], bool] = close
    mistakes: tuple[Mistake, ...] = field(default=())
    reading: Callable[[Callable], str] | None = None
    hints: tuple[str, ...] = ()

    def __post_init__(self):
        stem, _, number = self.id.rpartition("-")
        if stem != self.chapter.replace("_", "-") or not number.isdigit():
            raise ValueError(f"id {self.id!r} is not {self.chapter.replace('_', '-')!r} and a number")
        for name, allowed in (("kind", ("function", "value", "open")), ("cls", ("P", "A")), ("difficulty", (1, 2, 3))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{self.id}: {name} is {getattr(self, name)!r}, not one of {allowed}")
        if min(self.minutes, self.points) < 1:
            raise ValueError(f"{self.id}: minutes={self.minutes} and points={self.points} must be at least 1")
        if isinstance(self.hints, str) or len(self.hints) > 3:
            raise ValueError(f"{self.id}: hints={self.hints!r} is not a tuple of at most three texts")
        if self.kind == "open" and (self.cases or self.oracle or self.mistakes):
            raise ValueError(f"{self.id}: an open exercise has no cases, oracle or mistakes")
        if self.reading and self.kind != "function":
            raise ValueError(f"{self.id}: reading={self.reading!r} reads functions, and a {self.kind} is asked for")
        if self.kind != "open" and not (self.cases and self.oracle and self.mistakes):
            raise ValueError(f"{self.id}: a checked exercise needs cases, an oracle and at least one mistake")


def chapter(slug: str) -> list[Exercise]:
    """Return the exercises of a chapter, in order.

    Parameters
    ----------
    slug : str
        ``"cross_correlation"``, say.

    Returns
    -------
    list of Exercise

    Raises
    ------
    ValueError
        If no chapter of that name has exercises.
    """
    if slug not in _slugs():
        raise ValueError(f"no exercises for chapter {slug!r}; there are {', '.join(_slugs())}")
    return list(importlib.import_module(f"{__name__}.{slug}").EXERCISES)


def all_exercises() -> Iterable[Exercise]:
    """Iterate over all exercises of the book, chapter by chapter in alphabetical order."""
    for slug in _slugs():
        yield from chapter(slug)


def get(exercise_id: str) -> Exercise:
    """Look an exercise up by its id.

    Parameters
    ----------
    exercise_id : str
        ``"cross-correlation-1"``; underscores are taken for hyphens.

    Returns
    -------
    Exercise

    Raises
    ------
    ValueError
        If there is none of that id; the message lists the chapter's exercises.
    """
    wanted = str(exercise_id).replace("_", "-")
    slug = wanted.rpartition("-")[0].replace("-", "_")
    found = chapter(slug) if slug in _slugs() else []
    for exercise in found:
        if exercise.id == wanted:
            return exercise
    known = ", ".join(e.id for e in found) or ", ".join(_slugs())
    raise ValueError(f"no exercise {exercise_id!r}; there are {known}")


def _slugs() -> list[str]:
    found = [m.name for folder in __path__ for m in pkgutil.iter_modules([folder])]  # each folder's: one may hide another's
    names = sorted(name for name in found if not name.startswith("_"))
    twice = [one for one, other in pairwise(names) if one == other]
    if twice:
        raise ValueError(f"{PRIVATE} has a module {twice[0]}.py, and so has the book: give yours another name")
    return names
