"""Running an experiment: a run is what one would do by hand; nothing that a file holds is lost; many workers."""

import csv
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_images import light

from d2lcnn import experiments as ex
from d2lcnn import files, networks, results, train
from d2lcnn.experiments import CURVE, Budget, Classifier, Confusion, Experiment, Probe, missing, run, run_cell, store
from d2lcnn.train import Recipe
from d2lcnn.workers import processes

TOY = Experiment("toy", "Does it run?", {
    "linear": Classifier("linear", Recipe(2, 0.1, batch_size=10), images=light, seeds=(0, 1), curve=CURVE),
    "narrow": Classifier("mlp", Recipe(1, 0.1), {"hidden": (3,)}, light, seeds=(1,), tested=False),
    "matrix": Classifier("linear", Recipe(1, 0.1), images=light, seeds=(0, 1), probes=(Confusion(),)),
})
NOT_COMPARED = ("core_seconds", "date")


@pytest.fixture(autouse=True)
def one_thread():
    """What is compared with a run must round as it does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def silent(_):
    """Report nothing."""


def lines(path):
    """Read the lines of a file but for times."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k not in NOT_COMPARED} for row in csv.DictReader(file)]


# ---- a run

def test_a_run_is_building_fitting_and_evaluating_by_hand():
    """Metric by metric: other images, another seed or a transposed matrix would differ."""
    recipe = Recipe(2, 0.05, batch_size=8, optimizer="adamw", augment=train.Augment(shift=2, flip=True))
    setting = Classifier("lenet", recipe, {"activation": "relu"}, light, seeds=(3,), curve=CURVE,
                         probes=(Confusion(),))
    rows = run_cell(Experiment("toy", "?", {"a": setting}), "a", 3)
    found = {row["metric"]: row["value"] for row in rows}
    parts = light(3)
    net = networks.create("lenet", seed=3, activation="relu")
    history = train.fit(net, parts.train, parts.validation, epochs=2, lr=0.05, batch_size=8, optimizer="adamw",
                        augment=recipe.augment, seed=3)
    on_validation, on_test = (train.evaluate(net, images) for images in (parts.validation, parts.test))
    expected = {f"train_accuracy@{e}": history.train_accuracy[e - 1] for e in (1, 2)}
    expected |= {f"val_accuracy@{e}": history.validation_accuracy[e - 1] for e in (1, 2)}
    expected |= {"train_accuracy": history.train_accuracy[1], "lr": 0.05,
                 "validation_accuracy": on_validation.accuracy, "validation_loss": on_validation.loss,
                 "test_accuracy": on_test.accuracy, "test_loss": on_test.loss}
    with torch.no_grad():
        guess = net(torch.from_numpy(parts.test.x).float() / 255).argmax(1).numpy()
    expected |= {f"confusion[{i},{j}]": ((parts.test.y == i) & (guess == j)).sum()
                 for i in range(10) for j in range(10)}
    assert found == expected
    assert on_test.loss != on_validation.loss
    assert (on_test.confusion != on_test.confusion.T).any(), "a transposed matrix would pass"
    assert [*found] == setting.metrics(3)
    assert {(r["epochs"], r["train_images"], r["params"], r["seed"]) for r in rows} == {
        (2, 40, sum(p.numel() for p in net.parameters()), 3)}


@pytest.mark.parametrize("change", [{"recipe": Recipe(1, 0.1, weight_decay=0.5)}, {"options": {"hidden": (4,)}},
                                    {"images": lambda seed, budget: light(0)._replace(train=light(0).test)}])
def test_everything_that_a_setting_declares_counts(change):
    plain = Classifier("mlp", Recipe(1, 0.1), {"hidden": (3,)}, light, seeds=(0,))
    first, second = (run_cell(Experiment("toy", "?", {"a": s}), "a", 0) for s in (plain, replace(plain, **change)))
    assert [r["value"] for r in first] != [r["value"] for r in second]


def test_the_seed_decides_weights_and_order_each_by_itself():
    fixed = replace(TOY.settings["narrow"], network=built_with_seed_0)
    values = {name: [run_cell(Experiment("toy", "?", {"a": setting}), "a", seed)[0]["value"] for seed in (0, 1, 2)]
              for name, setting in {"order": replace(fixed, recipe=Recipe(3, 0.1, batch_size=3)),
                                    "weights": replace(TOY.settings["narrow"], recipe=Recipe(1, 1e-9))}.items()}
    assert len(set(values["order"])) > 1, "the seed of fitting is ignored"
    assert len(set(values["weights"])) > 1, "the seed of the weights is ignored"


