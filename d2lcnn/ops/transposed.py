"""Transposed convolution: the product with the transposed matrix, computed in three ways that agree."""

from ..shapes import conv_output_size, conv_transpose_output_size, transposed_as_direct
from . import _engine
from ._args import Windows, check_rank, integer, namespace, per_axis, sides, with_bias
from ._precision import in_float32
from .corr import conv2d
from .matrix import conv_matrix
from .padding import framed, zeros


@in_float32
def conv_transpose2d(
    x, w, b=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1, method="scatter"
):
    """Convolve backward: every value of `x` adds a copy of the kernel, as large as itself, to the output.

    Parameters
    ----------
    x : array, shape (N, C_in, H, W)
        Images of any numeric dtype.
    w : array, shape (C_in, C_out/groups, kh, kw)
        Kernels, of the same type and dtype as `x`: those of the convolution that leads from C_out channels to C_in.
    b : array, shape (C_out,), optional
        One number to add to each output channel.
    stride : int or (int, int)
        Pixels from one copy to the next.
    padding : int, (int, int) or ((int, int), (int, int))
        Pixels that are *cropped* per side: the padding of the convolution that this one transposes.
    output_padding : int or (int, int)
        Rows to add at the far end, fewer than the larger of stride and dilation.
    dilation : int or (int, int)
        Pixels from one tap of the kernel to the next.
    groups : int
        Split the channels into this many groups that do not see each other.
    method : {"scatter", "matrix", "zeros"}
        How: add the copies up (what `conv2d_backward` does for x); multiply by the transpose of `conv_matrix`; or
        put s-1 zeros between neighbours and run `conv2d` with the kernel flipped in both axes.

    Returns
    -------
    array, shape (N, C_out, oh, ow)
        Same type and dtype as `x`; differentiable on torch. The sizes are `conv_transpose_output_size`.

    Raises
    ------
    TypeError
        If array types or dtypes differ.
    ValueError
        If a rank, the channels or a size do not fit, the padding crops everything, or the method is unknown.

    Notes
    -----
    Equals ``torch.nn.functional.conv_transpose2d``. Dumoulin & Visin (arXiv:1603.07285), chapter 4; its relation 14 is
    the size. "matrix" needs memory for every pair of input and output; "zeros" multiplies by the zeros it inserts.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0, 3.0]]]])
    >>> conv_transpose2d(x, w, stride=(1, 2))
    array([[[[ 1.,  2., 13., 20., 30.]]]])
    """
    xp = namespace(x=x, w=w, b=b)
    check_rank(4, x=x)
    if w.ndim != 4:
        raise ValueError(f"w must be (C_in, C_out/groups, kh, kw), but its shape is {tuple(w.shape)}")
    if method not in METHODS:
        raise ValueError(f"method must be one of {list(METHODS)}, not {method!r}")
    groups = _check_channels(x, w, b, groups)
    extra = per_axis("output_padding", output_padding, minimum=0)
    windows = _transposed_windows(x.shape[2:], tuple(w.shape[2:]), stride, padding, extra, dilation)
    return with_bias(xp, METHODS[method](xp, x, w, windows, groups), b)


def conv_transpose1d(
    x, w, b=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1, method="scatter"
):
    """Convolve sequences backward: `conv_transpose2d` on images of width one.

    Parameters
    ----------
    x : array, shape (N, C_in, L)
    w : array, shape (C_in, C_out/groups, k)
    b : array, shape (C_out,), optional
    stride, padding, output_padding, dilation, groups, method
        As `conv_transpose2d`, for one axis.

    Returns
    -------
    array, shape (N, C_out, o)

    Raises
    ------
    TypeError, ValueError
        As `conv_transpose2d`.

    Notes
    -----
    Equals ``torch.nn.functional.conv_transpose1d``.

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose1d(np.array([[[1.0, 10.0]]]), np.array([[[1.0, 2.0, 3.0]]]), padding=1)
    array([[[12., 23.]]])
    """
    namespace(x=x, w=w, b=b)
    check_rank(3, x=x)
    if w.ndim != 3:
        raise ValueError(f"w must be (C_in, C_out/groups, k), but its shape is {tuple(w.shape)}")
    (s,), (d,) = per_axis("stride", stride, 1), per_axis("dilation", dilation, 1)
    (p,), (extra,) = sides(padding, 1), per_axis("output_padding", output_padding, 1, minimum=0)
    options = {"stride": (s, 1), "padding": (p, (0, 0)), "output_padding": (extra, 0), "dilation": (d, 1)}
    return conv_transpose2d(x[..., None], w[..., None], b, **options, groups=groups, method=method)[..., 0]


