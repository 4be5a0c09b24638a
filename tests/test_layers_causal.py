"""Causal convolutions against torch's and NumPy's, and against the property that gives them their name."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from d2lcnn.layers import TCN, CausalConv1d, TCNBlock
from d2lcnn.shapes import Window, receptive_field

SIZES = {"kernel_size": st.integers(1, 5), "dilation": st.integers(1, 4), "length": st.integers(1, 20),
         "groups": st.integers(1, 2), "seed": st.integers(0, 99)}


def draw(seed, *shape):
    return torch.tensor(np.random.default_rng(seed).standard_normal(shape))


@given(**SIZES)
def test_causal_equals_torch_with_zeros_in_front(kernel_size, dilation, length, groups, seed):
    layer = CausalConv1d(2 * groups, 3 * groups, kernel_size, dilation, groups).double()
    x = draw(seed, 2, 2 * groups, length)
    wide = F.conv1d(x, layer.weight, layer.bias, padding=dilation * (kernel_size - 1), dilation=dilation, groups=groups)
    torch.testing.assert_close(layer(x), wide[..., :length], rtol=1e-10, atol=1e-12)  # padded at both ends, then cut


@given(k=st.integers(1, 6), length=st.integers(1, 12), seed=st.integers(0, 99))
def test_causal_is_numpys_convolution_with_the_kernel_reversed(k, length, seed):
    layer, x = CausalConv1d(1, 1, k, bias=False).double(), draw(seed, 1, 1, length)
    kernel = layer.weight.detach().numpy()[0, 0]
    expected = np.convolve(x[0, 0].numpy(), kernel[::-1])[:length]
    np.testing.assert_allclose(layer(x).detach().numpy()[0, 0], expected, rtol=1e-10, atol=1e-12)


MODULES = {
    "causal": lambda: CausalConv1d(2, 3, 3, dilation=2),
    "pointwise": lambda: CausalConv1d(2, 3, 1),
    "block": lambda: TCNBlock(2, 2, 3, dilation=2),
    "wider block": lambda: TCNBlock(2, 5, 2, weight_norm=True),
    "stack": lambda: TCN(2, [4, 3, 4], kernel_size=2),
}


def build(name, change=lambda p: p):
    """Build a module whose weights a seed decides, changed by a function."""
    module = MODULES[name]().double()
    for number, p in enumerate(module.parameters()):
        p.data = change(draw(number, *p.shape))
    return module


@pytest.mark.parametrize("name", MODULES)
def test_no_output_knows_the_future_and_each_knows_its_whole_field(name):
    module = build(name, torch.abs)  # positive, so that no ReLU is silent
    x = draw(0, 1, 2, 24).abs().requires_grad_()
    for t in (0, 5, 23):
        reached = torch.autograd.grad(module(x)[0, :, t].abs().sum(), x)[0].abs().sum(dim=(0, 1)) > 0
        seen = torch.nonzero(reached)[:, 0]
        assert int(seen.max()) == t
        assert t < module.past or int(seen.min()) == t - module.past
        later = x.detach().clone()
        later[..., t + 1 :] = 1e6
        assert torch.equal(module(later)[..., : t + 1], module(x.detach())[..., : t + 1])


@given(k=st.integers(2, 4), n=st.integers(1, 4))
def test_past_is_the_receptive_field_less_one(k, n):
    windows = [Window(k, d=2**level) for level in range(n) for _ in range(2)]
    assert TCN(1, [2] * n, k).past + 1 == receptive_field(windows).size == 1 + 2 * (k - 1) * (2**n - 1)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("pieces", [(1,) * 9, (4, 5), (9,), (1, 7, 1)])
def test_streaming_in_pieces_equals_one_pass(name, pieces):
    module, x = build(name), draw(1, 3, 2, 9)
    state, out = (), []
    for piece in x.split(pieces, dim=2):
        y, kept = module.stream(piece, *state)
        state = (kept,)
        out.append(y)
    torch.testing.assert_close(torch.cat(out, dim=2), module(x), rtol=1e-10, atol=1e-12)


def test_streaming_needs_its_past():
    layer, x = CausalConv1d(2, 3, 3, dilation=2).double(), draw(1, 3, 2, 9)
    forgetful = torch.cat([layer.stream(piece)[0] for piece in x.split(1, dim=2)], dim=2)
    assert not torch.allclose(forgetful, layer(x))


def by_hand(block, x, d):
    """Compute figure 1b of the paper from the block's weights, step by step."""
    def convolve(conv, x):
        w, b, taps = conv.weight.detach().numpy(), conv.bias.detach().numpy(), conv.kernel_size[0]
        out = np.zeros((len(b), x.shape[1])) + b[:, None]
        for t in range(x.shape[1]):
            for j in range(taps):
                if (at := t - d * (taps - 1 - j)) >= 0:
                    out[:, t] += w[:, :, j] @ x[:, at]
        return out

    y = np.maximum(convolve(block.conv2, np.maximum(convolve(block.conv1, x), 0)), 0)
    if isinstance(block.around, nn.Conv1d):
        x = block.around.weight.detach().numpy()[:, :, 0] @ x + block.around.bias.detach().numpy()[:, None]
    return np.maximum(x + y, 0)


