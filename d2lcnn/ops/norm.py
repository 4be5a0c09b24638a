"""Normalisation: values measured by the mean and spread of those around them."""

import math
from typing import Any, NamedTuple

from array_api_compat import is_torch_array

from ._args import check_rank, integer, namespace, number
from ._precision import in_float32
from .padding import framed

PER_CHANNEL = (0, 2, 3)  # the axes that batch norm mixes


class NormGrads(NamedTuple):
    """Gradients of a loss with respect to what went into a normalisation.

    Parameters
    ----------
    x, weight, bias : array
        Gradients for the input, the scales and the shifts, each in the shape of what it is for.

    Examples
    --------
    >>> NormGrads(x=1.0, weight=2.0, bias=3.0).weight
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
    statistics = [a if a is None else xp.reshape(a, (-1, 1, 1)) for a in (mean, var)]
    normal, _ = _normalize(xp, x, PER_CHANNEL, eps, *statistics)
    return _scaled(xp, normal, weight, bias, (-1, 1, 1))


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
    NormGrads
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
    grad_output, x, weight, mean, var = _detached(grad_output, x, weight, mean, var)
    statistics = [a if a is None else xp.reshape(a, (-1, 1, 1)) for a in (mean, var)]
    normal, deviation = _normalize(xp, x, PER_CHANNEL, eps, *statistics)
    d_weight, d_bias = xp.sum(grad_output * normal, axis=PER_CHANNEL), xp.sum(grad_output, axis=PER_CHANNEL)
    dx = _scaled(xp, grad_output, weight, None, (-1, 1, 1))
    dx = dx / deviation if mean is not None else _to_input(xp, dx, normal, deviation, PER_CHANNEL)
    return NormGrads(dx, d_weight, d_bias)


@in_float32
def group_norm(x, groups, weight=None, bias=None, *, eps=1e-5):
    """Shift and scale each group of channels of each image to mean 0 and variance 1, then each channel by its own.

    Parameters
    ----------
    x : array, shape (N, C, ...)
        Images, sequences or volumes of a real floating dtype.
    groups : int
        Number of groups, which must divide C. One mixes all channels (layer norm as convolutional networks use it), C
        leaves each to itself (`instance_norm`).
    weight, bias : array, shape (C,), optional
        As for `batch_norm2d`.
    eps : float
        As for `batch_norm2d`.

    Returns
    -------
    array, shape (N, C, ...)
        Same type and dtype as `x`; differentiable on torch. An image's values do not depend on others in the batch, so
        training and inference are the same.

    Raises
    ------
    TypeError
        As `batch_norm2d`.
    ValueError
        If a shape does not fit, `groups` does not divide the channels, `eps` is negative, or a group of one image
        holds fewer than two values.

    Notes
    -----
    Equals ``torch.nn.functional.group_norm``. Wu & He, "Group Normalization" (arXiv:1803.08494), section 3.

    Examples
    --------
    Two channels of one pixel in one group: mean 2, deviation 1.

    >>> import numpy as np
    >>> group_norm(np.array([1.0, 3.0]).reshape(1, 2, 1), 1, eps=0).ravel()
    array([-1.,  1.])
    """
    xp, shape = _check_groups(x, groups, eps, weight=weight, bias=bias)
    normal, _ = _normalize(xp, xp.reshape(x, shape), (2,), eps)
    return _scaled(xp, xp.reshape(normal, tuple(x.shape)), weight, bias, (-1, *(1,) * (x.ndim - 2)))


@in_float32
def group_norm_backward(grad_output, x, groups, weight=None, *, eps=1e-5):
    """Send a gradient back through `group_norm`; see `batch_norm2d_backward`.

    Parameters
    ----------
    grad_output, x : array, shape (N, C, ...)
        Gradient of the loss for each output; what went in.
    groups, weight, eps
        As they were given to `group_norm`.

    Returns
    -------
    NormGrads

    Raises
    ------
    TypeError, ValueError
        As `group_norm`, or if `grad_output` has not the shape of `x`.

    Notes
    -----
    The formula of `batch_norm2d_backward`, with averages over each group of each image.

    Examples
    --------
    >>> import numpy as np
    >>> x, g = np.array([1.0, 3.0]).reshape(1, 2, 1), np.array([1.0, 0.0]).reshape(1, 2, 1)
    >>> group_norm_backward(g, x, 1, eps=0).x.ravel()  # two values: whatever is done to them, they become -1 and 1
    array([0., 0.])
    """
    xp, shape = _check_groups(x, groups, eps, grad_output=grad_output, weight=weight)
    grad_output, x, weight = _detached(grad_output, x, weight)
    normal, deviation = _normalize(xp, xp.reshape(x, shape), (2,), eps)
    moved = xp.reshape(normal, tuple(x.shape))
    others = (0, *range(2, x.ndim))
    scaled = _scaled(xp, grad_output, weight, None, (-1, *(1,) * (x.ndim - 2)))
    dx = _to_input(xp, xp.reshape(scaled, shape), normal, deviation, (2,))
    return NormGrads(xp.reshape(dx, tuple(x.shape)), xp.sum(grad_output * moved, axis=others),
                     xp.sum(grad_output, axis=others))


def instance_norm(x, weight=None, bias=None, *, eps=1e-5):
    """Shift and scale each channel of each image to mean 0 and variance 1: `group_norm` with one channel a group.

    Parameters
    ----------
    x, weight, bias, eps
        As `group_norm`.

    Returns
    -------
    array, shape (N, C, ...)

    Raises
    ------
    TypeError, ValueError
        As `group_norm`.

    Notes
    -----
    Equals ``torch.nn.functional.instance_norm``. Ulyanov, Vedaldi & Lempitsky, "Instance Normalization"
    (arXiv:1607.08022), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> instance_norm(np.array([[[1.0, 3.0], [10.0, 30.0]]]), eps=0)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    namespace(kind="real floating", x=x)
    return group_norm(x, _channels(x), weight, bias, eps=eps)


