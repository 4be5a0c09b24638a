"""The stacks of the gated experiment, their matched initial weights, and runs at a tiny budget."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from d2lcnn import results
from d2lcnn.experiments import Budget, Experiment, gated, run_cell
from d2lcnn.experiments.gated import KINDS, Block, Stack, gradient_ratio, match, root_mean_square
from d2lcnn.experiments.images import load


@pytest.fixture(scope="module")
def images():
    part = load("subset").train[:100]
    return torch.tensor(part.x).float() / 255, torch.tensor(part.y)


def test_the_stacks_have_equal_parameters_within_one_percent():
    counts = [sum(p.numel() for p in Stack(kind).parameters()) for kind in KINDS]
    assert max(counts) < 1.01 * min(counts)


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
    maps = net.blocks(net.stem(x[:, 0]))  # rows are channels
    by_columns = maps.reshape(2, -1) @ net.head[1].weight.T + net.head[1].bias
    torch.testing.assert_close(net(x), by_columns)
    assert maps.shape == (2, 24, 28)
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
            block.weight[range(32), range(32), 1] = 0.5
    assert gradient_ratio(net, *images) == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize(("arm", "tested"), [("GLU", True), ("residual ReLU", False), ("mlp", True)])
def test_a_tiny_run_measures_what_is_declared(arm, tested):
    setting = gated.setting(arm, gated.ARMS[arm][0])
    setting = replace(setting, tested=tested, recipe=replace(setting.recipe, epochs=1))
    rows = run_cell(Experiment("toy", "Does it run?", {arm: setting}), arm, 0,
                    Budget(train_images=400, measured_images=100, epochs=1))
    values = {row["metric"]: row["value"] for row in rows}
    assert list(values) == setting.metrics(0)
    assert all(np.isfinite(v) for v in values.values())
    assert {row["params"] for row in rows} == {{"mlp": 203530, "residual ReLU": 36522, "GLU": 36802}[arm]}
    if arm in KINDS:
        assert 0.4 < values["gradient_ratio@0"] < 1.5  # matched


def test_what_the_chapter_says_of_the_table():
    """Claims of the chapter, on every seed."""
    table = results.read("gated")

    def of(arm, metric="test_accuracy"):
        return table.value[(table.setting == arm) & (table.metric == metric)]

    assert all(of(kind).min() > of("linear").max() for kind in KINDS)
    assert of("gated tanh").min() > of("tanh").max()
    assert min(of("GLU").min(), of("residual ReLU").min()) > of("ReLU").max()
    for kind in ("GLU", "residual ReLU", "residual GLU"):
        assert of(kind).min() > of("mlp").max()
    for arm, other in (("residual GLU", "GLU"), ("residual GLU", "residual ReLU"), ("gated tanh", "mlp")):
        assert of(arm).max() > of(other).max() > of(arm).min()  # undecided
    for gate, plain in (("gated tanh", "tanh"), ("GLU", "ReLU"), ("residual ReLU", "ReLU")):
        assert 0.009 < of(gate).mean() - of(plain).mean() < 0.0135
    for kind in KINDS:
        assert 0.47 < of(kind, "gradient_ratio@0").min() <= of(kind, "gradient_ratio@0").max() < 3.5
        assert 1.25 < of(kind, "gradient_ratio").min() <= of(kind, "gradient_ratio").max() < 7.1
    for gate, plain in (("gated tanh", "tanh"), ("GLU", "ReLU")):
        assert of(gate, "gradient_ratio").mean() < of(plain, "gradient_ratio").mean()
    assert {a: of(a, "lr")[0] for a in gated.CHOSEN} == gated.CHOSEN


def test_the_chosen_rates_are_the_best_of_the_tuning():
    best = {}
    for tried in results.summarise("gated_tuning", "validation_accuracy"):
        arm, rate = tried.setting.rsplit(", lr=", 1)
        best[arm] = max(best.get(arm, (0, 0)), (tried.mean, -float(rate)))  # of equal ones the slower
    assert {arm: -rate for arm, (_, rate) in best.items()} == gated.CHOSEN
    assert all(min(gated.ARMS[arm]) < rate < max(gated.ARMS[arm]) for arm, rate in gated.CHOSEN.items())


def test_what_the_chapter_says_of_a_fast_rate():
    tried = {t.setting: t.mean for t in results.summarise("gated_tuning", "validation_accuracy")}
    assert max(tried["GLU, lr=0.025"], tried["residual GLU, lr=0.025"]) < 0.4
    assert tried["residual ReLU, lr=0.025"] > 0.85
