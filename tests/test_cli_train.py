"""``python -m d2lcnn train``: every option arrives, and what is written is whole and true."""

import csv
import json
import math
import os
import subprocess
import sys
from dataclasses import fields
from types import SimpleNamespace

import pytest
import torch

from d2lcnn import __main__ as cli
from d2lcnn import console, data, files, networks, train
from d2lcnn.recipe import Augment, Recipe

ARGUMENTS = ["train", "linear", "--epochs", "2", "--data", "subset", "--lr", "0.05", "--seed", "3"]


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


# ---- options

OPTIONS = {"epochs": 2, "lr": 0.3, "batch_size": 17, "optimizer": "adamw", "schedule": "constant", "weight_decay": 0.25,
           "label_smoothing": 0.1, "class_weights": "balanced", "sampling": "balanced", "ema": 0.5, "patience": 4,
           "seed": 5, "bf16": True, "channels_last": True, "shift": 2, "flip": True}


class Stopped(Exception):
    pass


def called(monkeypatch, *arguments):
    """Return the arguments that a command line hands to `fit`, and the number of threads then."""
    seen = []

    def fit(*positional, **named):
        seen.extend([positional, named, torch.get_num_threads()])
        raise Stopped

    monkeypatch.setattr(train, "fit", fit)
    threads = torch.get_num_threads()
    try:
        with pytest.raises(Stopped):
            cli.main(["train", *arguments])
    finally:
        torch.set_num_threads(threads)
    return seen


def test_the_table_of_options_is_complete():
    assert {*OPTIONS} | {"augment"} == {field.name for cls in (Recipe, Augment) for field in fields(cls)}


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_arrives_alone(few_images, tmp_path, monkeypatch, name):
    value, option = OPTIONS[name], f"--{name.replace('_', '-')}"
    (net, x, validation, recipe), named, _ = called(
        monkeypatch, "linear", *([option] if value is True else [option, str(value)]), "--out", str(tmp_path / "a"))
    augment = {"augment": Augment(**{name: value})} if name in ("shift", "flip") else {name: value}
    assert recipe == Recipe(**{"epochs": 3, "lr": 0.2} | augment)
    assert x is few_images.train and validation is few_images.validation
    expected = networks.create("linear", seed=5 if name == "seed" else 0).state_dict()
    assert all(torch.equal(expected[key], found) for key, found in net.state_dict().items())
    assert named == {"device": "cpu", "checkpoint": tmp_path / "a" / "checkpoint.pt"}


def test_the_other_options_arrive(few_images, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "fashion_mnist", lambda source: (asked.append(source), few_images)[1])
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.chdir(tmp_path)
    line = "mlp --threads 3 --device auto --data full --seed 4"
    _, named, threads = called(monkeypatch, *line.split())
    assert (named["device"], threads, asked) == ("auto", 3, ["full"])
    assert named["checkpoint"].parts == ("runs", "mlp-seed4", "checkpoint.pt")
    assert called(monkeypatch, "mlp")[2] == 1


# ---- faults

def test_the_folder_is_tried_before_anything_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data, "fashion_mnist", lambda source: pytest.fail("it ran"))
    (tmp_path / "file").write_text("")
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path / "file" / "run")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/file/run: Not a directory\n"
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/file: Not a directory\n"


def test_a_network_for_larger_images_is_refused_in_words(few_images, tmp_path, capsys):
    assert cli.main(["train", "vgg16", "--out", str(tmp_path)]) == 2
    assert "vgg16 takes images of 224x224 pixels, not 28x28" in capsys.readouterr().err


def test_another_network_in_the_same_folder_is_refused_in_words(few_images, tmp_path, capsys):
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 0
    before = (tmp_path / "metrics.json").read_bytes()
    assert cli.main(["train", "mlp", *ARGUMENTS[2:], "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "another run: part 1 of the network was Linear(in_features=784, out_features=10" in error
    assert (tmp_path / "metrics.json").read_bytes() == before


@pytest.mark.parametrize("device", ["cuda", "mps", "gpu"])
def test_a_device_that_is_not_there_is_named(few_images, tmp_path, monkeypatch, capsys, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert cli.main([*ARGUMENTS, "--device", device, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: device is '{device}'")


def test_a_second_process_in_the_folder_gets_a_sentence(few_images, tmp_path, capsys):
    with files.locked(tmp_path / "metrics.json"):
        assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/metrics.json is in use by another process")
    assert list(tmp_path.iterdir()) == []


def test_variables_that_other_programs_left_change_nothing(few_images, tmp_path, monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.setenv(name, "1")
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 0
    assert {*cli.RUN_FILES} < {p.name for p in tmp_path.iterdir()}


def test_what_a_killed_run_left_is_cleaned(few_images, tmp_path):
    for name in (*cli.RUN_FILES, "checkpoint.pt"):
        (tmp_path / f"{name}.01234567.unfinished").write_text("half")
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {*cli.RUN_FILES, "checkpoint.pt"}


def test_a_full_disk_at_the_end_names_the_file_and_leaves_no_half(few_images, tmp_path, monkeypatch, capsys):
    write = files.write

    def full(path, data):
        if path.name != "weights.pt":
            return write(path, data)
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(files, "write", full)
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/weights.pt: No space left on device\n"
    assert not (tmp_path / "weights.pt").exists()


def test_a_run_that_diverges_writes_nothing(few_images, tmp_path, capsys):
    few_images.validation = SimpleNamespace(x=few_images.validation.x * math.nan, y=few_images.validation.y)
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 2
    assert "the validation loss became nan after epoch 1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_test_loss_that_is_not_finite_reaches_no_file(few_images, tmp_path, capsys):
    few_images.test = SimpleNamespace(x=few_images.test.x * math.nan, y=few_images.test.y)
    assert cli.main([*ARGUMENTS, "--test", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: the test loss is nan")
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_the_files_are_there_before_anything_is_printed(few_images, tmp_path, monkeypatch):
    def closed(*args, **kwargs):
        if args and "core-seconds" in str(args[0]):
            raise BrokenPipeError
    monkeypatch.setattr("builtins.print", closed)
    monkeypatch.setattr(console, "_closed", lambda: 141)
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path)]) == 141
    assert {*cli.RUN_FILES} < {p.name for p in tmp_path.iterdir()}


def test_a_network_that_has_learned_nothing_is_told_of(few_images, tmp_path, capsys):
    assert cli.main(["train", "lenet", "--epochs", "1", "--out", str(tmp_path / "a")]) == 0
    assert ("lenet has learned next to nothing: guessing gets 0.10 right. "
            "Try more --epochs, another --lr, or lenet_bn, which learns faster") in capsys.readouterr().out
    assert cli.main([*ARGUMENTS, "--out", str(tmp_path / "b")]) == 0
    assert "guessing" not in capsys.readouterr().out