def built_with_seed_0(*, hidden, seed):
    """Build the same network for every run."""
    return networks.create("mlp", seed=0, hidden=hidden)


def test_threads_are_one_in_a_run_and_put_back_after_it():
    @dataclass(frozen=True)
    class Threads:
        seeds: tuple = (0,)

        def metrics(self, seed):
            return ["threads"]

        def measure(self, seed, budget=None):
            return {"threads": torch.get_num_threads()}, {"core_seconds": 0.0}

    torch.set_num_threads(2)
    assert run_cell(Experiment("toy", "?", {"a": Threads()}), "a", 0)[0]["value"] == 1
    assert torch.get_num_threads() == 2


def test_a_probe_measures_before_and_after_training_and_sees_test_images_only_where_allowed():
    class Weights(Probe):
        def metrics(self, setting, seed):
            return ["before", "after", "tested"]

        def before(self, run):
            assert run.on_test is None
            return {"before": float(run.net[1].weight.detach().abs().sum())}

        def after(self, run):
            return {"after": float(run.net[1].weight.detach().abs().sum()), "tested": run.on_test is not None}

    setting = replace(TOY.settings["linear"], probes=(Weights(),), curve=())
    for tested in (True, False):
        rows = run_cell(Experiment("toy", "?", {"a": replace(setting, tested=tested)}), "a", 1)
        values = {row["metric"]: row["value"] for row in rows}
        assert values["before"] == float(networks.create("linear", seed=1)[1].weight.detach().abs().sum())
        assert values["after"] != values["before"]
        assert values["tested"] is tested
        assert ("test_accuracy" in values) is tested


def test_a_budget_cuts_images_and_epochs():
    rows = run_cell(TOY, "linear", 0, Budget(train_images=12, measured_images=10, epochs=1))
    assert {(r["train_images"], r["epochs"]) for r in rows} == {(12, 1)}
    assert not any(r["metric"].endswith("@2") for r in rows)
    accuracies = [r["value"] for r in rows if r["metric"] in ("validation_accuracy", "test_accuracy")]
    assert all(float(10 * a).is_integer() for a in accuracies)


def test_unknown_settings_and_seeds_are_named(tmp_path):
    with pytest.raises(ValueError, match="setting is 'nothing'; those of toy are linear; narrow; matrix"):
        run_cell(TOY, "nothing", 0)
    table = results.read(run(TOY, tmp_path, silent))
    with pytest.raises(ValueError, match="seed is 7; linear has been run with 0, 1"):
        ex.recompute(TOY, "linear", 7, table)


# ---- the file

