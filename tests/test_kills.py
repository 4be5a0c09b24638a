"""Commands that are killed at random, again and again, in folders with odd names: what they end with is the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from toy_images import light

from d2lcnn.experiments import Classifier, Experiment, missing, run
from d2lcnn.train import Recipe

pytestmark = pytest.mark.slow
FOLDERS = ["论文 第一次 & it's", "-ü%s {0}\n"]


def killed_until_done(command, progress, rng, cwd):
    """Start a command again and again, kill it within a second of its first progress; return how often it died."""
    for kills in range(60):
        process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        before, deadline = progress(), time.monotonic() + 120
        while process.poll() is None and progress() == before and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 1))
        process.send_signal(signal.SIGKILL)
        error = process.communicate()[1]
        if process.returncode == 0:
            return kills
        assert process.returncode == -signal.SIGKILL, error.decode()
    raise AssertionError("it never got to its end")


@pytest.mark.parametrize("name", FOLDERS)
def test_training_ends_with_the_bits_of_a_run_that_was_left_alone(tmp_path, name):
    whole, broken = tmp_path / "whole", tmp_path / name
    command = [sys.executable, "-m", "d2lcnn", "train", "linear", "--data", "subset", "--epochs", "6", "--test"]
    subprocess.run([*command, f"--out={whole}"], check=True, capture_output=True)

    def progress():
        path = broken / "checkpoint.pt"
        return path.stat().st_mtime_ns if path.exists() else None

    kills = killed_until_done([*command, f"--out={broken}"], progress, random.Random(name), tmp_path)
    assert kills >= 1
    assert sorted(os.listdir(broken)) == sorted(os.listdir(whole))
    one, two = (torch.load(folder / "weights.pt", weights_only=True) for folder in (whole, broken))
    assert all(torch.equal(one[key], two[key]) for key in one)
    one, two = (json.loads((folder / "metrics.json").read_text()) for folder in (whole, broken))
    assert {**one, "core_seconds": 0} == {**two, "core_seconds": 0}


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from test_kills import TOY
from d2lcnn.experiments import run
run(TOY, {folder!r}, lambda line: None)
"""
TOY = Experiment("toy", "?", {"linear": Classifier("linear", Recipe(3, 0.1), images=light, seeds=tuple(range(40)))})


def lines(path):
    """Read a file of results, without what differs from day to day."""
    rows = [line.split(",") for line in path.read_text("utf8").splitlines()]
    drop = {rows[0].index(name) for name in ("core_seconds", "date")}
    return [[cell for n, cell in enumerate(row) if n not in drop] for row in rows]


@pytest.mark.parametrize("name", FOLDERS)
def test_an_experiment_ends_with_the_lines_of_one_that_was_left_alone(tmp_path, name):
    path = tmp_path / name / "toy.csv"
    script = SCRIPT.format(tests=os.path.dirname(__file__), folder=str(path.parent))
    kills = killed_until_done([sys.executable, "-c", script], lambda: path.stat().st_size if path.exists() else 0,
                              random.Random(name), tmp_path)
    assert kills >= 1
    assert missing(TOY, path.parent) == []
    assert sorted(os.listdir(path.parent)) == ["toy.csv"]
    assert lines(path) == lines(run(TOY, tmp_path / "whole", lambda line: None))
