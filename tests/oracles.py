"""How tests of convolution draw what they compare."""

import numpy as np
from hypothesis import strategies as st

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
