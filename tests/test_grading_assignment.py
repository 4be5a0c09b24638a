"""Assignments read from YAML: what is taken as it stands, and one line for everything that is not."""

import sys
from pathlib import Path

import pytest

from d2lcnn import exercises
from d2lcnn.grading import assignment
from d2lcnn.grading.needs import needed

FOLDER = Path(__file__).resolve().parent.parent / "notebooks" / "assignments"
HEAD = "id: hw\ntitle: T\n"
WHOLE = HEAD + """\
due: tomorrow
credit: share
cases: 3
checks: false
limits: {seconds: 5, memory: 900}
exercises:
  - exercise: cross-correlation-4
    points: 7
    forbid: [conv2d, corr2d]
  - question: output-size
    count: 2
  - exercise: pooling_2
"""


def made(tmp_path, text):
    path = tmp_path / "hw.yml"
    path.write_text(text, "utf8")
    return assignment.read(path)


def test_everything_that_can_be_said(tmp_path):
    found = made(tmp_path, WHOLE)
    assert (found.id, found.title, found.due, found.credit, found.cases) == ("hw", "T", "tomorrow", "share", 3)
    assert found.checks is False and found.text == WHOLE
    assert (found.limits.seconds, found.limits.memory, found.limits.processes) == (5, 900, 32)
    assert [item.id for item in found.items] == ["cross-correlation-4", "output-size-1", "output-size-2", "pooling-2"]
    assert found.items[0].forbid == ("conv2d", "corr2d") and found.personal
    assert found.points == 7 + 1 + 1 + exercises.get("pooling-2").points


def test_little_is_needed(tmp_path):
    found = made(tmp_path, HEAD + "exercises: [exercise: pooling-2]")
    assert (found.due, found.credit, found.cases, found.checks) == ("", "all", 6, True)
    assert found.limits == assignment.Limits() and not found.personal


def test_a_number_may_be_a_title_and_a_date_a_due(tmp_path):
    found = made(tmp_path, "id: 7\ntitle: 2026\ndue: 2026-11-28\nexercises: [exercise: pooling-2]")
    assert (found.id, found.title, found.due) == ("7", "2026", "2026-11-28")


