"""What the experiment on sharing compares: its images, its networks, and a run at a tiny budget."""

import numpy as np
import pytest
import torch

from d2lcnn import results, summary
from d2lcnn.experiments import Budget, locally_connected, run_cell
from d2lcnn.experiments.images import load
from d2lcnn.experiments.locally_connected import (
    BAR_NETS,
    CHOSEN,
    FURTHER,
    ITEM_NETS,
    LOCALLY_CONNECTED,
    LOCALLY_CONNECTED_TUNING,
    RATES,
    TASKS,
    bar_images,
    bar_net,
    bars,
    item_images,
)


def test_bars_lie_as_said_where_said():
    x, upright, left = bars(400, np.random.default_rng(0))
    for image, stands, is_left in zip(x[:, 0], upright, left, strict=True):
        runs = {1: np.lib.stride_tricks.sliding_window_view(image, (5, 1)).mean((2, 3)),
                0: np.lib.stride_tricks.sliding_window_view(image, (1, 5)).mean((2, 3))}
        best = np.unravel_index(runs[stands].argmax(), runs[stands].shape)
        assert runs[stands].max() > runs[1 - stands].max()
        columns = best[1] + np.arange(1 if stands else 5)
        assert (columns < 8).all() if is_left else (columns >= 8).all()
    assert 0.4 < upright.mean() < 0.6
    assert 0.4 < left.mean() < 0.6


