"""`check.hint` and `check.progress`: more help bit by bit, and what was solved in a small file, or nowhere."""

import doctest
import os
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from d2lcnn import check, exercises
from d2lcnn.check import _progress
from d2lcnn.exercises._values import plain

EVERY = list(exercises.all_exercises())
HINTED = [e for e in EVERY if e.hints]
PART_ONE = ("why_convolutions", "convolution_in_mathematics", "cross_correlation", "padding_and_stride", "channels",
            "pooling")  # fmt: skip


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(check, "_failed", type(check._failed)())
    monkeypatch.setattr(check, "_given", type(check._given)())


@pytest.fixture
def kept(monkeypatch, tmp_path):
    path = tmp_path / "new" / "solved.txt"
    monkeypatch.setenv("D2LCNN_PROGRESS", str(path))
    return path


def printed(capsys, function, *args):
    function(*args)
    return capsys.readouterr().out.splitlines()


def test_hints_come_one_by_one_and_then_the_place_of_the_solution(capsys):
    hints = exercises.get("channels-1").hints
    first = printed(capsys, check.hint, "channels_1")
    assert first == [f"channels-1, hint 1 of 3: {hints[0]}", 'check.hint("channels-1") once more gives the next.']
    assert printed(capsys, check.hint, "channels-1")[:2] == [first[0], f"channels-1, hint 2 of 3: {hints[1]}"]
    last = printed(capsys, check.hint, "channels-1")
    assert last[2:] == [f"channels-1, hint 3 of 3: {hints[2]}", check.FOLDED]
    assert printed(capsys, check.hint, "channels-1") == last


def test_an_assignable_exercise_names_no_solution(capsys):
    lines = [printed(capsys, check.hint, "channels-2") for _ in range(4)][-1]
    assert len(lines) == 3 and not any("solution" in line for line in lines)


def test_without_hints_the_goal_is_shown(capsys):
    spec = next(e for e in EVERY if not e.hints and e.kind == "function" and e.generate)
    (line, *_) = printed(capsys, check.hint, spec.id)
    assert line.startswith(f"{spec.id}: no hints beyond") and spec.cases[0].name in line and "drawn" in line
    spec = next(e for e in EVERY if not e.hints and e.kind == "open")
    assert "an open question" in printed(capsys, check.hint, spec.id)[0]


def test_the_second_failure_offers_more(capsys):
    more = '  more  check.hint("channels-1") helps further. ' + check.FOLDED
    assert not any("more" in line for line in printed(capsys, check.channels_1, 1))
    assert printed(capsys, check.channels_1, ...) == ["channels-1: not attempted yet"]
    assert printed(capsys, check.channels_1, 2)[-1] == more
    assert printed(capsys, check.channels_1, 73_856) == ["channels-1: all public checks pass"]
    assert printed(capsys, check.channels_1, 3)[-1] == more
    printed(capsys, check.channels_6, 1)
    assert printed(capsys, check, "channels-6", 1)[-1] == '  more  check.hint("channels-6") helps further.'


def test_part_one_has_three_hints_for_every_exercise():
    assert {e.id: len(e.hints) for e in EVERY if e.chapter in PART_ONE if len(e.hints) != 3} == {}


@pytest.mark.parametrize("spec", HINTED, ids=lambda e: e.id)
def test_hints_are_sentences_without_the_answer(spec):
    assert len(set(spec.hints)) == len(spec.hints) and not {m.hint for m in spec.mistakes} & set(spec.hints)
    assert all(hint[-1] in ".?" and hint[0].isupper() | hint[0].isdigit() for hint in spec.hints)
    if spec.kind == "value" and spec.compare is exercises.close:
        answer, text = plain(spec.oracle(*spec.cases[0].args)), " ".join(spec.hints)
        if isinstance(answer, str):
            assert answer.lower() not in text.lower()
        else:
            named = {float(n) for n in re.findall(r"\d+(?:\.\d+)?", text)}
            assert not {float(x) for x in np.ravel(answer)} <= named