def _check_channels(x, w, b, groups):
    """Raise ValueError unless the channels of image, kernels and bias fit together."""
    groups = integer("groups", groups, 1)
    c_in, c_out = x.shape[1], w.shape[1] * groups
    if c_in % groups or c_in == 0:
        raise ValueError(f"groups={groups} must divide the channels: x has {c_in}")
    if w.shape[0] != c_in:
        raise ValueError(f"w takes {w.shape[0]} channels, but x has {c_in}")
    if c_out == 0:
        raise ValueError(f"w makes no channels: its shape is {tuple(w.shape)}")
    if b is not None and tuple(b.shape) != (c_out,):
        raise ValueError(f"b must have shape ({c_out},), one value per output channel, not {tuple(b.shape)}")
    return groups


def _transposed_windows(out, kernel, stride, padding, extra, dilation):
    """Check the options; return the Windows of the convolution that leads from the result back to a map of `out`."""
    kernel, stride = per_axis("kernel_size", kernel), per_axis("stride", stride)
    dilation, padding, size = per_axis("dilation", dilation), sides(padding), []
    for i, k, s, p, d, a in zip(out, kernel, stride, padding, dilation, extra, strict=True):
        full = conv_transpose_output_size(i, k, s, 0, d, a)  # p may differ between the sides: cropped here
        if full - sum(p) < 1:
            raise ValueError(f"padding={p} crops the whole output: {full} pixels less {sum(p)}")
        size.append(full - sum(p))
    return Windows(tuple(size), kernel, stride, dilation, padding, tuple(out))


def _by_scatter(xp, x, w, windows, groups):
    return _engine.transposed(xp, x, w, windows, groups)


def _by_matrix(xp, x, w, windows, groups):
    """Multiply each image, as a row, by the matrix of the forward convolution: ``C^T x`` for columns is ``x^T C``."""
    n, c_in = x.shape[0], x.shape[1] // groups
    oh, ow = windows.out
    # an output padding of the stride or more makes room for windows that `x` has no values for
    rows, columns = (conv_output_size(size + sum(p), k, s, 0, d) for size, k, s, d, p in zip(*windows[:5], strict=True))
    parts = []
    for g in range(groups):
        channels = slice(g * c_in, (g + 1) * c_in)
        C = conv_matrix(w[channels], windows.size, stride=windows.stride, padding=windows.padding,
                        dilation=windows.dilation)  # fmt: skip
        C = xp.reshape(C, (c_in, rows, columns, C.shape[1]))[:, :oh, :ow, :]
        places = c_in * oh * ow
        parts.append(xp.reshape(x[:, channels], (n, places)) @ xp.reshape(C, (places, C.shape[-1])))
    return xp.reshape(xp.concat(parts, axis=1), (n, w.shape[1] * groups, *windows.size))


def _by_zeros(xp, x, w, windows, groups):
    """Put s-1 zeros between neighbours, and convolve with the kernel flipped and its channels exchanged."""
    c_in, per_group = w.shape[:2]
    w = xp.flip(xp.reshape(w, (groups, c_in // groups, per_group, *windows.kernel)), axis=(3, 4))
    w = xp.reshape(xp.permute_dims(w, (0, 2, 1, 3, 4)), (groups * per_group, c_in // groups, *windows.kernel))
    return conv2d(_spread(xp, x, windows), w, dilation=windows.dilation, groups=groups)


def _spread(xp, x, windows):
    """Return the image that the flipped kernel runs over, its frame included; crop where a frame is negative."""
    inner, frame = [], []
    for n, k, s, d, (before, after), i in zip(*windows, strict=True):
        direct = transposed_as_direct(i, k, s, 0, d)
        extra = n + before + after - conv_transpose_output_size(i, k, s, 0, d)
        inner.append(direct.i)
        frame.append((direct.p - before, direct.p - after + extra))
    spread = zeros(xp, x, (*x.shape[:2], *inner))
    spread[:, :, :: windows.stride[0], :: windows.stride[1]] = x
    spread = framed(xp, spread, [(max(0, before), max(0, after)) for before, after in frame])
    ends = zip(frame, spread.shape[2:], strict=True)
    return spread[(..., *(slice(max(0, -before), n - max(0, -after)) for (before, after), n in ends))]


METHODS = {"scatter": _by_scatter, "matrix": _by_matrix, "zeros": _by_zeros}
