"""Hand-outs: the notebook that a student gets, and the source notebooks of nbgrader and otter."""

import argparse
import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from d2lcnn import check, exercises
from d2lcnn.exercises._statements import function_name
from d2lcnn.grading import assignment, bank, cells, foreign, handout

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import setup_cell  # noqa: E402

SECRET = b"a secret of some length"
HW01, EXAM = (assignment.read(ROOT / "notebooks" / "assignments" / f"{name}.yml") for name in ("hw01", "exam"))
BOOK = """\
id: book
title: Without numbers
exercises:
  - exercise: cross-correlation-4
  - exercise: padding-and-stride-6
  - exercise: sequences-2
"""


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.yml"
    path.write_text(BOOK)
    return assignment.read(path)


def sources(notebook, start=""):
    return {cell.id: cell.source for cell in notebook.cells if cell.id.startswith(start)}


def executed(notebook):
    """Run a notebook in a fresh kernel; an error stops the test."""
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return {cell.id: "".join(output.get("text", "") for output in cell.outputs)
            for cell in notebook.cells if cell.cell_type == "code"}


def test_a_homework_runs_from_top_to_bottom_as_it_is():
    printed = executed(handout.handout(HW01, "anna", SECRET))
    checks = {name: text for name, text in printed.items() if name.startswith("check-")}
    assert len(checks) == len(HW01.items) and all(text.endswith("not attempted yet\n") for text in checks.values())


def test_an_exam_runs_and_has_no_checks():
    notebook = handout.handout(EXAM, "anna", SECRET)
    assert not any("check" in cell.source for cell in notebook.cells if cell.id not in ("introduction", "setup"))
    assert "There are no checks here" in notebook.cells[0].source and "in grading." in sources(notebook)["statement-11"]
    executed(notebook)


def test_right_answers_pass_in_the_notebook():
    notebook = handout.handout(HW01, "anna", SECRET)
    right = {}
    for number, (item, task) in enumerate(zip(HW01.items, HW01.tasks(SECRET, "anna"), strict=True), 1):
        if item.question:
            right[f"answer-{number}"] = f"{task.statement.name} = {task.exercise.oracle()!r}"
    for cell in notebook.cells:
        cell.source = right.get(cell.id, cell.source)
    printed = executed(notebook)
    assert len(right) == 4
    assert all(printed[name.replace("answer", "check")].endswith("all public checks pass\n") for name in right)


