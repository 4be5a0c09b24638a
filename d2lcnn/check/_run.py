"""Run the public checks of an exercise on an answer that may do anything, short of ending the process."""

from __future__ import annotations

import contextlib
import copy
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lcnn import exercises
from d2lcnn.exercises import Case, Exercise, close, unordered
from d2lcnn.exercises._values import NO_ORDER, described, difference, kinds, line, matched, misfit, plain, short

GENERATED = 3  # further inputs drawn beside the public cases: a special case cannot pass for the general one
PATIENCE = 10.0  # seconds after which an answer is said to take long
STUBS = (None, Ellipsis, NotImplemented)
_UNREAD = object()  # stands for what an answer gave where it crashed, or gave nothing that can be compared


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
    got: Any = _UNREAD
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
    lines = tuple(outcome.line for outcome in outcomes) + _read(spec, answer)
    if all(line.passed for line in lines):
        return Report(spec.id, "passed", lines)
    return Report(spec.id, "failed", lines, _hint(spec, [outcome.got for outcome in outcomes], cases))


def _attempt(function: Callable, *args: Any) -> tuple[Any, BaseException | None]:
    """Call what may raise anything; return its result, or what it raised."""
    try:
        return function(*args), None
    except KeyboardInterrupt:  # the reader's own
        raise
    except BaseException as error:
        return None, error


def _predicted(answer: Any) -> Any:
    """Return what a reader predicted in a live figure; anything else as it is."""
    def look():
        # told by its form, not by its class: checks stand below the explorer and work without it
        is_figure = not callable(answer) and hasattr(answer, "answer") and hasattr(answer, "figure")
        return answer.answer if is_figure else answer

    predicted, error = _attempt(look)
    return predicted if error is None else answer


def _drawn(spec: Exercise, seed: int) -> tuple[Case, ...]:
    if spec.generate is None:
        return ()
    rng = np.random.default_rng(seed)
    return tuple(Case(f"drawn input {n + 1}", spec.generate(rng)) for n in range(GENERATED))


def _judged(spec: Exercise, answer: Any, case: Case) -> _Outcome:
    """Return the outcome of one case."""
    def failed(seen, got=_UNREAD, stub=False):
        return _Outcome(Line(case.name, False, seen), got, stub)

    got = answer
    if spec.kind == "function":
        args = copy.deepcopy(case.args)  # the answer may write into its arguments
        before = pickle.dumps(args)
        got, error = _attempt(answer, *args)
        if error is not None:
            missing = issubclass(type(error), NotImplementedError)
            return failed("not implemented" if missing else _blame(error), stub=missing)
        if got is None:
            return failed("your function returned None: is a `return` missing?")
        if any(got is stub for stub in STUBS):
            return failed(f"returned {got!r}", stub=True)
        if _attempt(pickle.dumps, args)[0] != before:
            return failed("your function changes its input; work on a copy")
    value, error = _attempt(plain, got)
    if error is not None:
        what = _text(error) if type(error) is TypeError else f"what cannot be read: {_named(error)}"
        return failed(f"you gave {what or described(got)}")
    seen = _compared(spec, case, value)
    return failed(seen, value) if seen else _Outcome(Line(case.name, True), value)


def _read(spec: Exercise, answer: Any) -> tuple[Line, ...]:
    """Return the outcome of reading the answer's code, where the statement forbids a way to the result."""
    if spec.reading is None:
        return ()
    seen, error = _attempt(spec.reading, answer)
    seen = seen if error is None else _text(error) or _named(error)
    return (Line("its code, read", not seen, seen),)


def _compared(spec: Exercise, case: Case, got: Any) -> str:
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
    verdict, error = _attempt(spec.compare, copy.deepcopy(got), expected)
    if error is None:
        holds, error = _attempt(lambda: np.ndim(verdict) == 0 and bool(verdict))
        if error is None:
            return "" if holds else "does not hold"
    if issubclass(type(error), ImportError):
        raise error
    return f"does not hold; trying it raised {_named(error)}"


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
    return {"number"}.union(*(kinds(value) for value, error in (_attempt(plain, v) for v in known) if error is None))


def _wrong(spec: Exercise, mistake: Any, case: Case) -> Any:
    """Return what a known mistake gives for one case."""
    if spec.kind == "value":
        return mistake
    value, error = _attempt(mistake, *copy.deepcopy(case.args))
    return value if error is None else _UNREAD


def _hint(spec: Exercise, got: list, cases: tuple[Case, ...]) -> str:
    """Return the hint of the mistake that gives the same wrong answers in every case, or nothing."""
    agree = unordered if spec.compare is unordered else close
    for mistake in spec.mistakes:
        wrong = [_wrong(spec, mistake.answer, case) for case in cases]
        # a mistake may crash where the reader's function does
        if all(a is b or agree(a, b) for a, b in zip(got, wrong, strict=True)):
            return mistake.hint
    return ""


def _text(error: BaseException) -> str:
    text, failed = _attempt(lambda: line(str(error), 200))
    return text if failed is None else ""


def _named(error: BaseException) -> str:
    name = type.__getattribute__(type(error), "__name__")
    return ": ".join(filter(None, (name, _text(error))))


def _blame(error: BaseException) -> str:
    """Say that the reader's code crashed, and where, without a path."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    where = f" in line {frames[0].lineno} of {frames[0].name}" if frames else ""
    return f"your code raised {_named(error)}{where}"
