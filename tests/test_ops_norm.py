"""Batch normalisation, local response normalisation and the loss of classifiers against torch: values and gradients."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from oracles import SEEDS

import d2lcnn


def close(a, b):
    assert tuple(a.shape) == tuple(b.shape)
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-10, atol=1e-10)


def tensors(*arrays):
    return [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]


@st.composite
def batches(draw):
    """Draw x with two values per channel or more, weight and bias or not, statistics or not, and eps."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(2, 5)))
    rng = np.random.default_rng(draw(SEEDS))
    per_channel = lambda wanted: rng.standard_normal(shape[1]) if wanted else None  # noqa: E731
    x = rng.standard_normal(shape) * draw(st.sampled_from([0.1, 1.0, 30.0])) + draw(st.sampled_from([0.0, 5.0]))
    weight, bias = per_channel(draw(st.booleans())), per_channel(draw(st.booleans()))
    mean = per_channel(draw(st.booleans()))
    var = None if mean is None else rng.random(shape[1]) + 0.1
    tiny = 1e-12 if mean is None else 0.0  # torch refuses 0 in training
    return x, weight, bias, mean, var, draw(st.sampled_from([tiny, 1e-5, 0.3]))


@given(batches(), SEEDS)
def test_batch_norm2d_equals_torch_with_gradients(drawn, seed):
    x, weight, bias, mean, var, eps = drawn
    inputs = tensors(x, weight, bias)
    statistics = {} if mean is None else {"mean": mean, "var": var}
    on_torch = {name: torch.tensor(a) for name, a in statistics.items()}
    expected = F.batch_norm(inputs[0], on_torch.get("mean"), on_torch.get("var"), *inputs[1:],
                            training=mean is None, eps=eps)
    y = d2lcnn.batch_norm2d(*inputs, **on_torch, eps=eps)
    close(y.detach(), expected.detach())
    y_numpy = d2lcnn.batch_norm2d(x, weight, bias, **statistics, eps=eps)
    assert type(y_numpy) is np.ndarray and not np.shares_memory(x, y_numpy)
    close(y_numpy, expected.detach())
    g = torch.tensor(np.random.default_rng(seed).standard_normal(x.shape))
    given_inputs = [a for a in inputs if a is not None]
    wanted = torch.autograd.grad(expected, given_inputs, g)
    for a, b in zip(torch.autograd.grad(y, given_inputs, g), wanted, strict=True):
        close(a, b)
    for grads in (d2lcnn.batch_norm2d_backward(g.numpy(), x, weight, **statistics, eps=eps),
                  d2lcnn.batch_norm2d_backward(g, *inputs[:2], **on_torch, eps=eps)):
        asked = [gradient for gradient, a in zip(grads, inputs, strict=True) if a is not None]
        for a, b in zip(asked, wanted, strict=True):
            close(a, b)
            assert not getattr(a, "requires_grad", False)
        close(grads.bias, g.sum((0, 2, 3)))
        assert grads.weight.shape == (x.shape[1],)


