"""The three products of the engine, made known to torch's autograd and `torch.func`; the one module that needs torch.

Each is linear in both of its arrays, and its derivatives are the other two: every order of derivative exists.
"""

import array_api_compat.numpy
import array_api_compat.torch
import torch

from ._engine import products


def compute(product, a, b, windows, groups):
    """Multiply tensors; in the memory of the CPU NumPy does it, for tiles are small and its calls cost less."""
    plain = all(type(t) in (torch.Tensor, torch.nn.Parameter) and t.device.type == "cpu" for t in (a, b))
    if plain:
        xp, arrays = array_api_compat.numpy, (t.numpy(force=True) for t in (a, b))
        return torch.from_numpy(product(xp, *arrays, windows, groups))
    return product(array_api_compat.torch, a.resolve_conj(), b.resolve_conj(), windows, groups)


class _Product(torch.autograd.Function):
    """What the three have in common: a function of two arrays, Windows and groups, linear in either array."""

    @staticmethod
    def setup_context(ctx, inputs, output):
        *arrays, windows, groups = inputs
        ctx.options = windows, groups
        ctx.save_for_backward(*arrays)
        ctx.save_for_forward(*arrays)

    @classmethod
    def jvp(cls, ctx, da, db, *_):
        a, b = ctx.saved_tensors
        moved = [pair for pair, d in (((da, b), da), ((a, db), db)) if d is not None]
        return sum(cls.apply(*pair, *ctx.options) for pair in moved)

    @classmethod
    def vmap(cls, info, axes, a, b, windows, groups):
        """Fold the new axis into the images, where only they have it, and else into the groups."""
        count, weights = info.batch_size, cls is not WeightGradient  # whether b holds kernels
        if weights and axes[1] is None:
            a = a.movedim(axes[0], 0)
            return cls.apply(a.flatten(0, 1), b, windows, groups).unflatten(0, a.shape[:2]), 0
        a, b = (array.expand(count, *array.shape) if axis is None else array.movedim(axis, 0)
                for array, axis in zip((a, b), axes[:2], strict=True))
        a = a.movedim(0, 1).flatten(1, 2)
        b = b.flatten(0, 1) if weights else b.movedim(0, 1).flatten(1, 2)
        return cls.apply(a, b, windows, count * groups).unflatten(int(weights), (count, -1)), int(weights)


class Convolution(_Product):
    """Images and kernels to outputs."""

    @staticmethod
    def forward(x, w, windows, groups):
        return compute(products.convolution, x, w, windows, groups)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        need_x, need_w, *_ = ctx.needs_input_grad
        return (Transposed.apply(g, w.conj(), *ctx.options) if need_x else None,
                WeightGradient.apply(g, x.conj(), *ctx.options) if need_w else None, None, None)


class Transposed(_Product):
    """Outputs and kernels to images."""

    @staticmethod
    def forward(y, w, windows, groups):
        return compute(products.transposed, y, w, windows, groups)

    @staticmethod
    def backward(ctx, g):
        y, w = ctx.saved_tensors
        need_y, need_w, *_ = ctx.needs_input_grad
        return (Convolution.apply(g, w.conj(), *ctx.options) if need_y else None,
                WeightGradient.apply(y.conj(), g, *ctx.options) if need_w else None, None, None)


class WeightGradient(_Product):
    """Outputs and images to kernels."""

    @staticmethod
    def forward(y, x, windows, groups):
        return compute(products.weight_gradient, y, x, windows, groups)

    @staticmethod
    def backward(ctx, g):
        y, x = ctx.saved_tensors
        need_y, need_x, *_ = ctx.needs_input_grad
        return (Convolution.apply(x.conj(), g, *ctx.options) if need_y else None,
                Transposed.apply(y.conj(), g, *ctx.options) if need_x else None, None, None)


def frame(x, padding, value):
    """Pad a tensor with a constant; a copy into an array made before is nothing that `torch.vmap` could follow."""
    widths = [width for sides in reversed(padding) for width in sides]
    return torch.nn.functional.pad(x, widths, value=value)