@pytest.mark.parametrize(("channels", "weight_norm"), [((3, 3), False), ((3, 5), False), ((2, 4), True)])
def test_a_block_is_the_papers_figure(channels, weight_norm):
    block = TCNBlock(*channels, 3, dilation=2, weight_norm=weight_norm).double()
    x = draw(2, 1, channels[0], 11)
    np.testing.assert_allclose(block(x).detach().numpy()[0], by_hand(block, x.numpy()[0], 2), rtol=1e-10, atol=1e-12)


def test_both_dropouts_take_whole_channels_and_only_in_training():
    block, x = TCNBlock(40, 40, 2, dropout=0.5), torch.zeros(1, 40, 30)
    with torch.no_grad():  # the first convolution makes ones of all, the second hands them on
        block.conv1.weight.zero_()
        block.conv1.bias.fill_(1)
        block.conv2.weight.copy_(torch.stack([torch.zeros(40, 40), torch.eye(40)], dim=2))
        block.conv2.bias.zero_()
    torch.manual_seed(0)
    for out in (block(x)[0], block.stream(x)[0][0]):
        # 0 where one of the two dropped the channel, three times in four, else (1/(1 - 0.5))**2
        assert sorted(set(out.flatten().tolist())) == [0, 4]
        assert torch.equal(out, out[:, :1].expand(-1, 30))
        assert 2 <= int(out[:, 0].count_nonzero()) <= 18
    assert block.eval()(x).unique().tolist() == [1]


def test_gradients_pass_through():
    block = TCNBlock(2, 3, 2, dilation=2).double()
    assert torch.autograd.gradcheck(block, (draw(3, 2, 2, 6).requires_grad_(),))


@pytest.mark.parametrize(("make", "message"), [
    (lambda: CausalConv1d(0, 1, 2), "in_channels must be at least 1, not 0"),
    (lambda: CausalConv1d(1, 1, 2.0), "kernel_size must be an integer, not 2.0"),
    (lambda: CausalConv1d(1, 1, 2, dilation=0), "dilation must be at least 1, not 0"),
    (lambda: CausalConv1d(4, 3, 2, groups=2), "groups=2 must divide in_channels=4 and out_channels=3"),
    (lambda: TCN(1, []), "channels must name at least one block"),
    (lambda: CausalConv1d(2, 1, 2)(torch.zeros(1, 3, 5)), r"x must have the shape \(N, 2, L\)"),
    (lambda: CausalConv1d(2, 1, 2)(torch.zeros(2, 5)), r"x must have the shape \(N, 2, L\), not \(2, 5\)"),
    (lambda: CausalConv1d(2, 1, 2).stream(torch.zeros(1, 2, 5), torch.zeros(1, 2, 2)),
     r"past must have the shape \(1, 2, 1\), not \(1, 2, 2\)"),
])
def test_errors_name_argument_and_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
