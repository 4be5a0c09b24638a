"""The same assignment as a source notebook of nbgrader or otter-grader, for courses that already run them.

The forms are those of nbgrader 0.9 (metadata of its schema 3, regions in comments) and of Otter Assign 7 (raw cells
with YAML). Both are read from the tools' own code, and `tools/tried_graders.py` builds with them.
"""

from __future__ import annotations

import re

from d2lcnn.names import known
from d2lcnn.setup_cell import origin, requirement

from .cells import cell, given, imports, introduction, notebook, opening, parts

TOOLS = ("nbgrader", "otter")
GRADED = ("The tests that you see are a help; in grading further cases are tried. An exercise gives its points if all "
          "pass.")
NOTES = """\
For instructors. This is the source notebook of {title} for {tool}: write your solutions between the
comments, then run {command}.
{tool} runs the tests in the student's own kernel. A submission can change what the tests call, read the hidden
tests while they run, and leave with full marks; it can loop or take all memory of the machine, and what
it does there, it does with your rights. "python -m d2lcnn grading grade" runs submissions in a sandbox instead.
Hidden tests draw their cases with seeds that your secret has made; who has this file can draw them too.{more}"""
SAME = "\nQuestions with numbers: all students get the same ones here."
SHARE = "\nPoints for a share of the cases, as the assignment gives them, are not to be had here: all or none."
COMMAND = {"nbgrader": '"nbgrader generate_assignment"', "otter": '"otter assign"'}
REGION = {"nbgrader": "### {} SOLUTION", "otter": "# {} SOLUTION"}


def source(assignment, tool, secret):
    """Return the source notebook of another tool.

    Parameters
    ----------
    assignment : Assignment
    tool : {"nbgrader", "otter"}
    secret : bytes
        Draws the seeds of hidden tests, and the numbers of questions of the bank, the same ones for all students.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        If there is no such tool, or no secret.
    """
    known("tool", tool, TOOLS)
    if not secret:
        raise ValueError(f"the hidden tests for {tool} are drawn with a secret: name its --secret-file")
    return {"nbgrader": _nbgrader, "otter": _otter}[tool](assignment, secret)


def _notes(assignment, tool):
    more = SAME * assignment.personal + SHARE * (assignment.credit == "share")
    return NOTES.format(title=assignment.id, tool=tool, command=COMMAND[tool], more=more)


def _commented(text):
    return "\n".join(f"# {line}" for line in text.splitlines())


def solved(part, tool):
    """Return a stub with the comments between which a tool expects the solution.

    Parameters
    ----------
    part : Part
    tool : {"nbgrader", "otter"}

    Returns
    -------
    str
    """
    begin, end = (REGION[tool].format(word) for word in ("BEGIN", "END"))
    value = re.fullmatch(rf"(?P<code>{re.escape(part.name)} = \.\.\.)(  # (?P<form>.*))?", part.stub)
    if value:
        # Otter Assign keeps the name of such a line
        code = f"{value['code']}  # SOLUTION" if tool == "otter" else f"{begin}\n{value['code']}\n{end}"
        return f"# {part.name}: {value['form'] or 'your answer'}\n{code}"
    return re.sub(r"^(?P<indent> *)raise NotImplementedError.*$",
                  lambda match: f"{match['indent']}{begin}\n{match[0]}\n{match['indent']}{end}", part.stub,
                  flags=re.MULTILINE)


def _body(assignment, secret, cells_of):
    """Return the cells that both tools share, and those of each exercise."""
    cells = [cell("markdown", "introduction", introduction(assignment, GRADED)),
             *opening(assignment, first=imports(assignment))]
    for number, part in enumerate(parts(assignment, secret=secret), 1):
        cells += cells_of(number, part)
    return cells


def _nbgrader(assignment, secret):
    def marked(**more):
        return {"schema_version": 3, "task": False, "grade": False, "locked": False, "solution": False} | more

    def tested(name, hidden, points, public=()):
        lines = [*public, "### BEGIN HIDDEN TESTS", hidden, "### END HIDDEN TESTS"]
        return cell("code", name, "\n".join(lines),
                    nbgrader=marked(grade=True, locked=True, points=points, grade_id=name))

    def cells_of(number, part):
        return [cell("markdown", f"statement-{number}", part.text, nbgrader=marked(
                    locked=True, grade_id=f"statement-{number}")),
                *given(part, number),
                cell("code", f"answer-{number}", solved(part, "nbgrader"), nbgrader=marked(
                    solution=True, grade_id=f"answer-{number}")),
                tested(f"test-{number}", f"assert {part.hidden}", part.points, [part.check] * assignment.checks)]

    # a hidden test without points: the one kind of cell whose text never reaches a student
    notes = tested("for-instructors", _commented(_notes(assignment, "nbgrader")), 0)
    return notebook([notes, *_body(assignment, secret, cells_of)], assignment)


def _otter(assignment, secret):
    def raw(name, *lines):
        return cell("raw", name, "\n".join(lines))

    def cells_of(number, part):
        public = [cell("code", f"public-{number}", f"assert {part.public}")] if assignment.checks else []
        return [raw(f"begin-question-{number}", "# BEGIN QUESTION", f"name: {part.name}", f"points: {part.points}",
                    "all_or_nothing: true"),
                cell("markdown", f"statement-{number}", part.text), *given(part, number),
                raw(f"begin-solution-{number}", "# BEGIN SOLUTION"),
                cell("code", f"answer-{number}", solved(part, "otter")),
                raw(f"end-solution-{number}", "# END SOLUTION"),
                raw(f"begin-tests-{number}", "# BEGIN TESTS"), *public,
                cell("code", f"test-{number}", f"# HIDDEN\nassert {part.hidden}"),
                raw(f"end-tests-{number}", "# END TESTS"),
                raw(f"end-question-{number}", "# END QUESTION")]

    # comments of the configuration: Otter Assign takes them out with it
    config = raw("configuration", "# ASSIGNMENT CONFIG", _commented(_notes(assignment, "otter")),
                 f"name: {assignment.id}", f"requirements: ['{requirement(*origin())}']",
                 "run_tests: false  # true once your solutions are in", "export_cell:", "  pdf: false")
    return notebook([config, *_body(assignment, secret, cells_of)], assignment)
