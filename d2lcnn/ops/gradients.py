"""Backward passes, written by hand: what autograd computes, without autograd."""

from typing import Any, NamedTuple

from array_api_compat import is_torch_array

from . import _gemm
from ._args import check_channels, check_rank, conv_windows, namespace


class ConvGrads(NamedTuple):
    """Gradients of a loss with respect to what went into a convolution.

    Parameters
    ----------
    x, w, b : array
        Gradients for the images, the kernels and the bias, each in the shape of what it belongs to.

    Examples
    --------
    >>> ConvGrads(x=1.0, w=2.0, b=3.0).w
    2.0
    """

    x: Any
    w: Any
    b: Any


def conv2d_backward(grad_output, x, w, *, stride=1, padding=0, dilation=1, groups=1):
    """Send a gradient back through `conv2d`.

    Parameters
    ----------
    grad_output : array, shape (N, C_out, oh, ow)
        Gradient of the loss for each output of the convolution, in a real floating dtype.
    x : array, shape (N, C_in, H, W)
        The images that went in.
    w : array, shape (C_out, C_in/groups, kh, kw)
        The kernels.
    stride, padding, dilation, groups
        As they were given to `conv2d`.

    Returns
    -------
    ConvGrads
        ``x``, ``w`` and ``b``: the gradients for images, kernels and bias. On torch they are no part of a graph.

    Raises
    ------
    TypeError
        If array types or dtypes differ, the dtype is not real floating, or a size is no integer.
    ValueError
        If a rank, the channels or a size do not fit, or `grad_output` has not the shape of the output.

    Notes
    -----
    In column space, ``dw = dy cols^T`` and ``dcols = w^T dy``, and `col2im` turns dcols into dx: LeCun et al.,
    "Backpropagation Applied to Handwritten Zip Code Recognition" (1989), has the shared weights' rule in words;
    Dumoulin & Visin (arXiv:1603.07285), section 4.1, the product with the transposed matrix.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.arange(4.0).reshape(1, 1, 1, 4), np.array([[[[1.0, -1.0]]]])
    >>> grads = conv2d_backward(np.ones((1, 1, 1, 3)), x, w)
    >>> grads.x[0, 0], grads.w[0, 0], grads.b
    (array([[ 1.,  0.,  0., -1.]]), array([[3., 6.]]), array([3.]))
    """
    xp = namespace(kind="real floating", grad_output=grad_output, x=x, w=w)
    check_rank(4, grad_output=grad_output, x=x, w=w)
    groups = check_channels(x, w, None, groups)
    windows = conv_windows(x.shape[2:], tuple(w.shape[2:]), stride, padding, dilation)
    expected = (x.shape[0], w.shape[0], *windows.out)
    if tuple(grad_output.shape) != expected:
        raise ValueError(f"grad_output must have the output's shape {expected}, not {tuple(grad_output.shape)}")
    if is_torch_array(x):
        grad_output, x, w = grad_output.detach(), x.detach(), w.detach()
    dx, dw = _gemm.backward(xp, grad_output, x, w, windows, groups)
    return ConvGrads(dx, dw, xp.sum(grad_output, axis=(0, 2, 3)))
