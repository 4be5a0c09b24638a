"""A convolution written as the matrix it is."""

import numpy as np
from array_api_compat import device, is_numpy_array

from ._args import check_rank, conv_windows, namespace, per_axis
from ._precision import in_float32
from .im2col import im2col
from .padding import zeros


@in_float32
def conv_matrix(K, input_size, *, stride=1, padding=0, dilation=1, sparse=False):
    """Write the matrix C with ``C @ x.reshape(-1)`` = the flattened convolution of x with K.

    Parameters
    ----------
    K : array, shape (kh, kw) or (C_out, C_in, kh, kw)
        One kernel, or the kernels of a layer, of any numeric dtype.
    input_size : int or (int, int)
        Height and width of the image.
    stride, padding, dilation
        As for `conv2d`.
    sparse : bool
        Return a SciPy sparse array (CSR) that stores only the weights; `K` must then be a NumPy array.

    Returns
    -------
    array or scipy.sparse.csr_array, shape (oh*ow, ih*iw) or (C_out*oh*ow, C_in*ih*iw)
        Rows are output places in reading order, columns are pixels; with channels, blocks of them, one block row
        for an output channel. Same type and dtype as `K`; differentiable on torch.

    Raises
    ------
    TypeError
        If `K` is no array, or a sparse matrix of a torch tensor is asked for.
    ValueError
        If `K` has another rank, a size is out of range, or the kernel is larger than the padded image.
    ImportError
        If a sparse matrix is asked for and SciPy is not installed.

    Notes
    -----
    Dumoulin & Visin (arXiv:1603.07285), section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> conv_matrix(np.array([[1, 2]]), (1, 4))
    array([[1, 2, 0, 0],
           [0, 1, 2, 0],
           [0, 0, 1, 2]])
    """
    xp = namespace(K=K)
    if K.ndim == 2:
        K = K[None, None, :, :]
    check_rank(4, K=K)
    size = per_axis("input_size", input_size)
    windows = conv_windows(size, tuple(K.shape[2:]), stride, padding, dilation)
    taps, places, pixels = _entries(windows)
    c_out, c_in = K.shape[:2]
    n, m = windows.out[0] * windows.out[1], size[0] * size[1]
    weights = xp.reshape(K, (c_out, c_in, windows.count))
    if sparse:
        return _sparse(weights, taps, places, pixels, (n, m))
    C = zeros(xp, K, (c_out, c_in, n * m))
    C[:, :, xp.asarray(places * m + pixels, device=device(K))] = weights[:, :, xp.asarray(taps, device=device(K))]
    return xp.reshape(xp.permute_dims(xp.reshape(C, (c_out, c_in, n, m)), (0, 2, 1, 3)), (c_out * n, c_in * m))


def _entries(windows):
    """List the non-zero entries: which tap multiplies which pixel at which output place. Padding has no pixel."""
    numbers = np.arange(1, windows.size[0] * windows.size[1] + 1).reshape(1, 1, *windows.size)  # 0 is padding
    read = im2col(numbers, windows.kernel, stride=windows.stride, padding=windows.padding, dilation=windows.dilation)
    taps, places = np.nonzero(read[0])
    return taps, places, read[0, taps, places] - 1


def _sparse(weights, taps, places, pixels, block):
    """Assemble the block matrix as a SciPy CSR array."""
    if not is_numpy_array(weights):
        raise TypeError(f"K must be a NumPy array for sparse=True, not {type(weights).__name__}")
    try:
        from scipy.sparse import csr_array
    except ImportError:
        raise ImportError("conv_matrix(sparse=True) needs SciPy: pip install scipy") from None
    o, c, _ = np.ogrid[: weights.shape[0], : weights.shape[1], :1]
    rows, columns = np.broadcast_arrays(o * block[0] + places, c * block[1] + pixels)
    rows, columns = (np.broadcast_to(a, (*weights.shape[:2], taps.size)).ravel() for a in (rows, columns))
    shape = (weights.shape[0] * block[0], weights.shape[1] * block[1])
    return csr_array((weights[:, :, taps].ravel(), (rows, columns)), shape=shape)
