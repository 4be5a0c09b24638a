"""Channels and groups: which output channel reads which input channel, and what that costs.

``stack-lab.js`` says the same in JavaScript, and the tests compare the two.
"""

import math
from typing import NamedTuple

import numpy as np

from d2lcnn.explorer.words import span

# the largest values that are shown; beyond them the cells get too small to read
MOST = {"c_in": 16, "c_out": 16, "k": 11, "h": 999, "w": 999}


class Stage(NamedTuple):
    """One grouped convolution with square kernels."""

    c_in: int
    c_out: int
    k: int
    groups: int


class Channels(NamedTuple):
    """A layer, or a depthwise one followed by a pointwise one; h and w are the size of its output."""

    c_in: int = 8
    c_out: int = 8
    k: int = 3
    groups: int | str = 1
    h: int = 8
    w: int = 8


def ways(q: Channels) -> list[int | str]:
    """List the values of ``groups`` that fit, from dense to depthwise, and the two by name.

    Examples
    --------
    >>> ways(Channels(4, 6))
    [1, 2, 'separable', 'pointwise']
    """
    return [g for g in range(1, q.c_in + 1) if q.c_in % g == 0 == q.c_out % g] + ["separable", "pointwise"]


def stages(q: Channels) -> list[Stage]:
    """Return the convolutions that are run one after the other.

    Examples
    --------
    >>> stages(Channels(4, 6, 3, "separable"))
    [Stage(c_in=4, c_out=4, k=3, groups=4), Stage(c_in=4, c_out=6, k=1, groups=1)]
    """
    pointwise = Stage(q.c_in, q.c_out, 1, 1)
    if q.groups == "separable":
        return [Stage(q.c_in, q.c_in, q.k, q.c_in), pointwise]
    return [pointwise] if q.groups == "pointwise" else [Stage(q.c_in, q.c_out, q.k, int(q.groups))]


def joined(stage: Stage) -> np.ndarray:
    """Tell which output channel (row) reads which input channel (column).

    Returns
    -------
    bool array (c_out, c_in)

    Examples
    --------
    >>> joined(Stage(4, 2, 3, 2)).astype(int).tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    rows, columns = np.arange(stage.c_out) * stage.groups // stage.c_out, np.arange(stage.c_in)
    return rows[:, None] == (columns * stage.groups // stage.c_in)[None, :]


def parameters(q: Channels) -> int:
    """Count the weights, without biases.

    Examples
    --------
    >>> parameters(Channels(8, 8, 3, 2)), parameters(Channels(8, 8, 3, "separable"))
    (288, 136)
    """
    return sum(s.c_out * (s.c_in // s.groups) * s.k * s.k for s in stages(q))


def multiply_adds(q: Channels) -> int:
    """Count the multiplications, each followed by an addition: every weight is used once at each of h·w places.

    Examples
    --------
    >>> multiply_adds(Channels(8, 8, 3, 2, h=4, w=4))
    4608
    """
    return parameters(q) * q.h * q.w


def problem(q: Channels) -> str | None:
    """Explain in a sentence why a layer cannot be shown; None if it can."""
    for name, most in MOST.items():
        if not 1 <= getattr(q, name) <= most:
            return f"{name} must be a whole number from 1 to {most}."
    if q.groups not in ways(q):
        return f"groups must divide c_in = {q.c_in} and c_out = {q.c_out}, or be separable or pointwise."
    return None


def way(q: Channels) -> str:
    """Name how the channels are joined.

    Examples
    --------
    >>> way(Channels(groups=1)), way(Channels(groups=4)), way(Channels(groups=8))
    ('dense', 'grouped, g = 4', 'depthwise')
    """
    if isinstance(q.groups, str):
        return {"separable": "depthwise, then pointwise"}.get(q.groups, q.groups)
    return "dense" if q.groups == 1 else "depthwise" if q.groups == q.c_in else f"grouped, g = {q.groups}"


def cost(q: Channels) -> list[str]:
    """Write parameters and multiply-adds, formula and numbers, and the part of a dense layer that is left.

    Examples
    --------
    >>> cost(Channels(8, 8, 3, 2))[0]
    'parameters = c_out · c_in/g · k² = 8 · 8/2 · 3² = 288'
    """
    terms = " + ".join(f"{s.c_out} · {s.c_in}/{s.groups} · {s.k}²" for s in stages(q))
    count, part = parameters(q), parameters(q) / (q.c_in * q.c_out * q.k * q.k)
    return [
        f"parameters = c_out · c_in/g · k² = {terms} = {count}",
        f"multiply-adds = parameters · h · w = {count} · {q.h} · {q.w} = {multiply_adds(q)}",
        f"{math.floor(1000 * part + 0.5) / 10:g} % of the dense layer",
    ]


def sentence(stage: Stage, output: int | None = None, input: int | None = None) -> str:
    """Say what an output channel reads, what an input channel feeds, or both.

    Examples
    --------
    >>> sentence(Stage(8, 8, 3, 4), output=2)
    'Output channel 2 reads input channels 2 to 3: 2 · 3² = 18 weights.'
    """
    found, said = joined(stage), []
    if output is not None:
        read = np.flatnonzero(found[output]).tolist()
        said.append(
            f"Output channel {output} reads input channels {span(read)}: "
            f"{len(read)} · {stage.k}² = {len(read) * stage.k**2} weights."
        )
    if input is not None:
        fed = np.flatnonzero(found[:, input]).tolist()
        said.append(f"Input channel {input} feeds output channels {span(fed)}.")
    return " ".join(said)
