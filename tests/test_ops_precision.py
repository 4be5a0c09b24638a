"""Floats of 16 bits are computed with in float32 and rounded once: every operator and its gradient against float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import SEEDS, operators

import d2lcnn
from d2lcnn import ops

KINDS = {"numpy float16": torch.float16, "torch float16": torch.float16, "torch bfloat16": torch.bfloat16}
# Far from 0, so that sums grow and their rounding shows; float32 itself is off by this share of the largest result.
SINGLE = 1e-4


def rounded(shapes, kind, seed):
    """Draw arrays that the dtype holds exactly, as arrays of this kind and as float64 tensors."""
    rng = np.random.default_rng(seed)
    exact = [torch.tensor(rng.uniform(0.5, 1.5, shape)).to(KINDS[kind]) for shape in shapes]
    return [a.numpy() if kind.startswith("numpy") else a for a in exact], [a.double() for a in exact]


def as_list(results):
    return list(results) if isinstance(results, tuple) else [results]


def assert_rounded_once(results, exact, dtype):
    """A result is the exact one, rounded to 16 bits, but for what float32 cannot tell apart."""
    for a, e in zip(as_list(results), as_list(exact), strict=True):
        assert str(a.dtype).removeprefix("torch.") == str(dtype).removeprefix("torch.")
        a, e = torch.as_tensor(a).double(), e.detach()
        allowed = torch.finfo(dtype).eps / 2 * e.abs() + SINGLE * e.abs().max() + torch.finfo(dtype).tiny
        assert ((a - e).abs() <= allowed).all(), ((a - e).abs() / allowed).max()


def test_every_public_operator_is_listed():
    listed = {name.split()[0].rstrip(",") for name in operators()}
    others = {"ConvGrads", "GradientCheck", "NormGrads", "check_gradient", "numerical_gradient"}
    assert listed == set(ops.__all__) - others


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", operators())
@settings(max_examples=20)
@given(seed=SEEDS, side=st.integers(4, 12), channels=st.sampled_from([2, 16]))
def test_results_are_rounded_once(name, kind, seed, side, channels):
    operator = operators(side, channels, side - 1)[name]
    arrays, exact = rounded(operator.shapes, kind, seed)
    assert_rounded_once(operator.call(*arrays), operator.call(*exact), KINDS[kind])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", [name for name, operator in operators().items() if operator.differentiable])
@settings(max_examples=20)
@given(seed=SEEDS, side=st.integers(4, 10))
def test_gradients_are_rounded_once(name, dtype, seed, side):
    operator = operators(side, 2, side - 2)[name]
    arrays, exact = rounded(operator.shapes, f"torch {str(dtype).removeprefix('torch.')}", seed)
    gradients = []
    for inputs in ([a.requires_grad_() for a in some] for some in (arrays, exact)):
        y = operator.call(*inputs)
        g = torch.linspace(1, 2, y.numel()).to(dtype).reshape(y.shape)
        gradients.append(torch.autograd.grad(y, inputs, g.to(y.dtype)))
    assert_rounded_once(*gradients, dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sums_of_ones_do_not_stop_growing(dtype):
    one = lambda *shape: torch.ones(shape, dtype=dtype)  # noqa: E731
    assert d2lcnn.avg_pool2d(one(1, 1, 32, 32), 32).item() == 1
    assert d2lcnn.conv2d(one(1, 2, 32, 32), one(2, 1, 32, 32), groups=2).flatten().tolist() == [1024, 1024]
    assert d2lcnn.conv_transpose2d(one(1, 1, 32, 32), one(1, 1, 32, 32)).max() == 1024
    assert d2lcnn.conv2d_backward(one(1, 1, 32, 32), one(1, 1, 32, 32), one(1, 1, 1, 1)).w.item() == 1024
    if dtype == torch.float16:
        assert d2lcnn.avg_pool2d(np.full((1, 1, 8, 8), 2000, np.float16), 8).item() == 2000


def test_dtypes_that_differ_are_named_as_they_came():
    x, w = np.ones((1, 1, 3, 3), np.float16), np.ones((1, 1, 3, 3), np.float32)
    with pytest.raises(TypeError, match="x is float16, w is float32"):
        d2lcnn.conv2d(x, w)
