"""Transposed convolution by three routes against torch and against the transposed matrix: values, gradients, dtypes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from oracles import SEEDS, pair, spelled

import d2lcnn
from d2lcnn.ops import definition

METHODS = ("scatter", "matrix", "zeros")


@st.composite
def transposed_convolutions(draw):
    """Draw x, w, b in float64 and options: output padding up to its bound, padding also beyond the kernel's reach."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    n, c, o = draw(st.integers(0, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel, stride, dilation = draw(pair(1, 4)), draw(pair(1, 4)), draw(pair(1, 3))
    size = draw(pair(1, 5))
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    padding = tuple(  # at least one row is left
        draw(st.integers(0, min(6, ((i - 1) * s + d * (k - 1) + a) // 2)))
        for i, k, s, d, a in zip(size, kernel, stride, dilation, extra, strict=True)
    )
    rng = np.random.default_rng(draw(SEEDS))
    options = {name: spelled(value, rng) for name, value in (
        ("stride", stride), ("padding", padding), ("output_padding", extra), ("dilation", dilation))}
    x = rng.standard_normal((n, c * groups, *size))
    w = rng.standard_normal((c * groups, o, *kernel))
    b = rng.standard_normal(o * groups) if draw(st.booleans()) else None
    return x, w, b, options | {"groups": groups}


def tensors(*arrays):
    return [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]


def close(a, b, tolerance=1e-10):
    assert tuple(a.shape) == tuple(b.shape)
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


def compare(ours, theirs, arrays, seed):
    """Compare values on NumPy and torch, and the gradients of all inputs."""
    inputs = tensors(*arrays)
    y, expected = ours(*inputs), theirs(*inputs)
    close(y.detach(), expected.detach())
    on_numpy = ours(*arrays)
    assert type(on_numpy) is np.ndarray
    close(on_numpy, expected.detach())
    g = torch.tensor(np.random.default_rng(seed).standard_normal(tuple(y.shape)))
    given_inputs = [a for a in inputs if a is not None]
    for a, b in zip(torch.autograd.grad(y, given_inputs, g), torch.autograd.grad(expected, given_inputs, g),
                    strict=True):
        close(a, b)


@pytest.mark.parametrize("method", METHODS)
@given(transposed_convolutions(), SEEDS)
def test_conv_transpose2d_equals_torch_with_gradients(method, drawn, seed):
    *arrays, options = drawn
    compare(lambda *a: d2lcnn.conv_transpose2d(*a, **options, method=method),
            lambda *a: F.conv_transpose2d(*a, **options), arrays, seed)
    p, *pairs = (v if isinstance(v, tuple) else (v, v) for v in map(options.get, ("padding", "stride", "output_padding",
                                                                                  "dilation")))
    stride, extra, dilation = pairs
    close(d2lcnn.conv_transpose2d(*arrays, **options, method=method), definition.conv_transpose2d(
        *arrays, stride=stride, padding=[(q, q) for q in p], output_padding=extra, dilation=dilation,
        groups=options["groups"]))


@pytest.mark.parametrize("method", METHODS)
@given(transposed_convolutions(), SEEDS)
def test_conv_transpose1d_equals_torch_with_gradients(method, drawn, seed):
    x, w, b, options = drawn
    options = {name: value[0] if isinstance(value, tuple) else value for name, value in options.items()}
    compare(lambda *a: d2lcnn.conv_transpose1d(*a, **options, method=method),
            lambda *a: F.conv_transpose1d(*a, **options), (x[..., 0], w[..., 0], b), seed)


@pytest.mark.parametrize("method", METHODS)
@given(transposed_convolutions(), pair(0, 2), pair(0, 2))
def test_padding_per_side_crops(method, drawn, rows, columns):
    x, w, b, options = drawn
    whole = d2lcnn.conv_transpose2d(x, w, b, **options | {"padding": 0})
    h, wide = whole.shape[2:]
    sides = ((min(rows[0], h - 1), 0), (0, min(columns[1], wide - 1)))
    y = d2lcnn.conv_transpose2d(x, w, b, **options | {"padding": sides}, method=method)
    close(y, whole[:, :, sides[0][0] :, : wide - sides[1][1]])


@given(transposed_convolutions(), SEEDS)
def test_it_is_the_transpose_of_conv2d(drawn, seed):
    """<conv2d(z), x> = <z, conv_transpose2d(x)> for every z: that defines the transpose."""
    x, w, _, options = drawn
    y = d2lcnn.conv_transpose2d(x, w, **options)
    z = np.random.default_rng(seed).standard_normal(y.shape)
    del options["output_padding"]
    h, wide = x.shape[2:]  # an output padding of the stride or more makes room for further windows
    np.testing.assert_allclose((d2lcnn.conv2d(z, w, **options)[:, :, :h, :wide] * x).sum(), (z * y).sum(),
                               rtol=1e-9, atol=1e-9)


def test_cropping_beyond_the_reach_of_the_kernel():
    x, w = np.arange(1.0, 7).reshape(1, 1, 1, 6), np.array([[[[1.0, 1.0]]]])
    for method in METHODS:  # 1 3 5 7 9 11 6 without padding; the reach is one pixel, two are cropped
        y = d2lcnn.conv_transpose2d(x, w, padding=(0, 2), method=method)
        assert y.tolist() == [[[[5, 7, 9]]]]
        y = d2lcnn.conv_transpose2d(x, w, padding=((0, 0), (6, 0)), method=method)  # one side: more than x is wide
        assert y.tolist() == [[[[6]]]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "complex128"])
def test_types_and_dtypes_are_kept(method, dtype):
    rng = np.random.default_rng(0)
    x, w, b = (rng.integers(0, 4, shape).astype(dtype) for shape in [(2, 4, 3, 4), (4, 1, 3, 2), (2,)])
    if dtype == "complex128":
        x, w = x + 1j * rng.integers(0, 4, x.shape), w - 1j * rng.integers(0, 4, w.shape)
    options = {"stride": (2, 1), "padding": (1, 0), "output_padding": (1, 0), "groups": 2}
    wide = torch.complex128 if dtype == "complex128" else torch.float64
    exact = F.conv_transpose2d(*(torch.tensor(a, dtype=wide) for a in (x, w, b)), **options).numpy()
    for kind in (np.asarray, torch.asarray):
        x_, w_, b_ = kind(x), kind(w), kind(b)
        y = d2lcnn.conv_transpose2d(x_, w_, b_, **options, method=method)
        assert type(y) is type(x_) and y.dtype == x_.dtype
        assert np.array_equal(np.asarray(y), exact)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_complex_tensors(method):
    rng = np.random.default_rng(0)
    x, w = (torch.tensor(rng.standard_normal(s) + 1j * rng.standard_normal(s), requires_grad=True)
            for s in ((2, 3, 4, 4), (3, 2, 3, 3)))
    y, expected = d2lcnn.conv_transpose2d(x, w, stride=2, method=method), F.conv_transpose2d(x, w, stride=2)
    g = torch.ones_like(y) * (1 - 2j)
    for a, b in zip(torch.autograd.grad(y, (x, w), g), torch.autograd.grad(expected, (x, w), g), strict=True):
        close(a, b)


def test_arguments_are_left_alone():
    x, w, b = np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), np.ones(1)
    for method in METHODS:
        y = d2lcnn.conv_transpose2d(x, w, b, method=method)
        assert (y == 2).all() and (x == 1).all() and not np.shares_memory(x, y)


X, W = np.ones((1, 4, 3, 3)), np.ones((4, 2, 3, 3))


@pytest.mark.parametrize(("arrays", "options", "error", "message"), [
    ((X[0], W), {}, ValueError, r"x must be \(N, C, H, W\), but its shape is \(4, 3, 3\)"),
    ((X, W[0]), {}, ValueError, r"w must be \(C_in, C_out/groups, kh, kw\), but its shape is \(2, 3, 3\)"),
    ((X, W[:3]), {}, ValueError, "w takes 3 channels, but x has 4"),
    ((X, W[:, :0]), {}, ValueError, r"w makes no channels: its shape is \(4, 0, 3, 3\)"),
    ((X, W), {"groups": 3}, ValueError, "groups=3 must divide the channels: x has 4"),
    ((X, W), {"groups": 0}, ValueError, "groups must be at least 1, not 0"),
    ((X, W, np.ones(4)), {}, ValueError, r"b must have shape \(2,\), .* not \(4,\)"),
    ((X, W, np.ones(2)), {"groups": 2}, ValueError, r"b must have shape \(4,\), .* not \(2,\)"),
    ((X, W), {"stride": 0}, ValueError, "stride must be at least 1, not 0"),
    ((X, W), {"dilation": 1.5}, ValueError, "dilation must be an integer, not 1.5"),
    ((X, W), {"padding": -1}, ValueError, "padding must be at least 0, not -1"),
    ((X, W), {"padding": "same"}, ValueError, "padding must be an integer, not 'same'"),
    ((X, W), {"padding": (0, 3)}, ValueError, r"padding=\(3, 3\) crops the whole output: 5 pixels less 6"),
    ((X, W), {"output_padding": -1}, ValueError, "output_padding must be at least 0, not -1"),
    ((X, W), {"output_padding": (1, 1, 1)}, ValueError, r"output_padding .* not \(1, 1, 1\)"),
    ((X, W), {"output_padding": 2, "stride": 2}, ValueError, "output_padding=2 must be smaller than the stride 2"),
    ((X, W), {"method": "fft"}, ValueError, "method must be one of .* not 'fft'"),
    ((X, torch.tensor(W)), {}, TypeError, "x is numpy.ndarray, w is torch.Tensor"),
    ((X, W.astype("float32")), {}, TypeError, "x is float64, w is float32"),
])  # fmt: skip
def test_bad_input_is_named(arrays, options, error, message):
    with pytest.raises(error, match=message):
        d2lcnn.conv_transpose2d(*arrays, **options)


@pytest.mark.parametrize(("arrays", "options", "error", "message"), [
    ((X, W[..., 0]), {}, ValueError, r"x must be \(N, C, L\), but its shape is"),
    ((X[..., 0], W), {}, ValueError, r"w must be \(C_in, C_out/groups, k\), but its shape is"),
    ((X[..., 0], W[..., 0]), {"padding": (1, 1)}, ValueError, r"padding .* not \(1, 1\)"),
    ((X[..., 0], W[..., 0]), {"output_padding": 1}, ValueError, "output_padding=1 must be smaller than the stride 1"),
])  # fmt: skip
def test_bad_sequences_are_named(arrays, options, error, message):
    with pytest.raises(error, match=message):
        d2lcnn.conv_transpose1d(*arrays, **options)
