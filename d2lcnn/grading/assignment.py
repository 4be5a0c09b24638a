"""What an assignment asks: a YAML file in an instructor's own folder."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple

from d2lcnn import exercises
from d2lcnn.exercises import Exercise
from d2lcnn.exercises._statements import Statement, statement
from d2lcnn.names import known
from d2lcnn.shapes import integer

from . import bank
from .needs import needed

CREDIT = ("all", "share")
KEYS = {"id", "title", "due", "credit", "cases", "checks", "limits", "exercises"}
ITEM_KEYS = {"exercise", "question", "count", "points", "forbid"}


@dataclass(frozen=True)
class Limits:
    """What each exercise of a submission may use.

    Parameters
    ----------
    seconds : int
        Processor time of one exercise, all its cases together, and of one cell; six times that on the clock.
    memory : int
        MB, of all processes together.
    processes : int
    output : int
        KB of one answer.
    disk : int
        MB, in the memory of the machine.
    cells : int
        Code cells of a notebook.
    """

    seconds: int = 10
    memory: int = 3000
    processes: int = 32
    output: int = 4000
    disk: int = 64
    cells: int = 500

    def __post_init__(self):
        for each in fields(self):
            integer(f"limits: {each.name}", getattr(self, each.name), 1, 10**6)


@dataclass(frozen=True)
class Item:
    """One line of an assignment: an exercise of the book, or a question of the bank.

    Parameters
    ----------
    name : str
        Id of the exercise, or name of the question.
    question : bool
        Whether it is of the bank.
    variant : int
        Of a question.
    points : int
    forbid : tuple of str
        Names that its code may not call; a call is flagged for a person.
    """

    name: str
    question: bool
    variant: int
    points: int
    forbid: tuple[str, ...] = ()

    @property
    def id(self):
        """Id of the exercise: that of a question has the number of its variant."""
        return f"{self.name}-{self.variant}" if self.question else self.name


class Task(NamedTuple):
    """What one student is asked: an exercise with its numbers, its statement and its points."""

    exercise: Exercise
    statement: Statement
    points: int
    forbid: tuple[str, ...]


@dataclass(frozen=True)
class Assignment:
    """An assignment as read from its file.

    Parameters
    ----------
    id : str
        Letters, digits, hyphens: ``"hw01"``.
    title : str
    due : str
        Printed as it stands.
    credit : {"all", "share"}
        Points for an exercise only if all of its cases pass, or the share that passes.
    cases : int
        Hidden cases drawn for each exercise that can draw some.
    checks : bool
        Whether hand-outs call the public checks; not in an exam.
    limits : Limits
    items : tuple of Item
    text : str
        The file.
    """

    id: str
    title: str
    items: tuple[Item, ...]
    due: str = ""
    credit: str = "all"
    cases: int = 6
    checks: bool = True
    limits: Limits = field(default_factory=Limits)
    text: str = ""

    @property
    def points(self):
        """Points of everything."""
        return sum(item.points for item in self.items)

    @property
    def personal(self):
        """Whether the numbers are each student's own."""
        return any(item.question for item in self.items)

    def tasks(self, secret=b"", student=""):
        """Return what a student is asked, in order.

        Parameters
        ----------
        secret : bytes
            Draws the numbers of questions of the bank; the same for handing out and for grading.
        student : str

        Returns
        -------
        list of Task
        """
        return [Task(*self._asked(item, secret, student), item.points, item.forbid) for item in self.items]

    def _asked(self, item, secret, student):
        if item.question:
            return bank.get(item.name).drawn(drawn_seed(secret, self.id, item.id, student), item.variant)
        spec = exercises.get(item.name)
        return spec, statement(spec)


