"""Cross-correlation: of two matrices, of batches of images, of sequences."""

from itertools import product

from ..shapes import conv_output_size
from . import _engine
from ._args import check_channels, check_rank, conv_windows, namespace, per_axis, resolve_padding, with_bias
from ._precision import in_float32


@in_float32
def corr2d(X, K):
    """Cross-correlate a matrix with a kernel: the sum of shifted copies of X, one for each weight.

    Parameters
    ----------
    X : array, shape (h, w)
        Input of any numeric dtype.
    K : array, shape (kh, kw)
        Kernel of the same type and dtype.

    Returns
    -------
    array, shape (h-kh+1, w-kw+1)
        ``Y[i, j] = sum over a, b of X[i+a, j+b] * K[a, b]``

    Raises
    ------
    TypeError
        If array types or dtypes differ.
    ValueError
        If an array is no matrix or the kernel is larger than the input.

    Notes
    -----
    Zhang et al., "Dive into Deep Learning", section 7.2, computes the same with two loops over i and j.
    The loops here go over the kernel, so that each step works on a whole matrix.

    Integers and floats do not mix, as in ``torch.nn.functional.conv2d``, although a product of the two would promote:
    bytes of a picture that meet weights in floating point have most likely not been scaled yet.

    Examples
    --------
    >>> import numpy as np
    >>> corr2d(np.arange(9.0).reshape(3, 3), np.arange(4.0).reshape(2, 2))
    array([[19., 25.],
           [37., 43.]])
    """
    namespace(X=X, K=K)
    check_rank(2, X=X, K=K)
    kh, kw = K.shape
    oh = conv_output_size(X.shape[0], kh)
    ow = conv_output_size(X.shape[1], kw)
    places = product(range(kh), range(kw))
    return sum(K[a, b] * X[a : a + oh, b : b + ow] for a, b in places)


@in_float32
def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Convolve images with kernels, as deep learning means it: cross-correlation, summed over input channels.

    Parameters
    ----------
    x : array, shape (N, C_in, H, W)
        Images of any numeric dtype.
    w : array, shape (C_out, C_in/groups, kh, kw)
        Kernels, of the same type and dtype as `x`.
    b : array, shape (C_out,), optional
        One number to add to each output channel.
    stride : int or (int, int)
        Pixels from one window to the next.
    padding : int, (int, int), ((int, int), (int, int)) or {"valid", "same", "full"}
        Zeros per side: one number, one per axis, (before, after) per axis, or a name. "same" needs stride 1;
        for even spans its odd zero goes after the image.
    dilation : int or (int, int)
        Pixels from one tap of the kernel to the next.
    groups : int
        Split the channels into this many groups that do not see each other.

    Returns
    -------
    array, shape (N, C_out, oh, ow)
        Same type and dtype as `x`; differentiable on torch.

    Raises
    ------
    TypeError
        If array types or dtypes differ.
    ValueError
        If a rank, the channels or a size do not fit, or the kernel is larger than the padded image.

    Notes
    -----
    Equals ``torch.nn.functional.conv2d``; `d2lcnn.ops.definition` says in loops what it computes. Weights times the
    columns of `im2col`, as Chellapilla, Puri & Simard (2006), section 2.1, but for one cache-sized tile of outputs
    after the other, and with pixels that windows below each other share copied once (`d2lcnn.ops._engine`). Beside the
    result it needs a copy of the weights and 1 to 3 MB or the columns of one image, whichever is more. Groups of few
    channels make several rows of outputs in one product. Tensors in the memory of the CPU are multiplied by NumPy.
    Floats of 16 bits are summed in float32.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)), np.array([0.5]))
    array([[[[ 8.5, 12.5],
             [20.5, 24.5]]]])
    """
    xp = namespace(x=x, w=w, b=b)
    check_rank(4, x=x, w=w)
    groups = check_channels(x, w, b, groups)
    windows = conv_windows(x.shape[2:], tuple(w.shape[2:]), stride, padding, dilation)
    return with_bias(xp, _engine.convolution(xp, x, w, windows, groups), b)


def conv1d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Convolve sequences with kernels: `conv2d` on images of width one.

    Parameters
    ----------
    x : array, shape (N, C_in, L)
    w : array, shape (C_out, C_in/groups, k)
    b : array, shape (C_out,), optional
    stride, padding, dilation, groups
        As `conv2d`, for one axis: ``padding=((k - 1, 0),)``, all of it before, makes a causal convolution.

    Returns
    -------
    array, shape (N, C_out, o)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Notes
    -----
    Equals ``torch.nn.functional.conv1d``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0, 4.0]]])
    >>> conv1d(x, np.array([[[-1.0, 1.0]]]), padding=((1, 0),))
    array([[[1., 1., 2.]]])
    """
    namespace(x=x, w=w, b=b)
    check_rank(3, x=x, w=w)
    (s,), (d,) = per_axis("stride", stride, 1), per_axis("dilation", dilation, 1)
    (p,) = resolve_padding(padding, tuple(w.shape[2:]), (s,), (d,))
    options = {"stride": (s, 1), "padding": (p, (0, 0)), "dilation": (d, 1), "groups": groups}
    return conv2d(x[..., None], w[..., None], b, **options)[..., 0]
