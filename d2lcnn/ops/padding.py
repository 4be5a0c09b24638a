"""Frames around images."""

from array_api_compat import device, is_torch_array

from ._args import namespace, sides
from ._precision import in_float32

# rank of the array -> number of its last axes that are space: (h, w), (N, C, L), (N, C, H, W)
SPACE = {2: 2, 3: 1, 4: 2}


def _reflect(q, n):
    return (n - 1) - abs((n - 1) - abs(q))


def _replicate(q, n):
    return min(max(q, 0), n - 1)


def _circular(q, n):
    return q % n


# mode -> (source of the pixel at place q of an axis with n pixels, widest frame that this axis can fill)
MODES = {
    "reflect": (_reflect, lambda n: n - 1),
    "replicate": (_replicate, lambda n: float("inf") if n else 0),
    "circular": (_circular, lambda n: n),
}


def zeros(xp, like, shape):
    """Return zeros with the dtype and on the device of `like`; inside `torch.vmap` they may be written to like it."""
    return like.new_zeros(shape) if is_torch_array(like) else xp.zeros(shape, dtype=like.dtype)


def frame(xp, x, padding, value=0):
    """Copy `x` into the middle of a larger array filled with `value`; `padding` is (before, after) per axis."""
    if is_torch_array(x):
        from . import _autograd

        return _autograd.frame(x, padding, value)
    inner = [slice(None)] * (x.ndim - len(padding))
    shape = list(x.shape[: len(inner)])
    for n, (before, after) in zip(x.shape[len(inner) :], padding, strict=True):
        shape.append(before + n + after)
        inner.append(slice(before, before + n))
    y = xp.full(tuple(shape), value, dtype=x.dtype)
    y[tuple(inner)] = x
    return y


def framed(xp, x, padding, value=0):
    """Return `x` itself where there is nothing to add, else a framed copy."""
    return frame(xp, x, padding, value) if any(map(any, padding)) else x


@in_float32
def pad(x, padding, mode="zeros"):
    """Put a frame around the spatial axes.

    Parameters
    ----------
    x : array, shape (h, w), (N, C, L) or (N, C, H, W)
        A matrix, sequences or images, of any numeric dtype. The last axis of sequences is padded,
        the last two of the others.
    padding : int or tuple
        Pixels per side: one number, one per axis, or (before, after) per axis.
    mode : {"zeros", "reflect", "replicate", "circular"}
        What the frame holds: zeros; the image mirrored, its border pixel not repeated; the border pixel
        repeated; the opposite side.

    Returns
    -------
    array
        A new array of the same type and dtype.

    Raises
    ------
    TypeError
        If `x` is no array.
    ValueError
        If `x` has another rank, a size is negative, the mode is unknown, or the image is too small
        for the frame (reflect: at most n - 1 pixels, circular: at most n).

    Notes
    -----
    ``torch.nn.functional.pad`` with modes constant, reflect, replicate, circular; here the axes are named in
    their order (rows first), there from the last one backwards.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.array([[1, 2], [3, 4]]), ((0, 1), (1, 0)))
    array([[0, 1, 2],
           [0, 3, 4],
           [0, 0, 0]])
    >>> pad(np.array([[1, 2, 3]]), (0, 2), mode="reflect")
    array([[3, 2, 1, 2, 3, 2, 1]])
    """
    xp = namespace(x=x)
    if x.ndim not in SPACE:
        raise ValueError(f"x must be (h, w), (N, C, L) or (N, C, H, W), but its shape is {tuple(x.shape)}")
    padding = sides(padding, SPACE[x.ndim])
    if mode == "zeros":
        return frame(xp, x, padding)
    if mode not in MODES:
        raise ValueError(f"mode must be one of {['zeros', *MODES]}, not {mode!r}")
    source, widest = MODES[mode]
    for axis, (before, after) in enumerate(padding, start=x.ndim - len(padding)):
        n = x.shape[axis]
        if max(before, after) > widest(n):
            raise ValueError(f"padding={(before, after)} is too wide for mode {mode!r}: axis {axis} has {n} pixels")
        places = [source(q, n) for q in range(-before, n + after)]
        x = xp.take(x, xp.asarray(places, device=device(x)), axis=axis)
    return x
