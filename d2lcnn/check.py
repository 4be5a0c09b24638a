"""Check an answer: ``check.cross_correlation_1(answer)`` or ``check("cross-correlation-1", answer)``.

Both print which public checks pass and, where a known mistake is recognised, its hint. The checks run in the
reader's own kernel: they help the honest and prove nothing to anybody else.
"""

from __future__ import annotations

import copy
import sys
import traceback
import types
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lcnn import exercises
from d2lcnn.exercises import Case, Exercise, close

__all__ = ["Line", "Report", "run"]

GENERATED = 3  # further inputs drawn beside the public cases: a special case cannot pass for the general one
STUBS = (None, Ellipsis, NotImplemented)


@dataclass(frozen=True)
class Line:
    """The outcome of one check: its name, whether it passed, and what was seen if not."""

    name: str
    passed: bool
    seen: str = ""


@dataclass(frozen=True)
class Report:
    """The outcome of all checks of one answer.

    Parameters
    ----------
    id : str
        The exercise.
    status : {"passed", "failed", "not attempted", "open"}
        ``"failed"`` also when the answer crashed: the lines say so.
    lines : tuple of Line
        One for each check that ran.
    hint : str
        Hint of the recognised mistake, or empty.
    """

    id: str
    status: str
    lines: tuple[Line, ...] = ()
    hint: str = ""

    def __str__(self):
        if self.status == "open":
            return f"{self.id}: an open question. No program can judge it; read the statement's criteria again."
        if self.status == "not attempted":
            return f"{self.id}: not attempted yet"
        good = sum(line.passed for line in self.lines)
        count = "all" if good == len(self.lines) else f"{good} of {len(self.lines)}"
        text = [f"{self.id}: {count} public checks pass"]
        if self.status != "passed":
            verdicts = {True: "pass", False: "FAIL"}
            text += [f"  {verdicts[x.passed]}  " + ": ".join(filter(None, (x.name, x.seen))) for x in self.lines]
        return "\n".join(text + ([f"  hint  {self.hint}"] if self.hint else []))


def run(exercise: str | Exercise, answer: Any, *, seed: int = 0) -> Report:
    """Run the public checks of an exercise, and some drawn ones, on an answer.

    Parameters
    ----------
    exercise : str or Exercise
        The exercise, or its id.
    answer : callable or object
        The function or the value that the exercise asks for. A live figure of the explorer stands for what was
        predicted in it, its ``answer``.
    seed : int
        Seed of the drawn cases.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    spec = exercise if isinstance(exercise, Exercise) else exercises.get(exercise)
    if spec.kind == "open":
        return Report(spec.id, "open")
    answer = _predicted(answer)
    if any(answer is stub for stub in STUBS):
        return Report(spec.id, "not attempted")
    if spec.kind == "function" and not callable(answer):
        line = Line("a function is asked for", False, f"you gave {_short(answer)}")
        return Report(spec.id, "failed", (line,))
    cases = spec.cases + _drawn(spec, seed)
    outcomes = [_try(spec, answer, case) for case in cases]
    if all(stub for _, _, stub in outcomes):
        return Report(spec.id, "not attempted")
    lines = tuple(line for line, _, _ in outcomes)
    if all(line.passed for line in lines):
        return Report(spec.id, "passed", lines)
    return Report(spec.id, "failed", lines, _hint(spec, [got for _, got, _ in outcomes], cases))


def _predicted(answer: Any) -> Any:
    """Return what a reader predicted in a live figure; anything else as it is."""
    # told by its form, not by its class: checks stand below the explorer and work without it
    is_figure = not callable(answer) and hasattr(answer, "answer") and hasattr(answer, "figure")
    return answer.answer if is_figure else answer


def _drawn(spec: Exercise, seed: int) -> tuple[Case, ...]:
    if spec.generate is None:
        return ()
    rng = np.random.default_rng(seed)
    return tuple(Case(f"drawn input {n + 1}", spec.generate(rng)) for n in range(GENERATED))


_CRASHED = object()


def _try(spec: Exercise, answer: Any, case: Case) -> tuple[Line, Any, bool]:
    """Return the line, what was got, and whether the answer is still a stub, for one case."""
    args = copy.deepcopy(case.args)  # the answer may write into its arguments
    try:
        got = answer(*args) if spec.kind == "function" else answer
    except NotImplementedError:
        return Line(case.name, False, "not implemented"), _CRASHED, True
    except Exception as error:
        return Line(case.name, False, _blame(error)), _CRASHED, False
    if got is None:
        return Line(case.name, False, "your function returned None: is a `return` missing?"), got, False
    if any(got is stub for stub in STUBS):
        return Line(case.name, False, f"returned {got!r}"), got, True
    if spec.kind == "function" and not all(close(a, b) for a, b in zip(args, case.args, strict=True) if _is_array(b)):
        return Line(case.name, False, "your function changes its input; work on a copy"), got, False
    expected = spec.oracle(*case.args)
    try:
        good = bool(spec.compare(got, expected))
    except Exception:  # a value of the wrong kind is a wrong answer, not a crash of the checker
        good = False
    seen = "" if good else _difference(got, expected) if spec.compare is close else "does not hold"
    return Line(case.name, good, seen), got, False


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape")


def _blame(error: Exception) -> str:
    """Say that the reader's code crashed, and where, without a path."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    where = f" in line {frames[0].lineno} of {frames[0].name}" if frames else ""
    return f"your code raised {type(error).__name__}: {error}{where}"


def _difference(got: Any, expected: Any) -> str:
    """Say what was wrong without giving the answer away: kinds and shapes, never the expected values."""
    if _is_array(expected) and not _is_array(got):
        return f"expected an array, got {_short(got)}"
    if _is_array(expected) and tuple(got.shape) != tuple(expected.shape):
        return f"expected shape {tuple(expected.shape)}, got {tuple(got.shape)}"
    if _is_array(got):
        return f"an array of shape {tuple(got.shape)} with other values than expected"
    return f"got {_short(got)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _hint(spec: Exercise, got: list, cases: tuple[Case, ...]) -> str:
    """Return the hint of the mistake that gives the same wrong answers in every case, or nothing."""
    for mistake in spec.mistakes:
        if spec.kind == "value":
            same = close(got[0], mistake.answer)
        else:
            same = all(_agrees(mistake.answer, case, value) for case, value in zip(cases, got, strict=True))
        if same:
            return mistake.hint
    return ""


def _agrees(wrong: Any, case: Case, value: Any) -> bool:
    try:
        return close(value, wrong(*copy.deepcopy(case.args)))
    except Exception:  # the wrong function may crash where the reader's does
        return value is _CRASHED


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
        print(run(exercise_id, answer))

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            spec = exercises.get(name)
        except ValueError as error:
            raise AttributeError(str(error)) from None
        return lambda answer: print(run(spec, answer))

    def __dir__(self):
        return [*super().__dir__(), *(e.id.replace("-", "_") for e in exercises.all_exercises())]


sys.modules[__name__].__class__ = _CheckModule
