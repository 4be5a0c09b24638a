"""corr2d, conv2d and conv1d against their definition and against torch: values, gradients, dtypes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import SEEDS, convolutions

import d2lcnn
from d2lcnn.ops import definition


def as_tuple(value):
    return value if isinstance(value, tuple) else (value, value)


def tensors(*arrays):
    return [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]


def torch_conv2d(x, w, b, options, sides):
    """torch's convolution, with the padding in torch's own words where it has them."""
    padding = options["padding"]
    if isinstance(padding, str) and padding != "full":
        return F.conv2d(x, w, b, **options)
    if all(before == after for before, after in sides):
        return F.conv2d(x, w, b, **options | {"padding": [before for before, _ in sides]})
    (top, bottom), (left, right) = sides
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, **options | {"padding": 0})


def gradients(y, inputs, seed):
    g = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(seed))
    return torch.autograd.grad(y, [a for a in inputs if a is not None], g)


def close(a, b):
    assert tuple(a.shape) == tuple(b.shape)
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-10, atol=1e-10)


@given(convolutions())
def test_conv2d_on_numpy_equals_the_loops(drawn):
    x, w, b, options, sides = drawn
    y = d2lcnn.conv2d(x, w, b, **options)
    assert type(y) is np.ndarray
    close(y, definition.conv2d(x, w, b, stride=as_tuple(options["stride"]), padding=sides,
                               dilation=as_tuple(options["dilation"]), groups=options["groups"]))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@given(convolutions(), SEEDS)
def test_conv2d_on_torch_equals_torch_with_gradients(drawn, seed):
    *arrays, options, sides = drawn
    inputs = tensors(*arrays)
    y, expected = d2lcnn.conv2d(*inputs, **options), torch_conv2d(*inputs, options, sides)
    close(y.detach(), expected.detach())
    for ours, theirs in zip(gradients(y, inputs, seed), gradients(expected, inputs, seed), strict=True):
        close(ours, theirs)


@given(convolutions())
def test_conv2d_is_the_same_on_numpy_and_torch_and_leaves_its_arguments_alone(drawn):
    *arrays, options, _ = drawn
    before = [None if a is None else a.copy() for a in arrays]
    y = d2lcnn.conv2d(*arrays, **options)
    close(y, d2lcnn.conv2d(*(None if a is None else torch.tensor(a) for a in arrays), **options))
    for a, kept in zip(arrays, before, strict=True):
        assert a is None or (np.array_equal(a, kept) and not np.shares_memory(a, y))


@given(SEEDS, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3), st.booleans(),
       st.sampled_from(["valid", "same", "full", "sides", "int"]))
def test_conv1d_equals_torch_with_gradients(seed, k, stride, dilation, p, bias, kind):
    assume(kind != "same" or stride == 1)
    rng = np.random.default_rng(seed)
    span = dilation * (k - 1)
    padding = {"sides": ((p, 3 - p),), "int": p}.get(kind, kind)
    before, after = {"valid": (0, 0), "same": (span // 2, span - span // 2), "full": (span, span),
                     "sides": (p, 3 - p), "int": (p, p)}[kind]
    inputs = tensors(rng.standard_normal((2, 4, span + 1 + seed % 7)), rng.standard_normal((6, 2, k)),
                     rng.standard_normal(6) if bias else None)
    options = {"stride": stride, "dilation": dilation, "groups": 2}
    y = d2lcnn.conv1d(*inputs, padding=padding, **options)
    expected = F.conv1d(F.pad(inputs[0], (before, after)), *inputs[1:], **options)
    close(y.detach(), expected.detach())
    close(d2lcnn.conv1d(*(None if a is None else a.detach().numpy() for a in inputs), padding=padding, **options),
          expected.detach())
    for ours, theirs in zip(gradients(y, inputs, seed), gradients(expected, inputs, seed), strict=True):
        close(ours, theirs)


@given(SEEDS, st.tuples(*[st.integers(1, 4)] * 2), st.tuples(*[st.integers(0, 5)] * 2))
def test_corr2d_equals_torch_with_gradients(seed, kernel, more):
    rng = np.random.default_rng(seed)
    X, K = rng.standard_normal(np.add(kernel, more)), rng.standard_normal(kernel)
    tX, tK = tensors(X, K)
    y, expected = d2lcnn.corr2d(tX, tK), F.conv2d(tX[None, None], tK[None, None])[0, 0]
    close(y.detach(), expected.detach())
    close(d2lcnn.corr2d(X, K), expected.detach())
    close(definition.corr2d(X, K), expected.detach())
    for ours, theirs in zip(gradients(y, [tX, tK], seed), gradients(expected, [tX, tK], seed), strict=True):
        close(ours, theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "int16", "uint8", "complex128"])
def test_types_and_dtypes_are_kept(dtype):
    rng = np.random.default_rng(0)
    x, w, b = (rng.integers(0, 4, shape).astype(dtype) for shape in [(2, 2, 5, 4), (2, 1, 3, 2), (2,)])
    exact = definition.conv2d(x.astype(complex), w.astype(complex), b, stride=(2, 1), padding=((1, 1), (1, 1)),
                              groups=2)
    for kind in (np.asarray, torch.asarray):
        x_, w_, b_ = kind(x), kind(w), kind(b)
        y = d2lcnn.conv2d(x_, w_, b_, stride=(2, 1), padding=1, groups=2)
        assert type(y) is type(x_) and y.dtype == x_.dtype
        assert np.array_equal(np.asarray(y), exact.astype(dtype) if dtype == "complex128" else exact.real)
        for y in (d2lcnn.corr2d(x_[0, 0], w_[0, 0]), d2lcnn.conv1d(x_[:, :, 0], w_[:, :, 0], groups=2)):
            assert type(y) is type(x_) and y.dtype == x_.dtype
