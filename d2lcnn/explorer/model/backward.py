"""The backward pass, read off the same links: what each output gradient sends to inputs and weights, and its words."""

from typing import NamedTuple

import numpy as np

from d2lcnn.explorer import facts
from d2lcnn.explorer.model.links import Cell, Operation, Triple, real
from d2lcnn.explorer.model.words import factor, number, say, shortened, spans


class Gradients(NamedTuple):
    """Gradients of sum(gradient * output)."""

    x: np.ndarray
    w: np.ndarray | None  # None for pooling, as b
    b: float | None


def flow(op: Operation, x: np.ndarray) -> list[Triple]:
    """List the links that carry a gradient back.

    All that join an input to an output; of a max pooling window only the one to its maximum, among equals the first in
    reading order, as torch does it.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> [link.input for link in flow(operation("max", i=(1, 4), k=(1, 2)), np.array([[5.0, 5.0, 1.0, 2.0]]))]
    [(0, 0), (0, 3)]
    """
    links = list(real(op))
    if op.mode != "max":
        return links
    best: dict[Cell, Triple] = {}
    for link in links:
        if link.output not in best or x[link.input] > x[best[link.output].input]:
            best[link.output] = link
    return list(best.values())


def gradients(op: Operation, x, w, g) -> Gradients:
    """Compute what an output gradient gives for the input, the weights and a bias.

    Parameters
    ----------
    op : Operation
    x, w : arrays of op.i and op.k; w is unused by pooling
    g : array of the output's size
        Gradient of some loss with respect to each output.

    Returns
    -------
    Gradients
        float64; a bias is one number added to every output, so its gradient is the sum of g.

    Examples
    --------
    Overlapping windows add up: the middle input is read twice, once by each weight.

    >>> from d2lcnn.explorer.model.links import operation
    >>> found = gradients(operation(i=(1, 3), k=(1, 2)), [[1, 2, 3]], [[4, 5]], [[1, 10]])
    >>> found.x.tolist(), found.w.tolist(), found.b
    ([[4.0, 45.0, 50.0]], [[21.0, 32.0]], 11.0)
    """
    x, g = np.asarray(x, dtype=np.float64), np.asarray(g, dtype=np.float64)
    w = None if op.pooling else np.asarray(w, dtype=np.float64)
    dx, dw = np.zeros(op.i), np.zeros(op.k)
    share = op.k[0] * op.k[1] if op.mode == "avg" else 1
    for link in flow(op, x):
        value = g[link.output]
        dx[link.input] += value / share if w is None else value * w[link.weight]
        dw[link.weight] += value * x[link.input]
    return Gradients(dx, None, None) if w is None else Gradients(dx, dw, sum(g.ravel().tolist()))


def _through(links: list[Triple], kind: str, cell: Cell) -> list[Triple]:
    return [link for link in links if getattr(link, {"out": "output", "in": "input", "w": "weight"}[kind]) == cell]


def total(op: Operation, x, w, g, kind: str, cell: Cell, most: int = facts.CONV["most_terms"]) -> str:
    """Write out one value of dX (kind "in") or dW (kind "w"); beyond `most` terms an ellipsis.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> one, x = operation("max", i=(1, 3), k=(1, 2), s=1), np.array([[1.0, 7.0, 3.0]])
    >>> total(one, x, None, np.array([[2.0, -1.0]]), "in", (0, 1))
    '2 + (-1) = 1'
    """
    if kind == "out":
        return ""
    found, terms = gradients(op, x, w, g), []
    for link in _through(flow(op, x), kind, cell):
        other = "" if w is None else "·" + factor(x[link.input] if kind == "w" else w[link.weight])
        terms.append(factor(g[link.output]) + other)
    if not terms:
        return "0"
    line = " + ".join(shortened(terms, most))
    if op.mode == "avg":
        line = f"({line}) / {op.k[0] * op.k[1]}"
    return f"{line} = {number((found.w if kind == 'w' else found.x)[cell])}"


def ties(op: Operation, x: np.ndarray, cell: Cell) -> list[Cell]:
    """List the inputs of a window that equal its maximum."""
    read = [link.input for link in _through(list(real(op)), "out", cell)]
    return [place for place in read if x[place] == max(x[other] for other in read)]


def sentence(op: Operation, x, w, g, kind: str, cell: Cell) -> str:
    """Say what flows through one cell: an output ("out"), an input ("in") or a weight ("w")."""
    found, links = gradients(op, x, w, g), _through(flow(op, x), kind, cell)
    if kind == "w":
        return say("gW", *cell, number(found.w[cell]), len(links))
    if kind == "in":
        if not links:
            return say("gNone", *cell)
        return say("gIn", *cell, number(found.x[cell]), len(links), *spans(links, "output"))
    if not links:
        return say("gLost", *cell)
    value = number(g[cell])
    if op.mode == "max":
        equal = len(ties(op, x, cell))
        return say("gTie" if equal > 1 else "gMax", *cell, value, *links[0].input, equal)
    if op.mode == "avg":
        share = number(g[cell] / (op.k[0] * op.k[1]))
        return say("gAvg", *cell, value, len(links), *spans(links, "input"), share)
    return say("gOut", *cell, value, len(links), *spans(links, "input"))
