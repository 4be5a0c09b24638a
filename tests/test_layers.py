"""Layers against computations that share no code with them; what all layers promise."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from d2lcnn import layers
from d2lcnn.layers import BlurPool2d


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(layers.__path__)])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"d2lcnn.layers.{name}"))
    assert result.failed == 0 and result.attempted > 0


# for each layer the sizes it takes, and an input that fits
SIZES = {
    "BlurPool2d": ({"channels": 4, "kernel_size": 3, "stride": 2}, (1, 4, 8, 8)),
    "CausalConv1d": ({"in_channels": 2, "out_channels": 4, "kernel_size": 3, "dilation": 2, "groups": 2}, (1, 2, 9)),
    "GatedConv1d": ({"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2},
                    (1, 2, 9)),
    "GatedConv2d": ({"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2},
                    (1, 2, 9, 9)),
    "LocallyConnected2d": ({"in_channels": 2, "out_channels": 3, "input_size": 9, "kernel_size": 3, "stride": 2,
                            "padding": 1, "dilation": 2}, (1, 2, 9, 9)),
    "SegmentedConv2d": ({"in_channels": 2, "out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1,
                         "dilation": 2, "segments": 2}, (1, 2, 9, 9)),
    "SeparableConv2d": ({"in_channels": 2, "out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1,
                         "dilation": 2, "depth_multiplier": 2}, (1, 2, 9, 9)),
    "TCNBlock": ({"in_channels": 2, "out_channels": 3, "kernel_size": 3, "dilation": 2}, (1, 2, 9)),
}


@pytest.mark.parametrize("name", SIZES)
def test_numpys_integers_are_integers_and_nothing_else_is(name):
    (sizes, shape), layer = SIZES[name], getattr(layers, name)
    torch.manual_seed(0)
    one = layer(**sizes)
    torch.manual_seed(0)
    other = layer(**{k: np.int64(v) for k, v in sizes.items()})
    x = torch.rand(shape)
    assert repr(one) == repr(other)
    assert torch.equal(one(x), other(x))
    for argument in sizes:
        for wrong in (True, 2.0, "2", -1):
            message = "padding" if argument == "padding" else f"{argument} must be"  # words are torch's to refuse
            with pytest.raises(ValueError, match=message):
                layer(**sizes | {argument: wrong})


def blurred(x, kernel_size, stride):
    """Blur by repeated means of two neighbours, which makes the binomial weights, on a mirrored border."""
    row = np.ones(1)
    for _ in range(kernel_size - 1):
        row = np.convolve(row, [0.5, 0.5])
    for axis in (2, 3):
        x = ndimage.correlate1d(x, row, axis=axis, mode="mirror")
    return x[:, :, ::stride, ::stride]


@pytest.mark.parametrize(("kernel_size", "stride", "size"), [
    (3, 2, (8, 8)), (3, 2, (7, 10)), (3, 1, (5, 6)), (3, 3, (9, 11)), (5, 2, (9, 8)), (7, 2, (12, 13)), (1, 2, (6, 5)),
])
def test_blurpool_is_blur_then_subsample(kernel_size, stride, size):
    x = np.random.default_rng(0).standard_normal((2, 3, *size))
    out = BlurPool2d(3, kernel_size, stride).double()(torch.tensor(x)).numpy()
    assert out.shape == (2, 3, -(-size[0] // stride), -(-size[1] // stride))
    np.testing.assert_allclose(out, blurred(x, kernel_size, stride), rtol=1e-6)


def test_even_blurpool_by_hand():
    x = torch.tensor([[1.0, 3, 7, 5]]).expand(4, 4)[None, None]
    # pairs (1, 3), (7, 5); at stride 1 the last one reflects 5 -> 7
    assert BlurPool2d(1, 2, 2)(x)[0, 0].tolist() == [[2, 6], [2, 6]]
    assert BlurPool2d(1, 2, 1)(x)[0, 0, 0].tolist() == [2, 5, 6, 6]


def test_blurpool_keeps_flat_areas_and_learns_nothing():
    layer = BlurPool2d(2)
    torch.testing.assert_close(layer(torch.full((1, 2, 6, 6), 3.0)), torch.full((1, 2, 3, 3), 3.0))
    assert list(layer.parameters()) == []
    assert layer.state_dict() == {}


def test_blurpool_forgets_the_fastest_pattern_and_is_differentiable():
    board = torch.tensor(np.indices((8, 8)).sum(axis=0) % 2 * 2.0 - 1)[None, None]
    assert BlurPool2d(1).double()(board).abs().max() < 1e-12  # without blur: -1 everywhere
    x = torch.randn(1, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(BlurPool2d(2).double(), (x,))


def test_blurpool_is_a_module_that_follows_its_net():
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2, stride=1), BlurPool2d(4)).double()
    assert net(torch.zeros(1, 1, 9, 9, dtype=torch.float64)).shape == (1, 4, 4, 4)
    assert repr(net[2]) == "BlurPool2d(4, kernel_size=3, stride=2)"


@pytest.mark.parametrize(("arguments", "message"), [
    ((0,), "channels must be at least 1, not 0"),
    ((1, 2.0), "kernel_size must be an integer, not 2.0"),
    ((1, 3, 0), "stride must be at least 1, not 0"),
])
def test_blurpool_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        BlurPool2d(*arguments)


@pytest.mark.parametrize(("shape", "message"), [
    ((1, 3, 6, 6), r"x must have the shape \(N, 2, H, W\), not \(1, 3, 6, 6\)"),
    ((2, 6, 6), r"x must have the shape"),
    ((1, 2, 1, 6), r"too small to reflect 1 pixels"),
])
def test_blurpool_refuses_other_shapes(shape, message):
    with pytest.raises(ValueError, match=message):
        BlurPool2d(2)(torch.zeros(shape))