def instance_norm_backward(grad_output, x, weight=None, *, eps=1e-5):
    """Send a gradient back through `instance_norm`: `group_norm_backward` with one channel a group.

    Parameters
    ----------
    grad_output, x, weight, eps
        As `group_norm_backward`.

    Returns
    -------
    NormGrads

    Raises
    ------
    TypeError, ValueError
        As `group_norm_backward`.

    Notes
    -----
    The formula of `batch_norm2d_backward`, with averages over each channel of each image.

    Examples
    --------
    >>> import numpy as np
    >>> instance_norm_backward(np.array([[[1.0, 0.0]]]), np.array([[[1.0, 3.0]]]), eps=0).weight
    array([-1.])
    """
    namespace(kind="real floating", x=x)
    return group_norm_backward(grad_output, x, _channels(x), weight, eps=eps)


@in_float32
def layer_norm(x, normalized_shape, weight=None, bias=None, *, eps=1e-5):
    """Shift and scale the last axes to mean 0 and variance 1, then each entry of them by a weight and a bias.

    Parameters
    ----------
    x : array, shape (..., *normalized_shape)
        Of a real floating dtype: (N, C, H, W) with ``(C, H, W)``, or a sequence (N, L, C) with ``(C,)``.
    normalized_shape : int or tuple of int
        Shape of the axes that are normalised together.
    weight, bias : array, shape `normalized_shape`, optional
        Scale and shift of each entry; 1 and 0 where they are not given.
    eps : float
        As for `batch_norm2d`.

    Returns
    -------
    array, the shape of `x`
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        As `batch_norm2d`.
    ValueError
        If a shape does not fit, `eps` is negative, or fewer than two values are normalised together.

    Notes
    -----
    Equals ``torch.nn.functional.layer_norm``. Ba, Kiros & Hinton, "Layer Normalization" (arXiv:1607.06450), equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), 2, eps=0)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    xp, axes = _check_layer(x, normalized_shape, eps, weight=weight, bias=bias)
    normal, _ = _normalize(xp, x, axes, eps)
    return _scaled(xp, normal, weight, bias, None)


@in_float32
def layer_norm_backward(grad_output, x, normalized_shape, weight=None, *, eps=1e-5):
    """Send a gradient back through `layer_norm`; see `batch_norm2d_backward`.

    Parameters
    ----------
    grad_output, x : array, shape (..., *normalized_shape)
        Gradient of the loss for each output; what went in.
    normalized_shape, weight, eps
        As they were given to `layer_norm`.

    Returns
    -------
    NormGrads

    Raises
    ------
    TypeError, ValueError
        As `layer_norm`, or if `grad_output` has not the shape of `x`.

    Notes
    -----
    The formula of `batch_norm2d_backward`, with averages over the normalised axes; the weight stands inside them, since
    it differs from entry to entry.

    Examples
    --------
    >>> import numpy as np
    >>> grads = layer_norm_backward(np.array([[1.0, 0.0]]), np.array([[1.0, 3.0]]), 2, eps=0)
    >>> grads.x, grads.weight, grads.bias
    (array([[0., 0.]]), array([-1.,  0.]), array([1., 0.]))
    """
    xp, axes = _check_layer(x, normalized_shape, eps, grad_output=grad_output, weight=weight)
    grad_output, x, weight = _detached(grad_output, x, weight)
    normal, deviation = _normalize(xp, x, axes, eps)
    dx = _to_input(xp, _scaled(xp, grad_output, weight, None, None), normal, deviation, axes)
    others = tuple(range(x.ndim - len(axes)))
    sums = (xp.sum(a, axis=others) if others else a for a in (grad_output * normal, grad_output))
    return NormGrads(dx, *sums)


def _check_batch_norm(x, eps, grad_output=None, **per_channel):
    """Check everything that goes into batch normalisation; return the namespace."""
    xp = namespace(kind="real floating", x=x, grad_output=grad_output, **per_channel)
    check_rank(4, x=x)
    _check_shapes((x.shape[1],), "one value per channel", x, grad_output, per_channel)
    mean, var = per_channel["mean"], per_channel["var"]
    if (mean is None) != (var is None):
        missing, there = ("mean", "var") if mean is None else ("var", "mean")
        raise ValueError(f"{missing} is None but {there} is given: statistics come in pairs")
    if var is not None and xp.any(var < 0):
        raise ValueError(f"var must not be negative, but holds {xp.min(var).item()}")
    _check_values(2 if var is not None else x.shape[0] * x.shape[2] * x.shape[3], "channel", x, eps)
    return xp


def _check_groups(x, groups, eps, grad_output=None, **per_channel):
    """Check everything that goes into group normalisation; return the namespace and the shape (N, groups, values)."""
    xp = namespace(kind="real floating", x=x, grad_output=grad_output, **per_channel)
    channels, groups = _channels(x), integer("groups", groups, 1)
    if channels % groups:
        raise ValueError(f"groups={groups} must divide the {channels} channels of x")
    _check_shapes((channels,), "one value per channel", x, grad_output, per_channel)
    values = math.prod(x.shape[1:]) // groups
    _check_values(values, "group", x, eps)
    return xp, (x.shape[0], groups, values)


def _check_layer(x, normalized_shape, eps, grad_output=None, **per_entry):
    """Check everything that goes into layer normalisation; return the namespace and the axes that it mixes."""
    xp = namespace(kind="real floating", x=x, grad_output=grad_output, **per_entry)
    given = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    shape = tuple(integer("normalized_shape", n, 1) for n in given)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ValueError(f"normalized_shape must be the last axes of x {tuple(x.shape)}, not {normalized_shape}")
    _check_shapes(shape, "that of normalized_shape", x, grad_output, per_entry)
    _check_values(math.prod(shape), "layer", x, eps)
    return xp, tuple(range(x.ndim - len(shape), x.ndim))


def _channels(x):
    """Return how many channels x has."""
    if x.ndim < 2 or x.shape[1] < 1:
        raise ValueError(f"x must be (N, C, ...) with a channel or more, but its shape is {tuple(x.shape)}")
    return x.shape[1]


def _check_shapes(shape, meaning, x, grad_output, scales):
    """Refuse scales and shifts of another shape, and a gradient that has not the shape of x."""
    if grad_output is not None and tuple(grad_output.shape) != tuple(x.shape):
        raise ValueError(f"grad_output must have the shape of x {tuple(x.shape)}, not {tuple(grad_output.shape)}")
    for name, a in scales.items():
        if a is not None and tuple(a.shape) != shape:
            raise ValueError(f"{name} must have shape {shape}, {meaning}, not {tuple(a.shape)}")


def _check_values(values, of, x, eps):
    """Refuse statistics of fewer than two values."""
    if values < 2:
        raise ValueError(f"x needs two values per {of} or more for statistics, but its shape is {tuple(x.shape)}")
    number("eps", eps, 0)


def _detached(*arrays):
    """Return arrays without their graph, as the backward passes take them."""
    return [a.detach() if a is not None and is_torch_array(a) else a for a in arrays]


def _normalize(xp, x, axes, eps, mean=None, var=None):
    """Return the normalised x and the standard deviations; without statistics with those over `axes`."""
    if mean is None:
        mean, var = xp.mean(x, axis=axes, keepdims=True), xp.var(x, axis=axes, keepdims=True)
    deviation = xp.sqrt(var + eps)
    return (x - mean) / deviation, deviation


def _scaled(xp, x, weight, bias, shape):
    """Multiply by a weight and add a bias, which are given `shape` first; None leaves out."""
    if weight is not None:
        x = x * (weight if shape is None else xp.reshape(weight, shape))
    return x if bias is None else x + (bias if shape is None else xp.reshape(bias, shape))


def _to_input(xp, g, normal, deviation, axes):
    """Send a gradient for the normalised values back to the values, whose mean and variance they moved."""
    through_mean = xp.mean(g, axis=axes, keepdims=True)
    through_variance = xp.mean(g * normal, axis=axes, keepdims=True)
    return (g - through_mean - normal * through_variance) / deviation


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
