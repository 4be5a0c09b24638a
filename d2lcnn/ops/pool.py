"""Pooling: what is left of a window is its largest value, its mean or its norm."""

import math

from array_api_compat import device

from ..shapes import pool_output_size
from ._args import Windows, check_rank, namespace, per_axis, sides
from ._precision import in_float32
from .padding import framed


def pool2d(X, pool_size, mode="max"):
    """Pool a matrix with stride 1.

    Parameters
    ----------
    X : array, shape (h, w)
        Input; "avg" and "l2" need a real floating dtype.
    pool_size : int or (int, int)
        Height and width of the window.
    mode : {"max", "avg", "l2"}
        The largest value, the mean, or the square root of the sum of squares.

    Returns
    -------
    array, shape (h-ph+1, w-pw+1)
        Same type and dtype as `X`.

    Raises
    ------
    TypeError
        If `X` is no array or has no real dtype.
    ValueError
        If `X` is no matrix, the mode is unknown, or the window is larger than the input.

    Notes
    -----
    The ``pool2d`` of Zhang et al., "Dive into Deep Learning", section 7.5, without its loops.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(9.0).reshape(3, 3)
    >>> pool2d(X, 2)
    array([[4., 5.],
           [7., 8.]])
    >>> pool2d(X, (2, 2), mode="avg")
    array([[2., 3.],
           [5., 6.]])
    """
    modes = {
        "max": lambda x, k: max_pool2d(x, k, stride=1),
        "avg": lambda x, k: avg_pool2d(x, k, stride=1),
        "l2": lambda x, k: lp_pool2d(x, 2, k, stride=1),
    }
    namespace(kind="real", X=X)
    check_rank(2, X=X)
    if mode not in modes:
        raise ValueError(f"mode must be one of {list(modes)}, not {mode!r}")
    return modes[mode](X[None, None, :, :], pool_size)[0, 0, :, :]


def _pool_windows(size, kernel_size, stride, padding, dilation=1, ceil_mode=False):
    """Check pooling options; the padding grows at the far end where a last window hangs over."""
    kernel, dilation = per_axis("kernel_size", kernel_size), per_axis("dilation", dilation)
    stride = kernel if stride is None else per_axis("stride", stride)
    out, grown = [], []
    for n, k, s, (before, after), d in zip(size, kernel, stride, sides(padding), dilation, strict=True):
        span = d * (k - 1) + 1
        if max(before, after) >= k:
            raise ValueError(f"padding={(before, after)} must be smaller than the window size {k}")
        # the far side may be padded less or more than the near one: count it as part of the image
        o = pool_output_size(n + before + after, k, s, 0, d, ceil_mode)
        if ceil_mode and (o - 1) * s >= n + before:
            o -= 1
        out.append(o)
        grown.append((before, max(after, (o - 1) * s + span - n - before)))
    return Windows(tuple(size), kernel, stride, dilation, tuple(grown), tuple(out))


