"""Run the public checks of an exercise on an answer that may do anything, short of ending the process."""

from __future__ import annotations

import contextlib
import copy
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lcnn import exercises
from d2lcnn.exercises import Case, Exercise, close, unordered
from d2lcnn.exercises._answers import STUBS, UNREAD, attempt, called, named, taken, text_of
from d2lcnn.exercises._values import NO_ORDER, difference, kinds, matched, misfit, plain, short

GENERATED = 3  # further inputs drawn beside the public cases: a special case cannot pass for the general one
PATIENCE = 10.0  # seconds after which an answer is said to take long


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
    status : {"passed", "failed", "not attempted", "open", "unavailable"}
        ``"failed"`` also when the answer crashed: the lines say so. ``"unavailable"`` where the check itself needs a
        package that is not installed.
    lines : tuple of Line
        One for each check that ran.
    hint : str
        Hint of the recognised mistake, or empty; of an unavailable check, what to install.
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
        if self.status == "unavailable":
            return f"{self.id}: not checked. {self.hint}"
        good = sum(line.passed for line in self.lines)
        count = "all" if good == len(self.lines) else f"{good} of {len(self.lines)}"
        text = [f"{self.id}: {count} public checks pass"]
        if self.status != "passed":
            verdicts = {True: "pass", False: "FAIL"}
            text += [f"  {verdicts[x.passed]}  " + ": ".join(filter(None, (x.name, x.seen))) for x in self.lines]
        return "\n".join(text + ([f"  hint  {self.hint}"] if self.hint else []))


@dataclass(frozen=True)
class _Outcome:
    line: Line
    got: Any = UNREAD
    stub: bool = False


def run(exercise: str | Exercise, answer: Any, *, seed: int = 0) -> Report:
    """Run the public checks of an exercise, and some drawn ones, on an answer; neither raise nor change it.

    Whatever an answer raises is part of the report, `SystemExit` too; only an interrupt of the reader leaves, a
    `KeyboardInterrupt`. If an answer takes longer than ten seconds, stderr says so and how to stop it, and the check
    goes on. (Compiled code that keeps Python's lock, such as ``10**10**10``, keeps the message back too.)

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
    with _watched(spec.id):
        try:
            return _run(spec, _predicted(answer), seed)
        except ImportError as error:  # of the check: those of the answer are in its report
            needs = f'This check needs {error.name or "more"}: pip install "d2lcnn[torch]".'
            return Report(spec.id, "unavailable", hint=needs)


@contextlib.contextmanager
def _watched(name: str) -> Iterator[None]:
    """Say, while the block runs, that it takes long; stop nothing."""
    stream = sys.stderr  # the answer may put another one there
    text = (
        f"{name}: your answer has been running for {PATIENCE:g} seconds. If it never ends, interrupt it: the "
        "notebook's stop button (Kernel, Interrupt), or Ctrl-C in a terminal. Your variables stay."
    )
    timer = threading.Timer(PATIENCE, lambda: print(text, file=stream, flush=True))
    timer.daemon = True
    with contextlib.suppress(RuntimeError):  # Python in a browser has no threads
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _run(spec: Exercise, answer: Any, seed: int) -> Report:
    if any(answer is stub for stub in STUBS):
        return Report(spec.id, "not attempted")
    if spec.kind == "function" and not callable(answer):
        return Report(spec.id, "failed", (Line("a function is asked for", False, f"you gave {short(answer)}"),))
    cases = spec.cases + _drawn(spec, seed)
    outcomes = [_judged(spec, answer, case) for case in cases]
    if all(outcome.stub for outcome in outcomes):
        return Report(spec.id, "not attempted")
    lines = tuple(outcome.line for outcome in outcomes) + read(spec, answer)
    if all(line.passed for line in lines):
        return Report(spec.id, "passed", lines)
    return Report(spec.id, "failed", lines, _hint(spec, [outcome.got for outcome in outcomes], cases))


def _predicted(answer: Any) -> Any:
    """Return what a reader predicted in a live figure; anything else as it is."""
    def look():
        # told by its form, not by its class: checks stand below the explorer and work without it
        is_figure = not callable(answer) and hasattr(answer, "answer") and hasattr(answer, "figure")
        return answer.answer if is_figure else answer

    predicted, error = attempt(look)
    return predicted if error is None else answer


def _drawn(spec: Exercise, seed: int) -> tuple[Case, ...]:
    if spec.generate is None:
        return ()
    rng = np.random.default_rng(seed)
    return tuple(Case(f"drawn input {n + 1}", spec.generate(rng)) for n in range(GENERATED))


def _judged(spec: Exercise, answer: Any, case: Case) -> _Outcome:
    """Return the outcome of one case."""
    got = called(answer, case.args) if spec.kind == "function" else taken(answer)
    seen = got.seen if got.value is UNREAD else compared(spec, case, got.value)
    return _Outcome(Line(case.name, not seen, seen), got.value, got.stub)


def read(spec: Exercise, answer: Any) -> tuple[Line, ...]:
    """Return the outcome of reading the answer's code, where the statement forbids a way to the result."""
    if spec.reading is None:
        return ()
    seen, error = attempt(spec.reading, answer)
    seen = seen if error is None else text_of(error) or named(error)
    return (Line("its code, read", not seen, seen),)