def test_the_gradient_of_statistics_is_what_makes_a_batch_immune_to_shift_and_scale():
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, 3, 4, 4)), rng.standard_normal((2, 3, 4, 4))
    dx = d2lcnn.batch_norm2d_backward(g, x, eps=0).x
    np.testing.assert_allclose(dx.sum((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum((0, 2, 3)), 0, atol=1e-12)
    fixed = d2lcnn.batch_norm2d_backward(g, x, mean=x.mean((0, 2, 3)), var=x.var((0, 2, 3)), eps=0).x
    assert np.abs(fixed.sum((0, 2, 3))).min() > 0.1


@st.composite
def norms(draw):
    """Draw a norm within images: ours, ours backward, torch's, each of (x, weight, bias), and its arguments."""
    kind = draw(st.sampled_from(["group", "instance", "layer"]))
    groups, axes = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    space = draw(st.lists(st.integers(1, 4), max_size=2))
    shape = (draw(st.integers(1, 3)), groups * draw(st.integers(1, 3)), 2, *space)
    last = shape[-min(axes, len(shape) - 1) :]
    last = last if np.prod(last) > 1 else shape[1:]
    given_first = {"group": (groups,), "instance": (), "layer": (last,)}[kind]
    rng, eps = np.random.default_rng(draw(SEEDS)), draw(st.sampled_from([1e-12, 1e-5, 0.3]))
    x = rng.standard_normal(shape) * draw(st.sampled_from([0.1, 30.0])) + draw(st.sampled_from([0.0, 5.0]))
    scale = lambda: rng.standard_normal(last if kind == "layer" else shape[1]) if draw(st.booleans()) else None  # noqa: E731
    weight, bias = scale(), scale()
    bias = None if weight is None else bias  # torch 2.13 fails in the backward pass of a bias alone
    ours, backward = getattr(d2lcnn, f"{kind}_norm"), getattr(d2lcnn, f"{kind}_norm_backward")
    theirs = (lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=eps)) if kind == "instance" else (
        lambda x, w, b: getattr(F, f"{kind}_norm")(x, *given_first, w, b, eps))
    return (lambda x, w, b: ours(x, *given_first, w, b, eps=eps), theirs,
            lambda g, x, w: backward(g, x, *given_first, w, eps=eps)), (x, weight, bias)


@given(norms(), SEEDS)
def test_norms_within_an_image_equal_torch_with_gradients(drawn, seed):
    (ours, theirs, backward), (x, weight, bias) = drawn
    inputs = tensors(x, weight, bias)
    expected, y, y_numpy = theirs(*inputs), ours(*inputs), ours(x, weight, bias)
    close(y.detach(), expected.detach())
    close(y_numpy, expected.detach())
    assert type(y_numpy) is np.ndarray and not np.shares_memory(x, y_numpy)
    g = torch.tensor(np.random.default_rng(seed).standard_normal(x.shape))
    given_inputs = [a for a in inputs if a is not None]
    wanted = torch.autograd.grad(expected, given_inputs, g)
    for a, b in zip(torch.autograd.grad(y, given_inputs, g), wanted, strict=True):
        close(a, b)
    for grads in (backward(g.numpy(), x, weight), backward(g, *inputs[:2])):
        for a, b in zip([d for d, a in zip(grads, inputs, strict=True) if a is not None], wanted, strict=True):
            close(a, b)
            assert not getattr(a, "requires_grad", False)


def test_one_group_is_a_layer_and_groups_of_one_channel_are_instances():
    x = np.random.default_rng(0).standard_normal((2, 6, 3, 3))
    close(d2lcnn.group_norm(x, 1), d2lcnn.layer_norm(x, (6, 3, 3)))
    close(d2lcnn.group_norm(x, 6), d2lcnn.instance_norm(x))
    assert not np.allclose(d2lcnn.group_norm(x, 2), d2lcnn.instance_norm(x))


@given(SEEDS, st.integers(1, 9), st.integers(1, 8), st.sampled_from([1e-4, 0.5, 3]), st.sampled_from([0.75, 0.5, -1]),
       st.sampled_from([1.0, 2]), st.integers(1, 3))
def test_local_response_norm_equals_torch_with_gradients(seed, size, channels, alpha, beta, k, space):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, channels, 3, 2, 2)[: 2 + space]) * 3
    options = {"alpha": alpha, "beta": beta, "k": k}
    tx = torch.tensor(x, requires_grad=True)
    y, expected = d2lcnn.local_response_norm(tx, size, **options), F.local_response_norm(tx, size, **options)
    close(y.detach(), expected.detach())
    close(d2lcnn.local_response_norm(x, size, **options), expected.detach())
    g = torch.tensor(rng.standard_normal(x.shape))
    close(torch.autograd.grad(y, tx, g)[0], torch.autograd.grad(expected, tx, g)[0])


