"""Backward passes written by hand, made known to torch's autograd; the one module here that needs torch."""

import array_api_compat.torch as xp
import torch

from . import _gemm


class Conv2d(torch.autograd.Function):
    """Convolution on tensors with the package's own forward and backward arithmetic.

    The backward pass writes into its results in place, so it cannot itself be differentiated.
    """

    @staticmethod
    def forward(ctx, x, w, b, windows, groups):
        ctx.save_for_backward(x, w)
        ctx.windows, ctx.groups = windows, groups
        return _gemm.forward(xp, x, w, b, windows, groups)

    @staticmethod
    def backward(ctx, g):
        refuse_second_derivative("conv2d")
        need_x, need_w, need_b, *_ = ctx.needs_input_grad
        x, w = ctx.saved_tensors
        dx, dw = _gemm.backward(xp, g, x, w, ctx.windows, ctx.groups, need_x=need_x, need_w=need_w)
        return dx, dw, g.sum((0, 2, 3)) if need_b else None, None, None


class ConvTranspose2d(torch.autograd.Function):
    """Transposed convolution on tensors. It is linear, and its transpose is the convolution: backward runs that."""

    @staticmethod
    def forward(ctx, x, w, b, windows, groups):
        ctx.save_for_backward(x, w)
        ctx.windows, ctx.groups = windows, groups
        return _gemm.transposed(xp, x, w, b, windows, groups)

    @staticmethod
    def backward(ctx, g):
        refuse_second_derivative("conv_transpose2d")
        need_x, need_w, need_b, *_ = ctx.needs_input_grad
        x, w = (a.conj().resolve_conj() for a in ctx.saved_tensors)  # real tensors come back as they are
        dx = _gemm.forward(xp, g, w, None, ctx.windows, ctx.groups) if need_x else None
        dw = None
        if need_w:  # image and gradient have changed places; `backward` conjugates the image
            _, dw = _gemm.backward(xp, x, g.conj().resolve_conj(), w, ctx.windows, ctx.groups, need_x=False)
        return dx, dw, g.sum((0, 2, 3)) if need_b else None, None, None


def refuse_second_derivative(name):
    """Raise where a graph of the backward pass is asked for: it writes in place."""
    if torch.is_grad_enabled():  # create_graph=True; torch's own guard would let a constant `g` pass, with no graph
        raise NotImplementedError(
            f"d2lcnn.{name} has no second derivative (create_graph=True); use torch.nn.functional.{name} for that"
        )


def conv2d(x, w, b, windows, groups):
    """Convolve tensors; the arguments are checked already."""
    return Conv2d.apply(x, w, b, windows, groups)


def conv_transpose2d(x, w, b, windows, groups):
    """Convolve tensors backward; the arguments are checked already."""
    return ConvTranspose2d.apply(x, w, b, windows, groups)
