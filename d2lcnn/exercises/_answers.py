"""Obtain what was handed in: call a function or take a value, and make plain data of it. It may do anything."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

from ._values import described, line, plain

STUBS = (None, Ellipsis, NotImplemented)
UNREAD = object()  # stands for what an answer gave where it crashed, or gave nothing that can be compared


class Obtained(NamedTuple):
    """What an answer gave for one case.

    Parameters
    ----------
    value : object
        A `plain` value, or UNREAD.
    seen : str
        Why there is none, in words for the reader.
    error : BaseException or None
        What the answer raised.
    stub : bool
        Whether it is the stub that was handed out.
    """

    value: Any = UNREAD
    seen: str = ""
    error: BaseException | None = None
    stub: bool = False


def attempt(function: Callable, *args: Any) -> tuple[Any, BaseException | None]:
    """Call what may raise anything; return its result, or what it raised."""
    try:
        return function(*args), None
    except KeyboardInterrupt:  # the reader's own
        raise
    except BaseException as error:
        return None, error


def called(function: Callable, args: tuple) -> Obtained:
    """Call a function that was handed in on a copy of the arguments."""
    args = copy.deepcopy(args)  # the answer may write into them
    before = pickle.dumps(args)
    got, error = attempt(function, *args)
    if error is not None:
        missing = issubclass(type(error), NotImplementedError)
        return Obtained(seen="not implemented" if missing else blame(error), error=error, stub=missing)
    if got is None:
        return Obtained(seen="your function returned None: is a `return` missing?")
    if any(got is stub for stub in STUBS):
        return Obtained(seen=f"returned {got!r}", stub=True)
    if attempt(pickle.dumps, args)[0] != before:
        return Obtained(seen="your function changes its input; work on a copy")
    return taken(got)


def taken(got: Any) -> Obtained:
    """Take a value that was handed in."""
    value, error = attempt(plain, got)
    if error is None:
        return Obtained(value)
    what = text_of(error) if type(error) is TypeError else f"what cannot be read: {named(error)}"
    return Obtained(seen=f"you gave {what or described(got)}")


def text_of(error: BaseException) -> str:
    """Return an error's text on one line, or nothing where it has none."""
    text, failed = attempt(lambda: line(str(error), 200))
    return text if failed is None else ""


def named(error: BaseException) -> str:
    """Return an error's class and text."""
    name = type.__getattribute__(type(error), "__name__")
    return ": ".join(filter(None, (name, text_of(error))))


def blame(error: BaseException) -> str:
    """Say that the reader's code crashed, and where, without a path."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    where = f" in line {frames[0].lineno} of {frames[0].name}" if frames else ""
    return f"your code raised {named(error)}{where}"
