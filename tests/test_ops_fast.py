"""Convolution as a matrix, by FFT and by Winograd: against torch, and against each other."""

import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from oracles import SEEDS, convolutions, pair

import d2lcnn
from d2lcnn.ops import definition, fast


def as_tuple(value):
    return value if isinstance(value, tuple) else (value, value)


def loops(x, w, b, options, sides):
    return definition.conv2d(x, w, b, stride=as_tuple(options["stride"]), padding=sides,
                             dilation=as_tuple(options["dilation"]), groups=options["groups"])


def same_with_gradients(ours, theirs, *inputs):
    """Compare two functions of tensors: values and gradients within 1e-10."""
    inputs = [torch.tensor(a, requires_grad=True) for a in inputs if a is not None]
    y, expected = ours(*inputs), theirs(*inputs)
    torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-10)
    g = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(torch.autograd.grad(y, inputs, g), torch.autograd.grad(expected, inputs, g),
                               rtol=1e-10, atol=1e-10)
    return y.detach().numpy()


def padded_conv2d(x, w, *b, options, sides):
    (top, bottom), (left, right) = sides
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w, *b, **options | {"padding": 0})


@given(convolutions())
def test_fft_conv2d_equals_torch_and_the_loops(drawn):
    x, w, b, options, sides = drawn
    y = same_with_gradients(lambda *a: fast.fft_conv2d(*a, **options),
                            lambda *a: padded_conv2d(*a, options=options, sides=sides), x, w, b)
    on_numpy = d2lcnn.fft_conv2d(x, w, b, **options)
    assert type(on_numpy) is np.ndarray and on_numpy.dtype == x.dtype
    np.testing.assert_allclose(on_numpy, y, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(on_numpy, loops(x, w, b, options, sides), rtol=1e-10, atol=1e-10)


@given(SEEDS, st.sampled_from([2, 4]), pair(1, 11), st.tuples(pair(1, 3), pair(1, 3)), st.booleans(), st.integers(0, 2))
def test_winograd_conv2d_equals_torch(seed, tile, size, sides, bias, n):
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal((n, 3, *size)), rng.standard_normal((2, 3, 3, 3))
    b = rng.standard_normal(2) if bias else None
    options = {"stride": 1, "dilation": 1, "groups": 1}
    y = same_with_gradients(lambda *a: d2lcnn.winograd_conv2d(*a, padding=sides, tile=tile),
                            lambda *a: padded_conv2d(*a, options=options, sides=sides), x, w, b)
    on_numpy = d2lcnn.winograd_conv2d(x, w, b, padding=sides, tile=tile)
    assert type(on_numpy) is np.ndarray
    np.testing.assert_allclose(on_numpy, y, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("tile", [2, 4])
def test_winograd_matrices_compute_a_filter_with_few_multiplications(tile):
    """In exact arithmetic A^T [(G g) * (B^T d)] is the correlation of d with g, for every unit d and g."""
    Bt, G, At = (np.array(fast.WINOGRAD[tile][name]) for name in ("B^T", "G", "A^T"))
    assert Bt.shape == (tile + 2, tile + 2) and G.shape == (tile + 2, 3) and At.shape == (tile, tile + 2)
    for d, g in ((d, g) for d in np.eye(tile + 2) for g in np.eye(3)):
        np.testing.assert_allclose(At @ ((G @ g) * (Bt @ d)), np.correlate(d, g, "valid"), atol=1e-15)


@pytest.mark.parametrize(("function", "bound"), [
    (lambda x, w: d2lcnn.winograd_conv2d(x, w, padding=1, tile=4), 1e-4),
    (lambda x, w: d2lcnn.winograd_conv2d(x, w, padding=1, tile=2), 1e-5),
    (lambda x, w: d2lcnn.fft_conv2d(x, w, padding=1), 1e-5),
    (lambda x, w: d2lcnn.conv2d(x, w, padding=1), 1e-5),
])
def test_error_in_float32(function, bound):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 128, 28, 28)), rng.standard_normal((64, 128, 3, 3))
    y, exact = function(x.astype(np.float32), w.astype(np.float32)), d2lcnn.conv2d(x, w, padding=1)
    assert y.dtype == np.float32
    assert 0 < np.abs(y - exact).max() / exact.std() < bound


def test_fast_lengths():
    assert [fast._fast_length(n) for n in (1, 7, 11, 13, 17, 61, 226)] == [1, 8, 12, 15, 18, 64, 240]


