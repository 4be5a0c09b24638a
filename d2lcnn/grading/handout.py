"""``grading handout``: the notebook that students are given, made of an assignment."""

from __future__ import annotations

from pathlib import Path

from d2lcnn import files

from . import foreign, roster
from .assignment import Assignment, read, read_secret
from .cells import cell, counted, given, imports, introduction, notebook, opening, parts
from .needs import needed

CREDIT = {"all": "An exercise gives its points if all cases pass.",
          "share": "An exercise gives the share of its points that is the share of cases that pass."}


def _how(assignment):
    limits, personal = assignment.limits, "The numbers are your own: other students have others. "
    checks = ("The checks below each exercise are a help: in grading further cases are tried. " if assignment.checks
              else "There are no checks here: cases are tried in grading. ")
    return (f"{personal if assignment.personal else ''}{checks}{CREDIT[assignment.credit]} In grading an exercise has "
            f"{counted(limits.seconds, 'second')} of processor time and {limits.memory} MB of memory, and no network.")


def handout(assignment: Assignment, student: str | None = None, secret: bytes | None = None, *, name: str = ""):
    """Return the notebook that a student is given.

    Parameters
    ----------
    assignment : Assignment
    student : str, optional
        Id of the student; where it is left out, the notebook is for all.
    secret : bytes, optional
        Draws the numbers of questions of the bank; the same in grading.
    name : str
        The student's name, where it is known.

    Returns
    -------
    nbformat.NotebookNode
        It runs from top to bottom as it is. The same arguments give the same notebook.

    Raises
    ------
    ValueError
        If the assignment has questions of the bank, and student or secret is missing; if the student is no id.
    """
    if assignment.personal and (not student or not secret):
        raise ValueError(f"{assignment.id} has questions of the bank, and their numbers are each student's own: name "
                         "the secret that draws them (--secret-file) and a --student, or a --roster for all")
    who = roster.identity(student) if student else ""
    cells = [cell("markdown", "introduction", introduction(assignment, _how(assignment))),
             *opening(assignment, who, name, imports(assignment) if assignment.checks else "")]
    for number, part in enumerate(parts(assignment, who, secret or b""), 1):
        cells += [cell("markdown", f"statement-{number}", part.text), *given(part, number),
                  cell("code", f"answer-{number}", part.stub)]
        if assignment.checks:
            cells.append(cell("code", f"check-{number}", part.check))
    return notebook(cells, assignment, who)


def arguments(parser):
    """Describe the arguments of ``grading handout``."""
    add = parser.add_argument
    add("assignment", type=Path, help="the assignment, a YAML file")
    add("--out", type=Path, required=True, help="the notebook; with --roster a folder, in which each student has one")
    add("--secret-file", type=Path, help="draws the numbers of questions of the bank, and hidden tests; keep it: "
                                         "grading needs the same")
    add("--for", dest="tool", choices=foreign.TOOLS, help="write the source notebook of another tool instead")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--roster", type=Path, help="a CSV file of the students: write a notebook for each")
    add("--student", help="write the notebook of this student")


def run(args):
    """Write what the arguments ask for; ValueError or OSError where that cannot be."""
    assignment = read(args.assignment)
    secret = read_secret(args.secret_file) if args.secret_file else None
    if args.tool:
        if args.roster or args.student:
            raise ValueError(f"--for {args.tool} writes one notebook for all: leave out --roster and --student")
        made = {args.out: foreign.source(assignment, args.tool, secret)}
    elif args.roster:
        made = {args.out / f"{student}.ipynb": handout(assignment, student, secret, name=row.get("name", ""))
                for student, row in roster.read(args.roster).items()}
    else:
        made = {args.out: handout(assignment, args.student, secret)}
    _write({path: needed("nbformat").writes(each) + "\n" for path, each in made.items()})
    print(f"{assignment.id}: {counted(len(assignment.items), 'exercise')}, {counted(assignment.points, 'point')}; "
          f"{counted(len(made), 'notebook')} in {args.out}")


def _write(texts):
    """Write the files, unless one would replace what is not the same: it may be somebody's work."""
    for path, text in texts.items():
        if path.exists() and (not path.is_file() or path.read_bytes() != text.encode()):
            raise ValueError(f"{path} exists and is another: nothing is written. Name another place, or delete it")
    for path, text in texts.items():
        files.usable(path.parent)
        files.write(path, text)