def test_local_response_norm_of_the_paper():
    """Krizhevsky et al. 2012, section 3.3, by its formula: the sum is not divided by n."""
    x = np.random.default_rng(0).standard_normal((1, 7, 2, 2)) * 50
    k, n, alpha, beta, last = 2, 5, 1e-4, 0.75, 6
    b = np.empty_like(x)
    for i in range(7):
        window = x[:, max(0, i - n // 2) : min(last, i + n // 2) + 1]
        b[:, i] = x[:, i] / (k + alpha * (window**2).sum(1)) ** beta
    close(d2lcnn.local_response_norm(x, n, alpha=n * alpha, beta=beta, k=k), b)
    assert np.abs(d2lcnn.local_response_norm(x, n, alpha=alpha, beta=beta, k=k) - b).max() > 1


@given(SEEDS, st.integers(1, 6), st.integers(1, 7), st.sampled_from([1.0, 50.0, 2000.0]),
       st.sampled_from(["int64", "int32", "uint8"]))
def test_softmax_cross_entropy_equals_torch_with_gradients(seed, n, classes, scale, dtype):
    rng = np.random.default_rng(seed)
    x, labels = rng.standard_normal((n, classes)) * scale, rng.integers(0, classes, n).astype(dtype)
    tx, t_labels = torch.tensor(x, requires_grad=True), torch.tensor(labels)
    loss, expected = d2lcnn.softmax_cross_entropy(tx, t_labels), F.cross_entropy(tx, t_labels.long())
    (gradient,) = torch.autograd.grad(expected, tx)
    close(loss.detach(), expected.detach())
    close(d2lcnn.softmax_cross_entropy(x, labels), expected.detach())
    close(torch.autograd.grad(loss, tx)[0], gradient)
    on_torch = d2lcnn.softmax_cross_entropy_backward(tx, t_labels)
    close(on_torch, gradient)
    close(d2lcnn.softmax_cross_entropy_backward(x, labels), gradient)
    assert not on_torch.requires_grad


def test_a_forbidden_class_costs_nothing():
    x = np.array([[0.0, -np.inf, 0.0]])
    assert d2lcnn.softmax_cross_entropy(x, np.array([0])) == pytest.approx(np.log(2))
    assert d2lcnn.softmax_cross_entropy_backward(x, np.array([0])).tolist() == [[-0.5, 0, 0.5]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_types_and_dtypes_are_kept(dtype):
    rng = np.random.default_rng(0)
    for kind in (np.asarray, torch.asarray):
        x, c = kind(rng.standard_normal((2, 3, 4, 4)).astype(dtype)), kind(np.ones(3, dtype))
        logits, labels = kind(rng.standard_normal((4, 3)).astype(dtype)), kind(np.array([0, 1, 2, 2]))
        grads = d2lcnn.batch_norm2d_backward(x, x, c)
        for y in (d2lcnn.batch_norm2d(x, c, c), d2lcnn.batch_norm2d(x, mean=c, var=c), *grads,
                  d2lcnn.batch_norm2d_backward(x, x, mean=c, var=c).x, d2lcnn.local_response_norm(x, 3),
                  d2lcnn.softmax_cross_entropy_backward(logits, labels)):
            assert type(y) is type(x) and y.dtype == x.dtype
        assert d2lcnn.softmax_cross_entropy(logits, labels).dtype == x.dtype


X, C, L = np.ones((2, 3, 2, 2)), np.ones(3), np.array([0, 1])
GROUP, LAYER = d2lcnn.group_norm, d2lcnn.layer_norm
NORM, LRN, LOSS = d2lcnn.batch_norm2d, d2lcnn.local_response_norm, d2lcnn.softmax_cross_entropy


@pytest.mark.parametrize(("function", "arrays", "options", "error", "message"), [
    (NORM, (X[0],), {}, ValueError, r"x must be \(N, C, H, W\), but its shape is \(3, 2, 2\)"),
    (NORM, (X, C[:2]), {}, ValueError, r"weight must have shape \(3,\), one value per channel, not \(2,\)"),
    (NORM, (X, C, C[:1]), {}, ValueError, r"bias must have shape \(3,\), .* not \(1,\)"),
    (NORM, (X,), {"mean": C, "var": C[:1]}, ValueError, r"var must have shape \(3,\), .* not \(1,\)"),
    (NORM, (X,), {"mean": C}, ValueError, "var is None but mean is given"),
    (NORM, (X,), {"var": C}, ValueError, "mean is None but var is given"),
    (NORM, (X,), {"mean": C, "var": -C}, ValueError, "var must not be negative, but holds -1.0"),
    (NORM, (torch.tensor(X),), {"mean": torch.tensor(C), "var": -torch.tensor(C).requires_grad_()}, ValueError,
     "var must not be negative, but holds -1.0"),
    (NORM, (X,), {"eps": -1e-3}, ValueError, "eps must be a finite number of at least 0, not -0.001"),
    (NORM, (X,), {"eps": "small"}, TypeError, "eps must be a number, not 'small'"),
    (NORM, (X[:1, :, :1, :1],), {}, ValueError, r"x needs two values per channel .* shape is \(1, 3, 1, 1\)"),
    (NORM, (X[:0],), {}, ValueError, r"x needs two values per channel .* shape is \(0, 3, 2, 2\)"),
    (NORM, (X.astype(int),), {}, TypeError, "x must have a real floating dtype, not int64"),
    (NORM, (X, C.astype("float32")), {}, TypeError, "x is float64, weight is float32"),
    (NORM, (X, torch.tensor(C)), {}, TypeError, "x is numpy.ndarray, weight is torch.Tensor"),
    (d2lcnn.batch_norm2d_backward, (X[:1], X), {}, ValueError,
     r"grad_output must have the shape of x \(2, 3, 2, 2\), not \(1, 3, 2, 2\)"),
    (d2lcnn.batch_norm2d_backward, (X, X), {"mean": C}, ValueError, "var is None"),
    (GROUP, (X, 2), {}, ValueError, "groups=2 must divide the 3 channels of x"),
    (GROUP, (X, 1.0), {}, ValueError, "groups must be an integer, not 1.0"),
    (GROUP, (X[0, 0, 0], 1), {}, ValueError, r"x must be \(N, C, ...\) .* but its shape is \(2,\)"),
    (GROUP, (X[:, :, :1, :1], 3), {}, ValueError, r"x needs two values per group .* shape is \(2, 3, 1, 1\)"),
    (GROUP, (X, 3, C[:2]), {}, ValueError, r"weight must have shape \(3,\), one value per channel, not \(2,\)"),
    (GROUP, (X, 3), {"eps": -1.0}, ValueError, "eps must be a finite number of at least 0, not -1.0"),
    (d2lcnn.group_norm_backward, (X[:1], X, 3), {}, ValueError, "grad_output must have the shape of x"),
    (d2lcnn.instance_norm, ([1.0, 2.0],), {}, TypeError, "x must be a NumPy array or a torch tensor, not list"),
    (d2lcnn.instance_norm, (X[:, :0],), {}, ValueError, r"a channel or more, but its shape is \(2, 0, 2, 2\)"),
    (LAYER, (X, (3, 2)), {}, ValueError, r"normalized_shape must be the last axes of x \(2, 3, 2, 2\), not \(3, 2\)"),
    (LAYER, (X, ()), {}, ValueError, r"normalized_shape must be the last axes of x \(2, 3, 2, 2\), not \(\)"),
    (LAYER, (X, 2.0), {}, ValueError, "normalized_shape must be an integer, not 2.0"),
    (LAYER, (X[..., :1], 1), {}, ValueError, "x needs two values per layer"),
    (LAYER, (X, 2, C), {}, ValueError, r"weight must have shape \(2,\), that of normalized_shape, not \(3,\)"),
    (LAYER, (X.astype(int), 2), {}, TypeError, "x must have a real floating dtype, not int64"),
    (LRN, (X[0, 0], 3), {}, ValueError, r"x must be \(N, C, ...\) .* but its shape is \(2, 2\)"),
    (LRN, (X, 0), {}, ValueError, "size must be at least 1, not 0"),
    (LRN, (X, 2.0), {}, ValueError, "size must be an integer, not 2.0"),
    (LRN, (X, 3), {"k": 0}, ValueError, "k must be positive, not 0"),
    (LRN, (X, 3), {"alpha": -1}, ValueError, "alpha must be a finite number of at least 0, not -1"),
    (LRN, (X, 3), {"beta": float("nan")}, ValueError, "beta must be a finite number, not nan"),
    (LRN, (X, 3), {"beta": True}, TypeError, "beta must be a number, not True"),
    (LOSS, (X, L), {}, ValueError, r"logits must be \(N, K\), but its shape is \(2, 3, 2, 2\)"),
    (LOSS, (np.ones((0, 3)), L[:0]), {}, ValueError, r"logits holds nothing: its shape is \(0, 3\)"),
    (LOSS, (np.ones((2, 3)), L[:1]), {}, ValueError, r"labels must have shape \(2,\), .* not \(1,\)"),
    (LOSS, (np.ones((2, 3)), L + 2), {}, ValueError, "labels must be from 0 to 2, but one is 3"),
    (LOSS, (np.ones((2, 3)), L - 1), {}, ValueError, "labels must be from 0 to 2, but one is -1"),
    (LOSS, (np.ones((2, 3)), L * 1.0), {}, TypeError, "labels must have an integer dtype, not float64"),
    (LOSS, (np.ones((2, 3)), [0, 1]), {}, TypeError, "labels must be a NumPy array or a torch tensor, not list"),
    (LOSS, (np.ones((2, 3)), torch.tensor(L)), {}, TypeError, "logits is ndarray, labels is Tensor"),
    (d2lcnn.softmax_cross_entropy_backward, (np.ones((2, 3)), L + 2), {}, ValueError, "one is 3"),
])  # fmt: skip
def test_bad_input_is_named(function, arrays, options, error, message):
    with pytest.raises(error, match=message):
        function(*arrays, **options)