@pytest.mark.parametrize(("text", "said"), [
    ("", "the file is None, not a table"),
    ("- a\n- b", r"the file is \['a', 'b'\], not a table"),
    ("hello", "the file is 'hello', not a table"),
    ("id: [", "is no YAML: .* line 1, column 6"),
    ("id: hw\n\ttitle: T", "is no YAML: .*cannot start any token"),
    ("id: !!python/object/apply:os.system ['true']\ntitle: T", "is no YAML: could not determine a constructor"),
    (HEAD + "exercises: [exercise: pooling-2]\nexercises: [exercise: pooling-4]", "is no YAML: .*'exercises' stands "
     "there twice in .*line 4"),
    (HEAD + "exercises: [{exercise: pooling-2, points: 3, points: 5}]", "'points' stands there twice"),
    (HEAD + "exercises: [{exercise: pooling-2, ? [points] : 5}]", "is no YAML: .*unhashable"),
    ("title: T\nexercises: [exercise: pooling-2]", "the file lacks id"),
    ("due: now", "the file lacks exercises, id, title"),
    (HEAD, "the file lacks exercises"),
    (HEAD + "exercises: []", r"exercises is \[\], not a list of exercises"),
    (HEAD + "exercises: pooling-2", "exercises is 'pooling-2', not a list"),
    (HEAD + "exercises: {exercise: pooling-2}", "not a list of exercises"),
    (HEAD + "exercises: [pooling-2]", "an exercise is 'pooling-2', not a table"),
    (HEAD + "exercises: [exercise: pooling-2]\npionts: 3", "no entry of the file is named 'pionts'"),
    (HEAD + "exercises: [{exercise: pooling-2, pionts: 3}]", "no entry of an exercise is named 'pionts'; the nearest "
     "are points"),
    (HEAD + "exercises: [{points: 3}]", "must name either an exercise or a question"),
    (HEAD + "exercises: [{exercise: pooling-2, question: output-size}]", "must name either an exercise or a question"),
    (HEAD + "exercises: [exercise: pooling-99]", "no exercise 'pooling-99'; there are pooling-1, "),
    (HEAD + "exercises: [exercise: 7]", "no exercise 7; there are "),
    (HEAD + "exercises: [question: output_size]", "no question is named 'output_size'; the nearest are output-size"),
    (HEAD + "exercises: [question: [output-size]]", r"no question is named \['output-size'\]"),
    (HEAD + "exercises: [exercise: pooling-7]", "pooling-7 is an open question: no program can judge it"),
    (HEAD + "exercises: [{exercise: pooling-2, count: 2}]", "count is 2, but pooling-2 has no numbers to draw"),
    (HEAD + "exercises: [{question: output-size, count: 0}]", "count must be at least 1, not 0"),
    (HEAD + "exercises: [{question: output-size, count: 51}]", "count must be at most 50, not 51"),
    (HEAD + "exercises: [{question: output-size, count: two}]", "count must be an integer, not 'two'"),
    (HEAD + "exercises: [{exercise: pooling-2, points: -1}]", "points must be at least 0, not -1"),
    (HEAD + "exercises: [{exercise: pooling-2, points: 1.5}]", "points must be an integer, not 1.5"),
    (HEAD + "exercises: [{exercise: pooling-2, points: true}]", "points must be an integer, not True"),
    (HEAD + "exercises: [{exercise: pooling-2, forbid: conv2d}]", "forbid is 'conv2d', not a list of names"),
    (HEAD + "exercises: [{exercise: pooling-2, forbid: [3]}]", r"forbid is \[3\], not a list of names"),
    (HEAD + "exercises: [exercise: pooling-2, exercise: pooling-2]", "pooling-2 and pooling-2 both ask for median_po"),
    (HEAD + "exercises: [exercise: pooling-2, exercise: pooling_2]", "both ask for median_pool: leave one of them out"),
    (HEAD + "exercises: [question: output-size, question: output-size]", "both ask for output_size_1"),
    (HEAD + "exercises: [exercise: why-convolutions-4, exercise: separable-4]",
     "why-convolutions-4 and separable-4 both ask for nearest"),
    ("id: a/b\ntitle: T\nexercises: [exercise: pooling-2]", "id is 'a/b'; letters, digits and hyphens are meant"),
    ("id: ''\ntitle: T\nexercises: [exercise: pooling-2]", "id is ''"),
    ("id: '-'\ntitle: T\nexercises: [exercise: pooling-2]", "id is '-'"),
    ("id: übung\ntitle: T\nexercises: [exercise: pooling-2]", "id is 'übung'"),
    (HEAD + "credit: some\nexercises: [exercise: pooling-2]", "no credit is named 'some'; the nearest are "),
    (HEAD + "cases: 0\nexercises: [exercise: pooling-2]", "cases must be at least 1, not 0"),
    (HEAD + "cases: many\nexercises: [exercise: pooling-2]", "cases must be an integer, not 'many'"),
    (HEAD + "checks: 'no'\nexercises: [exercise: pooling-2]", "checks is 'no', not true or false"),
    (HEAD + "checks: 0\nexercises: [exercise: pooling-2]", "checks is 0, not true or false"),
    (HEAD + "limits: 7\nexercises: [exercise: pooling-2]", "limits is 7, not a table"),
    (HEAD + "limits: {secs: 7}\nexercises: [exercise: pooling-2]", "no entry of limits is named 'secs'; .*seconds"),
    (HEAD + "limits: {seconds: 0}\nexercises: [exercise: pooling-2]", "limits: seconds must be at least 1, not 0"),
    (HEAD + "limits: {memory: 3GB}\nexercises: [exercise: pooling-2]", "limits: memory must be an integer, not '3GB'"),
])
def test_what_is_wrong_is_named_in_one_line(tmp_path, text, said):
    with pytest.raises(ValueError, match=said) as caught:
        made(tmp_path, text)
    assert "\n" not in str(caught.value) and str(tmp_path / "hw.yml") in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [
    (b"id: \xff\xfe", "is no text in UTF-8: byte 4"), (b"\xff\xfei\0d\0", "is no text in UTF-8: byte 0"),
    (b"id: \x00", "is no YAML"),
])
def test_what_is_no_text_is_named_too(tmp_path, text, said):
    (tmp_path / "hw.yml").write_bytes(text)
    with pytest.raises(ValueError, match=rf"hw\.yml {said}"):
        assignment.read(tmp_path / "hw.yml")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        assignment.read(tmp_path / "none.yml")


def test_numbers_are_each_students_and_the_same_in_grading(tmp_path):
    found = made(tmp_path, HEAD + "exercises: [{question: output-shape, count: 2}]")
    anna, again, ben, other = (found.tasks(secret, student) for secret, student in (
        (b"a" * 16, "anna"), (b"a" * 16, "anna"), (b"a" * 16, "ben"), (b"b" * 16, "anna")))
    assert [task.statement for task in anna] == [task.statement for task in again]
    texts = [task.statement.text for tasks in (anna, ben, other) for task in tasks]
    assert len({*texts}) == 6  # by student, by secret, and by variant
    assert [task.exercise.id for task in anna] == ["output-shape-1", "output-shape-2"]


def test_words_of_a_seed_do_not_run_together():
    assert assignment.drawn_seed(b"s", "a", "bc") != assignment.drawn_seed(b"s", "ab", "c")
    assert assignment.drawn_seed(b"s", "hw01", "output-size-1", "anna") == 5496597440007320607


def test_a_short_secret_is_refused(tmp_path):
    path = tmp_path / "s.txt"
    path.write_bytes(b" short\n")
    with pytest.raises(ValueError, match=r"has 5 characters, and 16 are needed: python -c"):
        assignment.read_secret(path)
    path.write_bytes(b"0123456789abcdef\r\n")
    assert assignment.read_secret(path) == b"0123456789abcdef"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_the_ones_that_come_with_the_book_are_assignable(path):
    found = assignment.read(path)
    assert found.id == path.stem
    for task in found.tasks():
        assert task.exercise.cls == "A" and task.points > 0  # no solution in the tree


def test_the_wanting_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ValueError, match=r'yaml is not installed, .*: pip install "d2lcnn\[grading\]"'):
        made(tmp_path, WHOLE)


def test_a_package_that_lacks_another_one_is_not_taken_for_missing(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import something_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="something_that_is_not_there"):
        needed("half_there")
