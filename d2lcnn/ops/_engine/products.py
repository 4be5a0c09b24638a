"""Convolution as matrix products, a tile of outputs at a time; its transpose; the gradient for its weights.

Weights are a matrix (C_out/groups, kh * C_in/groups * kw) for each group, columns are those of `windows.columns`.
Groups of few channels would make matrices of few rows: there one product makes a block of several output rows
(`blocks`), so C_out/groups becomes that many times as large, and the kernel is as tall as the pixels of a block.
"""

import math

from array_api_compat import device

from . import blocks
from .memory import Scratch, multiply
from .tiles import SMALL, Problem, length, spans, tiles
from .windows import band_shape, columns, gather, scatter

# Adding a number to a pixel costs about as much as copying this many.
ADDING = 2


def as_matrices(xp, w, groups):
    """Write kernels (C_out, C_in/groups, kh, kw) as matrices, one a group; an entry's place is (u, channel, v)."""
    c_out, per_group, kh, kw = w.shape
    rows = xp.empty((c_out, kh, per_group, kw), dtype=w.dtype, device=device(w))
    rows[...] = xp.permute_dims(w, (0, 2, 1, 3))  # whatever the strides of w were, BLAS can read these
    return xp.reshape(rows, (groups, c_out // groups, kh * per_group * kw))


def convolution(xp, x, w, windows, groups):
    """Convolve: for each tile and each row of its strips, weights times columns."""
    n, per_group, c_out = x.shape[0], w.shape[1], w.shape[0] // groups
    block = blocks.height(windows, c_out)
    y = xp.empty((n, groups, c_out, *windows.out), dtype=x.dtype, device=device(x))
    weights, windows = as_matrices(xp, blocks.widen(xp, w, windows, block), groups), blocks.of(windows, block)
    scratch = Scratch(xp, x)
    for tile in tiles(Problem(n, groups, per_group, c_out * block, x.dtype.itemsize, windows, block)):
        band, own = gather(xp, x, tile, windows, per_group, scratch), weights[tile.groups, ...]
        read = columns(band, tile, windows)
        if block == tile.height == length(tile.images) == 1 and length(tile.columns) == windows.out[1]:
            rows = y[tile.images, tile.groups, :, tile.rows, :]  # the product can be written where it belongs
            multiply(xp, own, read, out=xp.reshape(rows, (*rows.shape[:3], -1)))
            continue
        results = scratch("results", (*read.shape[:2], own.shape[1], read.shape[3]))
        multiply(xp, own, read, out=results)
        outputs = outputs_of(xp, y, tile)
        outputs[...] = xp.reshape(results, outputs.shape)
    return xp.reshape(y, (n, w.shape[0], *y.shape[3:]))


def outputs_of(xp, y, tile):
    """Show the tile's part of y (N, groups, C_out/groups, oh, ow) as (height, groups, C_out/groups, block, *places)."""
    rows = slice(tile.rows.start * tile.block, tile.rows.stop * tile.block)
    part = y[tile.images, tile.groups, :, rows, tile.columns]
    part = xp.reshape(part, (*part.shape[:3], tile.strips, tile.height, tile.block, part.shape[4]))
    return xp.permute_dims(part, (4, 1, 2, 5, 3, 6, 0) if tile.images_last else (4, 1, 2, 5, 3, 0, 6))


def upstream(xp, g, tile, scratch):
    """Copy the tile's part of g: a matrix (C_out/groups * block, places) for each row of the strips and each group."""
    part = outputs_of(xp, g, tile)
    copy = scratch("results", part.shape)
    copy[...] = part
    return xp.reshape(copy, (*part.shape[:2], math.prod(part.shape[2:4]), math.prod(tile.places)))


def transposed(xp, g, w, windows, groups):
    """Send outputs back to the pixels that they were computed from, times their weights.

    With stride 1 that is a convolution of the outputs, padded, by the flipped kernel, with the channels exchanged.
    """
    n, (c_out, per_group) = g.shape[0], w.shape[:2]
    if windows.stride == (1, 1) and c_out <= ADDING * per_group * groups:
        return convolution(xp, g, mirrored(xp, w, groups), backwards(windows), groups)
    dx = xp.zeros((n, per_group * groups, *windows.size), dtype=g.dtype, device=device(g))
    g, block = xp.reshape(g, (n, groups, c_out // groups, *windows.out)), blocks.height(windows, c_out // groups)
    weights, windows = as_matrices(xp, blocks.widen(xp, w, windows, block), groups), blocks.of(windows, block)
    weights, scratch = xp.matrix_transpose(weights), Scratch(xp, g)
    for tile in tiles(Problem(n, groups, per_group, weights.shape[2], g.dtype.itemsize, windows, block, copies=1)):
        own, outputs = weights[tile.groups, ...], upstream(xp, g, tile, scratch)
        band = scratch("band", band_shape(windows, tile, per_group))
        band[...] = 0
        product = scratch("product", (*own.shape[:2], outputs.shape[-1]))
        for rows, values in zip(columns(band, tile, windows), outputs, strict=True):
            rows += xp.matmul(own, values, out=product)
        scatter(xp, band, dx, tile, windows, scratch)
    return dx


def mirrored(xp, w, groups):
    """Flip kernels in both axes and exchange their channels, group by group: (C_in, C_out/groups, kh, kw)."""
    w = xp.reshape(xp.flip(w, axis=(2, 3)), (groups, w.shape[0] // groups, *w.shape[1:]))
    w = xp.permute_dims(w, (0, 2, 1, 3, 4))
    return xp.reshape(w, (-1, *w.shape[2:]))


def backwards(windows):
    """Return the Windows of the convolution with stride 1 that leads from outputs to pixels; it may crop."""
    spans_less_1 = (d * (k - 1) for k, d in zip(windows.kernel, windows.dilation, strict=True))
    padding = tuple((s - before, s - after) for s, (before, after) in zip(spans_less_1, windows.padding, strict=True))
    return windows._replace(size=windows.out, padding=padding, out=windows.size)


def weight_gradient(xp, g, x, windows, groups):
    """Gradient for the weights: columns times outputs' gradients transposed, summed over all tiles and rows."""
    n, c_out, per_group, one = x.shape[0], g.shape[1] // groups, x.shape[1] // groups, windows
    g, block = xp.reshape(g, (n, groups, c_out, *windows.out)), blocks.height(windows, c_out)
    windows, c_out = blocks.of(windows, block), c_out * block
    rows, scratch = per_group * windows.count, Scratch(xp, x)
    dw = xp.zeros((groups, rows, c_out), dtype=x.dtype, device=device(x))
    for tile in tiles(Problem(n, groups, per_group, c_out, x.dtype.itemsize, windows, block)):
        band, outputs = gather(xp, x, tile, windows, per_group, scratch), upstream(xp, g, tile, scratch)
        total, read, given = dw[tile.groups, ...], columns(band, tile, windows), xp.matrix_transpose(outputs)
        # some rows of places, some weights at a time: the product, before it is added, is as large as they are
        most = SMALL // 16 // (length(tile.groups) * c_out * x.dtype.itemsize)
        for part in spans(tile.height, most // rows):
            for some in spans(rows, most // length(part)):
                total[:, some, :] += xp.sum(read[part, :, some, :] @ given[part, ...], axis=0)
    kh, kw = windows.kernel
    dw = xp.permute_dims(xp.reshape(dw, (groups, kh, per_group, kw, c_out)), (0, 4, 2, 1, 3))
    return blocks.narrow(xp, xp.reshape(dw, (groups * c_out, per_group, kh, kw)), one, block)
