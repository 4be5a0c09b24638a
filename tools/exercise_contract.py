"""Exercises of a chapter as far as a program can judge them: statements, specs, classes, room for an answer, solutions.

Each rule takes a `Chapter` and returns its problems as lines; none is fine. tools/chapter_contract.py has the
other rules and the command line.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "book" / "_ext"))
from nb_markup import EXERCISE  # the hook of the book: what it shows is what is judged
from notebook_form import tags

SOLUTION = re.compile(r"(?:\{solution(?:-start)?\}\s*(?:ex-)?|<summary>Solution of )([\w-]+)")
FACTS = re.compile(r"^\*Class ([PA]), (\d+) minutes?, difficulty ([123]), (\d+) points?\.\*$", re.MULTILINE)


@dataclass(frozen=True)
class Chapter:
    """A stored notebook, the folder it lies in, and the specs of its exercises."""

    path: Path
    notebook: Any
    specs: tuple = ()

    @property
    def markdown(self):
        """Markdown cells."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "markdown"]

    @property
    def code(self):
        """Code cells."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def shown(self):
        """Code cells that readers see: neither set up, nor folded whole, nor their own."""
        return [cell for cell in self.code if not {"remove-cell", "check", "attempt", "solution"} & set(tags(cell))]

    @property
    def figures(self):
        """Code cells that draw."""
        kinds = {cell["id"]: [kind for x in cell.outputs for kind in x.get("data", {})] for cell in self.code}
        return [cell for cell in self.code if any(kind.startswith("image/") for kind in kinds[cell["id"]])]

    @property
    def sources(self):
        """All sources, text and code, as one string."""
        return "\n\n".join(cell.source for cell in self.notebook.cells)


class Statement(NamedTuple):
    """An exercise as the text states it; `facts` is (class, minutes, difficulty, points) or None."""

    id: str
    title: str
    body: str
    facts: tuple | None


def statements(chapter):
    """Return the exercises that the text states, in order."""
    found = []
    for cell in chapter.markdown:
        if match := EXERCISE.match(cell.source):
            facts = FACTS.search(match["body"])
            numbers = (facts[1], *map(int, facts.groups()[1:])) if facts else None
            found.append(Statement(match["id"], match["title"], match["body"], numbers))
    return found


def statements_have_the_form(chapter):
    """Each exercise stands in one cell, in the form of CONTRIBUTING.md, with its line of facts."""
    found = statements(chapter)
    problems = [
        f"exercise {x.id}: no line '*Class P, 10 minutes, difficulty 1, 2 points.*'" for x in found if x.facts is None
    ]
    begun = len(re.findall(r"^\W*Exercise [\w-]+-\d+\W|\{exercise", chapter.sources, re.MULTILINE))
    if begun != len(found):
        problems.append(f"{begun} exercises begin, {len(found)} have the form of CONTRIBUTING.md")
    return problems


def statements_agree_with_specs(chapter):
    """Text and specs name the same exercises in the same order, with the same class, minutes, difficulty, points."""
    found, specs = statements(chapter), {spec.id: spec for spec in chapter.specs}
    if [x.id for x in found] != list(specs):
        return [f"exercises in the text: {[x.id for x in found]}; specs: {list(specs)}"]
    problems = []
    for exercise in found:
        spec = specs[exercise.id]
        expected = (spec.cls, spec.minutes, spec.difficulty, spec.points)
        if exercise.facts not in (None, expected):
            problems.append(f"exercise {exercise.id}: the text says {exercise.facts}, the spec {expected}")
    return problems


def exercises_are_enough(chapter):
    """Five exercises, two with a check that the text names, an open one, one that asks to predict."""
    problems = []
    if len(chapter.specs) < 5:
        problems.append(f"{len(chapter.specs)} exercises, five are asked")
    checked = [spec.id for spec in chapter.specs if spec.kind != "open"]
    if len(checked) < 2:
        problems.append(f"{len(checked)} exercises with a check, two are asked")
    if len(checked) == len(chapter.specs):
        problems.append("no open exercise")
    for name in checked:
        if f"check.{name.replace('-', '_')}(" not in chapter.sources and f'check("{name}"' not in chapter.sources:
            problems.append(f"exercise {name}: the reader is not told of check.{name.replace('-', '_')}(...)")
    if not any("predict" in exercise.body.lower() for exercise in statements(chapter)):
        problems.append("no exercise asks to predict before running")
    return problems


def there_is_room_for_an_answer(chapter):
    """Below each exercise with a check stands a cell to answer in, not attempted yet."""
    problems, rooms = [], {}
    for before, cell in pairwise(chapter.notebook.cells):
        if "attempt" in tags(cell):
            exercise = EXERCISE.match(before.source)
            rooms[exercise["id"] if exercise else cell["id"]] = cell
    for spec in chapter.specs:
        cell = rooms.pop(spec.id, None)
        if cell is None and spec.kind != "open":
            problems.append(f"exercise {spec.id}: no cell tagged attempt follows it")
        elif cell is not None:
            stored = [output.get("text") for output in cell.outputs]
            if f"check.{spec.id.replace('-', '_')}(" not in cell.source:
                problems.append(f"exercise {spec.id}: the cell below does not call its check")
            if stored != [f"{spec.id}: not attempted yet\n"]:
                problems.append(f"exercise {spec.id}: its cell stores {stored}, expected 'not attempted yet'")
    return problems + [f"cell {name}: tagged attempt, but no exercise of the chapter precedes it" for name in rooms]


def practice_is_solved(chapter):
    """A practice exercise has one solution, folded away; an assignable one has none."""
    solved = Counter(SOLUTION.findall(chapter.sources))
    problems = []
    for spec in chapter.specs:
        if spec.cls == "P" and solved[spec.id] != 1:
            problems.append(f"exercise {spec.id} is class P and has {solved[spec.id]} solutions")
        if spec.cls == "A" and solved[spec.id]:
            problems.append(f"exercise {spec.id} is class A and has a solution")
    for name in solved.keys() - {spec.id for spec in chapter.specs}:
        problems.append(f"a solution of {name!r}, which is no exercise of this chapter")
    for before, cell in pairwise(chapter.notebook.cells):
        here = "solution" in tags(cell)
        follows = "solution" in tags(before) or before.source.startswith("<details><summary>Solution of ")
        if cell.cell_type == "code" and here != follows:
            what = "tagged solution, but follows none" if here else "follows a solution and lacks its tag"
            problems.append(f"cell {cell['id']}: {what}")
    return problems


def class_a_solutions(root, specs):
    """Return the files under `root` that solve a class A exercise: there must be none."""
    assignable = {spec.id for spec in specs if spec.cls == "A"}
    problems = []
    for folder in ("notebooks", "book", "d2lcnn", "tests", "tools"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".ipynb", ".md", ".py", ".yml", ".json"} and ".ipynb_checkpoints" not in path.parts:
                for name in SOLUTION.findall(path.read_text("utf8")):
                    if name in assignable:
                        problems.append(f"{path.relative_to(root)}: solution of class A exercise {name}")
    return problems


RULES = (
    statements_have_the_form,
    statements_agree_with_specs,
    exercises_are_enough,
    there_is_room_for_an_answer,
    practice_is_solved,
)
