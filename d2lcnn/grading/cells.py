"""What hand-outs are made of: the exercises of an assignment as cells of a notebook."""

from __future__ import annotations

import re
from typing import NamedTuple

from d2lcnn import setup_cell

from . import bank
from .assignment import Assignment, drawn_seed
from .needs import needed

CALL = re.compile(r"(?:by )?`check\.(?P<id>\w+)\((?P<answer>\w+)\)`")
INTRODUCTION = """\
# {title}

{facts}

**How to answer.** Write your name and number into the cell below, and your answers in place of `...` or
`raise NotImplementedError`. Keep the names of functions and variables: answers are found by them. Further cells are
welcome.

**How to hand in.** Restart the kernel, run all cells from the top, and see that none stops with an error. Save, and
hand in this file, as a notebook (`.ipynb`).

**How it is graded.** {how}"""


class Part(NamedTuple):
    """An exercise of an assignment, as the cells of a notebook say it.

    Parameters
    ----------
    id : str
    name : str
        The function or the variable that is handed in.
    text : str
        Heading, facts and statement, Markdown.
    given : tuple of str
        Cells that the statement speaks of.
    stub : str
        Code to begin with.
    check : str
        The line that runs the public checks.
    public, hidden : str
        Expressions that tell whether an answer passes: with public cases, and with cases drawn with a seed.
    points : int
    """

    id: str
    name: str
    text: str
    given: tuple[str, ...]
    stub: str
    check: str
    public: str
    hidden: str
    points: int


def parts(assignment: Assignment, student: str = "", secret: bytes = b"") -> list[Part]:
    """Return the exercises of an assignment as the cells of a notebook say them.

    Parameters
    ----------
    assignment : Assignment
    student : str
        For whom; "" for all.
    secret : bytes
        Draws the numbers of questions, and the seeds in `Part.hidden`.

    Returns
    -------
    list of Part
    """
    asked = zip(assignment.items, assignment.tasks(secret, student), strict=True)
    return [_part(number, item, task, assignment, drawn_seed(secret, assignment.id, item.id, student))
            for number, (item, task) in enumerate(asked, 1)]


def _part(number, item, task, assignment, seed):
    text, spec, name = task.statement, task.exercise, task.statement.name
    if item.question:
        arguments = "".join(f", {key}={value!r}" for key, value in bank.get(item.name).numbers(seed).items())
        check = f'bank.check("{item.name}", {name}{arguments})'
        public = hidden = f'bank.report("{item.name}", {name}{arguments}).status == "passed"'
    else:
        drawn = f", seed={seed}" if spec.generate else ""
        check = f"check.{spec.id.replace('-', '_')}({name})"
        public, hidden = (f'check.run("{spec.id}", {name}{seeded}).status == "passed"' for seeded in ("", drawn))
    facts = f"*{counted(task.points, 'point')}. {text.chapter}: {spec.id}.*"
    body = CALL.sub(lambda match: f"by `check.{match['id']}({name})`" if assignment.checks else "in grading", text.text)
    return Part(spec.id, name, f"## {number}. {text.title}\n\n{facts}\n\n{body}", text.given,
                re.sub(r"^answer\b", name, text.stub), check, public, hidden, task.points)


def counted(number: int, word: str) -> str:
    """Return a number and what it counts.

    Examples
    --------
    >>> counted(1, "point"), counted(2, "point")
    ('1 point', '2 points')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"


def introduction(assignment: Assignment, how: str) -> str:
    """Return the first cell of a hand-out, Markdown.

    Parameters
    ----------
    assignment : Assignment
    how : str
        How it is graded.

    Returns
    -------
    str
    """
    due = f"Due: {assignment.due}. " if assignment.due else ""
    facts = f"{due}{counted(len(assignment.items), 'exercise')}, {counted(assignment.points, 'point')}."
    return INTRODUCTION.format(title=assignment.title, facts=facts, how=how)


def imports(assignment: Assignment) -> str:
    """Return the lines that bring what checks are made of."""
    return "from d2lcnn import check" + ("\nfrom d2lcnn.grading import bank" if assignment.personal else "")


def opening(assignment: Assignment, who: str = "", name: str = "", first: str = "") -> list:
    """Return the cells that every hand-out begins with: the setup, name and number, imports.

    Parameters
    ----------
    assignment : Assignment
    who, name : str
        The student's id and name, where they are known.
    first : str
        Imports.

    Returns
    -------
    list of nbformat.NotebookNode
    """
    known = f"name = {name!r}  # your name\nnumber = {who!r}  # your number, or what you are known by"
    found = [cell("code", "setup", setup_cell.setup_cell(*setup_cell.origin())), cell("code", "name-and-number", known)]
    return [*found, cell("code", "imports", first)] if first else found


def given(part: Part, number: int) -> list:
    """Return the cells that a statement speaks of."""
    return [cell("code", f"given-{number}-{place}", code) for place, code in enumerate(part.given, 1)]


def cell(kind: str, name: str, source: str, **metadata):
    """Return a cell with an id of its own: the same in every notebook of an assignment.

    Parameters
    ----------
    kind : {"markdown", "code", "raw"}
    name : str
        Letters, digits, hyphens.
    source : str
    **metadata

    Returns
    -------
    nbformat.NotebookNode
    """
    made = getattr(needed("nbformat").v4, f"new_{kind}_cell")(source, metadata=metadata)
    made.id = name
    return made


def notebook(cells: list, assignment: Assignment, student: str = ""):
    """Return a notebook that says which assignment it is, and whose.

    Parameters
    ----------
    cells : list of nbformat.NotebookNode
    assignment : Assignment
    student : str

    Returns
    -------
    nbformat.NotebookNode
    """
    nbformat = needed("nbformat")
    made = nbformat.v4.new_notebook(cells=cells, metadata={
        "d2lcnn": {"assignment": assignment.id, "student": student},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})
    nbformat.validate(made)
    return made
