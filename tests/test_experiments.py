"""Experiments: what is declared is what is stored; a killed run continues; stored facts can be recomputed."""

import csv
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from d2lcnn import experiments as ex
from d2lcnn import networks, results, summary
from d2lcnn.experiments import EXPERIMENTS, Budget, Experiment, Setting, lenet, missing, run, runner
from d2lcnn.experiments import sample_efficiency as efficiency
from d2lcnn.experiments.images import balanced, halved, on_canvas, permute, placed, scattered, splits


def tiny_splits(source="full", permuted=False):
    """Images whose class is the place of a bright row; 40 to train on, 20 to validate, 20 to test."""
    def part(count, seed):
        y = np.arange(count) % 10
        x = np.random.default_rng(seed).integers(0, 60, (count, 1, 28, 28)).astype(np.uint8)
        x[np.arange(count), 0, 2 * y] = 255
        return SimpleNamespace(x=x, y=y)

    return SimpleNamespace(train=part(40, 0), validation=part(20, 1), test=part(20, 2))


TOY = Experiment("toy", "Does it run?", {
    "linear": Setting("linear", {"epochs": 2, "lr": 0.1, "batch_size": 10}, seeds=(0, 1), curve=True),
    "narrow, chosen": Setting("mlp", {"epochs": 1, "lr": 0.1}, {"hidden": (3,)}, images=20, seeds=(1,), tested=False),
    "matrix": Setting("linear", {"epochs": 1, "lr": 0.1}, seeds=(0, 1), confusion=True),
})


@pytest.fixture
def toy_data(monkeypatch):
    monkeypatch.setattr(runner, "splits", tiny_splits)


def silent(_):
    """Report nothing."""


# ---- the stored results

@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_file_holds_exactly_what_is_declared(name):
    table, experiment = results.read(name), EXPERIMENTS[name]
    assert sorted(zip(table.setting.tolist(), table.seed.tolist(), table.metric.tolist(), strict=True)) == \
        sorted(experiment.lines())
    assert set(table.experiment) == {name}
    assert missing(experiment) == []


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_stored_values_are_possible(name):
    table = results.read(name)
    shares = table.value[["accuracy" in m for m in table.metric]]
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (table.core_seconds > 0).all()
    for experiment_setting, setting in EXPERIMENTS[name].settings.items():
        rows = table[table.setting == experiment_setting]
        assert set(rows.epochs) == {setting.fit["epochs"]}
        assert len(set(rows.train_images)) == 1


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if not n.endswith("_tuning")])
def test_results_are_not_older_than_the_choice_of_their_rate(name):
    for row in results.read(name):
        if row.metric == "lr":
            assert row.value == EXPERIMENTS[name].settings[row.setting].fit["lr"], row.setting


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_row_drawn_at_random_can_be_recomputed(name, monkeypatch):
    """Another row every day; at a tiny budget the accuracy means nothing, but the counts must be the stored ones."""
    # the subset in place of the full set: it is on every machine, and no count depends on which images are seen
    monkeypatch.setattr(runner, "splits", lambda source, permuted: splits("subset", permuted))
    table = results.read(name)
    row = table[random.Random(int(time.time()) // 86_400).randrange(len(table))]
    budget = Budget(train_images=200, measured_images=100, epochs=1)
    again = ex.run_cell(EXPERIMENTS[name], row.setting, int(row.seed), budget)
    assert {r["setting"] for r in again} == {row.setting}
    assert {(r["params"], r["macs"]) for r in again} == {(row.params, row.macs)}
    expected = {m for m in table[(table.setting == row.setting) & (table.seed == row.seed)].metric.tolist()
                if "accuracy@" not in m or m.endswith("@1")}
    assert {r["metric"] for r in again} == expected
    assert all(np.isfinite(r["value"]) for r in again)


def best_rate(name, prefixes, rates):
    """Rate with the best mean validation accuracy over the tuning settings "<prefix>, lr=<rate>"."""
    table = results.read(name)
    chosen_by = table[table.metric == "validation_accuracy"]
    means = {rate: np.mean([chosen_by.value[chosen_by.setting == f"{prefix}, lr={rate}"] for prefix in prefixes])
             for rate in rates}
    return max(means, key=means.get)


@pytest.mark.parametrize("step", lenet.STEPS)
def test_rates_of_lenet_were_chosen_on_validation_images(step):
    rates = lenet.STEPS[step][3]
    assert lenet.CHOSEN[step] == best_rate("lenet_tuning", [step], rates)
    assert min(rates) < lenet.CHOSEN[step] < max(rates), "the best rate may lie outside of those tried"


@pytest.mark.parametrize("net", efficiency.NETS)
def test_rates_of_sample_efficiency_were_chosen_on_validation_images(net):
    prefixes = [f"{net}, {size} images" for size in efficiency.TUNING_SIZES]
    assert efficiency.CHOSEN[net] == best_rate("sample_efficiency_tuning", prefixes, efficiency.RATES[net])
    assert min(efficiency.RATES[net]) < efficiency.CHOSEN[net] < max(efficiency.RATES[net])


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if n.endswith("_tuning")])
def test_choices_saw_no_test_image(name):
    assert not any("test" in metric for metric in results.read(name).metric)


