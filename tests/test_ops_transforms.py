"""Every differentiable operator under gradcheck, gradgradcheck, and grad, jacrev, jvp, vmap, hessian of torch.func."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracles import operators
from torch.autograd import gradcheck, gradgradcheck

import d2lcnn

# torch.func.jvp loads torch's own use of what torch deprecates
pytestmark = [pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
              pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")]
OPERATORS = {name: operator for name, operator in operators().items() if operator.differentiable}


def tensors(shapes, seed=0, batch=()):
    """Draw positive tensors: variances and roots need them."""
    rng = np.random.default_rng(seed)
    return [torch.tensor(rng.uniform(0.5, 1.5, (*batch, *shape))) for shape in shapes]


def weighted(operator):
    """Turn an operator into a function with one number for a result, with another weight for each entry."""
    def loss(*arrays):
        y = operator.call(*arrays)
        return (y * torch.arange(1, y.numel() + 1).reshape(y.shape)).sum()
    return loss


def close(a, b):
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", OPERATORS)
def test_gradcheck(name):
    inputs = [a.requires_grad_() for a in tensors(OPERATORS[name].shapes)]
    assert gradcheck(OPERATORS[name].call, inputs)
    assert gradgradcheck(OPERATORS[name].call, inputs)


@pytest.mark.parametrize("name", OPERATORS)
def test_grad_and_jacrev_and_jvp_equal_autograd(name):
    call, inputs = OPERATORS[name].call, tensors(OPERATORS[name].shapes)
    numbers, loss = tuple(range(len(inputs))), weighted(OPERATORS[name])
    watched = [a.clone().requires_grad_() for a in inputs]
    expected = torch.autograd.grad(loss(*watched), watched)
    close(torch.func.grad(loss, argnums=numbers)(*inputs), expected)
    close(torch.func.jacrev(call, argnums=numbers)(*inputs), torch.autograd.functional.jacobian(call, tuple(inputs)))
    directions = tensors(OPERATORS[name].shapes, seed=1)
    _, along = torch.func.jvp(loss, tuple(inputs), tuple(directions))
    close(along, sum((d * g).sum() for d, g in zip(directions, expected, strict=True)))


@pytest.mark.parametrize("name", OPERATORS)
def test_vmap_equals_a_loop_whatever_is_mapped(name):
    operator = OPERATORS[name]
    for mapped in range(1, 2 ** len(operator.shapes)):  # each subset of the arrays
        many = tensors(operator.shapes, batch=(3,))
        axes = [0 if mapped >> i & 1 else None for i in range(len(many))]
        if name.endswith("given") and axes[2] == 0:
            continue  # that no variance is negative cannot be seen inside vmap
        inputs = [a if axis == 0 else a[0] for a, axis in zip(many, axes, strict=True)]
        for function in (operator.call, torch.func.grad(weighted(operator))):
            one_by_one = [function(*(a[i] if axis == 0 else a for a, axis in zip(inputs, axes, strict=True)))
                          for i in range(3)]
            close(torch.func.vmap(function, tuple(axes))(*inputs), torch.stack(one_by_one))


def test_gradients_sample_by_sample():
    (x, w), labels = tensors(((5, 1, 1, 6, 6), (3, 1, 3, 3))), torch.tensor([0, 2, 1, 1, 0])

    def loss(module):
        return lambda w, x, label: module.cross_entropy(module.conv2d(x, w).mean((2, 3)), label[None])

    class Ours:
        cross_entropy, conv2d = staticmethod(d2lcnn.softmax_cross_entropy), staticmethod(d2lcnn.conv2d)

    ours, theirs = (torch.func.vmap(torch.func.grad(loss(module)), (None, 0, 0))(w, x, labels) for module in (Ours, F))
    close(ours, theirs)
    for wrong in (-1, 3):
        with pytest.raises(IndexError):
            torch.func.vmap(torch.func.grad(loss(Ours)), (None, 0, 0))(w, x, torch.full_like(labels, wrong))


@pytest.mark.parametrize("ours, theirs", [(d2lcnn.conv2d, F.conv2d), (d2lcnn.conv_transpose2d, F.conv_transpose2d)])
def test_hessians_equal_torch(ours, theirs):
    x, w = tensors(((1, 2, 4, 4), (2, 2, 2, 2)))
    a, b = (torch.func.hessian(lambda w, f=f: (f(x, w, stride=2) ** 3).sum())(w) for f in (ours, theirs))
    close(a, b)
