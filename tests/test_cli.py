"""The command line, as a user starts it."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from toy_images import light

from d2lcnn import __main__ as cli
from d2lcnn import data, experiments, networks, train
from d2lcnn.train import Recipe

ARGUMENTS = ["train", "linear", "--epochs", "2", "--data", "subset", "--lr", "0.05", "--seed", "3"]


@pytest.fixture
def few_images(monkeypatch):
    """A subset cut to a few hundred images."""
    whole = data.fashion_mnist("subset")
    cut = SimpleNamespace(train=whole.train[:400], validation=whole.validation[:200], test=whole.test[:300])
    monkeypatch.setattr(data, "fashion_mnist", lambda source: cut)
    return cut


@pytest.mark.slow
def test_python_m_d2lcnn_trains_and_shows_itself(tmp_path):
    done = subprocess.run([sys.executable, "-m", "d2lcnn", *ARGUMENTS, "--test", "--out", str(tmp_path / "run")],
                          capture_output=True, text=True, check=True)
    assert "linear: 7,850 parameters, 9,000 training images" in done.stdout
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["test_accuracy"] > 0.75
    assert "Traceback" not in done.stderr


def test_train_writes_what_it_says(few_images, tmp_path, capsys):
    folder = tmp_path / "deep" / "run"
    assert cli.main([*ARGUMENTS, "--shift", "1", "--flip", "--test", "--out", str(folder)]) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["checkpoint.pt", "history.csv", "metrics.json", "weights.pt"]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["network"], metrics["epochs"], metrics["lr"], metrics["shift"], metrics["train_images"]) == \
        ("linear", 2, 0.05, 1, 400)
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[-1]["validation_accuracy"]) == metrics["validation_accuracy"]
    net = networks.create("linear")
    net.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    assert train.evaluate(net, few_images.test).accuracy == metrics["test_accuracy"]
    assert "test: accuracy" in capsys.readouterr().out


def test_train_equals_fit(few_images, tmp_path):
    cli.main([*ARGUMENTS, "--out", str(tmp_path)])
    net = networks.create("linear", seed=3)
    train.fit(net, few_images.train, epochs=2, lr=0.05, seed=3)
    stored = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert all(torch.equal(stored[key], value) for key, value in net.state_dict().items())
    assert "test_accuracy" not in json.loads((tmp_path / "metrics.json").read_text())


def test_train_continues_an_unfinished_run_and_refuses_another(few_images, tmp_path, monkeypatch, capsys):
    calls, save = [], train.checkpoint.save

    def interrupted(*args):
        save(*args)
        calls.append(args)
        raise KeyboardInterrupt

    monkeypatch.setattr(train.checkpoint, "save", interrupted)
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 130
    assert "continues from the last finished epoch" in capsys.readouterr().err
    monkeypatch.setattr(train.checkpoint, "save", lambda *args: (calls.append(args), save(*args)))
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 0
    assert len(calls) == 2
    assert cli.main([*ARGUMENTS, "--lr", "0.1", "--out", str(tmp_path)]) == 2
    assert "lr was 0.05, is 0.1" in capsys.readouterr().err


def test_errors_are_one_line(few_images, tmp_path, capsys):
    assert cli.main([*ARGUMENTS, "--batch-size", "0", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: batch_size must be at least 1, not 0\n"
    assert cli.main(["experiment", "nothing"]) == 2
    assert "no experiment is named 'nothing'; the nearest are" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["train", "lenet5"])
    assert "invalid choice: 'lenet5'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_help_explains_every_argument(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m d2lcnn {command}")
    sub = cli.parser()._subparsers._group_actions[0].choices[command]
    assert all(action.help for action in sub._actions if action.option_strings or command != "explorer")


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n    {command.name} " in out or f"\n    {command.name}\n" in out for command in cli.COMMANDS)


def test_experiments_are_listed_run_resumed_and_recomputed(tmp_path, monkeypatch, capsys):
    tried = experiments.Classifier("linear", Recipe(1, 0.1), images=light, seeds=(0, 1))
    toy = experiments.Experiment("toy", "Does it run?", {"a": tried})
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"toy": toy})

    def output(*arguments):
        assert cli.main(["experiment", *arguments, "--out", str(tmp_path)]) == 0
        return capsys.readouterr().out

    assert "toy                          2 runs, 2 missing: Does it run?" in output("--list")
    assert "[2/2] a, seed 1: test_accuracy" in output("toy")
    assert output("toy", "--list") == "Does it run?\n  a: seeds 0, 1, 0 missing\n"
    assert output("toy") == f"toy is complete: {tmp_path / 'toy.csv'}\n"
    lines = output("toy", "--recompute", "a", "1").splitlines()
    assert len(lines) == len(tried.metrics(1))
    assert all(stored == again for *_, stored, _, again in map(str.split, lines))
    for arguments, message in ((["toy", "--recompute", "b", "1"], "setting is 'b'; those of toy are a"),
                               (["toy", "--recompute", "a", "x"], "SEED must be an integer, not 'x'"),
                               (["toy", "--recompute", "a", "5"], "seed is 5; a has been run with [0, 1]"),
                               ([], "name an experiment; --list shows all"),
                               (["toy", "--jobs", "0"], "jobs must be at least 1, not 0")):
        assert cli.main(["experiment", *arguments, "--out", str(tmp_path)]) == 2
        assert message in capsys.readouterr().err


def test_jobs_and_dask_arrive(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(experiments, "run", lambda experiment, out, workers: asked.append((out, workers)) or out)
    for kind in ("processes", "dask_workers"):
        monkeypatch.setattr(experiments, kind, lambda value, kind=kind: (kind, value))
    for arguments in ([], ["--jobs", "3"], ["--dask", "tcp://there:1"], ["--out", str(tmp_path)]):
        assert cli.main(["experiment", "lenet", *arguments]) == 0
    here, there = Path("results"), ("dask_workers", "tcp://there:1")
    assert asked == [(here, None), (here, ("processes", 3)), (here, there), (tmp_path, None)]


def test_summary_prints_the_table(capsys):
    assert cli.main(["summary", "lenet", "--input", "3", "28", "28", "--classes", "5"]) == 0
    out = capsys.readouterr().out
    assert "456" in out  # 6 kernels of 3 x 5 x 5, and their biases
    assert out.splitlines()[-1].startswith("total  input 3 x 28 x 28")


def test_summary_takes_the_size_that_the_network_was_made_for(capsys):
    assert cli.main(["summary", "vgg16"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("total  input 1 x 224 x 224 ")
