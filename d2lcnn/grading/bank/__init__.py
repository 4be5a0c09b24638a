"""A bank of value questions with numbers: each student of an exam, and each round of a drill, gets numbers of its own.

The questions stand in modules by their subject. They are public, and so are their oracles: what they ask is reckoned
in a few lines anyway. What keeps two students apart is that they get other numbers.
"""

from __future__ import annotations

from typing import Any

from d2lcnn.check import Report, run
from d2lcnn.names import known

from . import costs, counts, schedules, sizes, stacks
from ._question import Question

__all__ = ["Question", "all_questions", "check", "get", "report"]


def all_questions() -> list[Question]:
    """Return the questions of the bank, by subject."""
    return [question for module in (sizes, stacks, counts, costs, schedules) for question in module.QUESTIONS]


def get(name: str) -> Question:
    """Look a question up by its name.

    Parameters
    ----------
    name : str
        ``"output-size"``, without the number of a variant.

    Returns
    -------
    Question

    Raises
    ------
    ValueError
        If there is none of that name, with the nearest.

    Examples
    --------
    >>> get("output-size").title
    'Output of a convolution'
    """
    found = {question.name: question for question in all_questions()}
    return found[known("question", name, found)]


def report(name: str, answer: Any, **numbers: Any) -> Report:
    """Judge an answer to a question with these numbers.

    Parameters
    ----------
    name : str
    answer : object
    **numbers
        Those of the question's text.

    Returns
    -------
    d2lcnn.check.Report

    Raises
    ------
    ValueError
        If there is no such question.

    Examples
    --------
    >>> report("output-size", 14, i=28, k=5, s=2, p=2).status
    'passed'
    """
    return run(get(name).asked(numbers)[0], answer)


def check(name: str, answer: Any, **numbers: Any) -> None:
    """Print whether an answer to a question with these numbers is right, and the hint of a known mistake if not.

    Hand-outs of homework call it; those of an exam do not (``checks: false``).

    Parameters
    ----------
    name : str
    answer : object
    **numbers
        Those of the question's text.

    Raises
    ------
    ValueError
        If there is no such question.

    Examples
    --------
    >>> check("output-size", 28, i=28, k=5, s=2, p=2)
    output-size-1: 0 of 1 public checks pass
      FAIL  what is asked: got 28
      hint  You moved the window by one pixel. By how many does it move here?
    """
    print(report(name, answer, **numbers))
