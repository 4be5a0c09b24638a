"""The judge is judged: right gradients pass, wrong ones fail and the worst entry is named."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import SEEDS

import d2lcnn
from d2lcnn import check_gradient, numerical_gradient


def layers():
    """Yield (name, loss of one array, the array, its gradient by the package's backward pass)."""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((3, 2, 5, 5)), rng.standard_normal((4, 2, 3, 3)), rng.standard_normal(4)
    g = rng.standard_normal((3, 4, 2, 2))
    grads = d2lcnn.conv2d_backward(g, x, w, stride=2)
    yield "conv2d, x", lambda a: (g * d2lcnn.conv2d(a, w, b, stride=2)).sum(), x, grads.x
    yield "conv2d, w", lambda a: (g * d2lcnn.conv2d(x, a, b, stride=2)).sum(), w, grads.w
    yield "conv2d, b", lambda a: (g * d2lcnn.conv2d(x, w, a, stride=2)).sum(), b, grads.b
    v, wide = rng.standard_normal((3, 4, 2, 2)), rng.standard_normal((3, 2, 5, 5))
    yield ("conv_transpose2d, x", lambda a: (wide * d2lcnn.conv_transpose2d(a, w, stride=2)).sum(), v,
           d2lcnn.conv2d(wide, w, stride=2))
    pooled = rng.standard_normal((3, 2, 2, 2))
    yield ("max_pool2d", lambda a: (pooled * d2lcnn.max_pool2d(a, 3, stride=2)).sum(), x,
           d2lcnn.max_pool2d_backward(pooled, x, 3, stride=2))
    yield ("avg_pool2d", lambda a: (pooled * d2lcnn.avg_pool2d(a, 3, stride=2)).sum(), x,
           d2lcnn.avg_pool2d_backward(pooled, x, 3, stride=2))
    gamma, beta = rng.standard_normal(2), rng.standard_normal(2)
    norms = d2lcnn.batch_norm2d_backward(wide, x, gamma)
    yield "batch_norm2d, x", lambda a: (wide * d2lcnn.batch_norm2d(a, gamma, beta)).sum(), x, norms.x
    yield "batch_norm2d, weight", lambda a: (wide * d2lcnn.batch_norm2d(x, a, beta)).sum(), gamma, norms.weight
    yield "batch_norm2d, bias", lambda a: (wide * d2lcnn.batch_norm2d(x, gamma, a)).sum(), beta, norms.bias
    each = rng.standard_normal(x.shape[1:])
    yield ("group_norm, x", lambda a: (wide * d2lcnn.group_norm(a, 2, gamma)).sum(), x,
           d2lcnn.group_norm_backward(wide, x, 2, gamma).x)
    yield ("instance_norm, weight", lambda a: (wide * d2lcnn.instance_norm(x, a)).sum(), gamma,
           d2lcnn.instance_norm_backward(wide, x, gamma).weight)
    yield ("layer_norm, x", lambda a: (wide * d2lcnn.layer_norm(a, x.shape[1:], each)).sum(), x,
           d2lcnn.layer_norm_backward(wide, x, x.shape[1:], each).x)
    logits, labels = rng.standard_normal((4, 5)), np.array([0, 4, 2, 2])
    yield ("softmax_cross_entropy", lambda a: d2lcnn.softmax_cross_entropy(a, labels), logits,
           d2lcnn.softmax_cross_entropy_backward(logits, labels))


LAYERS = [pytest.param(*case[1:], id=case[0]) for case in layers()]


@pytest.mark.parametrize(("f", "x", "gradient"), LAYERS)
def test_backward_passes_of_the_package_pass(f, x, gradient):
    before = x.copy()
    result = check_gradient(f, x, gradient)
    assert result and result.ok is True and result.error < 1e-6
    assert np.array_equal(x, before)


@pytest.mark.parametrize(("f", "x", "gradient"), LAYERS)
@settings(max_examples=10)  # each calls f 300 times
@given(SEEDS, st.sampled_from([1e-3, -1e-3, 1.0, 100.0]))
def test_one_entry_off_is_found_and_named(f, x, gradient, seed, by):
    wrong = gradient.copy()
    index = tuple(int(np.random.default_rng(seed).integers(n)) for n in x.shape)
    wrong[index] += by
    result = check_gradient(f, x[...], wrong)
    assert not result and result.ok is False and result.index == index
    assert result.given == wrong[index] and result.numerical == pytest.approx(gradient[index], abs=1e-7)
    assert result.error == pytest.approx(abs(by) / max(abs(wrong[index]), abs(gradient[index])), rel=0.01)


@pytest.mark.parametrize(("f", "x", "gradient"), LAYERS)
@pytest.mark.parametrize("factor", [-1, 0, 0.999, 1.001, 2])
def test_a_wrong_factor_is_found(f, x, gradient, factor):
    assert not check_gradient(f, x, factor * gradient)
    assert not check_gradient(lambda a: 1e-6 * f(a), x, 1e-6 * factor * gradient)  # also of a gradient that is small


def test_a_forgotten_sum_over_the_batch_is_found():
    rng = np.random.default_rng(0)
    x, w, g = rng.standard_normal((3, 2, 5, 5)), rng.standard_normal((4, 2, 3, 3)), rng.standard_normal((3, 4, 3, 3))
    for wrong in (d2lcnn.conv2d_backward(g[:1], x[:1], w).w, d2lcnn.conv2d_backward(g, x, w).w / 3):
        assert not check_gradient(lambda a: (g * d2lcnn.conv2d(x, a)).sum(), w, wrong)


def test_statistics_taken_for_constants_are_found():
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, 2, 3, 3)), rng.standard_normal((2, 2, 3, 3))
    wrong = d2lcnn.batch_norm2d_backward(g, x, mean=x.mean((0, 2, 3)), var=x.var((0, 2, 3))).x
    assert not check_gradient(lambda a: (g * d2lcnn.batch_norm2d(a)).sum(), x, wrong)


