"""The hand-written backward pass of conv2d, made known to torch's autograd; the one module here that needs torch."""

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
        if torch.is_grad_enabled():  # create_graph=True; torch's own guard would let a constant `g` pass, with no graph
            raise NotImplementedError(
                "d2lcnn.conv2d has no second derivative (create_graph=True); use torch.nn.functional.conv2d for that"
            )
        need_x, need_w, need_b, *_ = ctx.needs_input_grad
        x, w = ctx.saved_tensors
        dx, dw = _gemm.backward(xp, g, x, w, ctx.windows, ctx.groups, need_x=need_x, need_w=need_w)
        return dx, dw, g.sum((0, 2, 3)) if need_b else None, None, None


def conv2d(x, w, b, windows, groups):
    """Convolve tensors; the arguments are checked already."""
    return Conv2d.apply(x, w, b, windows, groups)
