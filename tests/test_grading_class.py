"""A class is graded: nothing is lost or done twice, whatever dies meanwhile; the same input gives the same result."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest
from submissions import HANGS, RIGHT, TASK, YAML, a_class, arguments, marked, needs_sandbox, notebook

from d2lcnn import __main__ as cli
from d2lcnn.grading import marking, results

pytestmark = needs_sandbox


def points_of(folder):
    found = {path.stem: json.loads(path.read_text()) for path in (folder / "results").glob("*.json")}
    return {student: each["points"] if each["state"] == "graded" else None for student, each in found.items()}


def workers_of(process):
    """Return the processes that mark: children of the command that are no judge and no sandbox."""
    return [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_worker_is_killed_and_nothing_is_lost_or_doubled(tmp_path):
    worth = a_class(tmp_path, 12)
    command = [sys.executable, "-m", "d2lcnn", *arguments(tmp_path), "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 240
        while not points_of_or_none(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.1)
        workers_of(psutil.Process(process.pid))[0].kill()
        out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "") and "a worker was lost" in out
    assert points_of(tmp_path) == worth
    said = [line.split()[1] for line in out.splitlines() if line.startswith("[")]
    assert sorted(said) == sorted(f"{student}:" for student in worth)  # each once


def points_of_or_none(folder):
    return list((folder / "results").glob("*.json")) if (folder / "results").is_dir() else []


def test_an_interrupted_batch_goes_on_where_it_was_and_a_changed_submission_is_marked_again(tmp_path, capsys):
    worth = a_class(tmp_path, 4)
    for student in ("s002", "s003"):
        (tmp_path / "in" / f"{student}.ipynb").rename(tmp_path / f"{student}.ipynb")
    assert cli.main(arguments(tmp_path)) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "results").glob("s00[01].json")}
    for student in ("s002", "s003"):
        (tmp_path / f"{student}.ipynb").rename(tmp_path / "in" / f"{student}.ipynb")
    capsys.readouterr()
    assert cli.main(arguments(tmp_path)) == 0
    assert "2 marked, 2 kept" in capsys.readouterr().out and points_of(tmp_path) == worth
    assert {path.name: path.read_bytes() for path in (tmp_path / "results").glob("s00[01].json")} == before
    (tmp_path / "in" / "s000.ipynb").write_bytes(notebook(*list(RIGHT.values())[1:]))
    assert cli.main(arguments(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "why-convolutions-3: 6 -> 0 points (changed: the notebook)" in said and "1 marked, 3 kept" in said


def test_marking_again_changes_nothing_and_says_so_by_silence(tmp_path, capsys):
    a_class(tmp_path, 2)
    assert cli.main(arguments(tmp_path)) == 0
    first = {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()}
    capsys.readouterr()
    assert cli.main([*arguments(tmp_path), "--again"]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()} == first
    assert "->" not in capsys.readouterr().out
    changed = YAML.replace("{exercise: why-convolutions-3, points: 6}", "{exercise: why-convolutions-3, points: 5}")
    (tmp_path / "hw01.yml").write_text(changed)
    assert cli.main(arguments(tmp_path)) == 0
    assert "6 -> 5 points (changed: the specification or the assignment)" in capsys.readouterr().out


def test_collect_names_who_is_missing_and_what_must_be_marked_again(tmp_path, capsys):
    a_class(tmp_path, 3)
    assert cli.main(arguments(tmp_path)) == 0
    assert cli.main(arguments(tmp_path, "collect")) == 0
    (tmp_path / "in" / "s000.ipynb").unlink()
    (tmp_path / "in" / "s001.ipynb").write_bytes(notebook("x = 1"))
    (tmp_path / "results" / "s002.json").write_text("{")
    (tmp_path / "in" / "stranger.ipynb").write_bytes(notebook("x = 1"))
    capsys.readouterr()
    assert cli.main(arguments(tmp_path, "collect")) == 2
    said = capsys.readouterr()
    assert "s000: nothing was handed in" in said.out and "s001: must be marked again" in said.out
    assert "s002: not marked yet" in said.out and "3 of 3 students have no result" in said.err
    assert "stranger.ipynb: nobody in the class list" in said.err


def test_no_sandbox_no_marks_but_with_unsafe_they_are_marked_as_such(tmp_path, capsys, monkeypatch):
    a_class(tmp_path, 1)
    marking.sandbox.usable.cache_clear()
    monkeypatch.setattr(marking.sandbox.shutil, "which", lambda name: None)
    assert cli.main(arguments(tmp_path)) == 2
    assert "grading needs bubblewrap" in capsys.readouterr().err and not (tmp_path / "results").exists()
    assert cli.main([*arguments(tmp_path), "--unsafe"]) == 0
    assert "--unsafe: the students' code runs with your rights" in capsys.readouterr().err
    assert results.read(tmp_path / "results" / "s000.json")["sandbox"] == "none"
    marking.sandbox.usable.cache_clear()


class Slow(marking.Judge):
    """Hangs whenever it compares an answer to the first exercise."""

    def _again(self, request):
        if self._task.get("exercise") == "why-convolutions-3" and "case" in request and self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
        return super()._again(request)


def test_a_comparison_that_hangs_costs_its_exercise_only(monkeypatch):
    judge = Slow(patience=1.0)
    monkeypatch.setattr(marking, "_JUDGE", judge)
    _, parts = marked(*RIGHT.values())
    judge.close()
    assert [part["points"] for part in parts.values()] == [0, 1, 3]
    assert "it could not be compared in time" in [case["seen"] for case in parts["why-convolutions-3"]["cases"]]


@pytest.mark.parametrize("credit", ["all", "share"])
def test_credit_for_all_cases_or_for_the_share_that_passes(credit):
    half = RIGHT["sound_layer"].replace("d = len(v) // 2", "d = len(v) // 2\n    if len(x) > 9: return x")
    _, parts = marked(half, assignment=replace(TASK, credit=credit))
    got = parts["why-convolutions-3"]
    passed = sum(case["passed"] for case in got["cases"]) / len(got["cases"])
    assert 0 < passed < 1 and got["points"] == (round(6 * passed, 2) if credit == "share" else 0)


def test_what_hangs_in_one_case_keeps_its_other_exercises_and_says_where():
    _, parts = marked(HANGS, RIGHT["mix"])
    assert parts["why-convolutions-3"]["state"] == "stopped" and parts["channels-2"]["points"] == 3
    assert "2 seconds of processor time (" in parts["why-convolutions-3"]["why"]


@pytest.mark.slow
def test_workers_of_a_dask_cluster_grade_as_this_process_does(tmp_path):
    from distributed import LocalCluster

    worth = a_class(tmp_path, 3)
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        assert cli.main([*arguments(tmp_path), "--dask", cluster.scheduler_address]) == 0
    assert points_of(tmp_path) == worth and os.listdir(tmp_path / "results")
