"""Gated convolutions against two separate convolutions, torch's glu, loops, and finite differences."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from d2lcnn.layers import GatedConv1d, GatedConv2d

CONVOLUTIONS = {GatedConv1d: F.conv1d, GatedConv2d: F.conv2d}


def two_convolutions(layer, x, **sizes):
    """Values and gates from a convolution each, with the halves of the layer's weights."""
    conv, n = CONVOLUTIONS[type(layer)], layer.out_channels
    w, b = layer.conv.weight, layer.conv.bias
    value = conv(x, w[:n], None if b is None else b[:n], **sizes)
    gate = conv(x, w[n:], None if b is None else b[n:], **sizes)
    return value, 1 / (1 + torch.exp(-gate))


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from([GatedConv1d, GatedConv2d]), channels=st.tuples(st.integers(1, 3), st.integers(1, 4)),
       k=st.integers(1, 4), s=st.integers(1, 2), p=st.integers(0, 2), d=st.integers(1, 2), bias=st.booleans(),
       activation=st.sampled_from(["linear", "tanh"]))
def test_a_doubled_convolution_is_two(kind, channels, k, s, p, d, bias, activation):
    layer = kind(*channels, k, s, p, d, bias, activation=activation).double()
    axes = 1 if kind is GatedConv1d else 2
    x = torch.tensor(np.random.default_rng(k).standard_normal((2, channels[0], *(9, 8)[:axes])))
    value, gate = two_convolutions(layer, x, stride=s, padding=p, dilation=d)
    torch.testing.assert_close(layer(x), (value if activation == "linear" else torch.tanh(value)) * gate)


def test_glu_is_torchs_glu_and_the_residual_form_adds_the_input():
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 3, 7, 6)))
    plain, residual = GatedConv2d(3, 3, 3).double(), GatedConv2d(3, 3, 3, residual=True).double()
    residual.load_state_dict(plain.state_dict())
    torch.testing.assert_close(plain(x), F.glu(F.conv2d(x, plain.conv.weight, plain.conv.bias, padding=1), dim=1))
    torch.testing.assert_close(residual(x) - plain(x), x)


def test_the_residual_form_is_a_mixture_with_the_identity_kernel():
    x = torch.tensor(np.random.default_rng(1).standard_normal((2, 3, 9)))
    layer = GatedConv1d(3, 3, 5, residual=True).double()
    gate = two_convolutions(layer, x, padding=2)[1]
    w = layer.conv.weight[:3].clone()
    w[range(3), range(3), 2] += 1
    mixed = x * (1 - gate) + F.conv1d(x, w, layer.conv.bias[:3], padding=2) * gate
    torch.testing.assert_close(layer(x), mixed)
    same_weights = x * (1 - gate) + F.conv1d(x, layer.conv.weight[:3], layer.conv.bias[:3], padding=2) * gate
    assert not torch.allclose(layer(x), same_weights)


def test_one_place_by_hand():
    layer = GatedConv1d(1, 1, 3, activation="tanh").double()
    with torch.no_grad():
        layer.conv.weight[:, 0] = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, np.log(3.0)]])
        layer.conv.bias[:] = torch.tensor([0.5, 0.0])
    y = layer(torch.tensor([[[1.0, -1.0, 1.0]]], dtype=torch.float64))[0, 0].tolist()
    # values 2.5, -0.5, 1.5; gates sigmoid(-log 3), sigmoid(log 3), sigmoid(0)
    assert y == pytest.approx([np.tanh(2.5) / 4, np.tanh(-0.5) * 3 / 4, np.tanh(1.5) / 2])


@pytest.mark.parametrize("activation", ["linear", "tanh"])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_gradients_against_finite_differences(kind, activation):
    layer = kind(2, 2, 3, activation=activation, residual=True).double()
    shape = (1, 2, 4) if kind is GatedConv1d else (1, 2, 3, 4)
    x = torch.tensor(np.random.default_rng(2).standard_normal(shape), requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))
    layer(x).sum().backward()
    assert all(bool(p.grad.any()) for p in layer.parameters())


def test_even_kernels_keep_the_size_and_the_printed_form_says_the_settings():
    layer = GatedConv1d(1, 2, 4, dilation=2)
    assert layer(torch.zeros(1, 1, 8)).shape == (1, 2, 8)
    assert "activation='linear', residual=False" in repr(layer)


@pytest.mark.parametrize(("arguments", "options", "message"), [
    ((0, 1, 3), {}, "in_channels must be at least 1, not 0"),
    ((1, 2.0, 3), {}, "out_channels must be an integer, not 2.0"),
    ((1, 1, 3), {"activation": "relu"}, "activation must be one of linear, tanh, not 'relu'"),
    ((1, 2, 3), {"residual": True}, "out_channels=2 must equal in_channels=1"),
    ((2, 2, 3), {"residual": True, "padding": 0}, "padding must be 'same', not 0"),
    ((2, 2, 3), {"stride": 2}, "strided"),
])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_wrong_arguments_are_named(kind, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        kind(*arguments, **options)


@pytest.mark.parametrize(("layer", "shape", "message"), [
    (GatedConv1d(2, 1, 3), (1, 3, 8), r"x must have the shape \(N, 2, L\), not \(1, 3, 8\)"),
    (GatedConv1d(2, 1, 3), (2, 8), "x must have the shape"),
    (GatedConv2d(2, 1, 3), (2, 8, 8), r"x must have the shape \(N, 2, H, W\), not \(2, 8, 8\)"),
])
def test_other_shapes_are_refused(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer(torch.zeros(shape))