@pytest.mark.parametrize("each", [HW01, EXAM], ids=lambda each: each.id)
def test_the_form_of_a_notebook(each):
    notebook = handout.handout(each, "anna", SECRET, name="Anna O'Neill")
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells][:3] == ["introduction", "setup", "name-and-number"]
    ids = [cell.id for cell in notebook.cells]
    assert len({*ids}) == len(ids) and notebook.nbformat_minor >= 5
    assert notebook.metadata["d2lcnn"] == {"assignment": each.id, "student": "anna"}
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    found = sources(notebook)
    assert found["setup"] == setup_cell.SETUP_CELL  # so it opens in Colab as the chapters do
    bound = {}
    exec(found["name-and-number"], bound)
    assert (bound["name"], bound["number"]) == ("Anna O'Neill", "anna")
    assert each.title in found["introduction"] and f"Due: {each.due}." in found["introduction"]
    assert f"{len(each.items)} exercises, {each.points} points" in found["introduction"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


@pytest.mark.parametrize("each", [HW01, EXAM], ids=lambda each: each.id)
def test_each_exercise_has_its_statement_its_points_and_its_stub(each):
    found = sources(handout.handout(each, "anna", SECRET))
    for number, task in enumerate(each.tasks(SECRET, "anna"), 1):
        text, stub = found[f"statement-{number}"], found[f"answer-{number}"]
        assert text.startswith(f"## {number}. {task.statement.title}\n\n*{task.points} point")
        assert task.exercise.id in text and task.statement.text.partition("Checked")[0] in text
        name = task.statement.name
        if task.exercise.kind == "function":
            assert stub == task.statement.stub and function_name(stub) == name
        else:
            assert stub.startswith(f"{name} = ...  # ") and "answer" not in text
    assert len([name for name in found if name.startswith("answer-")]) == len(each.items)


def test_the_same_arguments_give_the_same_bytes_and_other_students_other_numbers():
    made = [nbformat.writes(handout.handout(EXAM, student, SECRET)) for student in ("anna", "anna", "ben")]
    assert made[0] == made[1] != made[2]
    statements = [sources(handout.handout(EXAM, student, SECRET), "statement-") for student in ("anna", "ben")]
    assert sum(a == b for a, b in zip(*map(dict.values, statements), strict=True)) <= 3  # the book's, and by chance


def test_the_numbers_of_the_check_are_those_of_the_text():
    notebook = handout.handout(HW01, "anna", SECRET)
    for number, (item, task) in enumerate(zip(HW01.items, HW01.tasks(SECRET, "anna"), strict=True), 1):
        if item.question:
            call = ast.parse(sources(notebook)[f"check-{number}"]).body[0].value
            numbers = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
            assert bank.get(item.name).text(**numbers) == task.statement.text


@pytest.mark.parametrize(("student", "secret"), [
    (None, None), ("anna", None), (None, SECRET), ("", SECRET), ("anna", b"")])
def test_numbers_of_ones_own_need_a_student_and_a_secret(student, secret):
    with pytest.raises(ValueError, match=r"hw01 has questions of the bank.*--secret-file.*--student.*--roster"):
        handout.handout(HW01, student, secret)


def test_without_questions_one_notebook_serves_all(book):
    notebook = handout.handout(book)
    assert notebook.metadata["d2lcnn"] == {"assignment": "book", "student": ""}
    found = sources(notebook)
    assert "bank" not in found["imports"] and "The numbers are your own" not in found["introduction"]
    assert found["given-2-1"] == exercises._statements.statement(exercises.get("padding-and-stride-6")).given[0]
    assert "`check.padding_and_stride_6(padding_and_stride_6)`" in found["statement-2"]
    assert found["check-2"] == "check.padding_and_stride_6(padding_and_stride_6)"
    assert [name for name in found if name.endswith("-2") or "-2-" in name] == [
        "statement-2", "given-2-1", "answer-2", "check-2"]


def test_a_student_that_is_no_id_is_refused(book):
    with pytest.raises(ValueError, match=r"the id '\.\./anna'"):
        handout.handout(book, "../anna")


@pytest.mark.parametrize("spec", [spec for spec in exercises.all_exercises() if spec.kind != "open"],
                         ids=lambda spec: spec.id)
def test_every_exercise_can_be_handed_out(spec):
    """Stub, check and the two other tools' forms, of each exercise that a program can judge."""
    item = assignment.Item(spec.id, False, 1, spec.points)
    each = assignment.Assignment("one", "One", (item,))
    [part] = cells.parts(each, secret=SECRET)
    assert not re.search(r"\bcheck\.\w+\(answer\)", part.text)
    ast.parse(part.check)
    for tool in foreign.TOOLS:
        code = foreign.solved(part, tool)
        assert re.search(r"# SOLUTION|BEGIN SOLUTION", code) and part.name in code
        space = {}
        exec(code, space)  # as it is, it is a stub still
        assert check.run(spec, space[part.name]).status == "not attempted"
    assert not eval(part.hidden, {"check": check, part.name: ...})
    quiet = assignment.Assignment("one", "One", (item,), checks=False)
    assert "check." not in cells.parts(quiet)[0].text


def run(tmp_path, *words, text=BOOK):
    path = tmp_path / "a.yml"
    path.write_text(text)
    (tmp_path / "secret").write_bytes(SECRET)
    parser = argparse.ArgumentParser()
    handout.arguments(parser)
    handout.run(parser.parse_args([str(path), *map(str, words)]))


def test_the_command_writes_a_notebook(tmp_path, capsys):
    out = tmp_path / "new folder" / "book.ipynb"
    run(tmp_path, "--out", out)
    assert capsys.readouterr().out == f"book: 3 exercises, {BOOK_POINTS} points; 1 notebook in {out}\n"
    assert nbformat.read(out, 4).metadata["d2lcnn"]["assignment"] == "book"


BOOK_POINTS = sum(exercises.get(name).points for name in ("cross-correlation-4", "padding-and-stride-6", "sequences-2"))


def test_the_command_writes_one_for_each_of_a_roster(tmp_path, capsys):
    (tmp_path / "r.csv").write_text("student,name\nanna,Anna A\nben,\n")
    run(tmp_path, "--out", tmp_path / "out", "--roster", tmp_path / "r.csv", "--secret-file", tmp_path / "secret",
        text=EXAM.text)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["anna.ipynb", "ben.ipynb"]
    anna = nbformat.read(tmp_path / "out" / "anna.ipynb", 4)
    assert anna == handout.handout(EXAM, "anna", SECRET, name="Anna A")
    run(tmp_path, "--out", tmp_path / "anna.ipynb", "--student", "anna", "--secret-file", tmp_path / "secret",
        text=EXAM.text)
    alone = nbformat.read(tmp_path / "anna.ipynb", 4)
    assert sources(alone, "statement-") == sources(anna, "statement-")


def test_nothing_is_written_over_what_somebody_may_have_worked_on(tmp_path):
    (tmp_path / "r.csv").write_text("student\nanna\nben\n")
    words = ("--out", tmp_path / "out", "--roster", tmp_path / "r.csv")
    run(tmp_path, *words)
    run(tmp_path, *words)  # the same once more
    work = tmp_path / "out" / "ben.ipynb"
    work.write_text(work.read_text().replace("raise NotImplementedError", "return 1"))
    (tmp_path / "out" / "anna.ipynb").unlink()
    with pytest.raises(ValueError, match=r"ben\.ipynb exists and is another: nothing is written"):
        run(tmp_path, *words)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["ben.ipynb"] and "return 1" in work.read_text()


def test_the_command_refuses_what_does_not_go_together(tmp_path, capsys):
    with pytest.raises(ValueError, match="hw01 has questions of the bank"):
        run(tmp_path, "--out", tmp_path / "x.ipynb", text=HW01.text)
    with pytest.raises(ValueError, match="--for otter writes one notebook for all"):
        run(tmp_path, "--out", tmp_path / "x.ipynb", "--for", "otter", "--student", "anna")
    with pytest.raises(ValueError, match="hidden tests for nbgrader are drawn with a secret: name its --secret-file"):
        run(tmp_path, "--out", tmp_path / "x.ipynb", "--for", "nbgrader")
    with pytest.raises(SystemExit):
        run(tmp_path, "--out", tmp_path / "x.ipynb", "--roster", "r.csv", "--student", "anna")
    assert "not allowed with argument" in capsys.readouterr().err and not (tmp_path / "x.ipynb").exists()


def test_a_tool_that_there_is_not(book):
    with pytest.raises(ValueError, match="no tool is named 'nbgraider'; the nearest are nbgrader"):
        foreign.source(book, "nbgraider", SECRET)


@pytest.mark.parametrize("each", [HW01, EXAM], ids=lambda each: each.id)
def test_the_form_for_nbgrader(each):
    """As nbgrader's validator of schema 3 wants it; tools/tried_graders.py asks the real one."""
    notebook = foreign.source(each, "nbgrader", SECRET)
    nbformat.validate(notebook)
    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    ids = [cell.metadata.nbgrader.grade_id for cell in marked]
    assert len({*ids}) == len(ids) and all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids)
    for cell in marked:
        meta = cell.metadata.nbgrader
        assert meta.schema_version == 3 and {*meta} >= {"grade", "locked", "solution", "task", "grade_id"}
        assert ("points" in meta) == meta.grade and not (meta.grade and meta.solution)
        assert cell.source.count("BEGIN SOLUTION") == cell.source.count("END SOLUTION") == meta.solution
        assert cell.source.count("BEGIN HIDDEN TESTS") == cell.source.count("END HIDDEN TESTS") == meta.grade
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in marked) == each.points
    assert sum(cell.metadata.nbgrader.solution for cell in marked) == len(each.items)
    hidden = re.compile(r"### BEGIN HIDDEN TESTS\n(.*)\n### END HIDDEN TESTS", re.DOTALL)
    first, *tests = [cell for cell in marked if cell.metadata.nbgrader.grade]
    assert first is notebook.cells[0] and "runs the tests in the student's own kernel" in hidden.search(first.source)[1]
    assert all(line.startswith("#") for line in first.source.splitlines())
    for cell in tests:  # one line, and what students see of it is the public check alone
        assert "\n" not in hidden.search(cell.source)[1]
        assert hidden.sub("", cell.source).strip().startswith(("check.", "bank.check(") if each.checks else "")
        assert "seed=" not in hidden.sub("", cell.source)