def compared(spec: Exercise, case: Case, got: Any) -> str:
    """Say what is wrong with a plain value, or return an empty text."""
    expected = spec.oracle(*copy.deepcopy(case.args))
    if spec.compare is close:
        return "" if close(got, expected) else difference(got, plain(expected))
    if spec.compare is unordered:
        return "" if unordered(got, expected) else _counted(got, plain(expected))
    if isinstance(got, set):
        return NO_ORDER
    misfits = misfit(got, {"number"}) and misfit(got, _kinds(spec, case, expected))
    if misfits:
        return misfits
    verdict, error = attempt(spec.compare, copy.deepcopy(got), expected)
    if error is None:
        holds, error = attempt(lambda: np.ndim(verdict) == 0 and bool(verdict))
        if error is None:
            return "" if holds else "does not hold"
    if issubclass(type(error), ImportError):
        raise error
    return f"does not hold; trying it raised {named(error)}"


def _counted(got: Any, expected: list) -> str:
    """Say how many entries are right where order does not count, and not how many there should be."""
    wrong = misfit(got, kinds(expected))
    if wrong or not hasattr(got, "__len__"):
        return wrong or f"expected a list, got {short(got)}"
    if len(got) > 100 * (len(expected) + 1):
        return f"you gave {len(got)} entries"
    right = matched(got, expected)
    return f"{right} of your {len(got)} entries are right" + (", and some are missing" if right == len(got) else "")


def _kinds(spec: Exercise, case: Case, expected: Any) -> set[str]:
    """Return the kinds of entries that an answer to a property may have: those of the oracle and of the mistakes."""
    known = [expected] + [_wrong(spec, mistake.answer, case) for mistake in spec.mistakes]
    return {"number"}.union(*(kinds(value) for value, error in (attempt(plain, v) for v in known) if error is None))


def _wrong(spec: Exercise, mistake: Any, case: Case) -> Any:
    """Return what a known mistake gives for one case."""
    if spec.kind == "value":
        return mistake
    value, error = attempt(mistake, *copy.deepcopy(case.args))
    return value if error is None else UNREAD


def _hint(spec: Exercise, got: list, cases: tuple[Case, ...]) -> str:
    """Return the hint of the mistake that gives the same wrong answers in every case, or nothing."""
    agree = unordered if spec.compare is unordered else close
    for mistake in spec.mistakes:
        wrong = [_wrong(spec, mistake.answer, case) for case in cases]
        # a mistake may crash where the reader's function does
        if all(a is b or agree(a, b) for a, b in zip(got, wrong, strict=True)):
            return mistake.hint
    return ""
