"""The backward passes of pooling against autograd."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from test_ops_pool import poolings

import d2lcnn


def compare(ours, theirs, x, kernel, options, scale=1.0):
    """Compare with what torch's own pooling sends back, on NumPy and torch, for a random gradient."""
    tx = torch.tensor(x, requires_grad=True)
    y = theirs(tx, kernel, **options)
    g = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(0)) * scale
    (expected,) = torch.autograd.grad(y, tx, g)
    before = x.copy(), g.clone()
    on_numpy, on_torch = ours(g.numpy(), x, kernel, **options), ours(g.clone().requires_grad_(), tx, kernel, **options)
    assert type(on_numpy) is np.ndarray and not on_torch.requires_grad
    assert np.array_equal(before[0], x, equal_nan=True) and torch.equal(before[1], g)
    for result in (torch.tensor(on_numpy), on_torch):
        torch.testing.assert_close(result, expected, rtol=1e-10, atol=1e-10)


@given(poolings(dilated=True), st.booleans())
def test_max_pool2d_backward_equals_torch(drawn, ceil_mode):
    x, kernel, options = drawn  # half of the drawn images hold few different values: ties
    compare(d2lcnn.max_pool2d_backward, F.max_pool2d, x, kernel, options | {"ceil_mode": ceil_mode})


@given(poolings(), st.sampled_from([np.nan, -np.inf, np.inf]), st.floats(0.2, 1))
def test_max_pool2d_backward_equals_torch_on_special_values(drawn, special, share):
    x, kernel, options = drawn
    x[np.random.default_rng(0).random(x.shape) < share] = special
    compare(d2lcnn.max_pool2d_backward, F.max_pool2d, x, kernel, options)


@given(poolings(), st.booleans(), st.booleans())
def test_avg_pool2d_backward_equals_torch(drawn, ceil_mode, count_include_pad):
    x, kernel, options = drawn
    compare(d2lcnn.avg_pool2d_backward, F.avg_pool2d, x, kernel,
            options | {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad})


@given(poolings(), st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2), st.booleans())
def test_padding_per_side_equals_our_own_pooling(drawn, sides, ceil_mode):
    """torch has no padding per side: compare with autograd through the package's forward pass."""
    x, _, _ = drawn
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 1)), constant_values=0.5)
    for ours, theirs in ((d2lcnn.max_pool2d_backward, d2lcnn.max_pool2d),
                         (d2lcnn.avg_pool2d_backward, d2lcnn.avg_pool2d)):
        compare(ours, theirs, x, 3, {"padding": sides, "stride": 2, "ceil_mode": ceil_mode})


def test_ties_go_to_the_first_pixel_in_reading_order():
    g = np.array([[[[1.0]]]])
    assert d2lcnn.max_pool2d_backward(g, np.zeros((1, 1, 2, 2)), 2).tolist() == [[[[1, 0], [0, 0]]]]
    assert d2lcnn.max_pool2d_backward(g, np.array([[[[0.0, 1], [1, 0]]]]), 2).tolist() == [[[[0, 1], [0, 0]]]]
    assert d2lcnn.max_pool2d_backward(g, np.full((1, 1, 1, 1), -np.inf), 2, padding=1).tolist() == [[[[1]]]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", [d2lcnn.max_pool2d_backward, d2lcnn.avg_pool2d_backward])
def test_dtypes_are_kept(function, dtype):
    for kind in (np.asarray, torch.asarray):
        g, x = kind(np.ones((1, 1, 2, 2), dtype)), kind(np.ones((1, 1, 4, 4), dtype))
        dx = function(g, x, 2)
        assert type(dx) is type(x) and dx.dtype == x.dtype and dx.sum() == 4


G, X = np.ones((1, 2, 2, 2)), np.ones((1, 2, 4, 4))


@pytest.mark.parametrize("function", [d2lcnn.max_pool2d_backward, d2lcnn.avg_pool2d_backward])
@pytest.mark.parametrize(("g", "x", "options", "error", "message"), [
    (G[:, :1], X, {}, ValueError, r"grad_output must have the output's shape \(1, 2, 2, 2\), not \(1, 1, 2, 2\)"),
    (G, X, {"stride": 1}, ValueError, r"the output's shape \(1, 2, 3, 3\), not \(1, 2, 2, 2\)"),
    (G[0], X, {}, ValueError, "grad_output must be .* but its shape is"),
    (G, X[0], {}, ValueError, r"x must be \(N, C, H, W\), but its shape is \(2, 4, 4\)"),
    (G, X, {"padding": 2}, ValueError, r"padding=\(2, 2\) must be smaller than the window size 2"),
    (G, X.astype("float32"), {}, TypeError, "grad_output is float64, x is float32"),
    (G.astype(int), X.astype(int), {}, TypeError, "grad_output must have a real floating dtype, not int64"),
    (G, torch.tensor(X), {}, TypeError, "grad_output is numpy.ndarray, x is torch.Tensor"),
])  # fmt: skip
def test_bad_input_is_named(function, g, x, options, error, message):
    with pytest.raises(error, match=message):
        function(g, x, 2, **options)