@pytest.mark.parametrize("each", [HW01, EXAM], ids=lambda each: each.id)
def test_the_form_for_otter(each):
    """Blocks as Otter Assign parses them; tools/tried_graders.py asks the real one."""
    notebook = foreign.source(each, "otter", SECRET)
    nbformat.validate(notebook)
    assert "runs the tests in the student's own kernel" in notebook.cells[0].source
    config = yaml.safe_load(notebook.cells[0].source)
    assert notebook.cells[0].cell_type == "raw" and notebook.cells[0].source.startswith("# ASSIGNMENT CONFIG\n")
    assert config["name"] == each.id and config["run_tests"] is False and config["export_cell"] == {"pdf": False}
    assert config["requirements"][0] in setup_cell.SETUP_CELL
    raw = [cell.source for cell in notebook.cells[1:] if cell.cell_type == "raw"]
    one = ["BEGIN QUESTION", "BEGIN SOLUTION", "END SOLUTION", "BEGIN TESTS", "END TESTS", "END QUESTION"]
    assert [text.partition("\n")[0].removeprefix("# ") for text in raw] == one * len(each.items)
    questions = [yaml.safe_load(text) for text in raw[::6]]
    assert sum(question["points"] for question in questions) == each.points
    assert len({question["name"] for question in questions}) == len(questions)
    assert all(question["all_or_nothing"] for question in questions)
    hidden = [cell.source for cell in notebook.cells if cell.id.startswith("test-")]
    assert all(text.startswith("# HIDDEN\nassert ") and text.count("\n") == 1 for text in hidden)
    assert len([cell for cell in notebook.cells if cell.id.startswith("public-")]) == each.checks * len(each.items)
    assert not any("seed=" in cell.source for cell in notebook.cells if not cell.id.startswith("test-"))


