"""Blocks of output rows: one product makes several rows, for groups whose matrices would have few rows of weights.

A depthwise layer multiplies a single row of weights with columns that took a copy of every pixel for every weight.
For a block of b rows the kernel stands in b places of a taller one, b * C_out/groups rows of weights in all, most of
whose zeros cost less than the copies that the rows then share.
"""

from array_api_compat import device

# A copied pixel costs as much as so many multiplications with weights.
COPYING = 6
TALLEST = 8


def height(windows, c_out):
    """Return how many rows of outputs one product makes; `c_out` are those of one group."""
    def cost(block):  # of one output, for each channel and each column of the kernel
        return of(windows, block).kernel[0] * (COPYING / block + c_out)

    rows = windows.out[0]
    return min((block for block in range(1, max(1, min(rows, TALLEST)) + 1) if rows % block == 0), key=cost)


def of(windows, block):
    """Return the Windows of whole blocks; a kernel with gaps is written out with zeros in them."""
    if block == 1:
        return windows
    (kh, kw), (sh, sw), (dh, dw) = windows.kernel, windows.stride, windows.dilation
    return windows._replace(kernel=((block - 1) * sh + (kh - 1) * dh + 1, kw), stride=(block * sh, sw),
                            dilation=(1, dw), out=(windows.out[0] // block, windows.out[1]))


def rows_of(windows, row):
    """Return which rows of the tall kernel are the kernel of one row of the block."""
    begin, step = row * windows.stride[0], windows.dilation[0]
    return slice(begin, begin + (windows.kernel[0] - 1) * step + 1, step)


def widen(xp, w, windows, block):
    """Write every kernel of w (C_out, C, kh, kw) once for each row of the block: (C_out * block, C, tall, kw)."""
    if block == 1:
        return w
    c_out, channels, _, kw = w.shape
    wide = xp.zeros((c_out, block, channels, of(windows, block).kernel[0], kw), dtype=w.dtype, device=device(w))
    for row in range(block):
        wide[:, row, :, rows_of(windows, row), :] = w
    return xp.reshape(wide, (c_out * block, *wide.shape[2:]))


def narrow(xp, wide, windows, block):
    """Add up what belongs to the same weight: the transpose of `widen`."""
    if block == 1:
        return wide
    wide = xp.reshape(wide, (wide.shape[0] // block, block, *wide.shape[1:]))
    return sum(wide[:, row, :, rows_of(windows, row), :] for row in range(block))
