"""The receptive field of a stack of layers along one axis: the inputs it promises, and those it reaches.

Sizes and jumps come from `d2lcnn.shapes.receptive_field`; the paths are counted link by link. ``stack-lab.js`` says
the same in JavaScript, and the tests compare the two.
"""

from typing import NamedTuple

import numpy as np

from d2lcnn import shapes
from d2lcnn.explorer import facts
from d2lcnn.explorer.model.words import span

LAYER = {name: facts.STACK["cone"][name] for name in "ksd"}  # usual, least and largest value
USUAL = (LAYER["k"][0],) * facts.STACK["cone"]["layers"][0]
OUTPUTS = facts.STACK["cone"]["outputs"][0]
say = facts.speaker(facts.STACK)


class Cone(NamedTuple):
    """A stack of layers (k, s, d) from the input upwards, and how many of its outputs are drawn.

    There is no padding: the axis is as long as the outputs need.
    """

    layers: tuple[tuple[int, int, int], ...]
    outputs: int = OUTPUTS


class Coverage(NamedTuple):
    """What one unit promises to see, and what it sees."""

    first: int
    last: int
    reached: list[int]
    holes: list[int]
    paths: int


def stack(layers=USUAL, outputs: int = OUTPUTS) -> Cone:
    """Gather layers: k, or (k,), (k, s), (k, s, d), or a `d2lcnn.shapes.Window`, whose padding does not matter here.

    Raises
    ------
    ValueError
        If a layer is none of these, or a size no integer.

    Examples
    --------
    >>> stack([3, (3, 2), shapes.Window(3, p=2, d=2)]).layers
    ((3, 1, 1), (3, 2, 1), (3, 1, 2))
    """
    return Cone(tuple(_layer(layer) for layer in layers), shapes.integer("outputs", outputs))


def _layer(layer) -> tuple[int, int, int]:
    if isinstance(layer, shapes.Window):
        layer = (layer.k, layer.s, layer.d)
    given = tuple(layer) if isinstance(layer, (tuple, list)) else (layer,)
    if not 1 <= len(given) <= 3:
        raise ValueError(f"layers must hold k, (k, s), (k, s, d) or Window, got {layer!r}")
    usual = [usual for usual, _, _ in LAYER.values()][len(given) :]
    return (*(shapes.integer(f"layers: {name}", v) for name, v in zip(LAYER, given, strict=False)), *usual)


def fields(q: Cone) -> list[shapes.ReceptiveField]:
    """Return the receptive field of each level on the input; level 0 is the input itself."""
    windows = [shapes.Window(k, s, 0, d) for k, s, d in q.layers]
    return [shapes.receptive_field(windows[:level]) for level in range(len(windows) + 1)]


def lengths(q: Cone) -> list[int]:
    """Count the units of each level that the outputs need.

    Examples
    --------
    >>> lengths(stack([3, (3, 2)], outputs=2))
    [7, 5, 2]
    """
    found = [q.outputs]
    for k, s, d in reversed(q.layers):
        found.insert(0, shapes.conv_transpose_output_size(found[0], k, s, 0, d))
    return found


def paths(q: Cone, level: int, unit: int) -> list[np.ndarray]:
    """Count the paths between one unit and every unit below and above it.

    Returns
    -------
    list of int64 arrays, one a level from the input up

    Examples
    --------
    Two layers of three, each with dilation 2: every second input is never reached.

    >>> paths(stack([(3, 1, 2), (3, 1, 2)], outputs=1), 2, 0)[0].tolist()
    [1, 0, 2, 0, 3, 0, 2, 0, 1]
    """
    found = [np.zeros(n, dtype=np.int64) for n in lengths(q)]
    found[level][unit] = 1
    for below in reversed(range(level)):
        k, s, d = q.layers[below]
        for y, u in np.ndindex(len(found[below + 1]), k):
            found[below][y * s + u * d] += found[below + 1][y]
    for below in range(level, len(q.layers)):
        k, s, d = q.layers[below]
        for y, u in np.ndindex(len(found[below + 1]), k):
            found[below + 1][y] += found[below][y * s + u * d]
    return found


def coverage(q: Cone, level: int, unit: int) -> Coverage:
    """Compare the inputs that a unit promises to see with those that paths lead to.

    Examples
    --------
    >>> coverage(stack([(3, 1, 2), (3, 1, 2)]), 2, 0).holes
    [1, 3, 5, 7]
    """
    field, found = fields(q)[level], paths(q, level, unit)[0]
    first = unit * field.jump
    last = first + field.size - 1
    reached = np.flatnonzero(found).tolist()
    return Coverage(first, last, reached, sorted(set(range(first, last + 1)) - set(reached)), int(found.sum()))


def problem(q: Cone) -> str | None:
    """Explain in a sentence why a stack cannot be shown; None if it can."""
    sizes = facts.STACK["cone"]
    named = [("layers", len(q.layers), sizes["layers"]), ("outputs", q.outputs, sizes["outputs"])]
    for n, layer in enumerate(q.layers, 1):
        named += [(f"{say('layer', n)}: {name}", v, LAYER[name]) for name, v in zip(LAYER, layer, strict=True)]
    for name, value, (_, least, most) in named:
        if not least <= value <= most:
            return say("whole", name, most)
    longest = lengths(q)[0]
    return say("long", longest, facts.STACK["longest"]) if longest > facts.STACK["longest"] else None


def formula(q: Cone) -> str:
    """Write the promised size with its numbers.

    Examples
    --------
    >>> formula(stack([3, (3, 2), 3]))
    'r = 1 + Σ d(k − 1)·jump = 1 + 1·(3 − 1)·1 + 1·(3 − 1)·1 + 1·(3 − 1)·2 = 9'
    """
    found, texts = fields(q), facts.STACK["formulas"]
    terms = (facts.fill(texts["term"], *layer, found[n].jump) for n, layer in enumerate(q.layers))
    return facts.fill(texts["field"], " + ".join(terms), found[-1].size)


def unit_name(q: Cone, level: int, unit: int) -> str:
    """Name a unit: "input 3", "layer 1, unit 0", "output 2"."""
    return say("out" if level == len(q.layers) else "unit" if level else "in", unit, level)


def sentence(q: Cone, level: int, unit: int) -> str:
    """Say what a unit promises and reaches, or by which outputs an input is read.

    Examples
    --------
    >>> sentence(stack([(3, 1, 2), (3, 1, 2)]), 2, 0)
    'output 0: promised are inputs 0 to 8, r = 9; reached are 5 of them, by 9 paths. Never: 1, 3, 5, 7.'
    """
    if not level:
        top = paths(q, 0, unit)[-1]
        return say("up", unit, span(np.flatnonzero(top).tolist()), top.sum()) if top.any() else say("never", unit)
    c = coverage(q, level, unit)
    size = c.last - c.first + 1
    text = say("cone", unit_name(q, level, unit), c.first, c.last, size, len(c.reached), c.paths)
    return text + (say("holes", span(c.holes)) if c.holes else "")
