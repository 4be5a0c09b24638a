"""Exercises and markup of a chapter as far as a program can judge them: statements, specs, classes, solutions.

Each rule takes a `Chapter` and returns its problems as lines; none is fine. tools/chapter_contract.py has the
other rules and the command line.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "book" / "_ext"))
from nb_markup import convert  # the hook of the book: what it shows is what is judged

STATEMENT = re.compile(
    r"<!--\s*myst\s+:{3,}\{exercise\}[ \t]*(?P<title>[^\n]*)\n:label:\s*ex-(?P<id>\S+)[^>]*?-->"
    r"(?P<body>.*?)<!--\s*myst\s+:{3,}\s*-->",
    re.DOTALL,
)
SOLUTION = re.compile(r"\{solution(?:-start)?\}\s*(?:ex-)?([\w-]+)")
FACTS = re.compile(r"^\*Class ([PA]), (\d+) minutes?, difficulty ([123])\.\*$", re.MULTILINE)


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
    def sources(self):
        """All sources, text and code, as one string."""
        return "\n\n".join(cell.source for cell in self.notebook.cells)


class Statement(NamedTuple):
    """An exercise as the text states it; `facts` is (class, minutes, difficulty) or None."""

    id: str
    title: str
    body: str
    facts: tuple | None


def statements(chapter):
    """Return the exercises that the text states, in order."""
    found = []
    for cell in chapter.markdown:
        for match in STATEMENT.finditer(cell.source):
            facts = FACTS.search(match["body"])
            numbers = (facts[1], int(facts[2]), int(facts[3])) if facts else None
            found.append(Statement(match["id"], match["title"].strip(), match["body"], numbers))
    return found


def statements_have_the_form(chapter):
    """Each exercise stands in one cell, in the markup of CONTRIBUTING.md, with its line of facts."""
    found = statements(chapter)
    problems = [
        f"exercise {x.id}: no line '*Class P, 10 minutes, difficulty 1.*'" for x in found if x.facts is None
    ]
    for exercise in found:
        heading = f"**Exercise {exercise.id}. {exercise.title}.**"
        if heading not in exercise.body:
            problems.append(f"exercise {exercise.id}: the notebook's own heading is not {heading!r}")
    begun = len(re.findall(r"\{exercise(?:-start)?\}", chapter.sources))
    if begun != len(found):
        problems.append(f"{begun} exercises begin, {len(found)} have the form of CONTRIBUTING.md")
    return problems


def statements_agree_with_specs(chapter):
    """Text and specs name the same exercises in the same order, with the same class, minutes, difficulty."""
    found, specs = statements(chapter), {spec.id: spec for spec in chapter.specs}
    if [x.id for x in found] != list(specs):
        return [f"exercises in the text: {[x.id for x in found]}; specs: {list(specs)}"]
    problems = []
    for exercise in found:
        spec = specs[exercise.id]
        expected = (spec.cls, spec.minutes, spec.difficulty)
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
    if len(re.findall(r"<summary>\s*Solution", chapter.sources)) != solved.total():
        problems.append("not every '<summary>Solution' stands in a solution of an exercise")
    for cell in chapter.markdown:
        if SOLUTION.search(cell.source) and ":class: dropdown" not in cell.source:
            problems.append("a solution without ':class: dropdown'")
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


def markup_is_closed(chapter):
    """Comments and colon fences open and close within one cell; no directive in backticks."""
    problems = []
    for cell in chapter.markdown:
        text, left_over = convert(cell.source)
        problems += [f"cell {cell['id']}: comment without its other end: {line}" for line in left_over]
        if cell.source.count("<!--") != cell.source.count("-->"):
            problems.append(f"cell {cell['id']}: a comment is opened or closed once too often")
        fences = []
        for colons, rest in re.findall(r"^(:{3,})[ \t]*(.*)$", text, re.MULTILINE):
            if rest:
                fences.append(colons)
            elif fences and fences[-1] == colons:
                fences.pop()
            else:
                problems.append(f"cell {cell['id']}: '{colons}' closes nothing")
        problems += [f"cell {cell['id']}: '{colons}' is not closed" for colons in fences]
        if re.search(r"^\s*[`~]{3,}\s*\{", cell.source, re.MULTILINE):
            problems.append(f"cell {cell['id']}: a directive in backticks; write colons in a comment")
    return problems


RULES = (
    markup_is_closed,
    statements_have_the_form,
    statements_agree_with_specs,
    exercises_are_enough,
    practice_is_solved,
)
