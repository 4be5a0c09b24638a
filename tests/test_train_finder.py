"""The learning-rate range test: it is the plain loop, it changes nothing, and what it suggests trains."""

import copy
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from training import IMAGES, VALIDATION, make_images, make_net

from d2lcnn import train
from d2lcnn.recipe import Augment
from d2lcnn.train.finder import RateTest

SHORT = {"batch_size": 32, "seed": 3}


def by_hand(net, images, low, high, steps, *, batch_size, seed, optimizer, augment=None):
    """The loop that one would write: batches of epoch after epoch, each at a larger rate; every loss."""
    net = copy.deepcopy(net).train()
    steps_of = optimizer(net)
    losses, epoch = [], 0
    while len(losses) < steps:
        epoch += 1
        rng = np.random.default_rng([seed, epoch])
        torch.manual_seed(int(rng.integers(2**62)))
        for x, y in train.batches(images, batch_size, rng=rng, augment=augment):
            if len(losses) < steps:
                steps_of.param_groups[0]["lr"] = low * (high / low) ** (len(losses) / (steps - 1))
                steps_of.zero_grad()
                loss = nn.functional.cross_entropy(net(x), y)
                loss.backward()
                steps_of.step()
                losses.append(loss.item())
    return np.array(losses)


@pytest.mark.parametrize(("optimizer", "reference"), [
    ("sgd", lambda net: torch.optim.SGD(net.parameters(), momentum=0.9, nesterov=True)),
    ("adamw", lambda net: torch.optim.AdamW(net.parameters(), weight_decay=0.0)),
])
def test_it_is_the_plain_loop(optimizer, reference):
    net, augment = make_net(norm=True, dropout=0.2), Augment(shift=1)
    test = train.find_rate(net, IMAGES, low=1e-4, high=0.1, steps=25, optimizer=optimizer, augment=augment, **SHORT)
    expected = by_hand(net, IMAGES, 1e-4, 0.1, 25, optimizer=reference, augment=augment, **SHORT)
    np.testing.assert_allclose(test.losses, expected, rtol=1e-4)
    np.testing.assert_allclose(test.rates, np.exp(np.linspace(np.log(1e-4), np.log(0.1), 25)))


@pytest.mark.parametrize("mode", [True, False])
def test_network_gradients_modes_and_generators_are_untouched(mode):
    net = make_net(norm=True, dropout=0.5).train(mode)
    net[1].eval()
    net(torch.zeros(2, 1, 8, 8)).sum().backward()
    steps = torch.optim.Adam(net.parameters())
    steps.step()
    before = copy.deepcopy((net.state_dict(), [p.grad for p in net.parameters()], steps.state_dict()))
    modes = [m.training for m in net.modules()]
    torch.manual_seed(1)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    train.find_rate(net, IMAGES, steps=20, channels_last=True, **SHORT)
    after = net.state_dict(), [p.grad for p in net.parameters()], steps.state_dict()
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    assert modes == [m.training for m in net.modules()]
    assert torch.equal(torch.rand(1), drawn)


@pytest.mark.parametrize("options", [{}, {"optimizer": "adam"}, {"optimizer": "plain_sgd", "sampling": "balanced"},
                                     {"class_weights": "balanced", "ema": 0.5}], ids=str)
@pytest.mark.parametrize("seed", range(2))
def test_what_it_suggests_trains(options, seed):
    images = make_images(400, seed=seed)
    net = make_net(seed, norm=True)
    rate = train.find_rate(net, images, batch_size=32, seed=seed, **options).suggestion
    train.fit(net, images, epochs=10, lr=rate, batch_size=32, seed=seed, **options)
    assert train.evaluate(net, VALIDATION).accuracy > 0.9


def test_a_recipe_and_options_in_its_place_do_the_same():
    recipe = train.Recipe(epochs=7, lr=5.0, schedule="cosine", optimizer="adam", **SHORT)
    one = train.find_rate(make_net(), IMAGES, recipe, steps=20)
    two = train.find_rate(make_net(), IMAGES, steps=20, optimizer="adam", **SHORT)
    np.testing.assert_array_equal(one.losses, two.losses)