def drawn_seed(secret, *words):
    """Return the seed of a draw: nobody without the secret can tell it, everybody with it gets the same.

    Parameters
    ----------
    secret : bytes
    words : str
        What is drawn, and for whom.

    Returns
    -------
    int
        Of 64 bits.

    Examples
    --------
    >>> drawn_seed(b"s", "hw01", "anna") == drawn_seed(b"s", "hw01", "anna") != drawn_seed(b"s", "hw01", "ben")
    True
    """
    digest = hmac.digest(secret, "\0".join(words).encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big")


def read_secret(path):
    """Return the secret in a file.

    Raises
    ------
    ValueError
        If it is shorter than 16 bytes.
    OSError
        If it cannot be read.
    """
    secret = Path(path).read_bytes().strip()
    if len(secret) < 16:
        raise ValueError(f"the secret in {path} has {len(secret)} characters, and 16 are needed: "
                         "python -c 'import secrets; print(secrets.token_hex())' makes one")
    return secret


def read(path):
    """Read an assignment.

    Parameters
    ----------
    path : path
        A YAML file: ``id``, ``title``, optionally ``due``, ``credit``, ``cases``, ``checks``, ``limits``, and
        ``exercises``, a list of ``exercise: cross-correlation-2`` or ``question: output-size`` (of the bank, with
        numbers of each student's own; ``count: 3`` of them), each optionally with ``points`` and ``forbid: [conv2d]``.

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        If something in it is unknown, missing, double, or of another kind, with its name and value.
    OSError
        If it cannot be read.
    """
    yaml = needed("yaml")
    try:
        text = Path(path).read_text(encoding="utf-8")
        table = _loader(yaml)(text).get_single_data()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: byte {error.start} is {error.object[error.start]:#x}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    try:
        return _made(table, text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _loader(yaml):
    """Return YAML's safe loader, but for what it passes over: of two entries of one name the first would be lost."""

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [key for key, _ in node.value]
            for place, key in enumerate(keys):
                if any(key.value == other.value for other in keys[:place]):
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands there twice",
                                                            key.start_mark)
            return super().construct_mapping(node, deep)

    return Loader


def _made(table, text):
    _keys("the file", table, KEYS, {"id", "title", "exercises"})
    if not isinstance(table["exercises"], list) or not table["exercises"]:
        raise ValueError(f"exercises is {table['exercises']!r}, not a list of exercises")
    name = str(table["id"])
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ValueError(f"id is {name!r}; letters, digits and hyphens are meant")
    limits = table.get("limits") or {}
    _keys("limits", limits, {each.name for each in fields(Limits)})
    checks = table.get("checks", True)
    if not isinstance(checks, bool):
        raise ValueError(f"checks is {checks!r}, not true or false")
    items = [item for entry in table["exercises"] for item in _items(entry)]
    found = Assignment(name, str(table["title"]), tuple(items), str(table.get("due", "")),
                       known("credit", table.get("credit", "all"), CREDIT),
                       integer("cases", table.get("cases", 6), 1, 100), checks, Limits(**limits), text)
    _distinct(found)
    return found


def _keys(where, table, allowed, needed=frozenset()):
    if not isinstance(table, dict):
        raise ValueError(f"{where} is {table!r}, not a table of names and values")
    for key in table:
        known(f"entry of {where}", key, allowed)
    if needed - {*table}:
        raise ValueError(f"{where} lacks {', '.join(sorted(needed - {*table}))}")


def _items(entry):
    _keys("an exercise", entry, ITEM_KEYS)
    if ("exercise" in entry) == ("question" in entry):
        raise ValueError(f"{entry!r} must name either an exercise or a question")
    forbid = entry.get("forbid", [])
    if not isinstance(forbid, list) or not all(isinstance(name, str) for name in forbid):
        raise ValueError(f"forbid is {forbid!r}, not a list of names")
    if "question" in entry:
        question = bank.get(entry["question"])
        count, usual, name = integer("count", entry.get("count", 1), 1, 50), question.points, question.name
    else:
        spec = exercises.get(entry["exercise"])
        if spec.kind == "open":
            raise ValueError(f"{spec.id} is an open question: no program can judge it")
        if "count" in entry:
            raise ValueError(f"count is {entry['count']!r}, but {spec.id} has no numbers to draw: it is no question of "
                             "the bank")
        count, usual, name = 1, spec.points, spec.id
    points = integer("points", entry.get("points", usual), 0, 1000)
    return [Item(name, "question" in entry, number, points, tuple(forbid)) for number in range(1, count + 1)]


def _distinct(found):
    """Refuse two exercises of one name: an answer is found by its name."""
    taken = {}
    for task in found.tasks():
        other = taken.setdefault(task.statement.name, task.exercise.id)
        if other != task.exercise.id or sum(item.id == other for item in found.items) > 1:
            raise ValueError(f"{other} and {task.exercise.id} both ask for {task.statement.name}: leave one of them "
                             "out")
