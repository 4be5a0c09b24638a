"""The denoiser of the gridding experiment, its linear rival, and a run at a tiny budget."""

import numpy as np
import pytest
import torch

from d2lcnn import results
from d2lcnn.experiments import Budget, gridding
from d2lcnn.experiments.gridding import Denoising, dilated_denoiser, linear_filter


@pytest.mark.parametrize("dilations", gridding.STACKS)
def test_the_network_sees_the_pixels_of_its_stack(dilations):
    net = dilated_denoiser(dilations, seed=0).double()
    for parameter in net.parameters():
        torch.nn.init.constant_(parameter, 0.1)  # positive throughout: no path is switched off or cancelled
    x = torch.ones(1, 1, 33, 33, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x)[0, 0, 16, 16], x)
    expected = np.array([1.0])
    for d in dilations:
        taps = np.zeros(2 * d + 1)
        taps[::d] = 1
        expected = np.convolve(expected, taps)
    row = np.pad(expected, (33 - len(expected)) // 2)
    assert np.array_equal(gradient[0, 0].numpy() > 0, np.outer(row, row) > 0)


def test_seeds_decide_the_weights_and_leave_the_global_ones_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    nets = [dilated_denoiser((1, 2), seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.rand(3), expected)
    first, same, other = (next(net.parameters()) for net in nets)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_the_linear_filter_finds_a_filter_that_its_pixels_allow():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(20, 1, 12, 12, dtype=torch.float64, generator=generator)
    far = torch.nn.functional.pad(x, (2, 2, 2, 2))
    y = 0.5 * x + 0.25 * far[..., 4:, 2:-2] - 0.1  # two rows further down: an even distance
    for dilations, exact in [((2, 2), True), ((1, 1), True), ((3, 3), False)]:
        estimate = linear_filter(x, y, dilations)(x)
        assert bool(torch.allclose(estimate, y, atol=1e-8)) == exact, dilations


@pytest.mark.parametrize("tested", [True, False])
def test_a_tiny_run_measures_what_is_declared(tested):
    setting = Denoising((1, 2), 0.01, tested=tested)
    values, facts = setting.measure(0, Budget(1280, 50, 1, source="subset"))
    assert set(values) == set(setting.metrics(0))
    assert all(np.isfinite(v) for v in values.values())
    assert facts["params"] == sum(p.numel() for p in dilated_denoiser((1, 2)).parameters())
    if tested:
        assert values["noisy_mse"] == pytest.approx(gridding.NOISE**2, rel=0.02)
        assert values["linear_mse"] < values["noisy_mse"] / 2
        assert values["test_mse"] < values["noisy_mse"], "twenty steps are enough to beat no cleaning"


def test_the_rates_are_those_with_the_smallest_validation_error():
    table = results.read("gridding_tuning")

    def error(dilations, lr):
        name = f"{gridding.stack_name(dilations)} lr={lr}"
        return table.value[(table.setting == name) & (table.metric == "validation_mse")].item()

    for dilations, lr in gridding.CHOSEN.items():
        assert lr == min(gridding.RATES, key=lambda rate: error(dilations, rate)), dilations


def test_what_the_chapter_says_of_the_table():
    """Claims of the chapter, on every seed."""
    table = results.read("gridding")

    def of(stack, metric):
        return table.value[(table.setting == stack) & (table.metric == metric)]

    for other in ("1,1,1,1", "1,2,5,1", "2,2,2,1"):
        assert of("2,2,2,2", "test_mse").min() > 1.1 * of(other, "test_mse").max()
        assert of("2,2,2,2", "test_mse").min() > of(other, "linear_mse").max()
        assert of("2,2,2,2", "linear_mse").min() > 1.1 * of(other, "linear_mse").max()
        assert of("2,2,2,2", "nyquist of the error").min() > 2 * of(other, "nyquist of the error").max()
    for stack in (gridding.stack_name(ds) for ds in gridding.STACKS):
        assert (of(stack, "test_mse") < of(stack, "linear_mse")).all()
        assert (of(stack, "linear_mse") < of(stack, "noisy_mse") / 3).all()
    assert of("2,2,2,2", "nyquist of the error").min() > 55 / 783, "more than white noise would have"
