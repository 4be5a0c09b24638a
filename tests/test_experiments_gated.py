"""The stacks of the gated experiment, their matched initial weights, and runs at a tiny budget."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from d2lcnn import results
from d2lcnn.experiments import Budget, Experiment, gated, run_cell, runner
from d2lcnn.experiments.gated import KINDS, Block, Stack, Training, gradient_ratio, match, root_mean_square
from d2lcnn.experiments.images import splits


@pytest.fixture(scope="module")
def images():
    part = splits("subset", False).train[:100]
    return torch.tensor(part.x).float() / 255, torch.tensor(part.y)


def test_the_stacks_have_equal_parameters_within_four_percent():
    counts = [sum(p.numel() for p in Stack(kind).parameters()) for kind in KINDS]
    assert max(counts) < 1.04 * min(counts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_what_its_kind_says(kind):
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 6, 9)))
    block = Block(kind, 6).double()
    maps = torch.nn.functional.conv1d(x, block.weight, block.bias, padding=1)
    y = maps[:, :6]
    y = y.relu() if "ReLU" in kind else y.tanh() if "tanh" in kind else y
    if "GLU" in kind or "gated" in kind:
        y = y / (1 + torch.exp(-maps[:, 6:]))
    torch.testing.assert_close(block(x), (x + y) / 2**0.5 if "residual" in kind else y)


def test_an_image_is_read_as_columns(images):
    net = Stack("GLU", seed=1)
    x = images[0][:2]
    by_columns = net.head(net.blocks(net.stem(x[:, 0])).mean(dim=2))  # rows are channels
    torch.testing.assert_close(net(x), by_columns)
    assert torch.equal(Stack("GLU", seed=1).stem.weight, net.stem.weight)
    assert not torch.equal(Stack("GLU", seed=2).stem.weight, net.stem.weight)


@pytest.mark.parametrize("kind", KINDS)
def test_matching_levels_the_maps_and_leaves_the_gates(kind, images):
    net = Stack(kind)
    factors = match(net, images[0], 0.2, seed=3)
    assert len(factors) == gated.DEPTH + 1
    with torch.no_grad():
        h = net.stem(images[0].squeeze(1))
        for block in net.blocks:
            assert root_mean_square(h if not block.shortcut else block.branch(h)) == pytest.approx(0.2, rel=1e-2)
            h = block(h)
    width = net.blocks[0].values
    for block, factor in zip(net.blocks, factors[1:], strict=True):
        spread = float(block.weight[:width].detach().std()) * (3 * width) ** 0.5
        assert spread == pytest.approx(factor, rel=0.1)
        if len(block.weight) > width:
            assert float(block.weight[width:].detach().std()) * (3 * width) ** 0.5 == pytest.approx(1, rel=0.1)
        assert not block.bias.any()


def test_a_level_out_of_reach_is_refused(images):
    with pytest.raises(ValueError, match=r"level=0.9 is out of reach"):
        match(Stack("gated tanh", depth=1), images[0], 0.9)


def test_the_gradient_ratio_of_a_stack_that_halves(images):
    net = Stack("ReLU", depth=2)
    with torch.no_grad():
        net.stem.bias.fill_(10)  # all maps positive, so that ReLU passes them
        for block in net.blocks:
            block.bias.zero_()
            block.weight.zero_()
            block.weight[range(34), range(34), 1] = 0.5
    assert gradient_ratio(net, *images) == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize(("arm", "tested"), [("GLU", True), ("residual ReLU", False), ("mlp", True),
                                             ("GLU, not matched", True)])
def test_a_tiny_run_measures_what_is_declared(arm, tested, monkeypatch):
    monkeypatch.setattr(runner, "splits", lambda source, permuted: splits("subset", permuted))
    kind, matched, rates = gated.ARMS[arm]
    setting = Training(kind, gated.FIT | {"lr": rates[0], "epochs": 1}, matched, tested=tested)
    rows = run_cell(Experiment("toy", "Does it run?", {arm: setting}), arm, 0,
                    Budget(train_images=400, measured_images=100, epochs=1))
    values = {row["metric"]: row["value"] for row in rows}
    assert list(values) == setting.metrics(0)
    assert all(np.isfinite(v) for v in values.values())
    assert {row["params"] for row in rows} == {203530 if arm == "mlp" else 31256 if "ReLU" in arm else 30322}
    if kind in KINDS:
        assert (values["gradient_ratio@0"] < 0.01) == (not matched)


def test_what_the_chapter_says_of_the_table():
    """Claims of the chapter, on every seed."""
    table = results.read("gated")

    def of(arm, metric="test_accuracy"):
        return table.value[(table.setting == arm) & (table.metric == metric)]

    order = ["tanh", "residual ReLU", "ReLU", "residual GLU", "linear", "mlp"]
    assert all(of(a).max() < of(b).min() for a, b in pairwise(order))
    assert of("gated tanh").min() > of("tanh").max()
    assert of("GLU").min() > of("ReLU").max()
    assert of("GLU").max() > of("residual GLU").max() > of("GLU").min()  # undecided
    for kind in ("ReLU", "GLU"):
        assert of(kind).mean() - of(f"{kind}, not matched").mean() > 0.07
        assert of(kind).min() > of(f"{kind}, not matched").max()
        assert of(f"{kind}, not matched", "gradient_ratio@0").max() < 0.002
    for kind in KINDS:
        assert 0.5 < of(kind, "gradient_ratio@0").min() <= of(kind, "gradient_ratio@0").max() < 4.2
        assert 6 < of(kind, "gradient_ratio").min() <= of(kind, "gradient_ratio").max() < 25
    assert {a: of(a, "lr")[0] for a in gated.CHOSEN} == gated.CHOSEN


def test_the_chosen_rates_are_the_best_of_the_tuning():
    best = {}
    for tried in results.summarise("gated_tuning", "validation_accuracy"):
        arm, rate = tried.setting.rsplit(", lr=", 1)
        best[arm] = max(best.get(arm, (0, 0)), (tried.mean, float(rate)))
    assert {arm: rate for arm, (_, rate) in best.items()} == gated.CHOSEN
