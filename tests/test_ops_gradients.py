"""The hand-written backward pass against autograd and differences; tiles of any size; memory."""

import tracemalloc

import array_api_compat.numpy as numpy_namespace
import array_api_compat.torch as torch_namespace
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from oracles import SEEDS, convolutions

import d2lcnn
from d2lcnn.ops._args import conv_windows
from d2lcnn.ops._engine import products, tiles


def torch_gradients(x, w, b, options, sides, g):
    """Output and gradients by torch itself, padding done beforehand."""
    x, w = (torch.tensor(a, requires_grad=True) for a in (x, w))
    b = torch.zeros(w.shape[0], dtype=w.dtype) if b is None else torch.tensor(b)
    b.requires_grad_()
    (top, bottom), (left, right) = sides
    y = F.conv2d(F.pad(x, (left, right, top, bottom)), w, b, **options | {"padding": 0})
    return y, torch.autograd.grad(y, (x, w, b), g(y.shape) if callable(g) else g)


def noise(seed):
    return lambda shape: torch.tensor(np.random.default_rng(seed).standard_normal(tuple(shape)))


def compare(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(np.asarray(a), b.numpy(), rtol=1e-10, atol=1e-10)


@given(convolutions(), SEEDS)
def test_conv2d_backward_equals_torch(drawn, seed):
    x, w, b, options, sides = drawn
    y, expected = torch_gradients(x, w, b, options, sides, noise(seed))
    g = noise(seed)(y.shape)
    on_numpy = d2lcnn.conv2d_backward(g.numpy(), x, w, **options)
    on_torch = d2lcnn.conv2d_backward(g, torch.tensor(x), torch.tensor(w, requires_grad=True), **options)
    for ours, kind in ((on_numpy, np.ndarray), (on_torch, torch.Tensor)):
        assert all(type(a) is kind for a in ours) and ours._fields == ("x", "w", "b")
        compare(ours, expected)
    assert not any(a.requires_grad for a in on_torch)


@given(convolutions(), SEEDS, st.sampled_from([1, 600, 2_000, 20_000]), st.sampled_from([1, 5_000]),
       st.sampled_from([1, 8, 256]), st.sampled_from([1, 4, 16]))
def test_any_size_of_tile_gives_the_same(drawn, seed, small, large, wide, short):
    x, w, b, options, sides = drawn
    y, expected = torch_gradients(x, w, b, options, sides, noise(seed))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("SMALL", small), ("LARGE", large), ("WIDE", wide), ("SHORT", short)):
            patch.setattr(tiles, name, value)
        patch.setattr(products, "SMALL", small)
        compare([d2lcnn.conv2d(x, w, b, **options)], [y.detach()])
        compare(d2lcnn.conv2d_backward(noise(seed)(y.shape).numpy(), x, w, **options), expected)


def test_conv2d_backward_by_differences():
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((1, 4, 5, 4)), rng.standard_normal((2, 2, 3, 2)), rng.standard_normal(2)
    options = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2}
    g = rng.standard_normal(d2lcnn.conv2d(x, w, b, **options).shape)
    for a, gradient in zip((x, w, b), d2lcnn.conv2d_backward(g, x, w, **options), strict=True):
        for place in np.ndindex(a.shape):
            value, losses = a[place], []
            for step in (1e-3, -1e-3):  # the loss is linear in each entry: a large step is as exact
                a[place] = value + step
                losses.append((g * d2lcnn.conv2d(x, w, b, **options)).sum())
            a[place] = value
            np.testing.assert_allclose((losses[0] - losses[1]) / 2e-3, gradient[place], atol=1e-9)


def test_gradients_of_complex_tensors():
    rng = np.random.default_rng(0)
    x, w = (torch.tensor(rng.standard_normal(s) + 1j * rng.standard_normal(s), requires_grad=True)
            for s in ((2, 3, 5, 5), (4, 3, 3, 3)))
    y, expected = d2lcnn.conv2d(x, w, stride=2, padding=1), F.conv2d(x, w, stride=2, padding=1)
    g = torch.ones_like(y) * (1 - 2j)
    compare([y.detach()], [expected.detach()])
    compare(torch.autograd.grad(y, (x, w), g), torch.autograd.grad(expected, (x, w), g))


def test_only_asked_gradients_are_computed(monkeypatch):
    asked = []
    for name in ("transposed", "weight_gradient"):
        original = getattr(products, name)
        monkeypatch.setattr(products, name, lambda *a, f=original, n=name: asked.append(n) or f(*a))
    x, w, b = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2), torch.ones(1)
    for needed in ("x", "w", "b"):
        inputs = [a.clone().requires_grad_(name == needed) for name, a in zip("xwb", (x, w, b), strict=True)]
        d2lcnn.conv2d(*inputs).sum().backward()
        assert [a.grad is not None for a in inputs] == [needed == name for name in "xwb"]
    assert asked == ["transposed", "weight_gradient"]


