"""Convolution as matrix products of cache-sized tiles: the arithmetic behind conv2d and its gradients.

A tile is a box of output places: some images, or some rows of one image, or a part of one row. Its windows become the
columns of a matrix in two steps: shifted copies along the image's rows (the band), then shifted copies of whole rows of
that. This takes kw + kh copies instead of kw * kh, and most of them are of long runs of memory. Backward takes the
same two steps in reverse, adding where forward copied.
"""

import math
from typing import NamedTuple

from array_api_compat import device

from . import _depthwise
from ._spans import spans

# Bytes that a tile may need: the L2 cache of one core; or, where one image's columns are larger still, a part of L3:
# fewer, wider products waste less.
SMALL, LARGE = 1 << 20, 1 << 22


def tile_size(windows, channels, c_out, itemsize, copies=1):
    """Return the number of images, rows and columns of output places in a tile; `copies` of its columns exist."""
    (oh, ow), (kh, kw), s = windows.out, windows.kernel, windows.stride[0]
    floats = max(SMALL // itemsize, min(channels * kh * kw * oh * ow, LARGE // itemsize))
    span = windows.dilation[0] * (kh - 1) + 1
    # floats for one output place of a tall tile: columns, results (this tile's and the last one's), band
    row = copies * channels * kh * kw + 2 * c_out + channels * kw * s
    first = channels * kw * (span - s)  # the band is as much taller than that
    if images := floats // max(1, ow * (oh * row + first)):
        return images, oh, ow
    if (rows := (floats // ow - first) // row) > 0:
        return 1, rows, ow
    return 1, 1, max(1, floats // (row + first))


class Reads(NamedTuple):
    """Which pixels of an axis one tap reads, and at which output places of a tile; the others see padding."""

    pixels: slice
    places: slice


def reads(windows, axis, part):
    """List the Reads of every tap along an axis for the output places in `part`."""
    n, s, before = windows.size[axis], windows.stride[axis], windows.padding[axis][0]
    found = []
    for tap in range(windows.kernel[axis]):
        offset = tap * windows.dilation[axis] - before  # place o reads pixel o*s + offset
        first, end = max(part.start, -(offset // s)), min(part.stop, (n - 1 - offset) // s + 1)
        if first < end:
            pixels = slice(first * s + offset, (end - 1) * s + offset + 1, s)
            found.append(Reads(pixels, slice(first - part.start, end - part.start)))
        else:
            found.append(Reads(slice(0, 0), slice(0, 0)))
    return found


class Tiles:
    """Gather windows of images as columns, tile by tile, and scatter columns back; the buffers are used again."""

    def __init__(self, xp, x, windows, c_out, copies=1):
        self.xp, self.windows, self.channels = xp, windows, x.shape[1]
        self.images, self.rows, self.columns = tile_size(windows, x.shape[1], c_out, x.dtype.itemsize, copies)
        self.n, self.new = x.shape[0], {"dtype": x.dtype, "device": device(x)}
        self.buffers = {}

    def __iter__(self):
        """Yield the boxes (images, rows, columns) of output places."""
        for rows in spans(self.windows.out[0], self.rows):
            for columns in spans(self.windows.out[1], self.columns):
                self.down, self.across = reads(self.windows, 0, rows), reads(self.windows, 1, columns)
                self.top = min((r.pixels.start for r in self.down if r.pixels.stop), default=0)
                self.bottom = max(r.pixels.stop for r in self.down)
                for images in spans(self.n, self.images):
                    self.places = tuple(part.stop - part.start for part in (images, rows, columns))
                    yield images, rows, columns

    def buffer(self, name, shape):
        """Return uninitialised memory; fresh pages for each tile would cost more than filling them."""
        size = math.prod(shape)
        if self.buffers.get(name) is None or self.buffers[name].shape[0] < size:
            self.buffers[name] = None  # first let go of the old one
            self.buffers[name] = self.xp.empty((size,), **self.new)
        return self.xp.reshape(self.buffers[name][:size], shape)

    def band(self):
        b, _, columns = self.places
        return self.buffer("band", (self.channels, self.windows.kernel[1], b, self.bottom - self.top, columns))

    def image_rows(self, x, images):
        """View of the image rows that the tile reads, channels first."""
        return self.xp.permute_dims(x[images, :, self.top : self.bottom, :], (1, 0, 2, 3))

    def band_rows(self, pixels):
        return slice(max(0, pixels.start - self.top), max(0, pixels.stop - self.top), pixels.step)

    def gather(self, x, images):
        """Return the tile's windows as columns (C, kh, kw, b, rows, columns)."""
        band, source = self.band(), self.image_rows(x, images)
        for v, (pixels, places) in enumerate(self.across):
            copy_between_zeros(band[:, v, ...], places, source[..., pixels])
        cols = self.buffer("cols", (self.channels, *self.windows.kernel, *self.places))
        flat = self.xp.permute_dims(cols, (0, 1, 2, 3, 5, 4))
        for u, (pixels, places) in enumerate(self.down):
            rows = band[..., self.band_rows(pixels), :]
            copy_between_zeros(flat[:, u, ...], places, self.xp.permute_dims(rows, (0, 1, 2, 4, 3)))
        return cols

    def scatter(self, cols, dx, images):
        """Add columns to the pixels of `dx` that they were read from: the transpose of `gather`."""
        band, target = self.band(), self.image_rows(dx, images)
        band[...] = 0
        cols = self.xp.reshape(cols, (self.channels, *self.windows.kernel, *self.places))
        for u, (pixels, places) in enumerate(self.down):
            band[..., self.band_rows(pixels), :] += cols[:, u, :, :, places, :]
        for v, (pixels, places) in enumerate(self.across):
            target[..., pixels] += band[:, v, :, :, places]


def copy_between_zeros(target, places, source):
    """Write `source` to `places` of the last axis and zeros, the padding, before and after."""
    target[..., places] = source
    if places.start:
        target[..., : places.start] = 0
    if places.stop < target.shape[-1]:
        target[..., places.stop :] = 0


def is_depthwise(w, groups):
    """Tell whether every channel has one kernel of its own: then matrices would have a single row."""
    return groups > 1 and w.shape[0] == groups and w.shape[1] == 1


def forward(xp, x, w, b, windows, groups):
    """Convolve: for each tile, weights (C_out, C_in*kh*kw) times columns (C_in*kh*kw, places)."""
    if is_depthwise(w, groups):
        y = _depthwise.forward(xp, x, w, windows)
        if b is not None:
            y += xp.reshape(b, (-1, 1, 1))
        return y
    c_out, rows = w.shape[0], w.shape[1] * windows.count
    weights = xp.reshape(w, (groups, c_out // groups, rows))
    (oh, ow), new = windows.out, {"dtype": x.dtype, "device": device(x)}
    y = xp.empty((x.shape[0], groups, c_out // groups, oh * ow), **new)
    tiles = Tiles(xp, x, windows, c_out)
    for images, down, across in tiles:
        columns = xp.reshape(tiles.gather(x, images), (groups, rows, math.prod(tiles.places)))
        if tiles.places[0] == 1 and tiles.places[2] == ow:  # whole rows of one image: the product can be written there
            z = y[images.start, :, :, down.start * ow : down.stop * ow]
            xp.matmul(weights, columns, out=z)
        else:
            z = xp.permute_dims(xp.reshape(weights @ columns, (*y.shape[1:3], *tiles.places)), (2, 0, 1, 3, 4))
            xp.reshape(y, (*y.shape[:3], oh, ow))[images, :, :, down, across] = z
    if b is not None:
        y += xp.reshape(b, (groups, c_out // groups, 1))
    return xp.reshape(y, (x.shape[0], c_out, oh, ow))


def backward(xp, g, x, w, windows, groups, *, need_x=True, need_w=True):
    """Gradients for x and w, None where not needed: dw^T = cols g^T and dcols = w^T g, tile by tile."""
    if xp.isdtype(x.dtype, "complex floating"):
        x, w = xp.conj(x), xp.conj(w)
    if is_depthwise(w, groups):
        return _depthwise.backward(xp, g, x, w, windows, need_x=need_x, need_w=need_w)
    c_out, rows = w.shape[0], w.shape[1] * windows.count
    weights = xp.matrix_transpose(xp.reshape(w, (groups, c_out // groups, rows)))
    new = {"dtype": x.dtype, "device": device(x)}
    dx = xp.zeros(tuple(x.shape), **new) if need_x else None
    dw_t = xp.zeros(tuple(weights.shape), **new) if need_w else None
    tiles = Tiles(xp, x, windows, c_out, copies=2)
    for box in tiles:
        places = math.prod(tiles.places)
        part = xp.permute_dims(g[box[0], :, box[1], box[2]], (1, 0, 2, 3))
        part = xp.reshape(part, (groups, c_out // groups, places))
        if need_w:
            columns, part_t = xp.reshape(tiles.gather(x, box[0]), (groups, rows, places)), xp.matrix_transpose(part)
            # some weights at a time: the product, before it is added, is as large as they are
            for some in spans(rows, SMALL // 4 // (c_out * x.dtype.itemsize)):
                dw_t[:, some, :] += columns[:, some, :] @ part_t
        if need_x:
            tiles.scatter(weights @ part, dx, box[0])
    return dx, xp.reshape(xp.matrix_transpose(dw_t), tuple(w.shape)) if need_w else None


def transposed(xp, x, w, b, windows, groups):
    """Transposed convolution: what `backward` does for the image, with values in the place of gradients."""
    if xp.isdtype(x.dtype, "complex floating"):
        w = xp.conj(w)  # which `backward` takes back: a gradient is conjugated, a transpose is not
    new = {"dtype": x.dtype, "device": device(x)}
    shape = xp.broadcast_to(xp.zeros((1, 1, 1, 1), **new), (x.shape[0], w.shape[1] * groups, *windows.size))
    y, _ = backward(xp, x, shape, w, windows, groups, need_w=False)
    if b is not None:
        y += xp.reshape(b, (-1, 1, 1))
    return y
