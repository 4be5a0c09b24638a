"""Follows one forward pass operation by operation: multiply-adds, and the windows each result sees through."""

import math

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from d2lcnn.shapes import Window, receptive_field

WHOLE = "all"  # the field of an output that sees every pixel
aten = torch.ops.aten


class Trace(TorchDispatchMode):
    """Watches one forward pass: whose operation it is, what it multiplies, what its result sees.

    Attributes
    ----------
    modules, macs, outputs : dict
        By the module's name: the module; its multiply-adds for one image; (shape, bytes for one image, field) of each
        tensor it returned. `outputs` is in the order in which modules finished.
    """

    def __init__(self, x):
        super().__init__()
        self.batch = x.shape[0]
        self.fields = {id(x): ((),) * (x.dim() - 2)}  # tensor -> one tuple of windows per axis, WHOLE, or None
        self.places = {id(x): math.prod(x.shape[2:])}  # tensor -> places of the map that it is, or was flattened from
        self.alive = [x]  # so that no id is given to a second tensor
        self.stack, self.macs, self.modules, self.outputs = [], {}, {}, {}

    def watch(self, name, module):
        """Hook a module; return the handles."""
        self.macs[name], self.modules[name] = 0, module

        def enter(*_):
            self.stack.append(name)

        def leave(module, args, output):
            self.stack.pop()
            tensors = [t for t in tree_leaves(output) if isinstance(t, torch.Tensor)]
            if getattr(module, "reads_windows", False):  # a matrix product to torch, though it reads windows
                self._set_window(module, args[0], tensors[0])
            self.outputs.pop(name, None)  # a module that runs twice is listed where it ran last
            self.outputs[name] = [(t.shape, t.numel() * t.element_size() // self.batch, self.fields.get(id(t)))
                                  for t in tensors]
            self.alive += tensors

        return module.register_forward_pre_hook(enter), module.register_forward_hook(leave)

    def _set_window(self, module, x, out):
        """Give the result of a layer the field of a convolution with the layer's own settings."""
        field = self.fields.get(id(x))
        if isinstance(field, tuple):
            field = _through(field, module.kernel_size, module.stride, module.padding, module.dilation)
        self.fields[id(out)], self.places[id(out)] = field, math.prod(out.shape[2:])

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        op = func.overloadpacket
        results = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        if self.stack and results:
            self.macs[self.stack[-1]] += _multiply_adds(op, args, results[0]) // self.batch
        tracked = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor) and id(t) in self.fields]
        if tracked:
            field = _merge([self.fields[id(t)] for t in tracked])
            places = max(self.places[id(t)] for t in tracked)
            if isinstance(field, tuple):
                field = _field_after(op, args, field, places, results[0])
            for t in results:
                is_map = isinstance(field, tuple) and t.dim() == len(field) + 2
                self.fields[id(t)], self.places[id(t)] = field, math.prod(t.shape[2:]) if is_map else places
            self.alive += results
        return out


def _multiply_adds(op, args, out):
    """Products in a convolution or matrix product whose (first) result is `out`; 0 for any other operation."""
    if op is aten.convolution:
        x, w, transposed = args[0], args[1], args[6]
        places = x if transposed else out  # each input place is read, or each output place written, by one kernel
        return places.shape[0] * places[0, 0].numel() * w.numel()
    if op in (aten.mm, aten.bmm):
        return out.numel() * args[0].shape[-1]
    if op in (aten.addmm, aten.baddbmm):
        return out.numel() * args[1].shape[-1]
    return 0


def _field_after(op, args, field, places, out):
    """Field of an operation's result `out`, given that of its inputs and the number of places they have."""
    if op is aten.convolution:
        w, (stride, padding, dilation, transposed) = args[1], args[3:7]
        return None if transposed else _through(field, w.shape[2:], stride, padding, dilation)
    if op in (aten.max_pool2d_with_indices, aten.avg_pool2d):
        dilation = args[4] if op is aten.max_pool2d_with_indices and len(args) > 4 else 1
        stride = args[2] if len(args) > 2 and args[2] else args[1]
        return _through(field, args[1], stride, args[3] if len(args) > 3 else 0, dilation)
    if op in (aten._adaptive_avg_pool2d, aten.adaptive_max_pool2d):
        return WHOLE if math.prod(out.shape[2:]) == 1 else None
    if op in (aten.mean, aten.sum, aten.amax) and args[0].dim() == len(field) + 2:
        reduced = args[1] if len(args) > 1 and args[1] else range(args[0].dim())
        gone = {axis % args[0].dim() for axis in reduced} - {0, 1}
        return field if not gone else WHOLE if len(gone) == len(field) else None
    if op in (aten.mm, aten.addmm):  # one row holds all places of a flattened map; several rows are several places
        return WHOLE if out.shape[0] == 1 and places > 1 else field
    return WHOLE if op in (aten.bmm, aten.baddbmm) else field


def _merge(fields):
    """Field where branches meet: unknown if one is, the whole image if one sees it, else the largest on each axis."""
    if None in fields:
        return None
    if WHOLE in fields:
        return WHOLE
    return tuple(max(paths, key=lambda path: receptive_field(path).size) for paths in zip(*fields, strict=True))


def _through(field, kernel, stride, padding, dilation):
    """Append a window to the path of each axis."""
    axes = len(field)
    per_axis = [_each(v, axes) for v in (kernel, stride, padding, dilation)]
    return tuple((*path, Window(*window)) for path, window in zip(field, zip(*per_axis, strict=True), strict=True))


def _each(value, axes):
    """Repeat a number, or a list of one, for each axis."""
    values = list(value) if isinstance(value, (list, tuple, torch.Size)) else [value]
    return values * axes if len(values) == 1 else values[-axes:]  # torch pools sequences as maps of height 1
