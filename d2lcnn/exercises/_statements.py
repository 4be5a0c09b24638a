"""What the chapters ask, as package data: so that an installed package can list exercises and hand them out.

``statements.json`` is written by ``python tools/statements.py`` from the chapters; a test compares. Exercises that an
instructor keeps in a folder of their own (`D2LCNN_EXERCISES`) have their statements in a Markdown file beside the
module of the same name, one after the other, in the form of the chapters, each followed by a fenced stub::

    **Exercise exam-1. A title.**

    The statement.

    ```python
    def name(x):
        raise NotImplementedError
    ```
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "statements.json"
PRIVATE = re.compile(r"^\*\*Exercise (?P<id>[\w-]+)\. (?P<title>.+?)\.\*\*\n(?P<rest>.*?)(?=^\*\*Exercise |\Z)",
                     re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^```python\n(?P<code>.*?)^```\s*\Z", re.DOTALL | re.MULTILINE)


class Statement(NamedTuple):
    """What an exercise asks.

    Parameters
    ----------
    id, title, text : str
        Text is Markdown, without the title and the line of facts.
    stub : str
        Code to begin with; empty for an open question.
    given : tuple of str
        Cells that the statement speaks of, to be run below the stub.
    chapter : str
        Title of the chapter.
    topics : tuple of str
        What the chapter is about: its main entries of the index.
    solution : tuple of str
        Cells of the solution in the chapter, where it has one: everybody has read that.
    """

    id: str
    title: str
    text: str
    stub: str = ""
    given: tuple[str, ...] = ()
    chapter: str = ""
    topics: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()

    @property
    def name(self):
        """The name that the answer is bound to: the function of the stub, or the id with underscores."""
        return function_name(self.stub) or self.id.replace("-", "_")


def function_name(stub):
    """Return the name of the function that a stub defines, or None.

    Examples
    --------
    >>> function_name("def sizes(i, k):\\n    raise NotImplementedError"), function_name("answer = ...")
    ('sizes', None)
    """
    return next((node.name for node in ast.parse(stub).body if isinstance(node, ast.FunctionDef)), None)


@cache
def _public():
    return {name: Statement(**fields | {kind: tuple(fields.get(kind, ())) for kind in ("given", "solution", "topics")})
            for name, fields in json.loads(FILE.read_text(encoding="utf-8")).items()}


def _private(slug):
    """Read the Markdown file beside a private module of exercises."""
    origin = importlib.util.find_spec(f"d2lcnn.exercises.{slug}").origin
    path = Path(origin).with_suffix(".md")
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = {}
    for match in PRIVATE.finditer(text.replace("\r\n", "\n")):
        code = FENCED.search(match["rest"])
        body = FENCED.sub("", match["rest"]).strip()
        found[match["id"]] = Statement(match["id"], match["title"], body, code["code"].rstrip() if code else "",
                                       chapter=slug.replace("_", " "))
    return found


def order():
    """Return the ids of the public exercises in the order of the book."""
    return list(_public())


def solutions():
    """Return the cells of all solutions that the book shows."""
    return [cell for each in _public().values() for cell in each.solution]


def statement(exercise):
    """Return the statement of an exercise.

    Parameters
    ----------
    exercise : Exercise

    Returns
    -------
    Statement

    Raises
    ------
    ValueError
        If there is none.
    """
    found = _public().get(exercise.id) or _private(exercise.chapter).get(exercise.id)
    if found is None:
        raise ValueError(f"{exercise.id} has no statement: it belongs into {exercise.chapter}.md beside the module of "
                         "its specification")
    return found
