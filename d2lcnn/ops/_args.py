"""Check what readers pass in, once, with messages that name the argument and its value."""

import math
import numbers
from functools import cache
from itertools import product
from typing import NamedTuple

import array_api_compat as aac
import array_api_compat.numpy as numpy_namespace
import numpy as np
from array_api_compat import is_torch_array

from ..shapes import conv_output_size, effective_kernel_size, integer, per_axis, same_padding

KINDS = {
    "numeric": "numeric",
    "real": ("integral", "real floating"),
    "real floating": "real floating",
    "integer": "integral",
}
LAYOUTS = {
    ("X", 2): "a matrix (h, w)",
    ("K", 2): "a matrix (kh, kw)",
    ("K", 4): "(kh, kw) or (C_out, C_in, kh, kw)",
    ("grad_output", 4): "(N, C_out, oh, ow)",
    ("x", 4): "(N, C, H, W)",
    ("w", 4): "(C_out, C_in/groups, kh, kw)",
    ("x", 3): "(N, C, L)",
    ("w", 3): "(C_out, C_in/groups, k)",
    ("cols", 3): "(N, C*kh*kw, L)",
}


def namespace(*, kind="numeric", **arrays):
    """Return the array namespace that all given arrays share; None stands for an absent array.

    Raises TypeError where something is no array, where array types or dtypes differ, or where the
    dtype is not of the `kind` asked for: one of KINDS.
    """
    arrays = {name: a for name, a in arrays.items() if a is not None}
    if all(type(a) is np.ndarray for a in arrays.values()):  # at once: the general way takes longer than a small corr2d
        xp = numpy_namespace
    else:
        xp = _common_namespace(arrays)
    if len({a.dtype for a in arrays.values()}) > 1:
        raise TypeError("dtypes differ: " + ", ".join(f"{n} is {a.dtype}" for n, a in arrays.items()))
    name, a = next(iter(arrays.items()))
    if not _is_kind(xp, a.dtype, kind):
        raise TypeError(f"{name} must have {'an' if kind == 'integer' else 'a'} {kind} dtype, not {a.dtype}")
    return xp


@cache
def _is_kind(xp, dtype, kind):
    return xp.isdtype(dtype, KINDS[kind])


def _common_namespace(arrays):
    for name, a in arrays.items():
        if not aac.is_array_api_obj(a):
            raise TypeError(f"{name} must be a NumPy array or a torch tensor, not {type(a).__name__}")
    try:
        return aac.array_namespace(*arrays.values())
    except TypeError:
        kinds = ", ".join(f"{n} is {type(a).__module__}.{type(a).__name__}" for n, a in arrays.items())
        raise TypeError(f"array types differ: {kinds}") from None


def check_rank(rank, **arrays):
    """Raise ValueError unless every array has `rank` axes."""
    for name, a in arrays.items():
        if a.ndim != rank:
            layout = LAYOUTS.get((name, rank), f"{rank} axes")
            raise ValueError(f"{name} must be {layout}, but its shape is {tuple(a.shape)}")


def number(name, value, minimum=-math.inf):
    """Return a real number that is finite and at least `minimum`, or say what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not math.isfinite(value) or value < minimum:
        bound = f" of at least {minimum}" if minimum > -math.inf else ""
        raise ValueError(f"{name} must be a finite number{bound}, not {value}")
    return value


def sides(padding, axes=2):
    """Turn an int, one per axis, or (before, after) per axis, into (before, after) per axis; one holds for all."""
    values = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,)
    values *= axes if len(values) == 1 else 1
    if len(values) != axes:
        raise ValueError(f"padding must be an integer, one per axis or (before, after) per axis "
                         f"for {axes} axes, not {padding!r}")
    return tuple(per_axis("padding", v, 2, minimum=0) for v in values)


def resolve_padding(padding, kernel, stride, dilation):
    """Turn any padding of a convolution, also "valid", "same", "full", into (before, after) per axis."""
    if not isinstance(padding, str):
        return sides(padding, len(kernel))
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ValueError(f'padding="same" needs stride 1, not {stride}')
        return tuple(same_padding(k, d) for k, d in zip(kernel, dilation, strict=True))
    if padding == "full":
        spans = (effective_kernel_size(k, d) for k, d in zip(kernel, dilation, strict=True))
        return tuple((span - 1, span - 1) for span in spans)
    raise ValueError(f'padding must be "valid", "same", "full" or sizes, not {padding!r}')


class Windows(NamedTuple):
    """Where a kernel stops on an image: everything per axis, checked."""

    size: tuple  # of the image
    kernel: tuple
    stride: tuple
    dilation: tuple
    padding: tuple  # (before, after) per axis
    out: tuple  # number of stops

    @property
    def padded(self):
        """Size of the padded image."""
        return tuple(n + sum(p) for n, p in zip(self.size, self.padding, strict=True))

    @property
    def count(self):
        """Number of taps in the kernel."""
        return math.prod(self.kernel)

    def taps(self):
        """Yield, tap by tap, the index that reads this tap at all stops from the padded image.

        The index of tap (u, v) selects the pixels ``[u*d + s*y, v*d + s*x]``: an array as large as the output.
        """
        axes = zip(self.kernel, self.stride, self.dilation, self.out, strict=True)
        yield from (
            (..., *index)
            for index in product(*([slice(t * d, t * d + (o - 1) * s + 1, s) for t in range(k)]
                                   for k, s, d, o in axes))
        )


def conv_windows(size, kernel, stride, padding, dilation):
    """Check a convolution's options for an image of `size` and return its Windows."""
    size, axes = tuple(size), len(size)
    kernel, stride = per_axis("kernel_size", kernel, axes), per_axis("stride", stride, axes)
    dilation = per_axis("dilation", dilation, axes)
    padding = resolve_padding(padding, kernel, stride, dilation)
    out = tuple(
        conv_output_size(n + sum(p), k, s, 0, d)
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    return Windows(size, kernel, stride, dilation, padding, out)


def with_bias(xp, y, b):
    """Add one number to each channel of y (N, C, H, W), which nobody else holds: in place, where no graph watches."""
    if b is None:
        return y
    b = xp.reshape(b, (-1, 1, 1))
    if is_torch_array(y):
        return y + b
    y += b
    return y


def check_channels(x, w, b, groups):
    """Raise ValueError unless the channels of image, kernels and bias fit together."""
    groups = integer("groups", groups, 1)
    c_in, c_out = x.shape[1], w.shape[0]
    if c_in % groups or c_out % groups or c_out == 0:
        raise ValueError(f"groups={groups} must divide the channels: x has {c_in}, w makes {c_out}")
    if w.shape[1] * groups != c_in:
        raise ValueError(f"w takes {w.shape[1]} channels in each of {groups} groups, but x has {c_in}")
    if b is not None and tuple(b.shape) != (c_out,):
        raise ValueError(f"b must have shape ({c_out},), one value per output channel, not {tuple(b.shape)}")
    return groups
