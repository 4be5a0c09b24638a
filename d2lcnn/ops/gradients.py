"""Backward passes, written by hand: what autograd computes, without autograd."""

import math
from typing import Any, NamedTuple

from array_api_compat import device, is_torch_array

from . import _engine
from ._args import check_channels, check_rank, conv_windows, namespace
from ._precision import in_float32
from .padding import framed
from .pool import _divisors, _pool_windows, max_pool2d


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


@in_float32
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
        If array types or dtypes differ, or the dtype is not real floating.
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
    dx = _engine.transposed(xp, grad_output, w, windows, groups)
    dw = _engine.weight_gradient(xp, grad_output, x, windows, groups)
    return ConvGrads(dx, dw, xp.sum(grad_output, axis=(0, 2, 3)))


@in_float32
def max_pool2d_backward(grad_output, x, kernel_size, *, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Send a gradient back through `max_pool2d`: each window gives all of it to its largest pixel.

    Parameters
    ----------
    grad_output : array, shape (N, C, oh, ow)
        Gradient of the loss for each output of the pooling, in a real floating dtype.
    x : array, shape (N, C, H, W)
        The images that went in.
    kernel_size, stride, padding, dilation, ceil_mode
        As they were given to `max_pool2d`.

    Returns
    -------
    array, shape (N, C, H, W)
        Same type and dtype as `x`. Pixels that win several windows add up what they get. On a tie the first pixel
        in reading order gets everything, as in torch. On torch the result is no part of a graph.

    Raises
    ------
    TypeError
        If array types or dtypes differ, or the dtype is not real floating.
    ValueError
        If a rank or a size does not fit, or `grad_output` has not the shape of the output.

    Notes
    -----
    Equals what ``torch.nn.functional.max_pool2d`` sends back, NaN included: the last NaN of a window wins. At a tie
    the maximum has no derivative; the first pixel is a convention. Giving half to each of two is as good a one.
    A window whose dilated taps all meet padding sends nothing back; torch's writes outside the image then.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[[1.0, 3.0, 3.0, 2.0]]]])
    >>> max_pool2d_backward(np.array([[[[5.0, 7.0]]]]), x, (1, 2))
    array([[[[0., 5., 7., 0.]]]])
    >>> max_pool2d_backward(np.array([[[[5.0, 7.0, 9.0]]]]), x, (1, 2), stride=1)
    array([[[[ 0., 12.,  9.,  0.]]]])
    """
    xp = namespace(kind="real floating", grad_output=grad_output, x=x)
    check_rank(4, grad_output=grad_output, x=x)
    windows = _pool_windows(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    grad_output, x = _checked(grad_output, x, windows)
    largest = max_pool2d(x, kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
    dx = xp.zeros((*x.shape[:2], *windows.padded), dtype=x.dtype, device=device(x))
    free = xp.ones(tuple(largest.shape), dtype=xp.bool, device=device(x))  # windows whose winner is not found yet

    def give(taps, value, is_winner):
        image = framed(xp, x, windows.padding, value)
        for tap in taps:
            wins = is_winner(image[tap]) & free
            dx[tap] += xp.where(wins, grad_output, xp.zeros_like(grad_output))
            free[wins] = False

    taps = list(windows.taps())
    give(taps, math.nan, lambda pixels: pixels == largest)  # padding equals nothing, not even -inf
    if xp.any(largest != largest):
        free &= largest != largest
        give(reversed(taps), 0, lambda pixels: pixels != pixels)
    return _unframed(dx, windows)


@in_float32
def avg_pool2d_backward(
    grad_output, x, kernel_size, *, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """Send a gradient back through `avg_pool2d`: each window divides it evenly among its pixels.

    Parameters
    ----------
    grad_output : array, shape (N, C, oh, ow)
        Gradient of the loss for each output of the pooling, in a real floating dtype.
    x : array, shape (N, C, H, W)
        The images that went in. Pooling is linear: only their shape counts.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As they were given to `avg_pool2d`.

    Returns
    -------
    array, shape (N, C, H, W)
        Same type and dtype as `x`; what falls on the padding is lost. On torch it is no part of a graph.

    Raises
    ------
    TypeError
        If array types or dtypes differ, or the dtype is not real floating.
    ValueError
        If a rank or a size does not fit, or `grad_output` has not the shape of the output.

    Notes
    -----
    Equals what ``torch.nn.functional.avg_pool2d`` sends back.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool2d_backward(np.array([[[[4.0, 8.0]]]]), np.zeros((1, 1, 1, 3)), (1, 2), stride=1)
    array([[[[2., 6., 4.]]]])
    """
    xp = namespace(kind="real floating", grad_output=grad_output, x=x)
    check_rank(4, grad_output=grad_output, x=x)
    windows = _pool_windows(x.shape[2:], kernel_size, stride, padding, ceil_mode=ceil_mode)
    grad_output, x = _checked(grad_output, x, windows)
    share = grad_output / _divisors(xp, x, windows, padding, count_include_pad)
    dx = xp.zeros((*x.shape[:2], *windows.padded), dtype=x.dtype, device=device(x))
    for tap in windows.taps():
        dx[tap] += share
    return _unframed(dx, windows)


def _checked(grad_output, x, windows):
    """Return both arrays, cut off from torch's graphs; raise ValueError where their shapes do not belong together."""
    expected = (*x.shape[:2], *windows.out)
    if tuple(grad_output.shape) != expected:
        raise ValueError(f"grad_output must have the output's shape {expected}, not {tuple(grad_output.shape)}")
    return (grad_output.detach(), x.detach()) if is_torch_array(x) else (grad_output, x)


def _unframed(dx, windows):
    """Cut the frame off."""
    (top, _), (left, _) = windows.padding
    return dx[:, :, top : top + windows.size[0], left : left + windows.size[1]]
