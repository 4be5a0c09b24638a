"""Normalisation: values measured by the mean and spread of those around them."""

from typing import Any, NamedTuple

from array_api_compat import is_torch_array

from ._args import check_rank, integer, namespace, number
from ._precision import in_float32
from .padding import framed


class BatchNormGrads(NamedTuple):
    """Gradients of a loss with respect to what went into a batch normalisation.

    Parameters
    ----------
    x, weight, bias : array
        Gradients for the images, the scales and the shifts: (N, C, H, W), (C,) and (C,).

    Examples
    --------
    >>> BatchNormGrads(x=1.0, weight=2.0, bias=3.0).weight
    2.0
    """

    x: Any
    weight: Any
    bias: Any


@in_float32
def batch_norm2d(x, weight=None, bias=None, *, mean=None, var=None, eps=1e-5):
    """Shift and scale each channel to mean 0 and variance 1, then by a weight and a bias of its own.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of a real floating dtype.
    weight, bias : array, shape (C,), optional
        Scale and shift of each channel, of the same type and dtype; 1 and 0 where they are not given.
    mean, var : array, shape (C,), optional
        Statistics of each channel, both or none. Without them they are those of this batch, over N, H and W: training.
        With them each image is treated alike, whatever else is in its batch: inference.
    eps : float
        Added to the variance, so that a constant channel does not divide by zero. 0 is for channels that vary.

    Returns
    -------
    array, shape (N, C, H, W)
        ``weight * (x - mean) / sqrt(var + eps) + bias``; same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If array types or dtypes differ, the dtype is not real floating, or `eps` is no number.
    ValueError
        If a shape does not fit, only one of `mean` and `var` is given, a variance or `eps` is negative, or the batch
        holds fewer than two values per channel and its statistics are asked for.

    Notes
    -----
    Equals ``torch.nn.functional.batch_norm``, with ``training=True`` where no statistics are given. The variance
    divides by the number of values (biased), as in Ioffe & Szegedy, "Batch Normalization" (arXiv:1502.03167),
    algorithm 1. What torch *stores* for inference divides by one less (their algorithm 2).

    Examples
    --------
    >>> import numpy as np
    >>> batch_norm2d(np.array([[[[1.0, 3.0]]]]), eps=0)
    array([[[[-1.,  1.]]]])
    >>> batch_norm2d(np.array([[[[1.0, 3.0]]]]), mean=np.array([1.0]), var=np.array([4.0]), eps=0)
    array([[[[0., 1.]]]])
    """
    xp = _check_batch_norm(x, eps, weight=weight, bias=bias, mean=mean, var=var)
    normal, _ = _normalize(xp, x, mean, var, eps)
    if weight is not None:
        normal = normal * xp.reshape(weight, (-1, 1, 1))
    return normal if bias is None else normal + xp.reshape(bias, (-1, 1, 1))


@in_float32
def batch_norm2d_backward(grad_output, x, weight=None, *, mean=None, var=None, eps=1e-5):
    """Send a gradient back through `batch_norm2d`.

    Parameters
    ----------
    grad_output : array, shape (N, C, H, W)
        Gradient of the loss for each output, in a real floating dtype.
    x : array, shape (N, C, H, W)
        The images that went in.
    weight : array, shape (C,), optional
        The scales.
    mean, var, eps
        As they were given to `batch_norm2d`; given statistics are constants.

    Returns
    -------
    BatchNormGrads
        ``x``, ``weight`` and ``bias``. On torch they are no part of a graph.

    Raises
    ------
    TypeError
        If array types or dtypes differ, the dtype is not real floating, or `eps` is no number.
    ValueError
        As `batch_norm2d`, or if `grad_output` has not the shape of `x`.

    Notes
    -----
    With n the normalised x and averages over N, H, W: ``dx = weight / sqrt(var + eps) * (g - avg(g) - n * avg(g*n))``.
    The two averages are what the batch's mean and variance send back: every pixel moved them. With given statistics
    they are missing. Ioffe & Szegedy (arXiv:1502.03167), section 3, has the same in six steps.

    Examples
    --------
    >>> import numpy as np
    >>> x, g = np.array([[[[1.0, 3.0]]]]), np.array([[[[1.0, 0.0]]]])
    >>> grads = batch_norm2d_backward(g, x, eps=0)
    >>> grads.x, grads.weight, grads.bias
    (array([[[[0., 0.]]]]), array([-1.]), array([1.]))
    """
    xp = _check_batch_norm(x, eps, grad_output=grad_output, weight=weight, mean=mean, var=var)
    if is_torch_array(x):
        grad_output, x = grad_output.detach(), x.detach()
        weight, mean, var = (a if a is None else a.detach() for a in (weight, mean, var))
    normal, deviation = _normalize(xp, x, mean, var, eps)
    d_weight, d_bias = xp.sum(grad_output * normal, axis=(0, 2, 3)), xp.sum(grad_output, axis=(0, 2, 3))
    dx = grad_output
    if mean is None:
        count = x.shape[0] * x.shape[2] * x.shape[3]
        dx = dx - xp.reshape(d_bias / count, (-1, 1, 1)) - normal * xp.reshape(d_weight / count, (-1, 1, 1))
    scale = 1 / deviation if weight is None else xp.reshape(weight, (-1, 1, 1)) / deviation
    return BatchNormGrads(dx * scale, d_weight, d_bias)


