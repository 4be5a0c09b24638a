"""Windows laid out as the columns of a matrix, and back."""

import math

from ._args import check_rank, conv_windows, namespace, per_axis
from ._precision import in_float32
from .padding import framed, zeros


@in_float32
def im2col(x, kernel_size, *, stride=1, padding=0, dilation=1):
    """Write every window of an image as a column.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        Images of any numeric dtype.
    kernel_size, stride : int or (int, int)
        Height and width of the window; pixels from one window to the next.
    padding : int, (int, int), ((int, int), (int, int)) or {"valid", "same", "full"}
        Zeros per side: one number, one per axis, (before, after) per axis, or a name.
    dilation : int or (int, int)
        Pixels from one tap of the window to the next.

    Returns
    -------
    array, shape (N, C*kh*kw, L)
        Row ``(c*kh + u)*kw + v`` holds tap (u, v) of channel c; column ``y*ow + x`` the window at row y, column x.
        L is oh*ow.

    Raises
    ------
    TypeError
        If `x` is no array.
    ValueError
        If `x` has another rank, a size is out of range, or the window is larger than the padded image.

    Notes
    -----
    ``torch.nn.functional.unfold``. Chellapilla, Puri & Simard, "High Performance Convolutional Neural Networks
    for Document Processing" (2006), section 2.1, write windows as rows: the transpose of this matrix.

    Examples
    --------
    >>> import numpy as np
    >>> im2col(np.arange(9).reshape(1, 1, 3, 3), 2)
    array([[[0, 1, 3, 4],
            [1, 2, 4, 5],
            [3, 4, 6, 7],
            [4, 5, 7, 8]]])
    """
    xp = namespace(x=x)
    check_rank(4, x=x)
    windows = conv_windows(x.shape[2:], kernel_size, stride, padding, dilation)
    x = framed(xp, x, windows.padding)
    taps = xp.stack([x[tap] for tap in windows.taps()], axis=2)
    rows, columns = x.shape[1] * windows.count, math.prod(windows.out)
    return xp.reshape(taps, (x.shape[0], rows, columns))


@in_float32
def col2im(cols, output_size, kernel_size, *, stride=1, padding=0, dilation=1):
    """Add columns back into the image at the places they came from: the transpose of `im2col`.

    Parameters
    ----------
    cols : array, shape (N, C*kh*kw, L)
        Columns, laid out as `im2col` writes them.
    output_size : int or (int, int)
        Height and width of the image.
    kernel_size, stride, padding, dilation
        As for `im2col`.

    Returns
    -------
    array, shape (N, C, H, W)
        Every pixel is the sum of its copies. Not the inverse of `im2col`: a pixel that lies in three windows
        comes back three times as large, one that no window reaches comes back 0.

    Raises
    ------
    TypeError
        If `cols` is no array.
    ValueError
        If `cols` has another rank, its rows are no multiple of kh*kw, or its columns are not as many as the windows.

    Notes
    -----
    ``torch.nn.functional.fold``.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.ones((1, 1, 3, 3))
    >>> col2im(im2col(image, 2), 3, 2)[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    xp = namespace(cols=cols)
    check_rank(3, cols=cols)
    windows = conv_windows(per_axis("output_size", output_size), kernel_size, stride, padding, dilation)
    n, rows, stops = cols.shape
    if rows % windows.count or rows == 0:
        raise ValueError(f"cols has {rows} rows, which is no multiple of the kernel's {windows.count} taps")
    if stops != math.prod(windows.out):
        raise ValueError(f"cols has {stops} columns, but there are {windows.out[0]} x {windows.out[1]} windows")
    channels = rows // windows.count
    taps = xp.reshape(cols, (n, channels, windows.count, *windows.out))
    image = zeros(xp, cols, (n, channels, *windows.padded))
    for t, tap in enumerate(windows.taps()):
        image[tap] += taps[:, :, t, :, :]
    (top, _), (left, _) = windows.padding
    return image[:, :, top : top + windows.size[0], left : left + windows.size[1]]
