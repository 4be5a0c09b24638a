"""Depthwise convolution, many small groups, against torch: forward, both gradients, transposed."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from d2lcnn import conv2d, conv2d_backward, conv_transpose2d
from d2lcnn.ops._engine import tiles

SAME = {"rtol": 0, "atol": 1e-10}


@st.composite
def layers(draw):
    """Draw images, kernels and options of a depthwise layer that has an output."""
    two = st.tuples(*[st.integers(1, 4)] * 2)
    k, s, d = draw(two), draw(two), draw(two)
    p = draw(st.tuples(*[st.integers(0, 4)] * 2))
    spans = [e * (n - 1) + 1 for n, e in zip(k, d, strict=True)]
    size = [max(1, span - 2 * q) + draw(st.integers(0, 7)) for span, q in zip(spans, p, strict=True)]
    n, c = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x, w = rng.standard_normal((n, c, *size)), rng.standard_normal((c, 1, *k))
    return x, w, {"stride": s, "padding": p, "dilation": d, "groups": c}, draw(st.sampled_from([64, 1000, 1 << 20]))


@settings(deadline=None, max_examples=40)
@given(layers())
def test_forward_and_gradients_equal_torch_for_any_size_of_tiles(layer):
    x, w, options, cache = layer
    tx, tw = (torch.tensor(a, requires_grad=True) for a in (x, w))
    expected = F.conv2d(tx, tw, **options)
    g = np.random.default_rng(0).standard_normal(expected.shape)
    expected.backward(torch.tensor(g))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "SMALL", cache)
        np.testing.assert_allclose(conv2d(x, w, **options), expected.detach(), **SAME)
        grads = conv2d_backward(g, x, w, **options)
        ours = [torch.tensor(a, requires_grad=True) for a in (x, w)]
        conv2d(*ours, **options).backward(torch.tensor(g))
    for dx, dw in ((grads.x, grads.w), (ours[0].grad, ours[1].grad)):
        np.testing.assert_allclose(dx, tx.grad, **SAME)
        np.testing.assert_allclose(dw, tw.grad, **SAME)


@pytest.mark.parametrize("dtype", ["float32", "int64", "complex128"])
def test_dtypes_and_the_bias(dtype):
    rng = np.random.default_rng(1)
    x, w, b = ((9 * rng.standard_normal(s) + 3j).astype(dtype) if dtype == "complex128" else
               (9 * rng.standard_normal(s)).astype(dtype) for s in ((2, 3, 5, 6), (3, 1, 2, 3), (3,)))
    y = conv2d(x, w, b, groups=3, padding=1)
    assert y.dtype == x.dtype
    loop = np.stack([sum(w[c, 0, u, v] * np.pad(x[:, c], ((0, 0), (1, 1), (1, 1)))[:, u : u + 6, v : v + 6]
                         for u in range(2) for v in range(3)) + b[c] for c in range(3)], axis=1)
    np.testing.assert_allclose(y, loop, rtol=1e-5, atol=1e-5)


def test_complex_gradients_and_the_transposed_layer():
    rng = np.random.default_rng(2)
    x, g = (rng.standard_normal(s) + 1j * rng.standard_normal(s) for s in ((2, 3, 7, 6), (2, 3, 4, 3)))
    w = rng.standard_normal((3, 1, 3, 3)) + 1j * rng.standard_normal((3, 1, 3, 3))
    options = {"stride": 2, "padding": 1, "groups": 3}
    tx, tw = (torch.tensor(a, requires_grad=True) for a in (x, w))
    F.conv2d(tx, tw, **options).backward(torch.tensor(g))
    ours = [torch.tensor(a, requires_grad=True) for a in (x, w)]
    conv2d(*ours, **options).backward(torch.tensor(g))
    np.testing.assert_allclose(ours[0].grad, tx.grad, **SAME)
    np.testing.assert_allclose(ours[1].grad, tw.grad, **SAME)
    up = conv_transpose2d(g, w, **options)
    np.testing.assert_allclose(up, F.conv_transpose2d(torch.tensor(g), torch.tensor(w), **options), **SAME)