def _check_batch_norm(x, eps, grad_output=None, **per_channel):
    """Check everything that goes into batch normalisation; return the namespace."""
    xp = namespace(kind="real floating", x=x, grad_output=grad_output, **per_channel)
    check_rank(4, x=x)
    if grad_output is not None and tuple(grad_output.shape) != tuple(x.shape):
        raise ValueError(f"grad_output must have the shape of x {tuple(x.shape)}, not {tuple(grad_output.shape)}")
    for name, a in per_channel.items():
        if a is not None and tuple(a.shape) != (x.shape[1],):
            raise ValueError(f"{name} must have shape ({x.shape[1]},), one value per channel, not {tuple(a.shape)}")
    mean, var = per_channel["mean"], per_channel["var"]
    if (mean is None) != (var is None):
        missing, there = ("mean", "var") if mean is None else ("var", "mean")
        raise ValueError(f"{missing} is None but {there} is given: statistics come in pairs")
    if var is not None and xp.any(var < 0):
        raise ValueError(f"var must not be negative, but holds {xp.min(var).item()}")
    if var is None and x.shape[0] * x.shape[2] * x.shape[3] < 2:
        raise ValueError(f"x needs two values per channel or more for statistics, but its shape is {tuple(x.shape)}")
    number("eps", eps, 0)
    return xp


def _normalize(xp, x, mean, var, eps):
    """Return the normalised x, and the standard deviations as (C, 1, 1)."""
    if mean is None:
        mean, var = xp.mean(x, axis=(0, 2, 3)), xp.var(x, axis=(0, 2, 3))
    deviation = xp.sqrt(xp.reshape(var, (-1, 1, 1)) + eps)
    return (x - xp.reshape(mean, (-1, 1, 1))) / deviation, deviation


@in_float32
def local_response_norm(x, size, *, alpha=1e-4, beta=0.75, k=1.0):
    """Divide each value by the energy of the channels around it, at the same pixel.

    Parameters
    ----------
    x : array, shape (N, C, ...)
        Images, sequences or volumes of a real floating dtype.
    size : int
        Number of neighbouring channels, itself included: channel c sees c - size//2 to c + (size-1)//2. Channels
        beyond the first and the last count as zeros.
    alpha, beta, k : float
        ``x / (k + alpha/size * sum of squares)**beta``

    Returns
    -------
    array, shape (N, C, ...)
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If `x` is no array, has no real floating dtype, or a parameter is no number.
    ValueError
        If `x` has another rank, `size` is below 1, `alpha` is negative, or `k` is not positive.

    Notes
    -----
    Equals ``torch.nn.functional.local_response_norm``. torch divides alpha by the size; Krizhevsky, Sutskever & Hinton,
    "ImageNet Classification with Deep Convolutional Neural Networks" (2012), section 3.3, do not: their k = 2, n = 5,
    alpha = 1e-4, beta = 0.75 is ``size=5, alpha=5e-4, beta=0.75, k=2`` here.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([3.0, 4.0, 0.0]).reshape(1, 3, 1, 1)
    >>> local_response_norm(x, 2, alpha=2, beta=0.5, k=11).reshape(-1)  # divisors: sqrt of 11+9, 11+9+16, 11+16
    array([0.67082039, 0.66666667, 0.        ])
    """
    xp = namespace(kind="real floating", x=x)
    if x.ndim < 3:
        raise ValueError(f"x must be (N, C, ...) with three axes or more, but its shape is {tuple(x.shape)}")
    size = integer("size", size, 1)
    number("beta", beta)
    number("alpha", alpha, 0)
    if number("k", k) <= 0:
        raise ValueError(f"k must be positive, not {k}")
    squares = framed(xp, x * x, ((size // 2, (size - 1) // 2), *((0, 0),) * (x.ndim - 2)))
    energy = sum(squares[:, c : c + x.shape[1]] for c in range(size))
    return x / (k + alpha / size * energy) ** beta