@pytest.mark.parametrize(("g", "options", "message"), [
    (np.ones((1, 2, 3, 3)), {}, r"grad_output must have the output's shape \(1, 2, 2, 2\), not \(1, 2, 3, 3\)"),
    (np.ones((1, 2, 2, 2)), {"padding": 1}, r"output's shape \(1, 2, 4, 4\)"),
    (np.ones((2, 2, 2)), {}, r"grad_output must be \(N, C_out, oh, ow\), but its shape is \(2, 2, 2\)"),
])
def test_a_gradient_of_another_shape_is_refused(g, options, message):
    with pytest.raises(ValueError, match=message):
        d2lcnn.conv2d_backward(g, np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3)), **options)


def test_integer_gradients_are_refused():
    g, x, w = np.ones((1, 1, 2, 2), int), np.ones((1, 1, 3, 3), int), np.ones((1, 1, 2, 2), int)
    with pytest.raises(TypeError, match="grad_output must have a real floating dtype, not int64"):
        d2lcnn.conv2d_backward(g, x, w)


def extra_bytes(function):
    """Most memory that NumPy held during a call beyond what it held before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = function()
        return tracemalloc.get_traced_memory()[1] - before, result
    finally:
        tracemalloc.stop()


# x, w, options: small images, large ones, a low one, a wide kernel, strided, dilated, depthwise, 1x1, many channels
MEMORY = [
    ((128, 6, 14, 14), (16, 6, 5, 5), {}),
    ((256, 1, 28, 28), (6, 1, 5, 5), {"padding": 2}),
    ((4, 32, 64, 64), (64, 32, 3, 3), {"padding": 1}),
    ((2, 128, 56, 56), (128, 128, 3, 3), {"padding": 1}),
    ((2, 3, 224, 224), (64, 3, 7, 7), {"stride": 2, "padding": 3}),
    ((4, 16, 3, 2000), (16, 16, 3, 3), {}),
    ((4, 8, 40, 40), (8, 8, 11, 11), {"padding": "same"}),
    ((4, 8, 60, 60), (8, 8, 3, 3), {"dilation": 9, "padding": 9}),
    ((8, 64, 32, 32), (64, 1, 3, 3), {"groups": 64, "padding": 1}),
    ((8, 64, 28, 28), (64, 64, 1, 1), {}),
    ((8, 64, 28, 28), (64, 64, 1, 1), {"stride": 3}),
    ((2, 256, 14, 14), (512, 256, 3, 3), {"padding": 1}),
]


@pytest.mark.parametrize(("x_shape", "w_shape", "options"), MEMORY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extra_memory_is_the_output_and_a_tile(x_shape, w_shape, options, dtype):
    x, w = np.ones(x_shape, dtype), np.ones(w_shape, dtype)
    small, y = extra_bytes(lambda: d2lcnn.conv2d(x, w, **options))
    one_image = w[0].size * options.get("groups", 1) * y[0, 0].size * x.itemsize
    python = 50_000  # slices, tuples, array headers
    few = min(w.shape[0] // options.get("groups", 1), w.shape[1]) <= tiles.FEW  # channels of one group, out or in
    allowed = max(3 << 20 if few else 1 << 20, one_image) + w.nbytes + python  # a copy of the weights
    assert small <= y.nbytes + allowed
    extra, grads = extra_bytes(lambda: d2lcnn.conv2d_backward(y, x, w, **options))
    back = w[:, 0].size * x[0, 0].size * x.itemsize  # the columns of y, of which the gradient for x is a convolution
    assert extra <= sum(a.nbytes for a in grads) + max(allowed, back + w.nbytes + python)
    assert extra >= sum(a.nbytes for a in grads)  # the meter works


def test_whole_batch_columns_would_not_pass():
    x, w = np.ones((128, 6, 14, 14), "float32"), np.ones((16, 6, 5, 5), "float32")
    extra, columns = extra_bytes(lambda: d2lcnn.im2col(x, 5))
    assert extra >= columns.nbytes > 128 * 16 * 100 * 4 + (3 << 20) and w.size


@pytest.mark.parametrize(("x_shape", "w_shape", "options"), [
    ((2, 4, 9, 8), (4, 1, 3, 3), {"groups": 4, "padding": 1}),
    ((2, 4, 9, 8), (6, 2, 3, 2), {"groups": 2, "stride": 2, "dilation": 2, "padding": 2}),
    ((1, 3, 12, 20), (20, 3, 3, 3), {}),
])
def test_products_of_tensors_where_numpy_cannot_read_them_are_the_same(x_shape, w_shape, options):
    """What runs on other devices, here on the CPU."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(x_shape), rng.standard_normal(w_shape)
    groups = options.get("groups", 1)
    stops = options.get("stride", 1), options.get("padding", 0), options.get("dilation", 1)
    windows = conv_windows(x_shape[2:], w_shape[2:], *stops)
    y = rng.standard_normal((x_shape[0], w_shape[0], *windows.out))
    for product, pair in ((products.convolution, (x, w)), (products.transposed, (y, w)),
                          (products.weight_gradient, (y, x))):
        ours = product(torch_namespace, *map(torch.from_numpy, pair), windows, groups)
        assert isinstance(ours, torch.Tensor)
        np.testing.assert_allclose(ours, product(numpy_namespace, *pair, windows, groups), rtol=0, atol=1e-12)
