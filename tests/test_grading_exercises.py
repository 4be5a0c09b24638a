"""Every exercise that can be assigned: the right answer gets full marks through the grader, the stub none.

The right answer is the book's oracle, which the sandbox does not show; so these run in a process without one. What an
oracle cannot answer, since it hands over what a property needs, an instructor's own solutions show (check-solutions).
"""

import pytest
from submissions import job, notebook

from d2lcnn import exercises
from d2lcnn.exercises import close, unordered
from d2lcnn.exercises._statements import statement
from d2lcnn.grading import solutions
from d2lcnn.grading.assignment import Assignment, Item, Limits
from d2lcnn.grading.marking import mark

CHAPTERS = sorted({spec.chapter for spec in exercises.all_exercises()})


def answerable(chapter):
    """List the exercises of a chapter whose oracle is an answer, each name once."""
    specs = [spec for spec in exercises.chapter(chapter) if spec.kind != "open" and spec.compare in (close, unordered)
             and spec.reading is None and spec.id != "sequences-4"]  # its oracle reads the answer in what is handed in
    return list({statement(spec).name: spec for spec in specs}.values())


def marks(specs, cells):
    items = tuple(Item(spec.id, False, 1, spec.points) for spec in specs)
    what = Assignment("hw01", "All", items, cases=4, limits=Limits(seconds=60), text="")
    return mark(job(notebook(*cells), what, safe=False))["exercises"]


def oracle(spec):
    """Return a cell that answers with the book's oracle."""
    get = f"from d2lcnn import exercises\nspec = exercises.get({spec.id!r})\n"
    return get + (f"{statement(spec).name} = spec.oracle" if spec.kind == "function"
                  else f"{statement(spec).name} = spec.oracle(*spec.cases[0].args)")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_right_answers_get_full_marks_and_stubs_none(chapter):
    specs = answerable(chapter)
    right = marks(specs, [oracle(spec) for spec in specs])
    assert {part["id"]: (part["state"], part["points"]) for part in right} == {
        spec.id: ("passed", spec.points) for spec in specs}
    blank = marks(specs, [solutions.stub(statement(spec)) for spec in specs])
    assert {(part["state"], part["points"]) for part in blank} == {("not attempted", 0)}


def test_most_exercises_have_such_an_oracle():
    judged = [spec for spec in exercises.all_exercises() if spec.kind != "open"]
    covered = [spec for chapter in CHAPTERS for spec in answerable(chapter)]
    assert len(covered) >= 0.7 * len(judged), (len(covered), len(judged))


def test_solutions_of_ones_own_are_run_through_the_grader(tmp_path, capsys):
    from d2lcnn import __main__ as cli

    path = tmp_path / "why_convolutions.py"
    path.write_text("why_convolutions_1 = (3 * 480 * 640 * 64 * 480 * 640, 64 * 3 * 49)\n")
    assert cli.main(["grading", "check-solutions", str(path), "--unsafe"]) == 0
    assert "why-convolutions-1: 2 of 2 points, its stub 0" in capsys.readouterr().out
    path.write_text("why_convolutions_1 = (1, 2)\n")
    assert cli.main(["grading", "check-solutions", str(path), "--unsafe"]) == 2
    said = capsys.readouterr()
    assert "0 of 2 points" in said.out and "1 went wrong: why-convolutions-1" in said.err
    path.write_text("x = 1\n")
    assert cli.main(["grading", "check-solutions", str(path), "--unsafe"]) == 2
    assert "solves no exercise of the chapter why_convolutions" in capsys.readouterr().err