def test_the_tasks_ask_what_the_chapter_says():
    rng = np.random.default_rng([0, 2])
    _, upright, left = bars(1000, rng)
    np.testing.assert_array_equal(bar_images("place", "test", 0).y, upright == left)
    for part, half in (("train", 0), ("validation", 0), ("test", 1)):
        x = bar_images("moved", part, 0).x[:, 0]
        sums = x.reshape(-1, 16, 2, 8).sum(axis=(1, 3))
        assert (sums.argmax(axis=1) == half).mean() > 0.9
    first, again, other = (bar_images("place", "train", seed).x for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shared", [True, False])
def test_only_sharing_forgets_places(shared):
    torch.manual_seed(0)
    net = bar_net(shared).double()
    x = torch.randn(5, 1, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        gap = (net(x) - net(x.roll((3, 8), dims=(2, 3)))).abs().max()
    assert gap < 1e-12 if shared else gap > 1e-6


def test_items_are_where_they_should_be():
    images = load("subset").test[:50]
    centred, shifted, again = (item_images(images, task, 1).x for task in ("centred", "shifted", "shifted"))
    np.testing.assert_array_equal(centred[:, :, 4:32, 4:32], images.x)
    assert centred.sum() == images.x.sum()
    np.testing.assert_array_equal(shifted, again)
    assert shifted.sum(dtype=np.int64) == images.x.sum(dtype=np.int64)
    assert (shifted != centred).any(axis=(1, 2, 3)).mean() > 0.9


def test_equal_work_and_equal_parameters():
    items = {name: summary.summarize(make(), (1, 36, 36)) for name, make in ITEM_NETS.items()}
    assert items["shared"].macs == items["unshared"].macs
    assert items["shared, dense head"].macs == items["unshared, dense head"].macs
    for name in ("shared, wide", "mlp"):
        assert abs(items[name].parameters / items["unshared"].parameters - 1) < 0.015
    on_bars = {name: summary.summarize(make(), (1, 16, 16)) for name, make in BAR_NETS.items()}
    assert on_bars["shared"].macs == on_bars["unshared"].macs


@pytest.mark.parametrize("name", ["place: unshared", "moved: shared", "centred: unshared, dense head", "shifted: mlp"])
def test_a_tiny_run_measures_what_is_declared(name):
    rows = run_cell(LOCALLY_CONNECTED, name, 0, Budget(train_images=128, measured_images=100, epochs=1))
    assert [row["metric"] for row in rows] == LOCALLY_CONNECTED.settings[name].metrics(0)
    assert ("shifted_accuracy" in [row["metric"] for row in rows]) == name.startswith("centred")
    assert all(0 <= row["value"] <= 1 for row in rows)
    assert {row["epochs"] for row in rows} == {1}


def test_a_choice_of_rate_looks_at_no_test_images():
    rows = run_cell(LOCALLY_CONNECTED_TUNING, "centred: linear, lr=0.01", 100, Budget(128, 100, 1))
    assert [row["metric"] for row in rows] == ["train_accuracy", "validation_accuracy"]
    assert not set(locally_connected.LOCALLY_CONNECTED_TUNING.cells()) & set(LOCALLY_CONNECTED.cells())


@pytest.mark.parametrize(("task", "net"), [(task, net) for task, nets in TASKS.items() for net in nets])
def test_rates_were_chosen_on_validation_images(task, net):
    table = results.read("locally_connected_tuning")
    rows, start = table[table.metric == "validation_accuracy"], f"{task}: {net}, lr="
    tried = {float(row.setting.removeprefix(start)): row.value for row in rows if row.setting.startswith(start)}
    assert CHOSEN[task][net] == min(tried, key=lambda rate: (-tried[rate], rate))
    edge = CHOSEN[task][net] == RATES[-1] and FURTHER not in tried
    assert not edge or max(tried.values()) == 1, "the best rate may lie outside of those tried"


def test_what_the_chapter_says_of_the_table():
    """Claims of the chapter, on every seed."""
    table = results.read("locally_connected")

    def of(setting, metric="test_accuracy"):
        return table.value[(table.setting == setting) & (table.metric == metric)]

    assert of("place: unshared").min() > 0.98
    assert of("moved: shared").min() > 0.98
    for blind in ("place: shared", "moved: unshared", "moved: mlp", "moved: linear"):
        assert abs(of(blind) - 0.5).max() < 0.05
    assert of("place: mlp").min() > 0.9
    centred, shifted = ({net: of(f"{task}: {net}") for net in ITEM_NETS} for task in ("centred", "shifted"))
    assert centred["unshared"].mean() - centred["shared"].mean() > 0.05
    assert 0.01 < centred["unshared"].mean() - centred["shared, wide"].mean() < 0.02
    for other in ("shared", "shared, wide", "shared, dense head", "linear", "mlp"):
        assert centred["unshared"].min() > centred[other].max()
    assert centred["unshared, dense head"].mean() < centred["unshared"].mean()
    assert all(shifted["shared, wide"].min() > values.max() for net, values in shifted.items() if net != "shared, wide")
    assert 0 < shifted["unshared"].mean() - shifted["shared"].mean() < 0.02
    loss = {net: (centred[net] - of(f"centred: {net}", "shifted_accuracy")).mean() for net in ITEM_NETS}
    places = [loss[net] for net in ITEM_NETS if net not in ("shared", "shared, wide")]
    assert 0.1 < max(loss["shared"], loss["shared, wide"]) < min(places)
    assert of("moved: linear", "validation_accuracy").mean() == pytest.approx(0.73, abs=0.005)
    assert 0 < shifted["unshared"].min() - shifted["shared"].max() < 0.0025
    assert shifted["unshared, dense head"].mean() - shifted["unshared"].mean() == pytest.approx(0.02, abs=0.005)
    head, lacked = (centred[net].mean() - centred["shared"].mean() for net in ("shared, dense head", "unshared"))
    assert 0.5 < head / lacked < 1
    for task in ("centred", "shifted"):
        assert of(f"{task}: shared", "train_accuracy").mean() <= of(f"{task}: shared").mean()


def test_the_rates_that_the_chapter_names_are_the_largest_tried():
    tuning = {setting.rsplit(", lr=", 1)[0]: 0 for setting in LOCALLY_CONNECTED_TUNING.settings}
    for tried, setting in LOCALLY_CONNECTED_TUNING.settings.items():
        name = tried.rsplit(", lr=", 1)[0]
        tuning[name] = max(tuning[name], setting.recipe.lr)
    assert {name for name, most in tuning.items() if LOCALLY_CONNECTED.settings[name].recipe.lr == most} == {
        "centred: shared", "shifted: unshared", "moved: linear", "place: unshared", "moved: shared"}