@given(convolutions())
def test_conv_matrix_is_the_convolution_and_its_transpose_the_gradient(drawn):
    x, w, _, options, sides = drawn
    per_group = x.shape[1] // options["groups"], w.shape[0] // options["groups"]
    x, w = x[:, : per_group[0]], w[: per_group[1]]
    options = {key: options[key] for key in ("stride", "padding", "dilation")}
    C = d2lcnn.conv_matrix(w, x.shape[2:], **options)
    y = loops(x, w, None, options | {"groups": 1}, sides)
    assert C.shape == (y[0].size if len(y) else C.shape[0], x.shape[1] * x.shape[2] * x.shape[3])
    np.testing.assert_allclose(x.reshape(len(x), C.shape[1]) @ C.T, y.reshape(len(y), C.shape[0]), atol=1e-10)
    g = np.random.default_rng(0).standard_normal(y.shape)
    grads = d2lcnn.conv2d_backward(g, x, w, **options)
    np.testing.assert_allclose(g.reshape(len(y), C.shape[0]) @ C, grads.x.reshape(len(x), C.shape[1]), atol=1e-10)
    sparse = d2lcnn.conv_matrix(w, x.shape[2:], sparse=True, **options)
    assert sparse.dtype == w.dtype and sparse.nnz == np.count_nonzero(C)
    np.testing.assert_array_equal(sparse.toarray(), C)
    np.testing.assert_array_equal(d2lcnn.conv_matrix(torch.tensor(w), x.shape[2:], **options).numpy(), C)
    one = d2lcnn.conv_matrix(w[0, 0], x.shape[2:], **options)
    np.testing.assert_array_equal(one, C[: one.shape[0], : one.shape[1]])


def test_conv_matrix_is_differentiable_on_torch():
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.standard_normal((1, 2, 4, 5)))
    same_with_gradients(lambda w: d2lcnn.conv_matrix(w, (4, 5), padding=1, stride=2) @ x.reshape(-1),
                        lambda w: F.conv2d(x, w, padding=1, stride=2).reshape(-1), rng.standard_normal((3, 2, 3, 2)))


def test_the_matrix_of_the_guide():
    """3x3 on 4x4: 4 rows, 16 columns, 9 weights in each row; columns count how often a pixel is read."""
    K = np.arange(1, 10).reshape(3, 3)
    C = d2lcnn.conv_matrix(K, 4)
    assert C.shape == (4, 16) and C.dtype == K.dtype
    assert C[0].tolist() == [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]
    assert C[3].tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9]
    assert (C != 0).sum(0).reshape(4, 4).tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


def test_all_routes_agree():
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((2, 3, 9, 8)), rng.standard_normal((4, 3, 3, 3))
    y = d2lcnn.conv2d(x, w, padding=1)
    C = d2lcnn.conv_matrix(w, (9, 8), padding=1, sparse=True)
    routes = {
        "im2col": (w.reshape(4, -1) @ d2lcnn.im2col(x, 3, padding=1)).reshape(y.shape),
        "matrix": (C @ x.reshape(2, -1).T).T.reshape(y.shape),
        "fft": d2lcnn.fft_conv2d(x, w, padding=1),
        "winograd 2": d2lcnn.winograd_conv2d(x, w, padding=1, tile=2),
        "winograd 4": d2lcnn.winograd_conv2d(x, w, padding=1, tile=4),
        "corr2d": np.stack([[sum(d2lcnn.corr2d(d2lcnn.pad(c, 1), k) for c, k in zip(image, kernel, strict=True))
                             for kernel in w] for image in x]),
    }
    for name, other in routes.items():
        np.testing.assert_allclose(other, y, atol=1e-10, err_msg=name)


X, W = np.ones((1, 2, 6, 6)), np.ones((2, 2, 3, 3))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: d2lcnn.winograd_conv2d(X, W[:, :, :2]), ValueError, r"w must hold 3x3 kernels, .* \(2, 2, 2, 3\)"),
    (lambda: d2lcnn.winograd_conv2d(X, W, tile=3), ValueError, r"tile must be one of \[2, 4\], not 3"),
    (lambda: d2lcnn.winograd_conv2d(X, W[:, :1]), ValueError, "w takes 1 channels"),
    (lambda: d2lcnn.winograd_conv2d(X.astype(int), W.astype(int)), TypeError, "real floating dtype, not int64"),
    (lambda: d2lcnn.fft_conv2d(X.astype(int), W.astype(int)), TypeError, "real floating dtype, not int64"),
    (lambda: d2lcnn.fft_conv2d(X, W, stride=0), ValueError, "stride must be at least 1, not 0"),
    (lambda: d2lcnn.fft_conv2d(X, W, dilation=3), ValueError, "kernel spans 7 .* has 6"),
    (lambda: d2lcnn.conv_matrix(W[0], 6), ValueError, r"K must be \(kh, kw\) or .* its shape is \(2, 3, 3\)"),
    (lambda: d2lcnn.conv_matrix(W, (6, 6, 6)), ValueError, r"input_size .* not \(6, 6, 6\)"),
    (lambda: d2lcnn.conv_matrix(W, 2), ValueError, "kernel spans 3 .* has 2"),
    (lambda: d2lcnn.conv_matrix(torch.tensor(W), 6, sparse=True), TypeError, "K must be a NumPy array .* not Tensor"),
    (lambda: d2lcnn.conv_matrix(W.tolist(), 6), TypeError, "K must be a NumPy array or a torch tensor, not list"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(ImportError, match=r"sparse=True\) needs SciPy: pip install scipy"):
        d2lcnn.conv_matrix(W, 6, sparse=True)
