"""Sizes of windows, outputs and receptive fields: integers in, integers out.

Every formula of convolution arithmetic stands here once and nowhere else. One
axis at a time: input size i, kernel k, stride s, padding p per side, dilation d.
"""

from operator import index
from typing import NamedTuple

__all__ = [
    "DirectConvolution",
    "ReceptiveField",
    "Window",
    "conv_output_size",
    "conv_transpose_output_size",
    "effective_kernel_size",
    "integer",
    "path_counts",
    "per_axis",
    "pool_output_size",
    "receptive_field",
    "same_padding",
    "transposed_as_direct",
]


class Window(NamedTuple):
    """A layer as the receptive field sees it: kernel, stride, padding, dilation.

    Parameters
    ----------
    k, s, p, d : int
        Kernel size, stride, padding before the first pixel, dilation (1 is none).

    Examples
    --------
    >>> Window(3, s=2)
    Window(k=3, s=2, p=0, d=1)
    """

    k: int
    s: int = 1
    p: int = 0
    d: int = 1


class ReceptiveField(NamedTuple):
    """What one output sees along one axis.

    Output number j sees the pixels from ``start + j*jump`` to ``start + j*jump + size - 1``,
    borders included. Pixels below 0 or past the end are padding.

    Parameters
    ----------
    size : int
        Number of pixels from the first to the last one seen.
    jump : int
        Distance in pixels between the fields of neighbouring outputs.
    start : int
        First pixel that output 0 sees; negative where it sees padding.

    Examples
    --------
    >>> ReceptiveField(size=5, jump=1, start=-2).size
    5
    """

    size: int
    jump: int
    start: int


class DirectConvolution(NamedTuple):
    """The ordinary convolution that does the work of a transposed one, along one axis.

    Parameters
    ----------
    i : int
        Size of its input: the given values with s - 1 zeros between neighbours.
    k, s, p, d : int
        Its kernel (the given one, reversed), its stride (always 1), its padding per side, its dilation.
        A negative p crops -p entries from each side.
    a : int
        Further zeros at the far end.

    Examples
    --------
    >>> DirectConvolution(i=5, k=3, s=1, p=1, d=1, a=0).p
    1
    """

    i: int
    k: int
    s: int
    p: int
    d: int
    a: int


def integer(name, value, minimum=None, maximum=None):
    """Return an integer argument as an int, or say what is wrong with it: the one check of integers in the package.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : int or NumPy integer
        Anything with ``__index__`` but bool: True is no size.
    minimum, maximum : int, optional
        The smallest and the largest value that makes sense.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `value` is no integer or out of range.

    Notes
    -----
    Python's own rule for what may index a list (PEP 357), but for bool, which it admits.

    Examples
    --------
    >>> integer("stride", 2, 1)
    2
    >>> integer("stride", 0, 1)
    Traceback (most recent call last):
    ValueError: stride must be at least 1, not 0
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, not {value!r}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, not {number}")
    if maximum is not None and number > maximum:
        raise ValueError(f"{name} must be at most {maximum}, not {number}")
    return number


def per_axis(name, value, axes=2, minimum=1):
    """Turn an integer, or one per axis, into a tuple with one int per axis.

    Parameters
    ----------
    name : str
    value : int, or tuple or list of int
        One number alone, in a tuple or not, holds for all axes.
    axes : int
    minimum : int
        As for `integer`; sizes begin at 1.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If there are as many numbers as neither 1 nor `axes`; otherwise as `integer`.

    Notes
    -----
    As in torch, where ``stride=2``, ``(2,)`` and ``(2, 2)`` are the same.

    Examples
    --------
    >>> per_axis("stride", 2), per_axis("stride", (2,)), per_axis("stride", [1, 2])
    ((2, 2), (2, 2), (1, 2))
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(values) not in (1, axes):
        raise ValueError(f"{name} must be an integer or {axes} of them, not {value!r}")
    values = tuple(integer(name, v, minimum) for v in values)
    return values if len(values) == axes else values * axes


def effective_kernel_size(k, d=1):
    """Count the pixels that a dilated kernel spans.

    Parameters
    ----------
    k, d : int
        Kernel size and dilation; d - 1 pixels are skipped between two taps.

    Returns
    -------
    int
        ``d*(k-1) + 1``

    Raises
    ------
    ValueError
        If a size is no integer or is smaller than 1.

    Notes
    -----
    Dumoulin & Visin (arXiv:1603.07285), section 5.1.

    Examples
    --------
    >>> effective_kernel_size(3, 2)
    5
    """
    return integer("d", d, 1) * (integer("k", k, 1) - 1) + 1


