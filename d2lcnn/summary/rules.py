"""What each of torch's operations does to the field of its input; an operation that is not listed loses it."""

import torch
from torch.utils._pytree import tree_leaves

from . import fields
from .fields import Field
from .places import ALIKE, PADDED, Lost, Plain

RULES = {}  # name of an operation -> function of (look, its arguments by name, one result) that returns a Field


def _rule(*names):
    def register(function):
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def field_after(func, look, arguments, out):
    """Return the field of one result of an operation.

    Parameters
    ----------
    func : torch.ops.OpOverload
    look : callable
        Gives the field of a tensor, None if that is the same for all images; raises `Lost` if the field is unknown.
    arguments : dict
        All arguments of the operation by name.
    out : torch.Tensor
        The result.

    Raises
    ------
    Lost
        If no window describes what the result sees.
    """
    name = func._schema.name.removeprefix("aten::")
    rule = RULES.get(name) or (_entry_by_entry if torch.Tag.pointwise in func.tags else _other)
    try:
        field = rule(look, arguments, out)
    except Lost:
        field = _other(look, arguments, out)
    if field.shape != tuple(out.shape):
        raise Lost
    return field


def _seen(look, tensors):
    found = (look(t) for t in tree_leaves(tensors) if isinstance(t, torch.Tensor))
    return [field for field in found if field is not None]


def _other(look, arguments, out):
    """Whatever is made of entries that all see the same sees it too, or, where it is padding, nothing."""
    seen = _seen(look, [value for key, value in arguments.items() if key != "out"])
    if not all(field.everywhere for field in seen):
        raise Lost
    gone = fields.merged([Field((), field.gone) for field in seen], ()).gone
    return Field(tuple((Plain(n, PADDED),) for n in out.shape), gone)


def _first(rule):
    """Make a rule of a function of (the field of the first argument, the arguments, one result)."""

    def wrapped(look, arguments, out):
        first, *others = arguments.values()
        field = look(first)
        if field is None or _seen(look, others):
            raise Lost
        return rule(field, arguments, out)

    return wrapped


def _each(value, axes):
    """Repeat a number, or a list of one, for each axis."""
    values = list(value) if isinstance(value, (list, tuple, torch.Size)) else [value]
    return values * axes if len(values) == 1 else values


@_rule("_to_copy", "detach", "alias", "lift_fresh", "native_dropout", "expand", "_prelu_kernel")
def _entry_by_entry(look, arguments, out):
    tensors = [t for t in tree_leaves([v for k, v in arguments.items() if k != "out"]) if isinstance(t, torch.Tensor)]
    seen = _seen(look, tensors)
    if any(field.twice for field in seen) and any(t.dim() and look(t) is None for t in tensors):
        raise Lost  # scores of attention and a constant: a mask may hide places from one another
    return fields.merged(seen, tuple(out.shape))


@_rule("where", "masked_fill", "masked_fill_")
def _chosen(*_):
    raise Lost  # some places may be hidden


@_rule("copy_")
def _copied(look, arguments, out):
    return fields.merged(_seen(look, arguments["src"]), tuple(out.shape))  # nothing is left of what was there


@_rule("convolution")
@_first
def _convolution(field, a, out):
    if a["transposed"]:
        raise Lost
    kernel = a["weight"].shape[2:]
    setting = (_each(a[key], len(kernel)) for key in ("stride", "padding", "dilation"))
    return fields.convolved(field, kernel, *setting, out.shape, a["groups"])


def _pool(axes):
    def rule(field, a, out):
        kernel = _each(a["kernel_size"], axes)
        stride = _each(a["stride"] or kernel, axes)
        padding, dilation = _each(a["padding"], axes), _each(a.get("dilation", 1), axes)
        return fields.windows(field, kernel, stride, padding, dilation, out.shape)

    return _first(rule)


_rule("max_pool2d_with_indices", "avg_pool2d")(_pool(2))
_rule("max_pool3d_with_indices", "avg_pool3d")(_pool(3))


@_rule("mean", "sum", "amax", "amin", "max", "min", "logsumexp", "var", "std")
@_first
def _reduced(field, a, out):
    rank = len(field.layout)
    given = a.get("dim")
    axes = range(rank) if given in (None, []) else [axis % rank for axis in _each(given, 1)]
    field = fields.mixed(field, axes)
    one = field._replace(layout=tuple((Plain(1),) if n in axes else parts for n, parts in enumerate(field.layout)))
    for axis in sorted(axes, reverse=True) if out.dim() < rank else ():
        one = fields.dropped(one, axis)
    return one


def _mixing(axes):
    """Make the rule of an operation that mixes the places along some axes and keeps their sizes."""
    return _first(lambda field, a, out: fields.mixed(field, axes(field, a, out)))


_rule("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d")(
    _mixing(lambda field, _, out: [n for n, size in enumerate(out.shape) if size == 1 < field.shape[n]]))
_rule("_softmax", "_log_softmax", "_safe_softmax")(_mixing(lambda field, a, out: [a["dim"]]))
_rule("native_layer_norm")(_mixing(lambda field, a, out: range(-len(a["normalized_shape"]), 0)))
_rule("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")(
    _mixing(lambda field, a, out: {*range(out.dim())} - {1} if a.get("training") else ()))


