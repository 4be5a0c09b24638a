"""The network `pattern`: counts by hand for any table of blocks, sizes, what it refuses."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from d2lcnn import networks
from d2lcnn.experiments import designs
from d2lcnn.summary import count_parameters, summarize

BLOCKS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 12)), min_size=1, max_size=3)


def by_hand(blocks, kernel, stride, hidden):
    """Parameters and multiply-adds for grey images of 28x28 and ten classes."""
    side, channels, parameters, macs = 28, 1, 0, 0
    for number, (count, width) in enumerate(blocks):
        side = side // 2 if number else side
        for _ in range(count):
            side = -(-side // stride)  # odd kernels with same padding
            stride = 1
            parameters += kernel**2 * channels * width + 2 * width
            macs += kernel**2 * channels * width * side**2
            channels = width
    units = [channels if hidden is None else channels * side**2, *(hidden or ()), 10]
    dense = [(a + 1) * b for a, b in pairwise(units)]
    return parameters + sum(dense), macs + sum(dense) - sum(units[1:])


@settings(deadline=None, max_examples=25)
@given(BLOCKS, st.sampled_from([1, 3, 5]), st.integers(1, 3), st.none() | st.lists(st.integers(1, 9), max_size=2))
def test_counts_are_those_of_the_table(blocks, kernel, stride, hidden):
    with torch.device("meta"):
        net = networks.create("pattern", blocks=blocks, kernel=kernel, first_stride=stride, hidden=hidden)
    table = summarize(net, (1, 28, 28))
    assert (table.parameters, table.macs) == by_hand(blocks, kernel, stride, hidden)
    kinds = [type(layer) for layer in net]
    assert kinds.count(nn.MaxPool2d) == len(blocks) - 1
    assert kinds.count(nn.Conv2d) == kinds.count(nn.BatchNorm2d) == sum(count for count, _ in blocks)


@pytest.mark.parametrize(("blocks", "stride"), [(((1, 3),), 1), (((1, 2), (2, 3), (1, 4)), 1), (((1, 2), (1, 3)), 3)])
def test_the_smallest_image_it_names_is_the_smallest_that_leaves_something(blocks, stride):
    net = networks.create("pattern", blocks=blocks, first_stride=stride, seed=0).eval()
    least = 1 + stride * (2 ** (len(blocks) - 1) - 1)
    assert net(torch.zeros(1, 1, least, least)).shape == (1, 10)
    if least > 1:
        with pytest.raises(ValueError, match=f"takes images of {least}x{least} pixels or more"):
            net(torch.zeros(1, 1, least - 1, least - 1))
        with pytest.raises(RuntimeError):  # and torch agrees
            nn.Sequential(*net)(torch.zeros(1, 1, least - 1, least - 1))


def test_dense_layers_take_one_size():
    net = networks.create("pattern", hidden=(5,), seed=0)
    with pytest.raises(ValueError, match="pattern takes images of 28x28 pixels, not 32x32"):
        net(torch.zeros(1, 1, 32, 32))
    assert [type(layer).__name__ for layer in net][-4:] == ["Flatten", "Linear", "ReLU", "Linear"]


@pytest.mark.parametrize(("options", "message"), [
    ({"blocks": ()}, r"blocks must hold one block or more, not \(\)"),
    ({"blocks": ((0, 4),)}, "blocks must be at least 1, not 0"),
    ({"blocks": ((1, 0),)}, "blocks must be at least 1, not 0"),
    ({"blocks": ((1, 4),) * 6}, r"kernel spans 2 \(k=2, d=1\) but the padded input has 1"),
    ({"kernel": 4}, "kernel must be odd, so that padding keeps the size, not 4"),
    ({"kernel": 0}, "kernel must be at least 1, not 0"),
    ({"first_stride": 0}, "first_stride must be at least 1, not 0"),
    ({"hidden": (0,)}, "hidden must be at least 1, not 0"),
])  # fmt: skip
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        networks.create("pattern", **options)


def test_weights_follow_hes_rule_and_the_seed():
    net, again = (networks.create("pattern", blocks=((1, 4), (1, 400)), seed=3) for _ in range(2))
    conv = [layer for layer in net if isinstance(layer, nn.Conv2d)][1]
    assert conv.weight.std().item() == pytest.approx((2 / 36) ** 0.5, rel=0.02)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("name", designs.DESIGNS)
def test_designs_keep_to_the_budget_and_all_but_one_spend_it(name):
    with torch.device("meta"):
        net = networks.create("pattern", **designs.DESIGNS[name])
    table = summarize(net, (1, 28, 28))
    assert count_parameters(net) <= designs.PARAMETERS
    assert table.macs <= designs.MACS
    whole = name != "deep, half as wide"
    assert (table.macs >= 0.98 * designs.MACS) == whole
    assert (count_parameters(net) >= 0.96 * designs.PARAMETERS) == whole


def test_the_small_tower_is_the_tower_with_half_its_channels():
    tall, small = (designs.DESIGNS[name]["blocks"] for name in ("deep", "deep, half as wide"))
    assert small == tuple((count, width // 2) for count, width in tall)
