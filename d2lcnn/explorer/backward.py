"""The backward pass, read off the same links: what each output gradient sends to inputs and weights, and its words."""

from typing import NamedTuple

import numpy as np

from d2lcnn.explorer.core import Cell, Setting, Triple, real
from d2lcnn.explorer.words import factor, number, span

# an output gradient with both signs, repeated to fill any size
GRADIENT = ((1, 2, -1), (0, 1, 3), (2, -1, 1))


class Gradients(NamedTuple):
    """Gradients of sum(gradient * output)."""

    x: np.ndarray
    w: np.ndarray | None  # None for pooling, as b
    b: float | None


def flow(setting: Setting, x: np.ndarray) -> list[Triple]:
    """List the links that carry a gradient back.

    All that join an input to an output; of a max pooling window only the one to its maximum, among equals the first in
    reading order, as torch does it.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> [link.input for link in flow(setting("max", i=(1, 4), k=(1, 2)), np.array([[5.0, 5.0, 1.0, 2.0]]))]
    [(0, 0), (0, 3)]
    """
    links = list(real(setting))
    if setting.mode != "max":
        return links
    best: dict[Cell, Triple] = {}
    for link in links:
        if link.output not in best or x[link.input] > x[best[link.output].input]:
            best[link.output] = link
    return list(best.values())


def gradients(setting: Setting, x, w, g) -> Gradients:
    """Compute what an output gradient gives for the input, the weights and a bias.

    Parameters
    ----------
    setting : Setting
    x, w : arrays of setting.i and setting.k; w is unused by pooling
    g : array of the output's size
        Gradient of some loss with respect to each output.

    Returns
    -------
    Gradients
        float64; a bias is one number added to every output, so its gradient is the sum of g.

    Examples
    --------
    Overlapping windows add up: the middle input is read twice, once by each weight.

    >>> from d2lcnn.explorer.core import setting
    >>> found = gradients(setting(i=(1, 3), k=(1, 2)), [[1, 2, 3]], [[4, 5]], [[1, 10]])
    >>> found.x.tolist(), found.w.tolist(), found.b
    ([[4.0, 45.0, 50.0]], [[21.0, 32.0]], 11.0)
    """
    x, g = np.asarray(x, dtype=np.float64), np.asarray(g, dtype=np.float64)
    w = None if setting.pooling else np.asarray(w, dtype=np.float64)
    dx, dw = np.zeros(setting.i), np.zeros(setting.k)
    share = setting.k[0] * setting.k[1] if setting.mode == "avg" else 1
    for link in flow(setting, x):
        value = g[link.output]
        dx[link.input] += value / share if w is None else value * w[link.weight]
        dw[link.weight] += value * x[link.input]
    return Gradients(dx, None, None) if w is None else Gradients(dx, dw, sum(g.ravel().tolist()))


def _through(links: list[Triple], kind: str, cell: Cell) -> list[Triple]:
    return [link for link in links if getattr(link, {"out": "output", "in": "input", "w": "weight"}[kind]) == cell]


def total(setting: Setting, x, w, g, kind: str, cell: Cell, most: int = 36) -> str:
    """Write out one value of dX (kind "in") or dW (kind "w"); beyond `most` terms an ellipsis.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> one, x = setting("max", i=(1, 3), k=(1, 2), s=1), np.array([[1.0, 7.0, 3.0]])
    >>> total(one, x, None, np.array([[2.0, -1.0]]), "in", (0, 1))
    '2 + (-1) = 1'
    """
    if kind == "out":
        return ""
    found, terms = gradients(setting, x, w, g), []
    for link in _through(flow(setting, x), kind, cell):
        other = "" if w is None else "·" + factor(x[link.input] if kind == "w" else w[link.weight])
        terms.append(factor(g[link.output]) + other)
    if not terms:
        return "0"
    if len(terms) > most:
        terms = [*terms[: most - 1], "…"]
    line = " + ".join(terms)
    if setting.mode == "avg":
        line = f"({line}) / {setting.k[0] * setting.k[1]}"
    return f"{line} = {number((found.w if kind == 'w' else found.x)[cell])}"


def ties(setting: Setting, x: np.ndarray, cell: Cell) -> list[Cell]:
    """List the inputs of a window that equal its maximum."""
    read = [link.input for link in _through(list(real(setting)), "out", cell)]
    return [place for place in read if x[place] == max(x[other] for other in read)]


def sentence(setting: Setting, x, w, g, kind: str, cell: Cell) -> str:
    """Say what flows through one cell: an output ("out"), an input ("in") or a weight ("w")."""
    (r, c), found, links = cell, gradients(setting, x, w, g), _through(flow(setting, x), kind, cell)
    if kind == "w":
        value = number(found.w[cell])
        return f"dW at row {r}, column {c} is {value}: a sum of {len(links)} products, gradient times input."
    if kind == "in":
        if not links:
            return f"Nothing flows back to input row {r}, column {c}: dX is 0 there."
        return (
            f"dX at row {r}, column {c} is {number(found.x[cell])}: a sum of {len(links)} terms, from output rows "
            f"{span([t.output[0] for t in links])} and columns {span([t.output[1] for t in links])}."
        )
    if not links:
        return f"Output row {r}, column {c} meets only padding: its gradient reaches no input."
    start = f"The gradient {number(g[cell])} of output row {r}, column {c}"
    if setting.mode == "max":
        a, b = links[0].input
        equal = len(ties(setting, x, cell))
        which = f"the first of {equal} equal maxima" if equal > 1 else "the maximum of its window"
        return f"{start} goes to input row {a}, column {b}, {which}."
    rows, cols = span([t.input[0] for t in links]), span([t.input[1] for t in links])
    if setting.mode == "avg":
        share = number(g[cell] / (setting.k[0] * setting.k[1]))
        return f"{start} spreads over {len(links)} inputs, rows {rows}, columns {cols}: {share} to each."
    return f"{start} flows back to {len(links)} inputs, rows {rows}, columns {cols}."
