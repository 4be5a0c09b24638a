"""Channels and groups: which output channel reads which input channel, and what that costs.

``stack-lab.js`` says the same in JavaScript, and the tests compare the two.
"""

import math
from typing import NamedTuple

import numpy as np

from d2lcnn.explorer import facts
from d2lcnn.explorer.model.words import span

NAMED = tuple(facts.STACK["named"])  # values of groups beside numbers
USUAL = {name: usual for name, (usual, _, _) in facts.STACK["channels"].items()}
say = facts.speaker(facts.STACK)


class Stage(NamedTuple):
    """One grouped convolution with square kernels."""

    c_in: int
    c_out: int
    k: int
    groups: int


class Channels(NamedTuple):
    """A layer, or a depthwise one followed by a pointwise one; h and w are the size of its output."""

    c_in: int = USUAL["c_in"]
    c_out: int = USUAL["c_out"]
    k: int = USUAL["k"]
    groups: int | str = 1
    h: int = USUAL["h"]
    w: int = USUAL["w"]


def ways(q: Channels) -> list[int | str]:
    """List the values of ``groups`` that fit, from dense to depthwise, and the two by name.

    Examples
    --------
    >>> ways(Channels(4, 6))
    [1, 2, 'separable', 'pointwise']
    """
    return [g for g in range(1, q.c_in + 1) if q.c_in % g == 0 == q.c_out % g] + [*NAMED]


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
    for name, (_, least, most) in facts.STACK["channels"].items():
        if not least <= getattr(q, name) <= most:
            return say("whole", name, most)
    return None if q.groups in ways(q) else say("groups", q.c_in, q.c_out)


def way(q: Channels) -> str:
    """Name how the channels are joined.

    Examples
    --------
    >>> way(Channels(groups=1)), way(Channels(groups=4)), way(Channels(groups=8))
    ('dense', 'grouped, g = 4', 'depthwise')
    """
    if q.groups in NAMED:
        return say(q.groups)
    return say("dense" if q.groups == 1 else "depthwise" if q.groups == q.c_in else "grouped", q.groups)


def cost(q: Channels) -> list[str]:
    """Write parameters and multiply-adds, formula and numbers, and the part of a dense layer that is left.

    Examples
    --------
    >>> cost(Channels(8, 8, 3, 2))[0]
    'parameters = c_out · c_in/g · k² = 8 · 8/2 · 3² = 288'
    """
    terms = " + ".join(facts.fill(facts.STACK["formulas"]["cost"], s.c_out, s.c_in, s.groups, s.k) for s in stages(q))
    count, part = parameters(q), parameters(q) / (q.c_in * q.c_out * q.k * q.k)
    return [
        say("par", terms, count),
        say("mac", count, q.h, q.w, multiply_adds(q)),
        say("of", f"{math.floor(1000 * part + 0.5) / 10:g}"),
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
        said.append(say("reads", output, span(read), len(read), stage.k, len(read) * stage.k**2))
    if input is not None:
        said.append(say("feeds", input, span(np.flatnonzero(found[:, input]).tolist())))
    return " ".join(said)
