"""Pooling against torch: values, gradients, dtypes."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import SEEDS, pair, spelled

import d2lcnn


@st.composite
def poolings(draw, dilated=False):
    kernel, stride, more = draw(pair(1, 4)), draw(pair(1, 4)), draw(pair(0, 7))
    dilation = draw(pair(1, 3)) if dilated else (1, 1)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = tuple(max(1, d * (k - 1) + 1 - 2 * p) + m
                 for k, d, p, m in zip(kernel, dilation, padding, more, strict=True))
    for n, k, d, p in zip(size, kernel, dilation, padding, strict=True):
        # where all taps of a window meet padding, torch's backward pass writes outside the image: it can crash
        assume(all(any(0 <= start + t * d < n for t in range(k)) for start in range(-p, 0)))
    rng = np.random.default_rng(draw(SEEDS))
    # few different values: ties happen, as they do after ReLU
    x = rng.integers(-3, 3, (draw(st.integers(0, 2)), 2, *size)) if draw(st.booleans()) else None
    x = rng.standard_normal((2, 2, *size)) if x is None else x.astype(float)
    options = {"stride": draw(st.sampled_from([None, spelled(stride, rng)])), "padding": spelled(padding, rng)}
    return x, spelled(kernel, rng), options | ({"dilation": spelled(dilation, rng)} if dilated else {})


def same(ours, theirs, x, kernel, options, torch_options=None):
    """Compare values on NumPy and torch, and gradients, within 1e-10."""
    tx = torch.tensor(x, requires_grad=True)
    y, expected = ours(tx, kernel, **options), theirs(tx, kernel, **(torch_options or options))
    assert y.shape == expected.shape
    y_numpy = ours(x, kernel, **options)
    assert type(y_numpy) is np.ndarray and not np.shares_memory(y_numpy, x)
    torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(torch.tensor(y_numpy), expected.detach(), rtol=1e-10, atol=1e-10)
    g = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(torch.autograd.grad(y, tx, g), torch.autograd.grad(expected, tx, g),
                               rtol=1e-10, atol=1e-10)


@given(poolings(dilated=True), st.booleans())
def test_max_pool2d_equals_torch(drawn, ceil_mode):
    x, kernel, options = drawn
    same(d2lcnn.max_pool2d, F.max_pool2d, x, kernel, options | {"ceil_mode": ceil_mode})


@given(poolings(), st.booleans(), st.booleans())
def test_avg_pool2d_equals_torch(drawn, ceil_mode, count_include_pad):
    x, kernel, options = drawn
    same(d2lcnn.avg_pool2d, F.avg_pool2d, x, kernel,
         options | {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad})


@given(poolings(), st.sampled_from([1, 2, 3, 2.5]))
def test_lp_pool2d_equals_torch(drawn, norm_type):
    x, kernel, options = drawn
    x = np.abs(x) + 0.1  # torch's gradient of a root at 0 is nan
    options = {"stride": options["stride"]}
    padded = x.shape[2:]
    if any(n < k for n, k in zip(padded, np.broadcast_to(kernel, 2), strict=True)):
        x = np.pad(x, ((0, 0), (0, 0), (4, 4), (4, 4)), constant_values=0.5)
    same(lambda x, k, **o: d2lcnn.lp_pool2d(x, norm_type, k, **o), lambda x, k, **o: F.lp_pool2d(x, norm_type, k, **o),
         x, kernel, options)


@given(poolings())
def test_padding_of_lp_pool2d_is_zeros(drawn):
    x, kernel, options = drawn
    ph, pw = np.broadcast_to(options["padding"], 2)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    np.testing.assert_array_equal(d2lcnn.lp_pool2d(x, 2, kernel, **options),
                                  d2lcnn.lp_pool2d(padded, 2, kernel, stride=options["stride"]))


@given(SEEDS, pair(1, 9), st.tuples(*[st.sampled_from([None, 1, 2, 3, 5, 7, 12])] * 2))
def test_adaptive_avg_pool2d_equals_torch(seed, size, output_size):
    x = np.random.default_rng(seed).standard_normal((2, 3, *size))
    same(d2lcnn.adaptive_avg_pool2d, F.adaptive_avg_pool2d, x, output_size, {})
    if output_size[0] is not None:
        same(d2lcnn.adaptive_avg_pool2d, F.adaptive_avg_pool2d, x, output_size[0], {})


def test_global_avg_pool2d():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    same(lambda x, _: d2lcnn.global_avg_pool2d(x), lambda x, _: x.mean((2, 3), keepdim=True), x, None, {})


@given(poolings(), st.booleans(), st.booleans(), pair(0, 2), pair(0, 2))
def test_asymmetric_padding(drawn, ceil_mode, include, rows, columns):
    """Padding up to the window less one, per side, is padding beforehand, -inf for max; the mean divides as told."""
    x, _, _ = drawn
    sides, options = (rows, columns), {"stride": 2, "ceil_mode": ceil_mode}
    x = np.concatenate([x, x, x], 2)
    x = np.concatenate([x, x, x], 3)
    y = d2lcnn.max_pool2d(x, 3, padding=sides, **options)
    beforehand = np.pad(x, ((0, 0), (0, 0), *sides), constant_values=-np.inf)
    expected = d2lcnn.max_pool2d(beforehand, 3, **options)[:, :, : y.shape[2], : y.shape[3]]
    np.testing.assert_array_equal(y, expected)  # in ceil mode a window that starts in the padding is dropped
    mean = d2lcnn.avg_pool2d(x, 3, padding=sides, count_include_pad=include, **options)
    ones = np.pad(np.ones_like(x), ((0, 0), (0, 0), *sides), constant_values=float(include))
    total, count = (d2lcnn.avg_pool2d(a, 3, **options)[:, :, : y.shape[2], : y.shape[3]]
                    for a in (np.pad(x, ((0, 0), (0, 0), *sides)), ones))
    np.testing.assert_allclose(mean, total / count, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", [np.asarray, torch.asarray])
def test_a_window_of_padding_alone_is_the_smallest_value(kind):
    """With dilation a window can step over the image; it sends nothing back."""
    options = {"padding": (0, 1), "dilation": (1, 2), "stride": 1}
    assert d2lcnn.max_pool2d(kind([[[[5.0]]]]), (1, 2), **options).item() == -np.inf
    assert d2lcnn.max_pool2d(kind([[[[5]]]]), (1, 2), **options).item() == np.iinfo(np.int64).min
    assert d2lcnn.max_pool2d_backward(kind([[[[1.0]]]]), kind([[[[5.0]]]]), (1, 2), **options).item() == 0


def test_each_window_of_a_mean_meets_a_pixel():
    """So no mean is over nothing, for any padding that is smaller than the window."""
    for n, k, s, ceil_mode in product(range(1, 6), range(1, 5), range(1, 5), (False, True)):
        for sides in product(range(k), repeat=2):
            if n + sum(sides) >= k:
                options = {"stride": (1, s), "padding": ((0, 0), sides), "ceil_mode": ceil_mode}
                y = d2lcnn.avg_pool2d(np.ones((1, 1, 1, n)), (1, k), count_include_pad=False, **options)
                assert (y == 1).all()


def test_max_pool2d_on_special_values():
    x = torch.tensor([[[[0.0, float("nan"), -1.0, float("-inf"), float("-inf"), 2.0, float("inf"), 1.0]]]])
    for stride in (1, 2):
        expected = F.max_pool2d(x, (1, 2), stride=(1, stride))
        for a in (x, x.numpy()):
            ours = torch.as_tensor(d2lcnn.max_pool2d(a, (1, 2), stride=(1, stride)))
            torch.testing.assert_close(ours, expected, equal_nan=True)


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "float32", "float64"])
def test_dtypes_are_kept(dtype):
    x = np.arange(1, 17).reshape(1, 1, 4, 4).astype(dtype)
    for a in (x, torch.asarray(x)):
        y = d2lcnn.max_pool2d(a, 3, stride=2, padding=1)
        assert type(y) is type(a) and y.dtype == a.dtype
        assert y.tolist() == [[[[6, 8], [14, 16]]]]
        assert d2lcnn.pool2d(a[0, 0], 2).tolist() == [[6, 7, 8], [10, 11, 12], [14, 15, 16]]
        if dtype.startswith("float"):
            for y in (d2lcnn.avg_pool2d(a, 2, ceil_mode=True), d2lcnn.lp_pool2d(a, 2, 2),
                      d2lcnn.adaptive_avg_pool2d(a, 3), d2lcnn.global_avg_pool2d(a)):
                assert type(y) is type(a) and y.dtype == a.dtype


@pytest.mark.parametrize("mode", ["max", "avg", "l2"])
def test_pool2d_by_loops(mode):
    X = np.random.default_rng(0).standard_normal((5, 6))
    ph, pw = 2, 3
    reduce = {"max": np.max, "avg": np.mean, "l2": lambda v: np.sqrt((v * v).sum())}[mode]
    expected = [[reduce(X[i : i + ph, j : j + pw]) for j in range(6 - pw + 1)] for i in range(5 - ph + 1)]
    np.testing.assert_allclose(d2lcnn.pool2d(X, (ph, pw), mode=mode), expected, rtol=1e-12)
    np.testing.assert_allclose(d2lcnn.pool2d(torch.tensor(X), (ph, pw), mode).numpy(), expected, rtol=1e-12)
