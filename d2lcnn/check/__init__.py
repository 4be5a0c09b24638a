"""Check an answer: ``check.cross_correlation_1(answer)`` or ``check("cross-correlation-1", answer)``.

Both print which public checks pass and, where a known mistake is recognised, its hint. `hint` gives more, bit by bit,
and `progress` shows what has been solved. The checks run in the reader's own kernel: they help the honest and prove
nothing to anybody else.
"""

from __future__ import annotations

import sys
import types
from collections import Counter
from typing import Any

from d2lcnn import exercises
from d2lcnn.exercises import Exercise

from . import _progress
from ._progress import progress
from ._run import Line, Report, run

__all__ = ["Line", "Report", "hint", "progress", "run"]

_failed, _given = Counter(), Counter()  # by id, in this session
FOLDED = "The solution is folded below the statement in the chapter."


def hint(exercise_id: str) -> None:
    """Print the next hint of an exercise, below those already given in this session.

    There are up to three: the direction, the idea, the first step. None is the answer. Of a practice exercise the
    last one says where the solution is.

    Parameters
    ----------
    exercise_id : str
        ``"cross-correlation-1"``; underscores are taken for hyphens.

    Raises
    ------
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> hint("channels-1")
    channels-1, hint 1 of 3: How large is one kernel, and how many are there?
    check.hint("channels-1") once more gives the next.
    """
    spec = exercises.get(exercise_id)
    given = _given[spec.id] = min(_given[spec.id] + 1, len(spec.hints))
    lines = [f"{spec.id}, hint {n} of {len(spec.hints)}: {text}" for n, text in enumerate(spec.hints[:given], 1)]
    if not lines:
        lines = [_goal(spec)]
    if given < len(spec.hints):
        lines.append(f'check.hint("{spec.id}") once more gives the next.')
    elif spec.cls == "P":
        lines.append(FOLDED)
    print("\n".join(lines))


def _goal(spec: Exercise) -> str:
    """Say what an exercise without hints asks for."""
    if spec.kind == "open":
        return f"{spec.id}: an open question, without further hints. Read the statement's criteria again."
    cases = ", ".join(case.name for case in spec.cases)
    return (f"{spec.id}: no hints beyond the mistakes that its check recognises. A {spec.kind} is asked; "
            f"checked: {cases}{', and drawn inputs' if spec.generate else ''}.")


def _show(spec: Exercise, answer: Any) -> None:
    """Print the report, record what is solved, and offer more help from the second failure on."""
    report = run(spec, answer)
    print(report)
    if report.status == "passed":
        _progress.record(spec.id)
    _failed[spec.id] += report.status == "failed"
    if report.status == "failed" and _failed[spec.id] > 1:
        print(f'  more  check.hint("{spec.id}") helps further{". " + FOLDED if spec.cls == "P" else "."}')


class _CheckModule(types.ModuleType):
    """Makes the module itself callable, and gives it one function for each exercise."""

    def __call__(self, exercise_id: str, answer: Any) -> None:
        """Print the report on an answer.

        Parameters
        ----------
        exercise_id : str
            ``"cross-correlation-1"``.
        answer : callable or object
            The function or the value that the exercise asks for.
        """
        _show(exercises.get(exercise_id), answer)

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            spec = exercises.get(name)
        except ValueError as error:
            raise AttributeError(str(error)) from None
        return lambda answer: _show(spec, answer)

    def __dir__(self):
        return [*super().__dir__(), *(e.id.replace("-", "_") for e in exercises.all_exercises())]


sys.modules[__name__].__class__ = _CheckModule