def test_nets_of_equal_budget_have_equal_parameters_within_two_percent():
    counts = [summary.count_parameters(networks.create(n, seed=0, **o)) for n, o in efficiency.NETS.values()]
    assert max(counts) / min(counts) < 1.02


def test_every_size_shows_as_many_images_in_as_many_steps():
    for size in efficiency.SIZES:
        recipe = efficiency.recipe(size, 0.1)
        assert recipe["epochs"] * size == efficiency.SHOWN
        assert size % recipe["batch_size"] == 0


def test_the_ladder_changes_one_thing_at_a_time():
    ladder = [lenet.STEPS[s] for s in ("lenet", "+ momentum", "+ one-cycle", "+ ReLU", "+ max pooling", "+ batch norm")]
    defaults = {"lenet": {"activation": "sigmoid", "pool": "avg", "norm": None},
                "lenet_bn": {"activation": "relu", "pool": "max", "norm": "batch"}}
    flat = [defaults[network] | options | recipe for network, options, recipe, _ in ladder]
    for before, after in itertools.pairwise(flat):
        assert sum(before[key] != after[key] for key in before) == 1



@pytest.mark.parametrize(("name", "setting", "accuracy"), [("lenet", "+ batch norm", 0.90),
                                                           ("lenet_subset", "lenet_bn, 12 epochs", 0.87)])
def test_goals_are_met_by_every_seed(name, setting, accuracy):
    reached = {s.setting: s for s in results.summarise(name, "test_accuracy")}[setting]
    assert reached.n >= 3
    assert reached.min >= accuracy


def test_lenet_bn_stays_within_its_core_seconds():
    spent = {s.setting: s for s in results.summarise("lenet", "core_seconds")}["+ batch norm"]
    assert spent.max <= 35


# ---- the mechanism

