"""An assignment and results made by hand, for the tests of what comes after grading."""

import argparse
import json
from types import SimpleNamespace

from d2lcnn.grading import assignment

YAML = """id: hw01
title: First homework
exercises:
  - {exercise: cross-correlation-4, points: 5}
  - {exercise: pooling-2, points: 4}
  - {exercise: cross-correlation-2, points: 1}
"""
IDS = {"cross-correlation-4": ("two_passes", 5), "pooling-2": ("median_pool", 4),
       "cross-correlation-2": ("cross_correlation_2", 1)}


def exercise(name, points=0, code="", cases=None, **more):
    """Return the part of a result that is about an exercise; points of None are full ones."""
    points = IDS[name][1] if points is None else points
    if cases is None:
        cases = [case("book example", points > 0), case("hidden case 1", points > 0, "SECRET-SEEN", hidden=True)]
    return {"id": name, "title": f"Title of {name}", "name": IDS[name][0], "points": points, "of": IDS[name][1],
            "state": "passed" if points == IDS[name][1] else "failed", "why": "", "flags": [], "cases": cases,
            "code": code} | more


def case(name, passed, seen="", hidden=False):
    """Return what a result says of a case."""
    return {"name": name, "hidden": hidden, "passed": passed, "seen": "" if passed else seen}


def result(student, points=(5, 4, 1), codes=("", "", ""), **more):
    """Return a result as `d2lcnn.grading` writes it, with the points (and code) of each exercise."""
    parts = [exercise(name, value, code) for name, value, code in zip(IDS, points, codes, strict=True)]
    return {"format": 1, "assignment": "hw01", "student": student, "submission": "ab" * 32,
            "version": "0123456789abcdef", "seed": "fedcba9876543210", "sandbox": "bubblewrap 0.8.0",
            "state": "graded", "why": "", "points": sum(points), "of": 10, "notes": [], "exercises": parts} | more


def absent(student, state="missing", why="nothing was handed in"):
    """Return the result of who handed in nothing, or nothing readable."""
    return result(student, state=state, why=why, points=(0, 0, 0)) | {"points": 0, "exercises": []}


def written(folder, *results):
    """Write an assignment and results; return their paths as ``assignment`` and ``results``."""
    (folder / "results").mkdir(exist_ok=True)
    (folder / "hw01.yml").write_text(YAML, "utf8")
    for each in results:
        (folder / "results" / f"{each['student']}.json").write_text(json.dumps(each), "utf8")
    return SimpleNamespace(assignment=folder / "hw01.yml", results=folder / "results",
                           read=assignment.read(folder / "hw01.yml"))


def ran(module, *arguments):
    """Run a module as the command line does; return its exit status."""
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    try:
        module.run(parser.parse_args(list(map(str, arguments))))
    except SystemExit as error:
        return error.code
    return 0