def test_run_writes_every_declared_line_once_and_then_nothing(tmp_path):
    said = []
    path = run(TOY, tmp_path, said.append)
    table = results.read(path)
    assert list(zip(table.setting.tolist(), table.seed.tolist(), table.metric.tolist(), strict=True)) == TOY.lines()
    assert len(said) == 2 * len(TOY.cells())
    before = path.read_bytes()
    run(TOY, tmp_path, lambda line: pytest.fail(f"ran again: {line}"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert set(table.params[table.setting == "linear"]) == set(table.macs[table.setting == "linear"] + 10) == {7850}
    assert results.confusion(table, "matrix").sum() == 20


def test_runs_repeat_exactly(tmp_path):
    table = results.read(run(TOY, tmp_path, silent))
    for metric, stored, again in ex.recompute(TOY, "linear", 1, table):
        assert stored == again, metric


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    return run(TOY, tmp_path_factory.mktemp("complete"), silent).read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cuts")


@given(cut=st.integers(0, 12_000))
def test_a_file_cut_anywhere_keeps_its_complete_runs(complete, folder, cut):
    """Wherever a kill or a full disk cut it off; nothing before the cut is lost."""
    content = complete[: max(0, len(complete) - cut)]
    path = folder / "toy.csv"
    path.write_bytes(content)
    runs, sound = store.read(path, TOY)
    assert content[:sound] == complete[:sound]
    whole = [cell for cell in TOY.cells() if all(
        store.text([row]).encode() in content for row in csv.DictReader(complete.decode().splitlines())
        if (row["setting"], int(row["seed"])) == cell)]
    assert [*runs] == whole
    assert path.read_bytes() == content


def test_a_long_unfinished_end_leaves_nothing_behind_a_short_run(complete, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_bytes(complete[: complete.index(b'toy,matrix,0,"confusion[7,3]')])
    rows = run_cell(TOY, "narrow", 1)
    store.append(path, TOY, rows)
    assert path.read_text("utf-8").endswith(store.text(rows))
    assert [*store.read(path, TOY)[0]] == [("linear", 0), ("narrow", 1)]


@pytest.mark.parametrize("cut", [1, 9, 200, 700, 5000])
def test_a_torn_file_is_completed(complete, tmp_path, cut):
    path = tmp_path / "toy.csv"
    path.write_bytes(complete[:-cut])
    assert 0 < len(missing(TOY, tmp_path)) < len(TOY.cells())
    run(TOY, tmp_path, silent)
    whole = tmp_path / "whole.csv"
    whole.write_bytes(complete)
    assert lines(path) == lines(whole)


SPOILT = {
    "a column more": lambda text: text.replace("\n", ",\n"),
    "a column less": lambda text: "\n".join(line.rpartition(",")[0] for line in text.splitlines()) + "\n",
    "semicolons": lambda text: text.replace(",", ";"),
    "tabs": lambda text: text.replace(",", "\t"),
    "no header": lambda text: text.partition("\n")[2],
    "a byte order mark": lambda text: "\ufeff" + text,
    "another order of columns": lambda text: text.replace("experiment,setting", "setting,experiment"),
    "a word for a number": lambda text: text.replace(",linear,0,train_accuracy@2,", ",linear,0,train_accuracy@2,abc"),
    "a seed that is none": lambda text: text.replace(",linear,1,", ",linear,one,"),
    "a line gone": lambda text: "\n".join(line for line in text.splitlines() if "test_loss" not in line) + "\n",
    "a line cut in the middle": lambda text: text.replace("val_accuracy@1", "val_accuracy@1\n", 1),
    "another experiment": lambda text: text.replace("\ntoy,", "\nother,"),
    "a run that is not declared": lambda text: text + text.splitlines()[-1].replace(",matrix,1,", ",matrix,9,") + "\n",
    "two values of one run": lambda text: text + text.splitlines()[-1].replace(",lr,0.1,", ",lr,0.2,") + "\n",
    "a run in two pieces that was never complete": lambda text: interleaved(text),
    "an empty line": lambda text: text.replace("\n", "\n\n"),
    "a picture": lambda text: "\x89PNG\n\x00",
}


def interleaved(text):
    """Put a complete run between the first and the second line of another, which goes no further."""
    header, *rows = text.splitlines(keepends=True)
    narrow = [row for row in rows if ",narrow,1," in row]
    linear = [row for row in rows if ",linear,0," in row]
    return "".join([header, linear[0], *narrow, linear[1]])


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_cannot_be_read_stops_the_run_and_stays_as_it_is(complete, tmp_path, spoil):
    path = tmp_path / "toy.csv"
    text = SPOILT[spoil](complete.decode())
    assert text != complete.decode()
    path.write_bytes(text.encode())
    with pytest.raises(ValueError, match=r"toy\.csv"):
        run(TOY, tmp_path, lambda line: pytest.fail("it began to run"))
    assert path.read_bytes() == text.encode()
    assert list(tmp_path.iterdir()) == [path]


def test_other_encodings_and_what_is_no_file_are_named(complete, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_bytes(complete.decode().replace("cpu", "ç").encode("latin-1") + b"\xff\n")
    with pytest.raises(ValueError, match=r"toy\.csv is not in UTF-8"):
        run(TOY, tmp_path, silent)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ValueError, match=r"toy\.csv is no file"):
        run(TOY, tmp_path, silent)


@pytest.mark.parametrize("order", [sorted, reversed, lambda rows: [*rows, *rows], lambda rows: [*rows[7:], *rows[:7]]])
def test_order_and_equal_duplicates_do_no_harm(complete, tmp_path, order):
    header, *rows = complete.decode().splitlines(keepends=True)
    path = tmp_path / "toy.csv"
    path.write_text("".join([header, *order(rows)]), encoding="utf-8")
    assert missing(TOY, tmp_path) == []


def test_equal_runs_of_two_processes_are_kept_once_when_the_file_is_completed(complete, tmp_path):
    rows = complete.decode().splitlines(keepends=True)
    first = [row for row in rows if ",linear,0," in row]
    later = [row.replace(row.split(",")[-1], "2030-01-01\n") for row in first]
    path = tmp_path / "toy.csv"
    path.write_text("".join([rows[0], *first, *later]), encoding="utf-8")
    run(TOY, tmp_path, silent)
    assert [line for line in path.read_text("utf-8").splitlines(keepends=True) if ",linear,0," in line] == first


def test_a_run_that_comes_in_meanwhile_is_not_written_twice(complete, tmp_path):
    path = tmp_path / "toy.csv"
    rows = run_cell(TOY, "narrow", 1)
    store.append(path, TOY, rows)
    before = path.read_bytes()
    store.append(path, TOY, run_cell(TOY, "narrow", 1))
    assert path.read_bytes() == before


def test_a_second_process_is_kept_out(tmp_path):
    with files.locked(tmp_path / "toy.csv"), pytest.raises(BlockingIOError, match=r"toy\.csv is in use"):
        run(TOY, tmp_path, silent)
    assert not (tmp_path / "toy.csv").exists()


def test_the_folder_is_tried_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        run(TOY, tmp_path / "file", lambda line: pytest.fail("it began to run"))


def test_results_go_to_the_current_folder_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(TOY, report=silent).resolve() == tmp_path / "results" / "toy.csv"


def test_a_file_of_other_line_ends_is_kept_or_refused_never_cut(complete, tmp_path):
    """CRLF, as git and spreadsheets write it; lone CR; a line end within a field."""
    path = tmp_path / "toy.csv"
    crlf = complete.replace(b"\n", b"\r\n")
    for cut in (0, 1, 9, 300):
        path.write_bytes(crlf[: len(crlf) - cut])
        before = store.read(path, TOY)
        assert crlf[: before[1]].endswith(b"\r\n") and len(before[0]) == 5 - (cut > 0)
        store.append(path, TOY, run_cell(TOY, "matrix", 1))
        assert missing(TOY, tmp_path) == []
    path.write_bytes(b"\r\n".join(complete.splitlines()[:1]) + b"\r")
    assert len(missing(TOY, tmp_path)) == 5
    for content in (complete.replace(b"\n", b"\r"),
                    complete[:-300].replace(b"toy,linear,0,lr,0.1,", b'toy,linear,0,lr,"0.1\n",')):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"toy\.csv: a line ends in the middle of a field, or not with a newline"):
            run(TOY, tmp_path, lambda line: pytest.fail("it began to run"))
        assert path.read_bytes() == content


def test_what_is_said_of_a_spoilt_file_is_short(complete, tmp_path):
    path = tmp_path / "toy.csv"
    for content in (b"x" * 100_000, b'"' + b"x" * 200_000, complete + b'toy,linear,0,"' + b"x" * 200_000 + b"\n",
                    b"\n".join([complete.splitlines()[0], *(b"toy,linear,%d,lr%s" % (n, b"," * 10)
                                                           for n in range(5000)), b""])):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"toy\.csv") as said:
            run(TOY, tmp_path, silent)
        assert len(str(said.value)) < 500 + len(str(path)) and "\n" not in str(said.value)
        assert path.read_bytes() == content


def test_a_link_leads_to_the_file_and_shares_its_lock(complete, tmp_path):
    kept, path = tmp_path / "kept" / "all.csv", tmp_path / "toy.csv"
    kept.parent.mkdir()
    path.symlink_to(kept)
    with pytest.raises(ValueError, match=r"toy\.csv is a link that leads nowhere"):
        run(TOY, tmp_path, lambda line: pytest.fail("it began to run"))
    header, *rows = complete.splitlines(keepends=True)
    others = [row for row in rows if b",narrow," not in row]
    kept.write_bytes(b"".join([header, *reversed(others)]))
    with files.locked(kept), pytest.raises(BlockingIOError):
        run(TOY, tmp_path, silent)
    run(TOY, tmp_path, silent)
    assert path.is_symlink()
    assert [row["setting"] for row in lines(kept)] == [name for name, _, _ in TOY.lines()]


def test_runs_taken_out_meanwhile_are_named(complete, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_bytes(complete[:-9])
    with pytest.raises(ValueError, match=r"toy\.csv lost runs while .*: linear, seed 0; matrix, seed 0; lin"):
        run(TOY, tmp_path, lambda line: path.unlink(missing_ok=True))
    run(TOY, tmp_path, silent)
    assert missing(TOY, tmp_path) == []


def test_a_file_spoilt_meanwhile_is_left_as_it_is(complete, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_bytes(complete[:-9])
    with pytest.raises(ValueError, match=r"toy\.csv, line 1"):
        run(TOY, tmp_path, lambda line: path.write_bytes(b"a;b\n"))
    assert path.read_bytes() == b"a;b\n"


def test_a_full_disk_in_a_run_is_named_and_keeps_the_others(complete, tmp_path, monkeypatch):
    path = tmp_path / "toy.csv"
    path.write_bytes(complete[:-9])
    sound = store.read(path, TOY)[1]

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*toy\.csv'"):
        store.append(path, TOY, run_cell(TOY, "matrix", 1))
    assert path.read_bytes()[:sound] == complete[:sound]


@dataclass(frozen=True)
class Measuring:
    """Measures what it is told."""

    values: dict
    seeds: tuple = (0,)

    def metrics(self, seed):
        return ["a", "b"]

    def measure(self, seed, budget=None):
        return self.values, {"core_seconds": 0.1, "epochs": 1, "train_images": 1, "params": 1, "macs": 1}


@pytest.mark.parametrize(("values", "said"), [
    ({"a": 1.0}, "the run x, seed 0 did not measure all that toy declares"),
    ({"b": 1.0}, r"the run x, seed 0.* \(a\)"),
    ({"a": 1.0, "b": torch.tensor(0.5)}, r"the run x, seed 0, line 3: value is 'tensor\(0\.5"),
    ({"a": 1.0, "b": float("nan")}, "x, seed 0: b is nan"),
    ({"a": float("-inf"), "b": 1}, "x, seed 0: a is -inf")])
def test_a_run_that_could_not_be_read_again_is_not_written(tmp_path, values, said):
    with pytest.raises((ValueError, FloatingPointError), match=said):
        run(Experiment("toy", "?", {"x": Measuring(values)}), tmp_path, silent)
    assert [*tmp_path.iterdir()] == []


def test_an_incomplete_run_is_not_recomputed(complete, tmp_path):
    path = tmp_path / "toy.csv"
    path.write_bytes(b"".join(complete.splitlines(keepends=True)[:4]))
    with pytest.raises(ValueError, match="the run linear, seed 0 lacks val_accuracy@2; train_accuracy; valid"):
        ex.recompute(TOY, "linear", 0, results.read(path))


def test_workers_that_always_die_are_said(tmp_path):
    class Dead(Executor):
        def submit(self, work, *arguments):
            future = Future()
            future.set_exception(BrokenExecutor("gone"))
            return future

    said = []
    with pytest.raises(ChildProcessError, match="workers died 3 times before one had finished its work"):
        run(TOY, tmp_path, said.append, Dead)
    assert said == ["a worker was lost: its work is given to another, 5 are left"] * 2


def test_workers_end_before_the_lock_does(tmp_path):
    """Where something else goes wrong: a file spoilt, output that nobody reads."""
    held = []

    @contextmanager
    def workers():
        try:
            yield ThreadPoolExecutor(1)
        finally:
            held.append((tmp_path / "toy.csv.lock").exists())

    def unread(line):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(TOY, tmp_path, unread, workers)
    assert held == [True]


def test_as_many_processes_as_processors_at_most():
    with pytest.raises(ValueError, match=r"jobs must be at most \d+, not 100000"):
        processes(100_000)


@pytest.mark.parametrize(("processor", "named"), [("a chip", "a chip"), ("", "a machine")])
def test_where_no_file_names_the_processor_the_system_is_asked(monkeypatch, processor, named):
    monkeypatch.setattr(ex.runner, "Path", lambda name: Path("/nowhere"))
    monkeypatch.setattr(ex.runner.platform, "processor", lambda: processor)
    monkeypatch.setattr(ex.runner.platform, "machine", lambda: "a machine")
    assert ex.runner._cpu() == named


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from test_experiments_runner import MANY
from d2lcnn.experiments import run
run(MANY, {folder!r}, lambda line: None)
"""
MANY = Experiment("toy", "?", {"linear": Classifier("linear", Recipe(1, 0.1), images=light, seeds=tuple(range(200)))})


@pytest.mark.slow
def test_a_killed_experiment_keeps_complete_runs_only(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT.format(tests=os.path.dirname(__file__),
                                                                    folder=str(tmp_path))])
    path, deadline = tmp_path / "toy.csv", time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not (path.exists() and path.stat().st_size > 3000):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it had finished: nothing was tested"
    lacking = missing(MANY, tmp_path)
    assert 0 < len(lacking) < 200
    run(MANY, tmp_path, silent)
    assert missing(MANY, tmp_path) == []