def conv_output_size(i, k, s=1, p=0, d=1):
    """Count the places where a window fits along one axis.

    Parameters
    ----------
    i, k, s, p, d : int
        Input size, kernel size, stride, padding per side, dilation (1 is none).

    Returns
    -------
    int
        ``(i + 2*p - d*(k-1) - 1) // s + 1``

    Raises
    ------
    ValueError
        If an argument is no integer; if a size is out of range, or the dilated kernel is larger than the padded input.

    Notes
    -----
    Relation 6 of Dumoulin & Visin (arXiv:1603.07285), with dilation from section 5.1 there.

    Examples
    --------
    >>> conv_output_size(6, 3, s=2, p=1)
    3
    """
    i, s, p = integer("i", i, 1), integer("s", s, 1), integer("p", p, 0)
    span = effective_kernel_size(k, d)
    if span > i + 2 * p:
        raise ValueError(f"kernel spans {span} (k={k}, d={d}) but the padded input has {i + 2 * p}")
    return (i + 2 * p - span) // s + 1


def conv_transpose_output_size(i, k, s=1, p=0, d=1, output_padding=0):
    """Size of the image that a transposed convolution builds from i values.

    Parameters
    ----------
    i, k, s, p, d : int
        Size of the given axis; kernel, stride, padding and dilation of the *forward* convolution.
    output_padding : int
        Rows to add at the far end: several sizes lead to the same i when s > 1, this names one of them.

    Returns
    -------
    int
        ``(i-1)*s - 2*p + d*(k-1) + 1 + output_padding``

    Raises
    ------
    ValueError
        If an argument is no integer; if a size is out of range, `output_padding` is not below the larger of s and d, or
        nothing is left after cropping p rows from each side.

    Notes
    -----
    Relation 14 of Dumoulin & Visin (arXiv:1603.07285), with dilation as in section 5.1. The bound
    on `output_padding` is torch's. Below s it stands for rows the forward convolution did not reach.

    Examples
    --------
    >>> conv_transpose_output_size(3, 3, s=2, p=1)
    5
    >>> conv_transpose_output_size(3, 3, s=2, p=1, output_padding=1)
    6
    """
    i, s, p = integer("i", i, 1), integer("s", s, 1), integer("p", p, 0)
    span = effective_kernel_size(k, d)
    extra = integer("output_padding", output_padding, 0)
    if extra >= max(s, d):
        raise ValueError(f"output_padding={extra} must be smaller than the stride {s} or the dilation {d}")
    size = (i - 1) * s - 2 * p + span + extra
    if size < 1:
        raise ValueError(f"p={p} crops the whole output: {size + 2 * p} rows less {2 * p}")
    return size


def transposed_as_direct(i, k, s=1, p=0, d=1, output_padding=0):
    """Find the ordinary convolution with stride 1 that equals a transposed one, along one axis.

    Parameters
    ----------
    i, k, s, p, d, output_padding : int
        As for `conv_transpose_output_size`: k, s, p, d belong to the forward convolution.

    Returns
    -------
    DirectConvolution
        ``i = (i-1)*s + 1``, ``k``, ``s = 1``, ``p = d*(k-1) - p``, ``d``, ``a = output_padding``.

    Raises
    ------
    ValueError
        As `conv_transpose_output_size`.

    Notes
    -----
    Relations 8 to 14 of Dumoulin & Visin (arXiv:1603.07285), with dilation: the span of the kernel takes the
    place of k. Beyond the guide, p may exceed ``d*(k-1)``; the result then crops instead of padding.

    Examples
    --------
    >>> transposed_as_direct(3, 3, s=2, p=1, output_padding=1)
    DirectConvolution(i=5, k=3, s=1, p=1, d=1, a=1)
    >>> transposed_as_direct(5, 3, p=3).p
    -1
    """
    conv_transpose_output_size(i, k, s, p, d, output_padding)  # refuses what has no output
    return DirectConvolution((i - 1) * s + 1, k, 1, d * (k - 1) - p, d, output_padding)