@in_float32
def max_pool2d(x, kernel_size, *, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Keep the largest value of each window, channel by channel.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of a real dtype.
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Pixels from one window to the next; the kernel size where it is not given.
    padding : int, (int, int) or ((int, int), (int, int))
        Pixels per side, fewer than the window has, as in ONNX (torch allows half of that). They never win: they count
        as minus infinity, or as the smallest integer.
    dilation : int or (int, int)
        Pixels from one tap to the next.
    ceil_mode : bool
        Round the output size up: keep a last window that hangs over the far end.

    Returns
    -------
    array, shape (N, C, oh, ow)
        Same type and dtype as `x`; differentiable on torch, a tie gives the whole gradient to its first pixel.

    Raises
    ------
    TypeError
        If `x` is no array or has no real dtype.
    ValueError
        If `x` has another rank, a size is out of range, or the window is larger than the padded image.

    Notes
    -----
    Equals ``torch.nn.functional.max_pool2d``, NaN included.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool2d(np.arange(16).reshape(1, 1, 4, 4), 2)
    array([[[[ 5,  7],
             [13, 15]]]])
    """
    xp = namespace(kind="real", x=x)
    check_rank(4, x=x)
    windows = _pool_windows(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    floating = xp.isdtype(x.dtype, "real floating")
    x = framed(xp, x, windows.padding, -math.inf if floating else xp.iinfo(x.dtype).min)
    first, *rest = windows.taps()
    largest = 1 * x[first]  # a copy: with a window of one pixel this is the result
    # maximum() has the same values, but its gradient halves a tie where torch's pooling gives all to the first pixel
    larger = _larger_first if getattr(x, "requires_grad", False) else xp.maximum
    for tap in rest:
        largest = larger(largest, x[tap])
    return largest


def _larger_first(a, b):
    """Elementwise maximum of tensors that prefers `a` on a tie; nan wins, as nan != nan."""
    return b.where((b > a) | (b != b), a)


@in_float32
def avg_pool2d(x, kernel_size, *, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average each window, channel by channel.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of a real floating dtype.
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Pixels from one window to the next; the kernel size where it is not given.
    padding : int, (int, int) or ((int, int), (int, int))
        Zeros per side, fewer than the window has, as in ONNX (torch allows half of that): so each window meets a pixel.
    ceil_mode : bool
        Round the output size up: keep a last window that hangs over the far end. What hangs over is not counted.
    count_include_pad : bool
        Whether the padding counts as pixels in the mean.

    Returns
    -------
    array, shape (N, C, oh, ow)
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If `x` is no array or has no real floating dtype.
    ValueError
        If `x` has another rank, a size is out of range, or the window is larger than the padded image.

    Notes
    -----
    Equals ``torch.nn.functional.avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """
    xp = namespace(kind="real floating", x=x)
    check_rank(4, x=x)
    windows = _pool_windows(x.shape[2:], kernel_size, stride, padding, ceil_mode=ceil_mode)
    framed_x = framed(xp, x, windows.padding)
    total = sum(framed_x[tap] for tap in windows.taps())
    return total / _divisors(xp, x, windows, padding, count_include_pad)


def _divisors(xp, x, windows, padding, count_include_pad):
    """Return what each window's mean is over, as an array (oh, ow) like `x`."""
    rows, columns = (
        _counts(n, k, s, before, n + after if count_include_pad else n, count_include_pad, o)
        for n, k, s, (before, _), (_, after), o in zip(
            windows.size, windows.kernel, windows.stride, windows.padding, sides(padding), windows.out, strict=True
        )
    )
    return xp.asarray([[r * c for c in columns] for r in rows], dtype=x.dtype, device=device(x))


def _counts(n, k, s, before, end, include_pad, out):
    """Count, for each of `out` windows on an axis of n pixels, what the mean is over; `end` is the last place + 1."""
    starts = [o * s - before for o in range(out)]
    return [min(start + k, end) - (start if include_pad else max(start, 0)) for start in starts]


@in_float32
def lp_pool2d(x, norm_type, kernel_size, *, stride=None, padding=0):
    """Take the p-th root of the sum of p-th powers in each window, channel by channel.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of a real floating dtype.
    norm_type : float
        The exponent p > 0. 1 sums, 2 is the Euclidean length. The powers are of x, not of its absolute value
        (as in torch), so an odd p is a norm only where x >= 0.
    kernel_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Pixels from one window to the next; the kernel size where it is not given.
    padding : int, (int, int) or ((int, int), (int, int))
        As `avg_pool2d`.

    Returns
    -------
    array, shape (N, C, oh, ow)
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If `x` is no array or has no real floating dtype.
    ValueError
        If `norm_type` is not a positive finite number, `x` has another rank, a size is out of range, or the
        window is larger than the padded image.

    Notes
    -----
    Equals ``torch.nn.functional.lp_pool2d``, which has no padding. Sermanet, Chintala & LeCun, "Convolutional
    Neural Networks Applied to House Numbers Digit Classification" (arXiv:1204.3968), section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool2d(np.array([[[[3.0, 4.0, 5.0, 12.0]]]]), 2, (1, 2))
    array([[[[ 5., 13.]]]])
    """
    xp = namespace(kind="real floating", x=x)
    check_rank(4, x=x)
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)):
        raise TypeError(f"norm_type must be a number, not {norm_type!r}")
    if not 0 < norm_type < math.inf:
        raise ValueError(f"norm_type must be positive and finite, not {norm_type}; for infinity use max_pool2d")
    windows = _pool_windows(x.shape[2:], kernel_size, stride, padding)
    powers = framed(xp, x, windows.padding) ** norm_type
    return sum(powers[tap] for tap in windows.taps()) ** (1 / norm_type)


@in_float32
def adaptive_avg_pool2d(x, output_size):
    """Average over an even division of the image into `output_size` windows.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of a real floating dtype.
    output_size : int or (int or None, int or None)
        Height and width of the result; None keeps the axis.

    Returns
    -------
    array, shape (N, C, oh, ow)
        Window j of an axis with i pixels runs from floor(j*i/o) to ceil((j+1)*i/o): windows may overlap by a pixel
        and are never empty, also where o > i. Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If `x` is no array or has no real floating dtype.
    ValueError
        If `x` has another rank, an empty axis, or a size is below 1.

    Notes
    -----
    Equals ``torch.nn.functional.adaptive_avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool2d(np.array([[[[1.0, 2.0, 6.0]]]]), (1, 2))
    array([[[[1.5, 4. ]]]])
    """
    xp = namespace(kind="real floating", x=x)
    check_rank(4, x=x)
    if 0 in x.shape[2:]:
        raise ValueError(f"x has no pixels: its shape is {tuple(x.shape)}")
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,)
    sizes *= 2 if len(sizes) == 1 else 1
    if len(sizes) != 2:
        raise ValueError(f"output_size must be an integer or 2 of them, not {output_size!r}")
    sizes = per_axis("output_size", [n if o is None else o for n, o in zip(x.shape[2:], sizes, strict=True)])
    for axis, o in zip((2, 3), sizes, strict=True):  # a mean over a rectangle is a mean of means
        n = x.shape[axis]
        ends = [(j * n // o, -((j + 1) * n // -o)) for j in range(o)]
        index = (slice(None),) * axis
        x = xp.stack([xp.mean(x[(*index, slice(*e))], axis=axis) for e in ends], axis=axis)
    return x


def global_avg_pool2d(x):
    """Average each channel over all its pixels.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of a real floating dtype.

    Returns
    -------
    array, shape (N, C, 1, 1)
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If `x` is no array or has no real floating dtype.
    ValueError
        If `x` has another rank or an empty axis.

    Notes
    -----
    Lin, Chen & Yan, "Network in Network" (arXiv:1312.4400), section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[[[1.5]],
    <BLANKLINE>
            [[5.5]]]])
    """
    return adaptive_avg_pool2d(x, 1)
