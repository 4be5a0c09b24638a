"""Read the results of a class back: what is exported, returned to students and compared."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

from . import roster
from .marking import FORMAT

STATES = {"graded", "unreadable", "missing"}
# what no page and no table can hold
HIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
TURNED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # makes text look like another one


def read(folder, assignment):
    """Return the results of an assignment.

    Parameters
    ----------
    folder : path
        With a ``<student>.json`` for each; other files are left alone.
    assignment : d2lcnn.grading.assignment.Assignment

    Returns
    -------
    dict of str to dict
        By student, in alphabetical order. Numbers with a point are `decimal.Decimal`, exactly as written.

    Raises
    ------
    ValueError
        With the file, if a result is broken, or of another assignment, student, format or list of exercises.
    OSError
        If the folder or a file cannot be read.

    Notes
    -----
    Everything is refused at the first broken result: marks that silently lack somebody are worse than none.
    """
    found = {}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix == ".json" and path.is_file():
            try:
                found[roster.identity(path.stem)] = _one(path, assignment)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise ValueError(f"{path} is no result of {assignment.id}: {_reason(error)}") from None
    if not found:
        raise ValueError(f"there is no result in {folder}")
    return found


def _reason(error):
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _one(path, assignment):
    result = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal, parse_constant=_number)
    for name, wanted in (("format", FORMAT), ("assignment", assignment.id), ("student", roster.identity(path.stem))):
        _same(name, result[name], wanted)
    if result["state"] not in STATES:
        raise ValueError(f"its state is {result['state']!r}")
    _same("of", result["of"], assignment.points)
    if result["state"] == "graded":
        items = {item.id: item.points for item in assignment.items}
        _same("exercises", {each["id"]: each["of"] for each in result["exercises"]}, items)
    for each in (result, *result["exercises"]):
        if isinstance(each["points"], bool) or not 0 <= each["points"] <= each["of"]:
            raise ValueError(f"points is {each['points']!r}, of {each['of']!r}")
    return result


def _number(text):
    raise ValueError(f"{text} is no number of points")


def _same(name, value, wanted):
    if value != wanted:
        raise ValueError(f"its {name} is {value!r}, not {wanted!r}")


def unsafe(results):
    """Return the students whose work was graded without a sandbox."""
    return [student for student, result in results.items() if result["sandbox"] == "none"]


def plain(text):
    """Return text that hides nothing: control characters and marks of direction are seen, lines end in one way.

    Examples
    --------
    >>> plain("a\\x00b\\n"), plain("\\u202egnp")
    ('a\ufffdb\\n', '<U+202E>gnp')
    """
    text = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return TURNED.sub(lambda match: f"<U+{ord(match[0]):04X}>", HIDDEN.sub("\ufffd", text))
