"""LocallyConnected2d against NumPy's windows and einsum, and against convolution when its weights are tied."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2lcnn import summary
from d2lcnn.layers import LocallyConnected2d


def unfolded(x, weight, bias, stride, padding, dilation):
    """Unfold every window with NumPy, then one einsum over channels and offsets; the place (i, j) is never summed."""
    (sh, sw), (ph, pw), (dh, dw) = stride, padding, dilation
    kh, kw = weight.shape[4:]
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    spans = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    windows = np.lib.stride_tricks.sliding_window_view(x, spans, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]
    out = np.einsum("ncijuv,ijocuv->noij", windows, weight)
    return out if bias is None else out + bias


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def cases(draw):
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = tuple(max(1, s - 2 * p) + draw(st.integers(0, 5)) for s, p in zip(spans, padding, strict=True))
    channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    layer = LocallyConnected2d(*channels, size, kernel, stride, padding, dilation, bias=draw(st.booleans())).double()
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = torch.tensor(rng.standard_normal((draw(st.integers(1, 3)), layer.in_channels, *size)))
    return layer, x


@settings(max_examples=80, deadline=None)
@given(cases())
def test_it_is_unfold_then_einsum(case):
    layer, x = case
    bias = None if layer.bias is None else layer.bias.detach().numpy()
    expected = unfolded(x.numpy(), layer.weight.detach().numpy(), bias, layer.stride, layer.padding, layer.dilation)
    out = layer(x).detach().numpy()
    assert out.shape == (len(x), layer.out_channels, *layer.output_size)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_with_tied_weights_it_is_a_convolution_gradients_too(case):
    layer, x = case
    x.requires_grad_()
    weight = torch.randn(layer.weight.shape[2:], dtype=torch.float64, requires_grad=True)
    bias = torch.randn(layer.out_channels, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.copy_(bias[:, None, None])
    out = layer(x)
    expected = F.conv2d(x, weight, None if layer.bias is None else bias, layer.stride, layer.padding, layer.dilation)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)
    g = torch.randn_like(out)
    mine, theirs = torch.autograd.grad(out, [x, *layer.parameters()], g), torch.autograd.grad(
        expected, [x, weight] if layer.bias is None else [x, weight, bias], g)
    torch.testing.assert_close(mine[0], theirs[0], rtol=0, atol=1e-11)
    torch.testing.assert_close(mine[1].sum((0, 1)), theirs[1], rtol=0, atol=1e-11)  # tied: gradients add up
    if layer.bias is not None:
        torch.testing.assert_close(mine[2].sum((1, 2)), theirs[2], rtol=0, atol=1e-11)


def test_gradients_by_differences():
    layer = LocallyConnected2d(2, 3, (5, 4), (3, 2), (2, 1), (1, 0)).double()
    x = torch.randn(2, 2, 5, 4, dtype=torch.float64, requires_grad=True)

    def apply(x, weight, bias):
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (x,))

    assert torch.autograd.gradcheck(apply, (x, *layer.parameters()))


def test_places_do_not_share():
    layer = LocallyConnected2d(1, 2, 6, 3, bias=False)
    before = layer(torch.ones(1, 1, 6, 6))
    with torch.no_grad():
        layer.weight[2, 1] += 1
    changed = (layer(torch.ones(1, 1, 6, 6)) - before).abs().amax((0, 1)) > 1e-3
    assert changed.nonzero().tolist() == [[2, 1]]


def test_counts():
    layer = LocallyConnected2d(3, 8, 28, 5, 2, 2)
    assert layer.output_size == (14, 14)
    table = summary.summarize(layer, (3, 28, 28))
    conv = summary.summarize(nn.Conv2d(3, 8, 5, 2, 2), (3, 28, 28))
    assert table.parameters == 14 * 14 * conv.parameters
    assert table.macs == conv.macs


def test_it_sees_what_a_convolution_sees():
    unshared, shared = (
        nn.Sequential(nn.Conv2d(1, 2, 5, 2), nn.MaxPool2d(2), layer, nn.ReLU(), nn.Conv2d(3, 1, 3), nn.Flatten(),
                      nn.Linear(8, 2))
        for layer in (LocallyConnected2d(2, 3, 8, (3, 5), (2, 1), (1, 1), 1), nn.Conv2d(2, 3, (3, 5), (2, 1), (1, 1))))
    fields = [[row.receptive_field for row in summary.summarize(net, (1, 36, 36))][:-1] for net in (unshared, shared)]
    assert fields[0] == fields[1]
    assert fields[0][2] == (15, 23)
    # all that anything sees: the last row and column are left over by the first stride
    assert summary.summarize(unshared, (1, 36, 36)).layers[-1].receptive_field == (35, 35)


def test_it_starts_like_a_convolution_and_follows_its_net():
    torch.manual_seed(0)
    layer = LocallyConnected2d(4, 8, 12, 3)
    bound = nn.Conv2d(4, 8, 3).weight.abs().max()
    assert 0.99 * bound < layer.weight.abs().max() <= 1 / 6
    assert abs(layer.weight.std() - (1 / 6) / 3**0.5) < 0.002
    again = LocallyConnected2d(4, 8, 12, 3)
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again.weight, layer.weight)
    assert repr(layer) == "LocallyConnected2d(4, 8, input_size=(12, 12), kernel_size=(3, 3), stride=(1, 1))"
    shown = repr(LocallyConnected2d(1, 1, (5, 6), 3, 2, 1, 2, bias=False))
    assert shown.endswith("padding=(1, 1), dilation=(2, 2), bias=False)")


@pytest.mark.parametrize(("arguments", "message"), [
    ((0, 1, 5, 3), "in_channels must be at least 1, not 0"),
    ((1, 2.0, 5, 3), "out_channels must be an integer, not 2.0"),
    ((1, 1, 5, (3, 3, 3)), r"kernel_size must be an integer or 2 of them, not \(3, 3, 3\)"),
    ((1, 1, 5, 3, 0), "stride must be at least 1, not 0"),
    ((1, 1, 5, 3, 1, -1), "padding must be at least 0, not -1"),
    ((1, 1, (5, 2), 3), "3"),
])
def test_it_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        LocallyConnected2d(*arguments)


@pytest.mark.parametrize("shape", [(2, 1, 6, 5), (1, 3, 5, 5), (1, 5, 5), (1, 1, 5, 6)])
def test_it_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, 5, 5\), not"):
        LocallyConnected2d(1, 1, 5, 3)(torch.zeros(shape))