def test_a_gradient_of_zero_passes_although_differences_round():
    """A bias before batch normalisation changes nothing: its differences are noise."""
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, 3, 4, 4)), rng.standard_normal((2, 3, 4, 4))

    def loss(bias):
        return (g * d2lcnn.batch_norm2d(x + bias[:, None, None])).sum()

    assert np.abs(numerical_gradient(loss, np.zeros(3))).max() > 0
    assert check_gradient(loss, np.zeros(3), np.zeros(3))
    assert not check_gradient(loss, np.zeros(3), np.full(3, 1e-5))
    assert check_gradient(lambda a: 0 * a.sum(), np.zeros(3), np.zeros(3)).error == 0


def test_what_is_no_number_fails():
    x = np.ones(2)
    result = check_gradient(lambda a: a.sum(), x, np.array([1, np.nan]))
    assert not result and result.index == (1,)
    assert not check_gradient(lambda a: a.sum() * np.nan, x, x)


@given(SEEDS, st.sampled_from(["float64", "float32"]), st.lists(st.integers(1, 3), max_size=3))
def test_numerical_gradient_of_a_smooth_function(seed, dtype, shape):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(shape)
    x = np.asarray(rng.standard_normal(shape) * 10).astype(dtype)
    tolerance = 1e-6 if dtype == "float64" else 0.03
    expected = 2 * a * x + np.cos(x)
    for kind in (np.asarray, torch.asarray):
        x_, a_ = kind(x), kind(np.asarray(a))
        sin = np.sin if kind is np.asarray else torch.sin
        gradient = numerical_gradient(lambda v, a_=a_, sin=sin: (a_ * v * v + sin(v)).sum(), x_)
        assert type(gradient) is type(x_) and gradient.dtype == x_.dtype and tuple(gradient.shape) == tuple(shape)
        np.testing.assert_allclose(np.asarray(gradient), expected, rtol=tolerance, atol=tolerance)


def test_tensors_with_graphs():
    x, w = torch.ones(2, 2, dtype=torch.float64, requires_grad=True), torch.ones(2, dtype=torch.float64)
    w.requires_grad_()
    gradient = numerical_gradient(lambda a: (a @ w).sum(), x)
    assert not gradient.requires_grad and x.grad is None
    assert check_gradient(lambda a: (a @ w).sum(), x, torch.ones_like(x, requires_grad=True))


def test_step_and_tolerance_are_used():
    x = np.array([1.0])
    assert numerical_gradient(lambda a: (a**3).sum(), x, step=0.5)[0] == pytest.approx(3 + 0.25)
    wrong = np.array([3.03])
    assert not check_gradient(lambda a: (a**3).sum(), x, wrong)
    assert check_gradient(lambda a: (a**3).sum(), x, wrong, tolerance=0.02)
    assert not check_gradient(lambda a: (a**3).sum(), x, np.array([3.0]), step=0.5)


@pytest.mark.parametrize(("arguments", "options", "error", "message"), [
    ((np.sum, [1.0], np.ones(1)), {}, TypeError, "x must be a NumPy array or a torch tensor, not list"),
    ((np.sum, np.ones(2, int), np.ones(2, int)), {}, TypeError, "x must have a real floating dtype, not int64"),
    ((np.sum, np.ones(2), np.ones(2, "float32")), {}, TypeError, "x is float64, gradient is float32"),
    ((np.sum, np.ones(2), np.ones(3)), {}, ValueError, r"gradient must have the shape of x \(2,\), not \(3,\)"),
    ((np.sum, np.ones(0), np.ones(0)), {}, ValueError, r"x has no entries: its shape is \(0,\)"),
    ((np.sum, np.ones(2), np.ones(2)), {"step": 0}, ValueError, "step must be positive, not 0"),
    ((np.sum, np.ones(2), np.ones(2)), {"step": "1"}, TypeError, "step must be a number, not '1'"),
    ((np.sum, np.ones(2), np.ones(2)), {"tolerance": -1}, ValueError, "tolerance must be positive, not -1"),
    ((np.square, np.ones(2), np.ones(2)), {}, ValueError, r"f must return one number, not an array of shape \(2,\)"),
])  # fmt: skip
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        check_gradient(*arguments, **options)
