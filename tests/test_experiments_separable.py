"""The nets of the experiment "separable", and a run of it at a tiny budget."""

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import layers, results, summary
from d2lcnn.experiments import Budget, run_cell
from d2lcnn.experiments.separable import BETWEEN, EQUAL_WORK, SEGMENTS, SEPARABLE, SEPARABLE_TUNING, WIDTH, spectrum_net

TINY = Budget(train_images=256, measured_images=100, epochs=1)


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("segments", [1, 4, WIDTH])
def test_all_blocks_have_the_segments_and_what_is_between(segments, between):
    net = spectrum_net(segments, between=between, seed=0)
    blocks = [m for m in net if isinstance(m, layers.SegmentedConv2d)]
    assert [b.spatial.groups for b in blocks] == [segments] * 3
    assert {type(b.between) for b in blocks} == {nn.ReLU if between == "relu" else nn.Identity}
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_weights_depend_on_the_seed_alone_and_no_generator_is_moved():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (spectrum_net(4, seed=s)[0].weight for s in (1, 1, 2))
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_wide_nets_cost_what_the_plain_one_does():
    goal = summary.summarize(spectrum_net(1), (1, 28, 28)).macs
    for channels, segments in EQUAL_WORK.items():
        net = spectrum_net(segments, channels=channels)
        assert summary.summarize(net, (1, 28, 28)).macs == pytest.approx(goal, rel=0.1)
    narrow = [summary.count_parameters(spectrum_net(s)) for s in SEGMENTS]
    assert narrow == sorted(narrow, reverse=True)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="between is 'tanh'; it may be 'nothing', 'relu'"):
        spectrum_net(1, between="tanh")
    with pytest.raises(ValueError, match="segments=3 must divide"):
        spectrum_net(3)


@pytest.mark.parametrize(("experiment", "name", "seed"), [
    (SEPARABLE, f"segments={WIDTH}, relu", 0), (SEPARABLE, "linear", 1), (SEPARABLE_TUNING, "segments=1, lr=0.1", 100)])
def test_a_tiny_run_measures_what_is_declared(experiment, name, seed):
    rows = run_cell(experiment, name, seed, TINY)
    assert [row["metric"] for row in rows] == experiment.settings[name].metrics(seed)
    assert all(np.isfinite(row["value"]) for row in rows)
    tested = any(row["metric"].startswith("test") for row in rows)
    assert tested is (experiment is SEPARABLE)  # choices are made without test images
    assert {(row["train_images"], row["epochs"]) for row in rows} == {(256, 1)}


def test_what_the_chapter_says_of_the_table():
    table = results.read("separable")

    def of(name):
        return table.value[(table.setting == name) & (table.metric == "test_accuracy")]

    first = of("segments=1")
    for s in SEGMENTS[1:]:  # below the first on the mean, by less than a point; ranges overlap
        assert 0 < first.mean() - of(f"segments={s}").mean() < 0.01
        assert first.min() < of(f"segments={s}").max()
    gains = {s: of(f"segments={s}, relu") - of(f"segments={s}") for s in (1, 4, WIDTH)}
    assert min(gains[1].min(), gains[4].min()) > 0.002
    assert (gains[WIDTH] > 0).sum() == 1
    assert abs(gains[WIDTH].mean()) < 0.001
    middle, extreme = (of(f"segments={s}, channels={c}") for c, s in EQUAL_WORK.items())
    assert extreme.min() > middle.max() > middle.min() > first.max()
    weights = [table.params[table.setting == n][0] for n in ("segments=1", "segments=4, channels=56",
                                                             "segments=96, channels=96")]
    assert max(weights) < 1.04 * min(weights)
    few, many = (table[table.setting == f"segments={s}"] for s in (1, 16))
    assert many.core_seconds.min() > few.core_seconds.max()  # equal multiply-adds are not equal time
    assert many.macs[0] < few.macs[0] / 5
    assert summary.count_parameters(spectrum_net(WIDTH)) < few.params[0] / 6
    assert SEPARABLE.settings["segments=1"].recipe.lr == best_rate()


def best_rate():
    """The rate with the best mean over both ends of the row, on validation images."""
    table = results.read("separable_tuning")
    rates = sorted({s.recipe.lr for n, s in SEPARABLE_TUNING.settings.items() if n.startswith("segments")})

    def mean(lr):
        names = [f"segments={s}, lr={lr}" for s in (1, WIDTH)]
        return sum(table.value[np.isin(table.setting, names) & (table.metric == "validation_accuracy")])

    return max(rates, key=mean)