@_rule("native_group_norm")
@_first
def _group_norm(field, a, _):
    channels = field.layout[1]
    field = fields.mixed(field, range(1, len(field.layout)))
    return field if a["group"] == 1 else field._replace(layout=(field.layout[0], channels, *field.layout[2:]))


@_rule("view", "_unsafe_view", "reshape", "_reshape_alias")
@_first
def _view(field, _, out):
    return fields.viewed(field, tuple(out.shape))


@_rule("permute", "transpose", "t")
@_first
def _permute(field, a, _):
    order = list(range(len(field.layout)))
    if "dims" in a:
        order = [axis % len(order) for axis in a["dims"]]
    elif order:
        one, two = a.get("dim0", 0), a.get("dim1", -1)
        order[one], order[two] = order[two], order[one]
    return field._replace(layout=tuple(field.layout[axis] for axis in order))


@_rule("unsqueeze")
@_first
def _unsqueeze(field, a, out):
    return fields.inserted(field, a["dim"] % out.dim())


@_rule("squeeze")
@_first
def _squeeze(field, a, _):
    rank = len(field.layout)
    axes = range(rank) if a.get("dim") is None else [axis % rank for axis in _each(a["dim"], 1)]
    for axis in sorted(axes, reverse=True):
        field = fields.dropped(field, axis) if field.shape[axis] == 1 else field
    return field


@_rule("slice")
@_first
def _slice(field, a, out):
    axis = a["dim"] % out.dim()
    start = slice(a["start"], a["end"], a["step"]).indices(field.shape[axis])[0]
    if out.shape[axis] == field.shape[axis]:
        return field
    return fields.cut(field, axis, start, a["step"], out.shape[axis])


@_rule("select")
@_first
def _select(field, a, _):
    axis = a["dim"] % len(field.layout)
    return fields.dropped(fields.cut(field, axis, a["index"] % field.shape[axis], 1, 1), axis)


@_rule("split", "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes", "glu")
@_first
def _split(field, a, out):
    """Each part sees the same only where there are no places to part; `glu` multiplies two halves."""
    axis = a["dim"] % out.dim()
    if not all(isinstance(part, Plain) and part.alike == ALIKE for part in field.layout[axis]):
        raise Lost
    return fields.cut(field, axis, 0, 1, out.shape[axis])


@_rule("cat")
def _cat(look, a, out):
    tensors = [t for t in a["tensors"] if t.numel()]
    found = _seen(look, tensors)
    return fields.joined(found, a["dim"] % out.dim(), tuple(out.shape), constants=len(found) < len(tensors))


@_rule("constant_pad_nd")
@_first
def _constant_pad(field, a, _):
    pairs = zip(a["pad"][::2], a["pad"][1::2], strict=True)
    for axis, (before, after) in zip(range(len(field.layout) - 1, -1, -1), pairs, strict=False):
        field = fields.padded(field, axis, before, after) if before or after else field
    return field


def _repeating_pad(place):
    """Make the rule of a padding whose place number t, counted from the first of n, repeats number ``place(t, n)``."""

    def rule(field, a, _):
        for number, (before, after) in enumerate(zip(a["padding"][::2], a["padding"][1::2], strict=True), 1):
            axis = len(field.layout) - number
            n = field.shape[axis]
            read = [place(t, n) for t in range(-before, n + after)]
            field = fields.padded(field, axis, before, after, read)
        return field

    return _first(rule)


for _axes in ("1d", "2d", "3d"):
    RULES[f"reflection_pad{_axes}"] = _repeating_pad(lambda t, n: n - 1 - abs(n - 1 - abs(t)))
    RULES[f"replication_pad{_axes}"] = _repeating_pad(lambda t, n: min(max(t, 0), n - 1))


@_rule("mm", "bmm")
def _product(look, a, out):
    return fields.product(look(a["self"]), look(a["mat2"]), tuple(out.shape))


@_rule("addmm", "baddbmm")
def _product_and_sum(look, a, out):
    bias, one, two, *_ = a.values()
    if look(bias) is not None:
        raise Lost
    return fields.product(look(one), look(two), tuple(out.shape))


def _attention(look, a, out):
    """Two products with a softmax between them."""
    masks = [a.get(key) for key in ("attn_mask", "attn_bias")]
    query, key, value = (look(a[name]) for name in ("query", "key", "value"))
    hides = a["is_causal"] or any(mask is not None for mask in masks)
    if hides or None in (query, key, value) or out.dim() != len(query.layout):  # the second result has no columns
        raise Lost
    turned = key._replace(layout=(*key.layout[:-2], key.layout[-1], key.layout[-2]))
    scores = fields.product(query, turned, (*query.shape[:-1], key.shape[-2]))
    return fields.product(fields.mixed(scores, [-1]), value, tuple(out.shape))


for _kernel in ("flash_attention", "flash_attention_for_cpu", "efficient_attention", "cudnn_attention"):
    RULES[f"_scaled_dot_product_{_kernel}"] = _attention
