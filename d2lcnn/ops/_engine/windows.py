"""The pixels of a tile, laid out so that the columns of a matrix product are a part of them: no copy for each row.

The band of a tile has the shape (groups, pixel rows, C_in/groups, kw, *places). Its kh pixel rows from q*s on are one
block of memory: read as a matrix (kh * C_in/groups * kw, places), they are the windows of output row q of every strip.
So a pixel is copied once for each column of the kernel, and not once for each weight.
"""

import math

from .memory import strides, view
from .tiles import length, pixel_rows


def band_shape(windows, tile, channels):
    """Return the shape of the tile's band; `channels` are those of one group."""
    return length(tile.groups), pixel_rows(windows, tile.height), channels, windows.kernel[1], *tile.places


def box(windows, tile):
    """Return the rows and the columns of pixels that the tile reads; below 0 and past the end is padding."""
    axes = zip((tile.rows, tile.columns), *windows[1:5], strict=True)
    return tuple(slice(part.start * s - before, (part.stop - 1) * s + d * (k - 1) + 1 - before)
                 for part, k, s, d, (before, _) in axes)


class Frame:
    """The pixels that a tile reads, padding included, as `pixels` (channels, rows, columns, images).

    `image` shows the part of x that they come from, `inside` the part of `pixels` that is no padding.
    """

    def __init__(self, xp, x, tile, windows, channels, scratch):
        wanted = box(windows, tile)
        found = tuple(slice(max(0, b.start), max(0, b.start, min(n, b.stop)))
                      for b, n in zip(wanted, windows.size, strict=True))
        self.image = xp.permute_dims(x[tile.images, tile.channels(channels), found[0], found[1]], (1, 2, 3, 0))
        self.copied = wanted != found or (tile.images_last and self.image.shape[3] > 1)
        self.pixels = self.inside = self.image
        if self.copied:
            c, h, w, n = self.image.shape[0], *map(length, wanted), self.image.shape[3]
            self.pixels = (scratch("frame", (c, h, w, n)) if tile.images_last else
                           xp.permute_dims(scratch("frame", (c, h, n, w)), (0, 1, 3, 2)))
            down, across = (slice(f.start - w.start, f.stop - w.start) for f, w in zip(found, wanted, strict=True))
            self.inside = self.pixels[:, down, across, :]
        if wanted != found:
            self.pixels[...] = 0

    def windows(self, tile, windows):
        """Show the pixels in the shape of a band: those of several windows appear several times."""
        c, down, across, image = strides(self.pixels)
        shape = band_shape(windows, tile, self.pixels.shape[0] // length(tile.groups))
        (sh, sw), (dh, dw) = windows.stride, windows.dilation
        last = (across * sw, image) if tile.images_last else (image, across * sw)
        distances = c * shape[2], down * dh, c, across * dw, down * sh * tile.height, *last
        return view(self.pixels, shape, distances)


def gather(xp, x, tile, windows, channels, scratch):
    """Copy the tile's pixels into a band."""
    frame = Frame(xp, x, tile, windows, channels, scratch)
    if frame.copied:
        frame.inside[...] = frame.image
    band = scratch("band", band_shape(windows, tile, channels))
    band[...] = frame.windows(tile, windows)
    return band


def scatter(xp, band, dx, tile, windows, scratch):
    """Add a band to the pixels of `dx` that it was read from: the transpose of `gather`."""
    frame = Frame(xp, dx, tile, windows, band.shape[2], scratch)
    if frame.copied:
        frame.pixels[...] = 0
    pixels = frame.windows(tile, windows)
    rows, kw, strips = pixels.shape[1], *pixels.shape[3:5]
    for v in range(kw):  # places coincide along three axes: take one at a time of this one and of the shorter other
        for i in range(min(rows, strips)):
            part = (slice(None), i, slice(None), v) if rows < strips else (slice(None),) * 3 + (v, i)
            pixels[part] += band[part]
    if frame.copied:
        frame.image += frame.inside


def columns(band, tile, windows):
    """Show for every row of the strips its windows as matrices: (height, groups, kh * C_in/groups * kw, places)."""
    group, row = strides(band)[:2]
    inner, places = math.prod(band.shape[2:4]), math.prod(band.shape[4:])
    shape = tile.height, band.shape[0], windows.kernel[0] * inner, places
    unit = row // max(1, inner * places)
    return view(band, shape, (windows.stride[0] * row, group, places * unit, unit))