def test_it_ends_where_the_smoothed_loss_has_doubled():
    dice = SimpleNamespace(x=make_images(3_200).x, y=np.random.default_rng(9).integers(0, 4, 3_200))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
    test = train.find_rate(net, dice, low=1e-3, high=100, steps=100, optimizer="plain_sgd", **SHORT)
    assert 20 < len(test.losses) == len(test.rates) < 100
    assert test.smoothed[-1] > 2 * test.losses[0]
    assert (test.smoothed[:-1] <= 2 * test.losses[0]).all()


def test_it_ends_where_the_loss_is_not_finite():
    spoilt = train.find_rate(make_net(), IMAGES, low=1e20, high=1e30, steps=20, **SHORT)
    assert 0 < len(spoilt.losses) == len(spoilt.rates) < 20
    assert np.isfinite(spoilt.losses).all()


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=40))
@settings(max_examples=50, deadline=None)
def test_smoothing_is_the_weighted_mean_that_it_says(losses):
    test = RateTest(np.arange(1.0, len(losses) + 1), np.array(losses))
    for n, value in enumerate(test.smoothed, 1):
        assert value == pytest.approx(np.average(losses[:n], weights=0.9 ** np.arange(n)[::-1]))


def test_the_suggestion_is_where_nine_tenths_of_the_fall_are_done():
    losses = np.concatenate([np.full(10, 3.0), np.linspace(3, 1, 30), np.linspace(1, 5, 10)])
    test = RateTest(np.geomspace(1e-4, 1, 50), losses)
    smoothed = test.smoothed
    done = (smoothed[0] - smoothed) / (smoothed[0] - smoothed.min())
    step = [*test.rates].index(test.suggestion)
    assert (done[:step] < 0.9).all()
    assert done[step] >= 0.9
    assert 30 <= step < np.argmin(smoothed)


@pytest.mark.parametrize(("losses", "message"), [
    (np.linspace(1, 2, 20), "did not fall between the rates 0.001 and 1: try a smaller `low`"),
    (np.linspace(2, 1, 20), "still falling at the largest rate, 1: try a larger `high`")])
def test_a_range_without_a_minimum_is_refused(losses, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        RateTest(np.geomspace(1e-3, 1, 20), losses).suggestion  # noqa: B018


@pytest.mark.parametrize(("change", "message"), [
    ({"low": 0}, "low must be a positive number, at most 3.4e+38, not 0"),
    ({"low": True}, "low must be a positive number, at most 3.4e+38, not True"),
    ({"high": "1"}, "high must be a positive number, at most 3.4e+38, not '1'"),
    ({"high": float("inf")}, "high must be a positive number, at most 3.4e+38, not inf"),
    ({"high": float("nan")}, "high must be a positive number, at most 3.4e+38, not nan"),
    ({"low": 1.0, "high": 1.0}, "low must be smaller than high, and low is 1.0, high is 1.0"),
    ({"steps": 19}, "steps"),
    ({"steps": 2.5}, "steps"),
    ({"device": "tpu"}, "device is 'tpu'"),
    ({"optimizer": "adamax"}, "optimizer is 'adamax'"),
])
def test_errors_name_the_argument(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        train.find_rate(make_net(), IMAGES, **change)


def test_images_and_networks_that_are_none_are_refused():
    with pytest.raises(TypeError, match="train must have arrays x and y"):
        train.find_rate(make_net(), IMAGES.x)
    with pytest.raises(TypeError, match="recipe must be a Recipe"):
        train.find_rate(make_net(), IMAGES, {})
    bad = SimpleNamespace(x=np.full((4, 1, 8, 8), np.nan, np.float32), y=np.zeros(4, int))
    with pytest.raises(ValueError, match="the first loss is not finite"):
        train.find_rate(make_net(), bad)
