"""Separable layers against one full convolution with the kernels that they stand for, computed in NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2lcnn.layers import SegmentedConv2d, SeparableConv2d

SAME = {"rtol": 0, "atol": 1e-10}


def double(layer, seed=0):
    """Give a layer random float64 parameters, biases too."""
    layer, rng = layer.double(), np.random.default_rng(seed)
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.tensor(rng.standard_normal(p.shape)))
    return layer


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2))
def test_separable_equals_one_convolution_of_outer_products(c, out, m, k, s, p):
    layer = double(SeparableConv2d(c, out, k, s, p, bias=False, depth_multiplier=m))
    deep, point = (w.detach().numpy() for w in (layer.depthwise.weight, layer.pointwise.weight))
    kernels = np.einsum("ocm,cmuv->ocuv", point.reshape(out, c, m), deep.reshape(c, m, k, k))
    x = np.random.default_rng(1).standard_normal((2, c, 6, 7))
    expected = F.conv2d(torch.tensor(x), torch.tensor(kernels), stride=s, padding=p)
    torch.testing.assert_close(layer(torch.tensor(x)), expected, **SAME)
    for channel in kernels.transpose(1, 0, 2, 3).reshape(c, out, -1):
        assert np.linalg.matrix_rank(channel) <= m


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from([1, 2, 3]), st.integers(1, 3), st.integers(1, 2))
def test_segments_equal_separate_towers(c, each, segments, k, s):
    layer = double(SegmentedConv2d(c, each * segments, k, s, 1, segments=segments, between=nn.Tanh()))
    x = torch.tensor(np.random.default_rng(1).standard_normal((2, c, 6, 7)))
    towers = []
    for n in range(segments):  # each tower sees the whole input through a 1x1 convolution of its own
        some = slice(n * each, (n + 1) * each)
        h = torch.tanh(F.conv2d(x, layer.pointwise.weight[some], layer.pointwise.bias[some]))
        towers.append(F.conv2d(h, layer.spatial.weight[some], layer.spatial.bias[some], stride=s, padding=1))
    torch.testing.assert_close(layer(x), torch.cat(towers, dim=1), **SAME)


def test_what_stands_between_is_applied_between():
    layer = double(SeparableConv2d(2, 3, 3, padding=1, between=nn.Sequential(nn.BatchNorm2d(2), nn.ReLU())))
    seen = []
    layer.between.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
    x = torch.tensor(np.random.default_rng(2).standard_normal((2, 2, 5, 5)))
    y = layer(x)
    torch.testing.assert_close(seen[0][0], layer.depthwise(x), **SAME)
    assert seen[0][1].min() == 0
    torch.testing.assert_close(y, layer.pointwise(seen[0][1]), **SAME)


@pytest.mark.parametrize("layer", [SeparableConv2d(2, 3, 3, padding=1, depth_multiplier=2, between=nn.Tanh()),
                                   SegmentedConv2d(2, 4, 3, dilation=2, padding=2, segments=2, between=nn.Tanh())])
def test_gradients_of_images_and_weights(layer):
    layer = double(layer)
    x = torch.tensor(np.random.default_rng(3).standard_normal((1, 2, 4, 5)), requires_grad=True)
    names = [n for n, _ in layer.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in layer.parameters()]

    def call(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)

    assert torch.autograd.gradcheck(call, (x, *values))


def test_the_two_ends_are_the_known_layers():
    one, all_ = SegmentedConv2d(3, 6, 3, segments=1), SegmentedConv2d(3, 6, 3, segments=6)
    assert one.spatial.weight.shape == (6, 6, 3, 3)
    assert all_.spatial.weight.shape == (6, 1, 3, 3)
    assert SeparableConv2d(3, 6, 3).depthwise.weight.shape == (3, 1, 3, 3)
    assert isinstance(one.between, nn.Identity)
    assert SeparableConv2d(3, 6, 5, 2, 2)(torch.zeros(1, 3, 9, 8)).shape == (1, 6, 5, 4)
    assert SeparableConv2d(3, 6, 3, bias=False).depthwise.bias is None
    assert SegmentedConv2d(3, 6, 3, bias=False).spatial.bias is None


@pytest.mark.parametrize(("kind", "arguments", "error", "message"), [
    (SeparableConv2d, {"in_channels": 0}, ValueError, "in_channels must be at least 1, not 0"),
    (SeparableConv2d, {"out_channels": 0}, ValueError, "out_channels must be at least 1, not 0"),
    (SegmentedConv2d, {"in_channels": 0}, ValueError, "in_channels must be at least 1, not 0"),
    (SegmentedConv2d, {"out_channels": 0}, ValueError, "out_channels must be at least 1, not 0"),
    (SegmentedConv2d, {"segments": 0}, ValueError, "segments must be at least 1, not 0"),
    (SeparableConv2d, {"out_channels": 2.0}, ValueError, "out_channels must be an integer, not 2.0"),
    (SeparableConv2d, {"depth_multiplier": 0}, ValueError, "depth_multiplier must be at least 1, not 0"),
    (SeparableConv2d, {"between": "relu"}, TypeError, "between must be a module such as .*, not 'relu'"),
    (SegmentedConv2d, {"segments": 3}, ValueError, "segments=3 must divide out_channels=4"),
    (SegmentedConv2d, {"between": nn.ReLU}, TypeError, "between must be a module"),
])
def test_wrong_arguments_are_named(kind, arguments, error, message):
    with pytest.raises(error, match=message):
        kind(**{"in_channels": 2, "out_channels": 4, "kernel_size": 3} | arguments)
