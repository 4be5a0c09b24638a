"""Statements as package data, and the command that lists exercises."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from d2lcnn import __main__ as cli
from d2lcnn import exercises
from d2lcnn.exercises._statements import function_name, order, statement
from d2lcnn.grading import catalogue

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import statements  # noqa: E402

ALL = list(exercises.all_exercises())


def said(capsys, *arguments):
    assert cli.main(["exercises", *arguments]) == 0
    return capsys.readouterr().out


def test_statements_are_those_of_the_chapters():
    assert statements.TARGET.read_text("utf8") == statements.text(), "run python tools/statements.py"


def test_an_old_file_is_seen(tmp_path, monkeypatch, capsys):
    old, current = tmp_path / "statements.json", statements.TARGET.read_text("utf8")
    old.write_text(current.replace("Predict", "Guess", 1), "utf8")
    monkeypatch.setattr(statements, "TARGET", old)
    monkeypatch.setattr(statements, "ROOT", tmp_path)
    monkeypatch.setattr(statements, "text", lambda: current)
    assert statements.main(["--check"]) == 1 and "run python tools/statements.py" in capsys.readouterr().err
    assert statements.main([]) == 0 == statements.main(["--check"])


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.id)
def test_a_statement_stands_by_itself(spec):
    text = statement(spec)
    assert text.title and text.text and text.chapter and text.topics
    assert not re.search(r"<!--|\{(eq|cite|numref|doc)\}|\]\((?!https?://)", text.text)
    assert (spec.kind == "function") == bool(text.stub and function_name(text.stub))
    assert (spec.kind == "open") == (not text.stub)
    if spec.kind == "value":
        assert text.stub.startswith("answer = ...") and text.name == spec.id.replace("-", "_")


def test_links_lead_to_the_site():
    path = ROOT / "notebooks" / "variants" / "dilated.ipynb"
    text = "See [VGG](../networks/vgg.ipynb#a-part) and [here](https://example.org/x.ipynb)<!-- myst {cite}`x` -->."
    site = statements.plain(text, path)
    assert re.fullmatch(r"See \[VGG\]\(https://\S+/notebooks/networks/vgg\.html#a-part\) and "
                        r"\[here\]\(https://example\.org/x\.ipynb\)\.", site)


@pytest.mark.parametrize("spec", [spec for spec in ALL if statement(spec).given], ids=lambda spec: spec.id)
def test_what_a_statement_gives_runs_by_itself(spec):
    for code in statement(spec).given:
        exec(compile(code, spec.id, "exec"), {"__name__": "cell"})


def test_a_table_a_spreadsheet_and_everything(capsys):
    table = said(capsys).splitlines()
    assert [line.split()[0] for line in table[1:-1]] == order()
    rows = list(csv.DictReader(io.StringIO(said(capsys, "--csv"))))
    assert [row["id"] for row in rows] == order() and tuple(rows[0]) == catalogue.COLUMNS
    everything = json.loads(said(capsys, "--json"))
    assert {each["id"]: each["stub"] for each in everything} == {spec.id: statement(spec).stub for spec in ALL}


@pytest.mark.parametrize(("arguments", "holds"), [
    (("--chapter", "pooling"), lambda spec: spec.chapter == "pooling"),
    (("--class", "A", "--kind", "value"), lambda spec: (spec.cls, spec.kind) == ("A", "value")),
    (("--difficulty", "3"), lambda spec: spec.difficulty == 3),
])
def test_filters(capsys, arguments, holds):
    rows = list(csv.DictReader(io.StringIO(said(capsys, *arguments, "--csv"))))
    assert {row["id"] for row in rows} == {spec.id for spec in ALL if holds(spec)} != set()


def test_topics_are_the_entries_of_the_index(capsys):
    found = said(capsys, "--topic", "checkerboard")
    assert "transposed-convolution-1 " in found and "pooling-1 " not in found


def test_one_is_shown_with_its_stub(capsys):
    text = said(capsys, "padding_and_stride_2")
    assert text.startswith("padding-and-stride-2. ") and statement(exercises.get("padding-and-stride-2")).stub in text
    assert cli.main(["exercises", "pooling-99"]) == 2 and "no exercise 'pooling-99'" in capsys.readouterr().err


PRIVATE = '''
from d2lcnn.exercises import Case, Exercise, Mistake
EXERCISES = [Exercise("exam-1", "exam", kind="function", cls="A", minutes=5, difficulty=1, points=2,
             cases=(Case("two", (2,)),), generate=lambda rng: (int(rng.integers(9)),), oracle=abs,
             mistakes=(Mistake("opposite", lambda n: -n, "The sign."),))]
'''
STATEMENT = '''# Exam

**Exercise exam-1. How far.**

How far is $n$ from zero?

```python
def far(n):
    raise NotImplementedError
```
'''


def exercises_of(folder, *arguments):
    """Run the command with private exercises in a process of its own."""
    return subprocess.run([sys.executable, "-m", "d2lcnn", "exercises", *arguments], capture_output=True, text=True,
                          env={**os.environ, "D2LCNN_EXERCISES": str(folder)})


def test_private_exercises_are_listed_and_shown(tmp_path):
    (tmp_path / "exam.py").write_text(PRIVATE)
    (tmp_path / "exam.md").write_text(STATEMENT)
    done = exercises_of(tmp_path, "exam-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "How far is $n$ from zero?" in done.stdout and "def far(n):" in done.stdout and "```" not in done.stdout
    assert "exam-1 " in exercises_of(tmp_path, "--chapter", "exam").stdout


def test_private_exercises_without_statement_or_with_the_books_names_are_refused(tmp_path):
    (tmp_path / "exam.py").write_text(PRIVATE)
    assert "exam-1 has no statement: it belongs into exam.md" in exercises_of(tmp_path).stderr
    (tmp_path / "pooling.py").write_text(PRIVATE)
    assert "a module pooling.py, and so has the book" in exercises_of(tmp_path).stderr