def test_hints_are_at_most_three_texts():
    for hints in ("one", ("a.", "b.", "c.", "d.")):
        with pytest.raises(ValueError, match="hints="):
            exercises.Exercise("toy-1", "toy", "open", "P", 1, 1, 1, hints=hints)


def test_what_is_solved_is_kept_and_shown_by_chapter(kept, capsys):
    assert printed(capsys, check.progress)[0].startswith("solved here: 0 of ")
    printed(capsys, check.channels_1, 73_856)
    printed(capsys, check.channels_1, 73_856)
    printed(capsys, check.channels_6, 17)
    printed(capsys, check.channels_5, 1)
    printed(capsys, check.pooling_1, (27, 13, 6))
    assert kept.read_text("utf8").splitlines()[1:] == ["channels-1", "channels-6", "pooling-1"]
    head, channels, pooling, where = printed(capsys, check.progress)
    assert re.fullmatch(rf"solved here: 3 of {sum(e.kind != 'open' for e in EVERY)} exercises, 5 of \d+ points", head)
    assert re.fullmatch(r"  channels +2 of 6 exercises, 3 of 15 points  \(1, 6\)", channels)
    assert pooling.split()[:3] == ["pooling", "1", "of"] and where == f"kept in {kept}"
    assert [p.name for p in kept.parent.iterdir()] == ["solved.txt"]


def test_it_can_be_switched_off(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("D2LCNN_PROGRESS", "off")
    assert printed(capsys, check.channels_1, 73_856) == ["channels-1: all public checks pass"]
    assert printed(capsys, check.progress) == ["Progress is not kept: D2LCNN_PROGRESS is off."]
    assert list(tmp_path.iterdir()) == []


def test_by_itself_it_is_kept_in_the_users_data_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("D2LCNN_PROGRESS")
    monkeypatch.setattr("platformdirs.user_data_path", lambda *names, **options: tmp_path / names[0])
    printed(capsys, check.channels_1, 73_856)
    assert _progress.solved(tmp_path / "d2lcnn" / "solved.txt") == {"channels-1"}


@pytest.mark.parametrize("obstacle", ["a file for a folder", "a folder", "a pipe", "a bad name", "not text", "no home"])
def test_where_it_cannot_be_kept_nothing_fails(obstacle, monkeypatch, tmp_path, capsys):
    path = tmp_path / "solved.txt"
    if obstacle == "a file for a folder":
        path.write_text("")
        path = path / "solved.txt"
    elif obstacle == "a folder":
        path.mkdir()
    elif obstacle == "a pipe":
        os.mkfifo(path) if hasattr(os, "mkfifo") else pytest.skip("no pipes here")
    elif obstacle == "a bad name":
        path = tmp_path / ("x" * 5000)
    elif obstacle == "not text":
        path.write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("D2LCNN_PROGRESS", str(path))
    if obstacle == "no home":
        monkeypatch.delenv("D2LCNN_PROGRESS")
        monkeypatch.setattr("platformdirs.user_data_path", raises_no_home)
    assert printed(capsys, check.channels_1, 73_856) == ["channels-1: all public checks pass"]
    assert printed(capsys, check.progress)


def raises_no_home(*args, **options):
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize(("tags", "recorded"), [(["solution"], False), (["attempt"], True), ([], True)])
def test_running_the_books_solution_is_no_solving(tags, recorded, kept, monkeypatch, capsys):
    shell = SimpleNamespace(get_parent=lambda: {"metadata": {"tags": tags}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    printed(capsys, check.channels_1, 73_856)
    assert kept.exists() is recorded


@pytest.mark.parametrize("module", [check, _progress, exercises])
def test_the_examples_of_the_docstrings_run(module):
    done = doctest.testmod(module)
    assert done.attempted and not done.failed