def test_run_writes_every_declared_line_once_and_then_nothing(toy_data, tmp_path):
    said = []
    path = run(TOY, tmp_path, said.append)
    table = results.read(path)
    assert list(zip(table.setting.tolist(), table.seed.tolist(), table.metric.tolist(), strict=True)) == TOY.lines()
    assert len(said) == 2 * len(TOY.cells())
    before = path.read_bytes()
    run(TOY, tmp_path, lambda line: pytest.fail(f"ran again: {line}"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert set(table.train_images[table.setting == "narrow, chosen"]) == {20}
    assert set(table.params[table.setting == "linear"]) == set(table.macs[table.setting == "linear"] + 10) == {7850}
    assert results.confusion(table, "matrix").sum() == 20


def test_runs_repeat_exactly(toy_data, tmp_path):
    table = results.read(run(TOY, tmp_path, silent))
    for metric, stored, again in ex.recompute(TOY, "linear", 1, table):
        assert stored == again, metric


@pytest.mark.parametrize("cut", [1, 9, 200, 700])
def test_a_torn_file_is_repaired_and_completed(toy_data, tmp_path, cut):
    path = run(TOY, tmp_path, silent)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    lacking = missing(TOY, tmp_path)
    assert 0 < len(lacking) < len(TOY.cells())
    run(TOY, tmp_path, silent)
    drop = ("core_seconds", "date")
    old, new = ([{k: v for k, v in row.items() if k not in drop} for row in csv.DictReader(text.decode().splitlines())]
                for text in (whole, path.read_bytes()))
    assert new == old


def test_undeclared_lines_are_refused_not_dropped(toy_data, tmp_path):
    path = run(TOY, tmp_path, silent)
    before = path.read_bytes()
    smaller = Experiment("toy", TOY.question, {"linear": TOY.settings["linear"]})
    with pytest.raises(ValueError, match=r"toy\.csv holds runs that toy does not declare: .*matrix, seed 0"):
        run(smaller, tmp_path, silent)
    assert path.read_bytes() == before


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from test_experiments import TOY, tiny_splits
from d2lcnn.experiments import Experiment, Setting, run, runner
runner.splits = tiny_splits
many = Experiment("toy", "?", {{"linear": Setting("linear", {{"epochs": 1, "lr": 0.1}}, seeds=tuple(range(200)))}})
run(many, {folder!r}, lambda line: None)
"""


@pytest.mark.slow
def test_a_killed_experiment_keeps_complete_runs_only(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SCRIPT.format(tests=os.path.dirname(__file__),
                                                                    folder=str(tmp_path))])
    path, deadline = tmp_path / "toy.csv", time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not (path.exists() and path.stat().st_size > 3000):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it had finished: nothing was tested"
    many = Experiment("toy", "?", {"linear": Setting("linear", {"epochs": 1, "lr": 0.1}, seeds=tuple(range(200)))})
    lacking = missing(many, tmp_path)
    assert 0 < len(lacking) < 200
    table = results.read(path)
    assert len(table) >= (200 - len(lacking)) * len(many.settings["linear"].metrics(0))


# ---- images

def test_permuting_is_one_order_for_all_images_and_loses_nothing():
    images, order = tiny_splits().train, np.random.default_rng(0).permutation(784)
    out = permute(images, order)
    for before, after in zip(images.x[:, 0], out.x[:, 0], strict=True):
        np.testing.assert_array_equal(before.flatten()[order], after.flatten())
    np.testing.assert_array_equal(permute(out, np.argsort(order)).x, images.x)
    assert out.y is images.y


def test_permuted_splits_share_one_order():
    plain, permuted = splits("subset", False), splits("subset", True)
    column = np.unique(plain.train.x.reshape(len(plain.train.x), -1)[:50], axis=1, return_index=True)[1][-1]
    places = [np.flatnonzero((p.x.reshape(len(p.x), -1) == q.x.reshape(len(q.x), -1)[:, [column]]).all(axis=0))
              for p, q in zip((permuted.train, permuted.test), (plain.train, plain.test), strict=True)]
    assert set(places[0]) & set(places[1])
    assert set(places[0]) != {column}
    splits.cache_clear()
    np.testing.assert_array_equal(splits("subset", True).test.x[:9], permuted.test.x[:9])  # in every session the same


def test_balanced_draws_are_balanced_nested_and_seeded():
    y = np.random.default_rng(0).integers(0, 10, 3000)
    images = SimpleNamespace(x=np.arange(3000), y=y)
    small, large, other = balanced(images, 100, 0), balanced(images, 1000, 0), balanced(images, 100, 1)
    assert set(np.bincount(small.y)) == {10}
    assert set(small.x) < set(large.x)
    assert set(small.x) != set(other.x)
    np.testing.assert_array_equal(y[large.x], large.y)


def test_a_canvas_surrounds_and_a_shift_loses_nothing():
    images = on_canvas(tiny_splits().test, 33)
    assert images.x.shape == (20, 1, 33, 33)
    np.testing.assert_array_equal(images.x[:, :, 2:30, 2:30], tiny_splits().test.x)
    assert images.x.sum() == tiny_splits().test.x.sum()
    with pytest.raises(ValueError, match="do not fit on a canvas of 27"):
        on_canvas(tiny_splits().test, 27)
    with pytest.raises(ValueError, match="a move by 3 pixels pushes"):
        ex.consistency(networks.create("linear", seed=0), images, 3)


def test_consistency_is_one_where_the_place_does_not_matter_and_a_share_where_it_does():
    images = on_canvas(tiny_splits().test, 32)
    mean_only = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(1, 10))
    assert ex.consistency(mean_only.double().float(), images, 2) == 1.0
    stripes = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32 * 32, 2))
    with torch.no_grad():  # class 0 or 1: is there more light in even or in odd rows?
        stripes[1].weight[0], stripes[1].weight[1] = (torch.arange(32).repeat_interleave(32) % 2 == n for n in (0, 1))
        stripes[1].bias[:] = 0
    assert ex.consistency(stripes, images, 1) == 0.5  # up or down turns the answer, left or right does not
    assert ex.consistency(stripes, images, 2) == 1.0
    assert stripes.training


# ---- the reader

def write_results(tmp_path, rows, columns=None):
    path = tmp_path / "some.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns or list(results.COLUMNS), *rows])
    return path


def line(setting, seed, metric, value, core_seconds=1.5):
    return ["some", setting, seed, metric, value, 2, 100, "", "", core_seconds, "2.0", "2.0", "cpu", "2026-01-01"]


def test_read_and_summarise(tmp_path):
    path = write_results(tmp_path, [line("a, b", 0, "test_accuracy", 0.5, 1.0),
                                    line("a, b", 1, "test_accuracy", 0.7, 2.0),
                                    line("c", 0, "test_accuracy", 0.25), line("c", 0, "loss", "")])
    table = results.read(path)
    assert table.value[:2].tolist() == [0.5, 0.7]
    assert np.isnan(table.value[3])
    assert table.params.tolist() == [-1] * 4
    first, second = results.summarise(table, "test_accuracy")
    assert first[:3] == ("a, b", "test_accuracy", 2)
    assert first[3:] == pytest.approx((0.6, np.std([0.5, 0.7], ddof=1), 0.5, 0.7))
    assert second.mean == 0.25
    assert np.isnan(second.std)
    assert results.summarise(table, "core_seconds")[0].mean == 1.5
    assert len(results.summarise(path)) == 3


def test_curves_and_confusions(tmp_path):
    rows = [line("a", seed, f"val_accuracy@{e}", seed + e / 100) for seed in (0, 1) for e in (2, 10, 1)]
    rows += [line("a", 0, f"confusion[{i},{j}]", float(10 * i + j)) for i in range(3) for j in range(3)]
    table = results.read(write_results(tmp_path, rows))
    epochs, values = results.curve(table, "a", "val_accuracy")
    assert epochs.tolist() == [1, 2, 10]
    np.testing.assert_allclose(values, [[0.01, 0.02, 0.1], [1.01, 1.02, 1.1]])
    assert results.confusion(table, "a").tolist() == [[0, 1, 2], [10, 11, 12], [20, 21, 22]]


def test_the_reader_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"no results named 'nothing'; there are .*lenet"):
        results.read("nothing")
    with pytest.raises(ValueError, match="no results named 'lenett'; the nearest is 'lenet'"):
        results.read("lenett")
    with pytest.raises(ValueError, match=r"some\.csv has the columns a, b, not experiment"):
        results.read(write_results(tmp_path, [], ["a", "b"]))
    table = results.read(write_results(tmp_path, [line("a", 0, "loss", 1)]))
    with pytest.raises(ValueError, match="no line has the metric 'accuracy'; the metrics are loss"):
        results.summarise(table, "accuracy")
    with pytest.raises(ValueError, match="setting 'a' has no metric 'loss@1'"):
        results.curve(table, "a", "loss")
    with pytest.raises(ValueError, match="setting 'a' has no confusion matrix"):
        results.confusion(table, "a")


def test_the_reader_needs_no_torch():
    subprocess.run([sys.executable, "-c", "import sys; from d2lcnn import results; results.names(); "
                                          "sys.exit('torch' in sys.modules)"], check=True)


def test_halved_images_hold_the_means_of_four_pixels():
    images = tiny_splits().test
    small = halved(images)
    assert small.x.shape == (20, 1, 14, 14)
    assert small.x.dtype == np.uint8
    back = np.kron(small.x.astype(float), np.ones((2, 2)))
    means = np.kron(images.x[:, :, ::2, ::2] / 4 + images.x[:, :, 1::2, ::2] / 4 + images.x[:, :, ::2, 1::2] / 4
                    + images.x[:, :, 1::2, 1::2] / 4, np.ones((2, 2)))
    assert np.abs(back - means).max() < 1


def test_scattered_images_are_whole_reach_every_border_and_depend_on_the_seed():
    squares = SimpleNamespace(x=np.ones((600, 1, 14, 14), np.uint8), y=np.zeros(600, int))
    images = scattered(squares, 28, seed=5)
    assert images.x.shape == (600, 1, 28, 28)
    assert (images.x.sum(axis=(1, 2, 3)) == 14 * 14).all()
    tops, lefts = (images.x.any(axis=axis).argmax(axis=-1)[:, 0] for axis in (3, 2))
    for starts in (tops, lefts):
        assert set(starts.tolist()) == set(range(15))
    assert (tops != lefts).any()
    assert not np.array_equal(images.x, scattered(squares, 28, seed=6).x)


def test_placed_images_stand_where_they_are_told():
    ones = SimpleNamespace(x=np.ones((2, 1, 3, 2), np.uint8), y=np.zeros(2, int))
    images = placed(ones, 6, np.array([[0, 4], [3, 1]]))
    assert images.x[0, 0, :3, 4:].all() and images.x[0].sum() == 6
    assert images.x[1, 0, 3:, 1:3].all() and images.x[1].sum() == 6
