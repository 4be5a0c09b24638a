"""Depthwise convolution as sums of shifted planes: with one input channel a group there is no matrix to multiply.

A product of one row of weights with columns reads each copied number once, so copying windows costs more than the
arithmetic. Here a plane is laid out once as one long row of numbers, with its padding. Then the pixels that a tap reads
are one run of memory, the same run for all taps but for where it begins, and each tap is one product and one sum of
long rows. With stride s the plane is first parted into s * s smaller ones, by the remainders of row and column; every
tap reads one of them.
"""

from array_api_compat import device, is_torch_array

from ._spans import spans

# Bytes that the planes of a tile may need: they are read once for each tap, so they should stay in the L2 cache.
CACHE = 1 << 20


class Planes:
    """Planes of images as long rows, a tile of images and channels at a time; the buffers are used again."""

    def __init__(self, xp, x, windows):
        self.xp, self.windows = xp, windows
        self.n, self.channels = x.shape[:2]
        (self.oh, ow), (kh, kw), (sh, sw), (dh, dw) = windows.out, windows.kernel, windows.stride, windows.dilation
        self.width = ow + (kw - 1) * dw // sw  # of the parted, padded plane
        self.height = self.oh + (kh - 1) * dh // sh
        self.places = self.oh * self.width  # some, at the end of each row, belong to no window
        self.row = self.height * self.width + (kw - 1) * dw // sw  # so that the last tap's run ends inside
        bytes_each = (sh * sw * self.row + 2 * self.places) * x.dtype.itemsize
        fit = max(1, CACHE // bytes_each)
        self.step = min(fit, self.channels), max(1, fit // self.channels)
        shape = (self.step[1], self.step[0], sh, sw, self.row)
        self.buffer = xp.zeros(shape, dtype=x.dtype, device=device(x))

    def __iter__(self):
        """Yield (images, channels) of each tile."""
        for channels in spans(self.channels, self.step[0]):
            for images in spans(self.n, self.step[1]):
                yield images, channels

    def tile(self, buffer, images, channels):
        """Return the part of a buffer (images, channels, ...) that a tile of these sizes uses."""
        return buffer[: images.stop - images.start, : channels.stop - channels.start, ...]

    def parted(self, long, a, b):
        """Show the planes of remainders a and b as (images, channels, height, width)."""
        flat = long[:, :, a, b, : self.height * self.width]
        return self.xp.reshape(flat, (*flat.shape[:2], self.height, self.width))

    def pixels(self):
        """Yield for every remainder (a, b) which part of its planes is image, and which pixels of the image that is."""
        (sh, sw), ((top, _), (left, _)), (h, w) = self.windows.stride, self.windows.padding, self.windows.size
        for a in range(sh):
            for b in range(sw):
                down, rows = between(a, sh, top, h, self.height)
                across, columns = between(b, sw, left, w, self.width)
                yield a, b, (..., down, across), (..., rows, columns)

    def taps(self, long):
        """Yield (u, v) and the run of memory that tap reads, (images, channels, places), for every tap."""
        (kh, kw), (sh, sw), (dh, dw) = self.windows.kernel, self.windows.stride, self.windows.dilation
        for u in range(kh):
            for v in range(kw):
                begin = u * dh // sh * self.width + v * dw // sw
                yield u, v, long[:, :, u * dh % sh, v * dw % sw, begin : begin + self.places]


def between(remainder, s, before, n, size):
    """Slices that match: places of a parted line of `size`, and the pixels of an image line of n that stand there.

    Place q of the line of that remainder holds pixel q * s + remainder - before, if there is one.
    """
    first = max(0, -((remainder - before) // s))
    end = max(first, min(size, (n - 1 - remainder + before) // s + 1))
    pixel = first * s + remainder - before
    return slice(first, end), slice(pixel, pixel + (end - first - 1) * s + 1, s) if end > first else slice(0, 0)


def inner(xp, a, b):
    """Sum the products along the last axis; nothing is conjugated."""
    if is_torch_array(a):
        return xp.sum(a * b, axis=-1)  # many small matrix products take torch several times as long
    return (a[..., None, :] @ b[..., None])[..., 0, 0]


def forward(xp, x, w, windows):
    """Convolve every channel of x (N, C, H, W) with its own kernel, w (C, 1, kh, kw)."""
    planes, new = Planes(xp, x, windows), {"dtype": x.dtype, "device": device(x)}
    y = xp.empty((*x.shape[:2], *windows.out), **new)
    total, term = (xp.empty((*planes.buffer.shape[:2], planes.places), **new) for _ in range(2))
    for images, channels in planes:
        long, acc, part = (planes.tile(a, images, channels) for a in (planes.buffer, total, term))
        for a, b, inside, source in planes.pixels():
            planes.parted(long, a, b)[inside] = x[images, channels, ...][source]
        for u, v, run in planes.taps(long):
            weights = w[channels, 0, u, v, None]
            if u == v == 0:
                xp.multiply(run, weights, out=acc)
            else:
                xp.multiply(run, weights, out=part)
                acc += part
        rows = xp.reshape(acc, (*acc.shape[:2], planes.oh, planes.width))
        y[images, channels, ...] = rows[..., : windows.out[1]]
    return y


def backward(xp, g, x, w, windows, *, need_x, need_w):
    """Gradients for x and w, None where not needed: of each tap the transpose of what `forward` does."""
    planes, new = Planes(xp, x, windows), {"dtype": x.dtype, "device": device(x)}
    dx = xp.zeros(tuple(x.shape), **new) if need_x else None
    dw = xp.zeros(tuple(w.shape), **new) if need_w else None
    rows, term = (xp.zeros((*planes.buffer.shape[:2], planes.places), **new) for _ in range(2))
    spread = xp.zeros(tuple(planes.buffer.shape), **new) if need_x else None
    for images, channels in planes:
        upstream, part = (planes.tile(a, images, channels) for a in (rows, term))
        shaped = xp.reshape(upstream, (*upstream.shape[:2], planes.oh, planes.width))
        shaped[..., : windows.out[1]] = g[images, channels, ...]  # zeros at the end of each row stay
        if need_w:
            long = planes.tile(planes.buffer, images, channels)
            for a, b, inside, source in planes.pixels():
                planes.parted(long, a, b)[inside] = x[images, channels, ...][source]
            for u, v, run in planes.taps(long):
                dw[channels, 0, u, v] += xp.sum(inner(xp, run, upstream), axis=0)
        if need_x:
            long = planes.tile(spread, images, channels)
            long[...] = 0
            for u, v, run in planes.taps(long):
                xp.multiply(upstream, w[channels, 0, u, v, None], out=part)
                run += part
            for a, b, inside, source in planes.pixels():
                dx[images, channels, ...][source] = planes.parted(long, a, b)[inside]
    return dx, dw
