"""How tests of `d2lcnn.ops` draw what they compare, and a list of all operators."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

import d2lcnn

SEEDS = st.integers(0, 2**32 - 1)


def pair(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


def spelled(value, rng):
    """Write a pair as an int where it can be, every other time."""
    return value[0] if value[0] == value[1] and rng.integers(2) else value


@st.composite
def convolutions(draw, max_batch=3):
    """Draw arrays x, w, b in float64, the options of conv2d, and the (before, after) padding they stand for."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    n, c, o = draw(st.integers(0, max_batch)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel, stride, dilation = draw(pair(1, 4)), draw(pair(1, 3)), draw(pair(1, 3))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    kinds = ["symmetric", "symmetric", "sides", "valid", "full"] + ["same"] * (stride == (1, 1))
    kind = draw(st.sampled_from(kinds))
    half = draw(pair(0, 3))
    sides = {
        "symmetric": tuple((p, p) for p in half),
        "sides": draw(st.tuples(pair(0, 3), pair(0, 3))),
        "valid": ((0, 0), (0, 0)),
        "full": tuple((s - 1, s - 1) for s in spans),
        "same": tuple(((s - 1) // 2, (s - 1) - (s - 1) // 2) for s in spans),
    }[kind]
    size = tuple(
        draw(st.integers(max(1, span - sum(side)), span + 7)) for span, side in zip(spans, sides, strict=True)
    )
    rng = np.random.default_rng(draw(SEEDS))
    padding = {"symmetric": half, "sides": sides}.get(kind, kind)
    options = {
        "stride": spelled(stride, rng),
        "padding": spelled(padding, rng) if kind == "symmetric" else padding,
        "dilation": spelled(dilation, rng),
        "groups": groups,
    }
    x = rng.standard_normal((n, c * groups, *size))
    w = rng.standard_normal((o * groups, c, *kernel))
    b = rng.standard_normal(o * groups) if draw(st.booleans()) else None
    return x, w, b, options, sides


class Operator(NamedTuple):
    """A public operator as a function of arrays alone, and the shapes of arrays that it takes."""

    call: Callable
    shapes: tuple
    differentiable: bool = True


def operators(h=4, c=2, k=2):
    """Return every operator on arrays by name: images of c channels and side h, windows of side k."""
    x, g = (2, c, h, h), (2, c, h - k + 1, h - k + 1)
    conv, labels = {"padding": ((1, 0), (0, 2)), "groups": c}, np.array([0, 2, 1])
    like = lambda a: labels if isinstance(a, np.ndarray) else torch.tensor(labels)  # noqa: E731
    per_channel = ((c,),) * 2
    o = d2lcnn
    return {name: Operator(*parts) for name, *parts in (
        ("corr2d", o.corr2d, ((h, h), (k, k))),
        ("conv2d", o.conv2d, (x, (3, c, k, k), (3,))),
        ("conv2d strided", lambda *a: o.conv2d(*a, stride=2, dilation=2), (x, (3, c, 2, 1))),
        ("conv2d depthwise", lambda *a: o.conv2d(*a, **conv), (x, (c, 1, k, k), (c,))),
        ("conv1d", lambda *a: o.conv1d(*a, padding=1), (x[:3], (3, c, k), (3,))),
        *((f"conv_transpose2d {m}", lambda *a, m=m: o.conv_transpose2d(*a, stride=2, padding=(0, 1), method=m),
           (x, (c, 3, k, k), (3,))) for m in ("scatter", "matrix", "zeros")),
        ("conv_transpose1d", o.conv_transpose1d, (x[:3], (c, 3, k), (3,))),
        ("fft_conv2d", lambda *a: o.fft_conv2d(*a, **conv), (x, (c, 1, k, k), (c,))),
        ("winograd_conv2d", lambda *a: o.winograd_conv2d(*a, padding=1), (x, (3, c, 3, 3), (3,))),
        ("conv_matrix", lambda w: o.conv_matrix(w, h, padding=1), ((k, k),)),
        ("im2col", lambda a: o.im2col(a, k, padding=1), (x,)),
        ("col2im", lambda a: o.col2im(a, h, k), ((2, c * k * k, (h - k + 1) ** 2),)),
        *((f"pad {m}", lambda a, m=m: o.pad(a, 1, m), (x,)) for m in ("zeros", "reflect", "replicate", "circular")),
        *((f"pool2d {m}", lambda a, m=m: o.pool2d(a, k, m), ((h, h),)) for m in ("max", "avg", "l2")),
        ("max_pool2d", lambda a: o.max_pool2d(a, k, stride=1, padding=k - 1), (x,)),
        ("avg_pool2d", lambda a: o.avg_pool2d(a, k, stride=1, padding=1, count_include_pad=False), (x,)),
        ("lp_pool2d", lambda a: o.lp_pool2d(a, 3, k, stride=1), (x,)),
        ("adaptive_avg_pool2d", lambda a: o.adaptive_avg_pool2d(a, 3), (x,)),
        ("global_avg_pool2d", o.global_avg_pool2d, (x,)),
        ("batch_norm2d", o.batch_norm2d, (x, *per_channel)),
        ("batch_norm2d, statistics given", lambda a, m, v: o.batch_norm2d(a, mean=m, var=v), (x, *per_channel)),
        ("group_norm", lambda a, w, b: o.group_norm(a, 2, w, b), (x, *per_channel)),
        ("instance_norm", o.instance_norm, (x, *per_channel)),
        ("layer_norm", lambda a, w, b: o.layer_norm(a, x[1:], w, b), (x, x[1:], x[1:])),
        ("local_response_norm", lambda a: o.local_response_norm(a, 3, alpha=0.5), (x,)),
        ("softmax_cross_entropy", lambda a: o.softmax_cross_entropy(a, like(a)), ((3, 3),)),
        ("conv2d_backward", o.conv2d_backward, ((2, 3, *g[2:]), x, (3, c, k, k)), False),
        ("max_pool2d_backward", lambda a, b: o.max_pool2d_backward(a, b, k, stride=1), (g, x), False),
        ("avg_pool2d_backward", lambda a, b: o.avg_pool2d_backward(a, b, k, stride=1), (g, x), False),
        ("batch_norm2d_backward", o.batch_norm2d_backward, (x, x, (c,)), False),
        ("group_norm_backward", lambda g, a, w: o.group_norm_backward(g, a, 2, w), (x, x, (c,)), False),
        ("instance_norm_backward", o.instance_norm_backward, (x, x, (c,)), False),
        ("layer_norm_backward", lambda g, a, w: o.layer_norm_backward(g, a, x[1:], w), (x, x, x[1:]), False),
        ("softmax_cross_entropy_backward", lambda a: o.softmax_cross_entropy_backward(a, like(a)), ((3, 3),), False),
    )}