def test_what_the_tools_cannot_do_is_said():
    assert "all students get the same ones" in foreign.source(HW01, "otter", SECRET).cells[0].source
    text = foreign.source(EXAM, "nbgrader", SECRET).cells[0].source
    assert "all or none" in text and '"python -m d2lcnn grading grade" runs submissions in a sandbox' in text


def test_hidden_tests_pass_for_a_right_answer_and_only_for_one():
    """Each line of hidden tests, on the oracle's answer and on a wrong one."""
    for item, part in zip(HW01.items, cells.parts(HW01, secret=SECRET), strict=True):
        if item.question:
            [task] = [task for task in HW01.tasks(SECRET) if task.exercise.id == item.id]
            right, wrong = task.exercise.oracle(), task.exercise.mistakes[0].answer
        elif item.name in ("convolution-in-mathematics-2", "pooling-2"):
            spec = exercises.get(item.name)
            right, wrong = spec.oracle, spec.mistakes[0].answer
        else:
            continue
        results = [eval(part.hidden, {"check": check, "bank": bank, part.name: answer}) for answer in (right, wrong)]
        assert results == [True, False]


def test_other_secrets_draw_other_hidden_cases():
    drawn = [[part.hidden for part in cells.parts(HW01, secret=secret)] for secret in (SECRET, b"another secret of it")]
    assert sum(a != b for a, b in zip(*drawn, strict=True)) >= 8


def test_help_and_import_load_neither_torch_nor_what_notebooks_need():
    code = ("import sys, argparse; from d2lcnn.grading import handout; p = argparse.ArgumentParser(); "
            "handout.arguments(p); p.format_help(); "
            "print({'torch', 'yaml', 'nbformat', 'nbconvert', 'matplotlib'} & {*sys.modules})")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_the_wanting_package_is_named(book, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(ValueError, match=r'nbformat is not installed, .*: pip install "d2lcnn\[grading\]"'):
        handout.handout(book)
