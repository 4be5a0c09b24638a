"""What convolution and pooling are, in loops: slow, and the judge of everything that is fast.

NumPy arrays only. Nothing here is clever, so that nothing here can hide a mistake; the functions of the same names in
`d2lcnn.ops` are compared with these.
"""

from itertools import product

import numpy as np

from ..shapes import conv_output_size, conv_transpose_output_size


def corr2d(X, K):
    """Cross-correlate a matrix with a kernel: two loops over the places of the output.

    Parameters
    ----------
    X : numpy array, shape (h, w)
    K : numpy array, shape (kh, kw)

    Returns
    -------
    numpy array, shape (h-kh+1, w-kw+1)
        ``Y[i, j] = sum over a, b of X[i+a, j+b] * K[a, b]``

    Raises
    ------
    ValueError
        If the kernel is larger than the input.

    Notes
    -----
    Zhang et al., "Dive into Deep Learning", section 7.2.

    Examples
    --------
    >>> corr2d(np.arange(9.0).reshape(3, 3), np.arange(4.0).reshape(2, 2))
    array([[19., 25.],
           [37., 43.]])
    """
    (h, w), (kh, kw) = X.shape, K.shape
    Y = np.zeros((conv_output_size(h, kh), conv_output_size(w, kw)), X.dtype)
    for i, j in np.ndindex(*Y.shape):
        Y[i, j] = (X[i : i + kh, j : j + kw] * K).sum()
    return Y


def conv2d(x, w, b=None, *, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1), groups=1):
    """Convolve images with kernels: loops over the places of the output and the taps of the kernel.

    Parameters
    ----------
    x : numpy array, shape (N, C_in, H, W)
    w : numpy array, shape (C_out, C_in/groups, kh, kw)
    b : numpy array, shape (C_out,), optional
    stride, dilation : (int, int)
    padding : ((int, int), (int, int))
        Zeros (before, after) per axis.
    groups : int

    Returns
    -------
    numpy array, shape (N, C_out, oh, ow)
        ``y[n, o, i, j] = b[o] + sum over c, u, v of x[n, c, i*sh + u*dh, j*sw + v*dw] * w[o, c, u, v]``, x with its
        padding, c running over the channels of o's group.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded image.

    Notes
    -----
    Goodfellow, Bengio & Courville, "Deep Learning" (2016), equation 9.7 with stride 9.8; dilation as Yu & Koltun
    (arXiv:1511.07122), section 2.

    Examples
    --------
    >>> conv2d(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)), np.array([0.5]))
    array([[[[ 8.5, 12.5],
             [20.5, 24.5]]]])
    """
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    (sh, sw), (dh, dw), (kh, kw) = stride, dilation, w.shape[2:]
    oh, ow = conv_output_size(x.shape[2], kh, sh, 0, dh), conv_output_size(x.shape[3], kw, sw, 0, dw)
    y = np.zeros((x.shape[0], w.shape[0], oh, ow), x.dtype)
    for some_in, some_out in _channels(x.shape[1], w.shape[0], groups):
        for i, j, u, v in product(range(oh), range(ow), range(kh), range(kw)):
            y[:, some_out, i, j] += x[:, some_in, i * sh + u * dh, j * sw + v * dw] @ w[some_out, :, u, v].T
    return y if b is None else y + b[:, None, None]


def conv_transpose2d(
    x, w, b=None, *, stride=(1, 1), padding=((0, 0), (0, 0)), output_padding=(0, 0), dilation=(1, 1), groups=1
):
    """Convolve backward: the loops of `conv2d`, but each value is added where there it was read.

    Parameters
    ----------
    x : numpy array, shape (N, C_in, H, W)
    w : numpy array, shape (C_in, C_out/groups, kh, kw)
    b : numpy array, shape (C_out,), optional
    stride, padding, dilation, groups
        As `conv2d`; padding is what is cropped.
    output_padding : (int, int)
        Rows and columns to add at the far end.

    Returns
    -------
    numpy array, shape (N, C_out, oh, ow)

    Raises
    ------
    ValueError
        As `d2lcnn.conv_transpose_output_size`.

    Notes
    -----
    Dumoulin & Visin (arXiv:1603.07285), chapter 4.

    Examples
    --------
    >>> conv_transpose2d(np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0, 3.0]]]]), stride=(1, 2))
    array([[[[ 1.,  2., 13., 20., 30.]]]])
    """
    (h, wide), (kh, kw), (sh, sw), (dh, dw) = x.shape[2:], w.shape[2:], stride, dilation
    sizes = (conv_transpose_output_size(i, k, s, 0, d, extra)
             for i, k, s, d, extra in zip((h, wide), (kh, kw), stride, dilation, output_padding, strict=True))
    y = np.zeros((x.shape[0], w.shape[1] * groups, *sizes), x.dtype)
    for some_in, some_out in _channels(x.shape[1], y.shape[1], groups):
        for i, j, u, v in product(range(h), range(wide), range(kh), range(kw)):
            y[:, some_out, i * sh + u * dh, j * sw + v * dw] += x[:, some_in, i, j] @ w[some_in, :, u, v]
    (top, bottom), (left, right) = padding
    y = y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]
    return y if b is None else y + b[:, None, None]


def _channels(c_in, c_out, groups):
    """Yield the channels that go in and those that come out, as slices, group by group."""
    for g in range(groups):
        yield tuple(slice(g * c // groups, (g + 1) * c // groups) for c in (c_in, c_out))


def pool2d(X, pool_size, mode="max"):
    """Pool a matrix with stride 1: two loops over the places of the output.

    Parameters
    ----------
    X : numpy array, shape (h, w)
    pool_size : (int, int)
    mode : {"max", "avg", "l2"}

    Returns
    -------
    numpy array, shape (h-ph+1, w-pw+1)
        Of each window the largest value, the mean, or the square root of the sum of squares.

    Raises
    ------
    ValueError
        If the window is larger than the input.
    KeyError
        If the mode is none of the three.

    Notes
    -----
    Zhang et al., "Dive into Deep Learning", section 7.5.

    Examples
    --------
    >>> pool2d(np.arange(9.0).reshape(3, 3), (2, 2))
    array([[4., 5.],
           [7., 8.]])
    """
    reduce = {"max": np.max, "avg": np.mean, "l2": np.linalg.norm}[mode]
    ph, pw = pool_size
    Y = np.zeros((conv_output_size(X.shape[0], ph), conv_output_size(X.shape[1], pw)), X.dtype)
    for i, j in np.ndindex(*Y.shape):
        Y[i, j] = reduce(X[i : i + ph, j : j + pw])
    return Y
