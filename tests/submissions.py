"""Notebooks as students hand them in: right, wrong and hostile, for the tests of the grader."""

import json
import shutil

import pytest

from d2lcnn.grading import submission
from d2lcnn.grading.assignment import Assignment, Item, Limits
from d2lcnn.grading.marking import Job, mark

SECRET = b"0123456789abcdef"
QUICK = Limits(seconds=2, memory=700, processes=12, disk=8, output=500, cells=50)
TASK = Assignment("hw01", "Homework 1", (
    Item("why-convolutions-3", False, 1, 6), Item("why-convolutions-1", False, 1, 1),
    Item("channels-2", False, 1, 3)), cases=3, limits=QUICK, text="hw01")

RIGHT = {
    "sound_layer": """
import numpy as np

def sound_layer(x, v):
    d = len(v) // 2
    padded = np.pad(np.asarray(x, float), d)
    return np.array([sum(v[k] * padded[i + k] for k in range(len(v))) for i in range(len(x))])
""",
    "mix": """
import numpy as np

def mix(x, w):
    return np.asarray(x) @ np.asarray(w)[:, :, 0, 0].T
""",
    "why_convolutions_1": "why_convolutions_1 = (3 * 480 * 640 * 64 * 480 * 640, 64 * 3 * 49)",
}


def notebook(*cells, assignment="hw01", metadata=None, **top):
    """Return the bytes of a notebook with these code cells."""
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    table = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {"d2lcnn": {"assignment": assignment}},
             "cells": [blank | {"id": f"c{number}", "source": cell} for number, cell in enumerate(cells)]}
    return json.dumps(table | top).encode()


def job(data, assignment=TASK, safe=True, student="anna", **changes):
    """Return what marks one notebook."""
    found = () if data is None else (submission.Found(f"{student}.ipynb", data),)
    return Job(assignment, SECRET, student, found, "Anna", "version", "seed", safe)._replace(**changes)


def marked(*cells, assignment=TASK, safe=True, **changes):
    """Mark a notebook of these cells; return the result, and its exercises by id."""
    result = mark(job(notebook(*cells), assignment, safe, **changes))
    return result, {each["id"]: each for each in result["exercises"]}


needs_sandbox = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed; CI has it")
YAML = """
id: hw01
title: Homework 1
cases: 3
limits: {seconds: 2, memory: 700, processes: 12, disk: 8, output: 500, cells: 50}
exercises:
  - {exercise: why-convolutions-3, points: 6}
  - {exercise: why-convolutions-1, points: 1}
  - {exercise: channels-2, points: 3}
"""
WRONG = "import numpy as np\n\ndef sound_layer(x, v):\n    return np.convolve(x, v, 'same')"
HANGS = "def sound_layer(x, v):\n    while True:\n        pass"
HOSTILE = """
import os, sys
for name in list(sys.modules):
    if name.startswith("d2lcnn.grading"): sys.modules[name] = None
def sound_layer(x, v):
    try: os.kill(1, 9)
    except OSError: pass
    os._exit(0)
"""
REST = (RIGHT["mix"], RIGHT["why_convolutions_1"])
# what every twelve students hand in, and what that must be worth; None: there is no result that counts
SHARES = (7 * [(notebook(*RIGHT.values()), 10)] + 2 * [(notebook(WRONG, *REST), 4)]
          + [(notebook(HANGS, *REST), 4), (notebook(HOSTILE, *REST), 4), (b"{}", None)])


def a_class(folder, count):
    """Write assignment, class list, secret and submissions of a class; return what each student must get."""
    folder.mkdir(exist_ok=True)
    (folder / "in").mkdir()
    (folder / "hw01.yml").write_text(YAML)
    (folder / "secret").write_bytes(SECRET)
    worth = {}
    for number in range(count):
        data, worth[f"s{number:03}"] = SHARES[(5 * number) % len(SHARES)]
        (folder / "in" / f"s{number:03}.ipynb").write_bytes(data)
    (folder / "class.csv").write_text("student,name\n" + "".join(f"{student},Name {student}\n" for student in worth))
    return worth


def arguments(folder, command="grade"):
    """Return the arguments of a command of grading for such a class."""
    return ["grading", command, f"{folder / 'hw01.yml'}", f"{folder / 'in'}", "--roster", f"{folder / 'class.csv'}",
            "--secret-file", f"{folder / 'secret'}", "--results", f"{folder / 'results'}"]