def pool_output_size(i, k, s=None, p=0, d=1, ceil_mode=False):
    """Count the outputs of a pooling layer along one axis, as torch and ONNX count.

    Parameters
    ----------
    i, k : int
        Input size and window size.
    s : int, optional
        Stride; the window size where it is not given.
    p, d : int
        Padding per side, below k as in ONNX (torch stops at k/2); dilation.
    ceil_mode : bool
        Round up: keep a last window that hangs over the end, unless it starts in the far padding.

    Returns
    -------
    int
        Number of windows, at least 1.

    Raises
    ------
    ValueError
        If an argument is no integer; if a size is out of range, p is too large, or no window fits.

    Notes
    -----
    Relation 7 of Dumoulin & Visin (arXiv:1603.07285) where p = 0 and `ceil_mode` is off. The rule for the
    last window is torch's (aten/src/ATen/native/Pool.h).

    Examples
    --------
    >>> pool_output_size(6, 3, s=2), pool_output_size(6, 3, s=2, ceil_mode=True)
    (2, 3)
    """
    i, p = integer("i", i, 1), integer("p", p, 0)
    s = integer("s", k if s is None else s, 1)
    span = effective_kernel_size(k, d)
    if p >= integer("k", k, 1):
        raise ValueError(f"p={p} must be smaller than the window size k={k}")
    size = (i + 2 * p - span + (s - 1 if ceil_mode else 0)) // s + 1
    if ceil_mode and (size - 1) * s >= i + p:
        size -= 1
    if size < 1:
        raise ValueError(f"window spans {span} (k={k}, d={d}) but the padded input has {i + 2 * p}")
    return size


def same_padding(k, d=1):
    """Padding before and after that keeps the size, for stride 1.

    Parameters
    ----------
    k, d : int
        Kernel size and dilation.

    Returns
    -------
    tuple of int
        ``(before, after)`` with the sum ``d*(k-1)``; the odd one goes after, as in torch and TensorFlow.

    Raises
    ------
    ValueError
        If a size is no integer or is smaller than 1.

    Notes
    -----
    Half padding, section 2.2.1 of Dumoulin & Visin (arXiv:1603.07285), extended to even spans.

    Examples
    --------
    >>> same_padding(3), same_padding(4)
    ((1, 1), (1, 2))
    """
    total = effective_kernel_size(k, d) - 1
    return total // 2, total - total // 2


def receptive_field(windows):
    """Receptive field of a stack of layers along one axis.

    Parameters
    ----------
    windows : iterable of Window
        The layers from the image upwards; plain tuples ``(k, s, p, d)`` will do.

    Returns
    -------
    ReceptiveField
        ``size``, ``jump`` and ``start`` in pixels of the image.

    Raises
    ------
    ValueError
        If a layer has a size that is no integer or is out of range.

    Notes
    -----
    Araujo, Norris & Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019,
    equations 2 and 5, run from the image upwards: ``size += jump*d*(k-1)``, ``start -= jump*p``, ``jump *= s``.

    Examples
    --------
    >>> receptive_field([Window(3, p=1), Window(3, s=2, p=1)])
    ReceptiveField(size=5, jump=2, start=-2)
    """
    size, jump, start = 1, 1, 0
    for k, s, p, d in (Window(*window) for window in windows):
        size += jump * (effective_kernel_size(k, d) - 1)
        start -= jump * integer("p", p, 0)
        jump *= integer("s", s, 1)
    return ReceptiveField(size, jump, start)


def path_counts(windows):
    """Count the paths from each pixel of a receptive field to its output, along one axis.

    Parameters
    ----------
    windows : iterable of Window
        The layers from the image upwards; plain tuples ``(k, s, p, d)`` will do. Padding moves the field and does
        not change the counts.

    Returns
    -------
    tuple of int
        One count for each of the ``receptive_field(windows).size`` pixels, first to last, far from the borders. Zero
        marks a hole: a pixel inside the field that the output never sees.

    Raises
    ------
    ValueError
        If a layer has a size that is no integer or is out of range.

    Notes
    -----
    The coefficients of a product of polynomials, ``1 + z**(jump*d) + ... + z**(jump*d*(k-1))`` for each layer. For
    square layers in two dimensions, the count of pixel (a, b) is the product of the counts of a and of b.

    Examples
    --------
    Two layers of three: the middle pixel is read on three paths. With dilation 2 every second pixel is a hole.

    >>> path_counts([Window(3), Window(3)])
    (1, 2, 3, 2, 1)
    >>> path_counts([Window(3, d=2), Window(3, d=2)])
    (1, 0, 2, 0, 3, 0, 2, 0, 1)
    """
    counts, jump = [1], 1
    for k, s, p, d in (Window(*window) for window in windows):
        span = jump * (effective_kernel_size(k, d) - 1)
        integer("p", p, 0)
        wider = [0] * (len(counts) + span)
        for shift in range(0, span + 1, jump * d):
            for place, count in enumerate(counts, shift):
                wider[place] += count
        counts = wider
        jump *= integer("s", s, 1)
    return tuple(counts)
