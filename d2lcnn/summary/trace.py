"""Follows one forward pass operation by operation: multiply-adds, bytes, and what each result sees."""

import math
import re

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from . import fields, rules
from .places import Lost

aten = torch.ops.aten
# Beside what works entry by entry and what only looks at its input: papers give these no multiply-adds.
FREE = re.compile("|".join((
    r"_?(adaptive_)?(avg|max)_pool\dd(_with_indices)?|max_unpool\dd|upsample_\w+",
    r"_?(log_|safe_)?softmax|(cudnn|_?native)_(batch|group|layer)_norm\w*|native_dropout|glu",
    r"(arg)?(max|min)|am(ax|in)|sum|mean|median|prod|(var|std)(_mean)?|all|any|norm|logsumexp|linalg_vector_norm|cumsum",
    r"constant_pad_nd|(reflection|replication)_pad\dd|cat|stack|repeat|roll|flip|tril|triu|im2col|col2im",
    r"index\w*|gather|scatter\w*|embedding\w*|sort|argsort|topk|nonzero|(native_)?(channel|pixel)_(un)?shuffle",
    r"(zeros|ones|empty|full|rand|randn)_like|new_\w+|(fill|zero|normal|uniform|copy)_|_to_copy|lift_fresh",
    r"_unsafe_view|_reshape_alias|unsafe_split\w*|_local_scalar_dense|equal",
)))

def _whole(matrix):
    return lambda *args, **_: args[matrix].numel()


# multiply-adds of what torch's registry does not know, from all arguments
COUNTS = {
    # scores of every query with every key, then a sum of values for each; those that a mask hides are worked out too
    aten._scaled_dot_product_flash_attention_for_cpu:
        lambda q, k, v, *_, **__: math.prod(q.shape[:-1]) * k.shape[-2] * (q.shape[-1] + v.shape[-1]),
    aten.mv: _whole(0), aten.addmv: _whole(1), aten.dot: _whole(0), aten.vdot: _whole(0),
    aten.addbmm: lambda _, a, b, **__: a.numel() * b.shape[-1],
    # one layer of an LSTM: every step of the sequence, (T, N, C), multiplies by the weights of input and of state
    aten.mkldnn_rnn_layer: lambda x, w, u, *_, **__: x.shape[0] * x.shape[1] * (w.numel() + u.numel()),
}  # fmt: skip


class Trace(TorchDispatchMode):
    """Watches one forward pass on one image.

    Attributes
    ----------
    modules : dict of str -> torch.nn.Module
        By name, in the order in which they finished last; those alone that ran.
    macs : dict of str -> int or None
        Multiply-adds that a module ran itself; None if it ran an operation of unknown work.
    outputs : dict of str -> (shape, bytes, field)
        Of the first tensor that a module returned last the shape and the field; the bytes of all it returned.
    """

    def __init__(self, x, net):
        super().__init__()
        self.fields = {id(x): fields.of_image(x.shape)}  # of tensors made from the image; None where it is lost
        self.weights = {id(t) for t in (*net.parameters(), *net.buffers())}  # and what is made of nothing but them
        self.alive, self.sharing = [x], {}  # all tensors, so that no id is given to a second; by their storage
        self.stack, self.macs, self.modules, self.outputs = [], {}, {}, {}

    def watch(self, name, module):
        """Hook a module; return the handles."""
        self.macs[name] = 0

        def enter(*_):
            self.stack.append(name)

        def leave(module, args, output):
            self.stack.pop()
            tensors = [t for t in tree_leaves(output) if isinstance(t, torch.Tensor)]
            if getattr(module, "reads_windows", False):  # a matrix product to torch, though it reads windows
                self.fields[id(tensors[0])] = self._window(module, args[0], tensors[0])
            self.modules.pop(name, None)
            self.modules[name] = module
            _, size, _ = self.outputs.get(name, ((), 0, None))
            self.outputs[name] = (tuple(tensors[0].shape), size + sum(t.numel() * t.element_size() for t in tensors),
                                  self.fields.get(id(tensors[0]))) if tensors else ((), size, None)
            self.alive += tensors

        return module.register_forward_pre_hook(enter), module.register_forward_hook(leave)

    def _window(self, module, x, out):
        """Return the field of a layer that is a convolution with the layer's own settings but for shared weights."""
        field = self.fields.get(id(x))
        setting = (module.kernel_size, module.stride, module.padding, module.dilation)
        return field and _found(fields.convolved, field, *setting, out.shape)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        results = [t for t in tree_leaves(out) if isinstance(t, torch.Tensor)]
        for t in results:
            self.sharing.setdefault(t.untyped_storage()._cdata, []).append(t)
        self.alive += results
        if tensors and all(id(t) in self.weights for t in tensors):  # made once, for all images
            self.weights |= {id(t) for t in results}
            return out
        if self.stack and tensors:
            macs, name = _multiply_adds(func, args, kwargs, out), self.stack[-1]
            self.macs[name] = None if None in (macs, self.macs[name]) else self.macs[name] + macs
        if any(id(t) in self.fields for t in tensors):
            self._follow(func, args, kwargs, results)
        return out

    def _follow(self, func, args, kwargs, results):
        """Set the fields of an operation's results, and of what else it changed."""
        schema = func._schema
        arguments = {a.name: a.default_value for a in schema.arguments}
        arguments |= dict(zip(arguments, args, strict=False)) | kwargs
        found = [_found(rules.field_after, func, self._look, arguments, t) for t in results]
        if schema.is_mutable:
            written = [arguments[a.name] for a in schema.arguments if a.alias_info and a.alias_info.is_write]
            for target in (t for t in tree_leaves(written) if isinstance(t, torch.Tensor)):
                if not (found and found[0] is not None and found[0] is self.fields.get(id(target))):
                    for other in self.sharing.get(target.untyped_storage()._cdata, ()):
                        self.fields[id(other)] = None  # a view of what was written to
        self.fields |= {id(t): field for t, field in zip(results, found, strict=True)}

    def _look(self, tensor):
        field = self.fields.get(id(tensor), ())
        if field is None:
            raise Lost
        return field or None


def _found(rule, *args):
    """Return a field, or None where it is lost."""
    try:
        return rule(*args)
    except Lost:
        return None


def _multiply_adds(func, args, kwargs, out):
    """Return the multiply-adds of an operation; 0 by convention for some, None for one that is not known."""
    op, schema = func.overloadpacket, func._schema
    if op in COUNTS:
        return COUNTS[op](*args, **kwargs)
    if op in flop_registry:
        return flop_registry[op](*args, **kwargs, out_val=out) // 2
    looks = schema.returns and all(r.alias_info and not r.alias_info.is_write for r in schema.returns)
    tagged = {torch.Tag.pointwise, torch.Tag.inplace_view} & {*func.tags}
    free = looks or tagged or FREE.fullmatch(schema.name.removeprefix("aten::"))
    return 0 if free else None
