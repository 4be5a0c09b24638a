"""Scratch memory, and views of arrays that neither NumPy's nor torch's slices can say."""

import math

from array_api_compat import device, is_torch_array
from numpy.lib.stride_tricks import as_strided


class Scratch:
    """Uninitialised arrays by name, in memory that is used again: fresh pages for each tile would cost more."""

    def __init__(self, xp, like):
        self.xp, self.new, self.memory = xp, {"dtype": like.dtype, "device": device(like)}, {}

    def __call__(self, name, shape):
        size = math.prod(shape)
        if name not in self.memory or self.memory[name].shape[0] < size:
            self.memory.pop(name, None)  # first let go of the old one
            self.memory[name] = self.xp.empty((size,), **self.new)
        return self.xp.reshape(self.memory[name][:size], shape)


def strides(a):
    """Return the distances between neighbours along each axis, in the unit that `view` takes."""
    return a.stride() if is_torch_array(a) else a.strides


def view(a, shape, distances):
    """Show the memory of `a` in another shape, with these distances between neighbours; places may coincide."""
    if is_torch_array(a):
        return a.as_strided(shape, distances, a.storage_offset())
    return as_strided(a, shape, distances)


def multiply(xp, weights, stack, out):
    """Multiply weights (groups, rows, inner) with every entry of a stack (q, groups, inner, columns) into `out`."""
    if is_torch_array(stack):  # one at a time, for as a whole, torch would copy a stack whose entries overlap
        for matrices, results in zip(stack, out, strict=True):
            xp.matmul(weights, matrices, out=results)
    else:
        xp.matmul(weights, stack, out=out)
