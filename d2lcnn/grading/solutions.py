"""``python -m d2lcnn grading check-solutions``: do solutions of your own get full marks, and stubs none?"""

from __future__ import annotations

import json
from pathlib import Path

from d2lcnn import exercises
from d2lcnn.exercises._statements import statement

from . import sandbox, submission
from .assignment import Assignment, Item
from .marking import Job, mark
from .reading import answer_code

SECRET = b"check-solutions: any secret will do"


def arguments(parser):
    """Describe the arguments of ``grading check-solutions``."""
    add = parser.add_argument
    add("solutions", type=Path, nargs="+", metavar="FILE",
        help="a .py file or a notebook for each chapter, <chapter>.py: it defines the functions that its exercises ask "
             "for, and values by the name of their exercise, pooling_1 = ...")
    add("--unsafe", action="store_true", help="without a sandbox")


def run(args):
    """Print a line for each exercise; ValueError if one of them goes wrong."""
    if not args.unsafe:
        sandbox.usable()
    bad = []
    for path in args.solutions:
        for line, right in checked(path, not args.unsafe):
            print(line)
            bad += [] if right else [line.partition(":")[0]]
    if bad:
        raise ValueError(f"{len(bad)} went wrong: {', '.join(bad)}")


def checked(path, safe=True):
    """Yield, for each exercise of a chapter that a file solves, a line and whether all is right."""
    specs = [spec for spec in exercises.chapter(path.stem) if spec.kind != "open"]
    cells = _cells(path)
    solved = [spec for spec in specs if answer_code(cells, statement(spec).name)]
    if not solved:
        raise ValueError(f"{path} solves no exercise of the chapter {path.stem}")
    stubs = [stub(statement(spec)) for spec in solved]
    for right, blank in zip(_marks(solved, cells, safe), _marks(solved, stubs, safe), strict=True):
        verdict = f"{right['points']} of {right['of']} points, its stub {blank['points']}"
        wrong = [f"{case['name']}: {case['seen']}" for case in right["cases"] if not case["passed"]]
        why = "; ".join([right["why"]] * bool(right["why"]) + wrong)
        yield (f"{right['id']}: {verdict}{why and f' ({why})'}",
               right["state"] == "passed" and blank["state"] == "not attempted" and not blank["points"])


def _cells(path):
    if path.suffix == ".ipynb":
        return submission.read(path.read_bytes(), "solutions").cells
    return (path.read_text(encoding="utf-8"),)


def stub(text):
    """Return the stub of an exercise, bound to the name by which its answer is found."""
    return text.stub.replace("answer =", f"{text.name} =", 1) if text.stub.startswith("answer =") else text.stub


def _marks(specs, cells, safe):
    items = tuple(Item(spec.id, False, 1, spec.points) for spec in specs)
    data = json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}).encode()
    job = Job(Assignment("solutions", "Solutions", items), SECRET, "solutions", (submission.Found("solutions", data),),
              "", "", "", safe)
    return mark(job)["exercises"]
