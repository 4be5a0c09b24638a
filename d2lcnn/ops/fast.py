"""Convolution with fewer multiplications: by Fourier transform, and by Winograd's minimal filtering."""

from array_api_compat import device

from ._args import check_channels, check_rank, conv_windows, namespace
from ._precision import in_float32
from .corr import conv2d
from .padding import framed, zeros


@in_float32
def fft_conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Convolve as `conv2d` does, by pointwise products of Fourier transforms.

    Parameters
    ----------
    x : array, shape (N, C_in, H, W)
        Images of a real floating dtype.
    w : array, shape (C_out, C_in/groups, kh, kw)
        Kernels, of the same type and dtype as `x`.
    b : array, shape (C_out,), optional
        One number to add to each output channel.
    stride, padding, dilation, groups
        As for `conv2d`. The cost is that of stride 1, and does not depend on the kernel's size: outputs between the
        strides are thrown away, a dilated kernel is filled with zeros.

    Returns
    -------
    array, shape (N, C_out, oh, ow)
        Same type and dtype as `x`; differentiable on torch. The error is relative to the largest output.

    Raises
    ------
    TypeError
        If array types or dtypes differ, or the dtype is not real floating.
    ValueError
        If a rank, the channels or a size do not fit, or the kernel is larger than the padded image.

    Notes
    -----
    Mathieu, Henaff & LeCun, "Fast Training of Convolutional Networks through FFTs" (arXiv:1312.5851). The product with
    the *conjugate* spectrum is cross-correlation; the places where it wraps around are past the last window.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> fft_conv2d(x, np.ones((1, 1, 2, 2))).round(9)
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    xp = namespace(kind="real floating", x=x, w=w, b=b)
    check_rank(4, x=x, w=w)
    groups = check_channels(x, w, b, groups)
    windows = conv_windows(x.shape[2:], tuple(w.shape[2:]), stride, padding, dilation)
    if x.shape[0] == 0:  # nothing to transform, and MKL's FFT refuses an empty batch
        return conv2d(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
    (sh, sw), (dh, dw), (oh, ow) = windows.stride, windows.dilation, windows.out
    size = tuple(map(_fast_length, windows.padded))
    apart = zeros(xp, w, (*w.shape[:2], *((k - 1) * d + 1 for k, d in zip(windows.kernel, (dh, dw), strict=True))))
    apart[:, :, ::dh, ::dw] = w
    n, c_out = x.shape[0], w.shape[0]
    X = xp.fft.rfftn(framed(xp, x, windows.padding), s=size, axes=(2, 3))
    W = xp.conj(xp.fft.rfftn(apart, s=size, axes=(2, 3)))
    # for every group and frequency: (N, C_in/g) @ (C_in/g, C_out/g)
    X = xp.permute_dims(xp.reshape(X, (n, groups, -1, *X.shape[2:])), (1, 3, 4, 0, 2))
    W = xp.permute_dims(xp.reshape(W, (groups, c_out // groups, *W.shape[1:])), (0, 3, 4, 2, 1))
    Y = xp.permute_dims(X @ W, (3, 0, 4, 1, 2))
    Y = xp.reshape(Y, (n, c_out, *Y.shape[3:]))
    y = xp.fft.irfftn(Y, s=size, axes=(2, 3))[:, :, : (oh - 1) * sh + 1 : sh, : (ow - 1) * sw + 1 : sw]
    return (1 * y) if b is None else y + xp.reshape(b, (1, -1, 1, 1))


def _fast_length(n):
    """Return the smallest number from n on without a prime factor above 5: FFTs are fast on those."""
    while True:
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n += 1


# output tile m -> matrices of F(m, 3) in Y = A^T [(G g) * (B^T d)]; Lavin & Gray (arXiv:1509.09308), sections 4.1, 4.3
WINOGRAD = {
    2: {
        "B^T": ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        "G": ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
        "A^T": ((1, 1, 1, 0), (0, 1, -1, -1)),
    },
    4: {
        "B^T": (
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        "G": (
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        "A^T": ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
    },
}


@in_float32
def winograd_conv2d(x, w, b=None, *, padding=0, tile=4):
    """Convolve with 3x3 kernels and stride 1 by Winograd's minimal filtering.

    Parameters
    ----------
    x : array, shape (N, C_in, H, W)
        Images of a real floating dtype.
    w : array, shape (C_out, C_in, 3, 3)
        Kernels, of the same type and dtype as `x`.
    b : array, shape (C_out,), optional
        One number to add to each output channel.
    padding
        As for `conv2d`.
    tile : {4, 2}
        Outputs per side of a tile: F(4x4, 3x3) needs 36 multiplications for 16 outputs where the definition needs
        144, F(2x2, 3x3) needs 16 for 4 instead of 36. The larger tile loses more digits.

    Returns
    -------
    array, shape (N, C_out, oh, ow)
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If array types or dtypes differ, or the dtype is not real floating.
    ValueError
        If a rank, the channels or a size do not fit, the kernels are not 3x3, `tile` is neither 2 nor 4, or the kernel
        is larger than the padded image.

    Notes
    -----
    Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv:1509.09308). The two-dimensional transforms
    are one matrix product each: a Kronecker product of the one-dimensional matrices with themselves.

    Examples
    --------
    >>> import numpy as np
    >>> winograd_conv2d(np.arange(16.0).reshape(1, 1, 4, 4), np.ones((1, 1, 3, 3)), tile=2)
    array([[[[45., 54.],
             [81., 90.]]]])
    """
    xp = namespace(kind="real floating", x=x, w=w, b=b)
    check_rank(4, x=x, w=w)
    check_channels(x, w, b, 1)
    if tuple(w.shape[2:]) != (3, 3):
        raise ValueError(f"w must hold 3x3 kernels, but its shape is {tuple(w.shape)}")
    if tile not in WINOGRAD:
        raise ValueError(f"tile must be one of {list(WINOGRAD)}, not {tile!r}")
    windows = conv_windows(x.shape[2:], (3, 3), 1, padding, 1)
    if x.shape[0] == 0:
        return conv2d(x, w, b, padding=padding)
    new = {"dtype": x.dtype, "device": device(x)}
    Bt, G, At = (_kronecker_square(xp, WINOGRAD[tile][name], new) for name in ("B^T", "G", "A^T"))
    c_out, c_in = w.shape[:2]
    U = G @ xp.permute_dims(xp.reshape(w, (c_out * c_in, 9)), (1, 0))
    U = xp.reshape(U, (-1, c_out, c_in))
    th, tw = (-(-o // tile) for o in windows.out)
    # whole tiles only: the last row and column of them may hang over
    grown = [(before, after + t * tile - o) for (before, after), t, o in
             zip(windows.padding, (th, tw), windows.out, strict=True)]
    y = xp.stack([_winograd_image(xp, framed(xp, image, grown), U, Bt, At, (th, tw)) for image in x])
    y = y[:, :, : windows.out[0], : windows.out[1]]
    return y if b is None else y + xp.reshape(b, (1, -1, 1, 1))


def _kronecker_square(xp, rows, new):
    """Return M (x) M, which transforms a flattened tile as M tile M^T does."""
    M = xp.asarray(rows, **new)
    n, m = M.shape
    return xp.reshape(M[:, None, :, None] * M[None, :, None, :], (n * n, m * m))


def _winograd_image(xp, x, U, Bt, At, tiles):
    """Convolve one padded image (C_in, H, W) with transformed kernels U (places, C_out, C_in)."""
    (th, tw), places, c_out, c_in = tiles, *U.shape
    n = round(places**0.5)
    m = n - 2
    d = xp.stack([x[:, i : i + (th - 1) * m + 1 : m, j : j + (tw - 1) * m + 1 : m] for i in range(n) for j in range(n)])
    V = xp.reshape(Bt @ xp.reshape(d, (places, -1)), (places, c_in, th * tw))
    Y = At @ xp.reshape(U @ V, (places, -1))
    Y = xp.permute_dims(xp.reshape(Y, (m, m, c_out, th, tw)), (2, 3, 0, 4, 1))
    return xp.reshape(Y, (c_out, th * m, tw * m))
