"""The sentences of the explorer, in English; ``conv-lab.js`` chooses among the same, and says them in Chinese too."""

import math

import numpy as np

from d2lcnn import shapes
from d2lcnn.explorer import facts
from d2lcnn.explorer.model.boards import steps
from d2lcnn.explorer.model.links import Cell, Operation, Triple, lit, output_size, values

say = facts.speaker(facts.CONV)


def number(value: float) -> str:
    """Write a value with at most two decimals, halves rounded up (as the script does)."""
    if value == -math.inf:  # the maximum of a dilated window that meets only padding
        return "−∞"
    rounded = math.floor(float(value) * 100 + 0.5) / 100 + 0.0
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


def _range_problem(op: Operation) -> str | None:
    for name, (_, least, most) in facts.CONV["sizes"].items():
        for value in getattr(op, name):
            if value < least:
                return say("low", name, least)
            if value > most:
                return say("high", name, value, most)
    return None


def _axis_problem(mode: str, i: int, k: int, s: int, p: int, d: int, a: int) -> str | None:
    if mode == "transposed":
        if a >= max(s, d):
            return say("op", a, s, d)
        reach = shapes.conv_transpose_output_size(i, k, s, 0, d, a)
        o = reach - 2 * p
        if o < 1:
            return say("none", reach, p, 2 * p)
    else:
        span = shapes.effective_kernel_size(k, d)
        if span > i + 2 * p:
            return say("fit", span, i + 2 * p)
        if mode != "conv" and 2 * p > k:
            return say("half", p, k)
        o = shapes.conv_output_size(i, k, s, p, d)
    return say("big", o, facts.CONV["largest_output"]) if o > facts.CONV["largest_output"] else None


def problem(op: Operation) -> str | None:
    """Explain in a sentence why a setting cannot be shown; None if it can.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> problem(operation(i=3, k=5))
    'The kernel spans 5 cells, but the padded input has only 3: make k or d smaller, or i or p larger.'
    """
    return (
        _range_problem(op)
        or _axis_problem(op.mode, *op.axis(0))
        or _axis_problem(op.mode, *op.axis(1))
    )


def formula(op: Operation) -> list[str]:
    """Write the size formula with its numbers: one line, or two where rows and columns differ."""
    text = facts.CONV["formulas"]["transposed" if op.mode == "transposed" else "conv"]
    rows, columns = (facts.fill(text, *op.axis(axis), output_size(op)[axis]) for axis in (0, 1))
    before = facts.CONV["texts"]["axes"][0]
    return [rows] if op.axis(0) == op.axis(1) else [before[0] + rows, before[1] + columns]


def factor(value: float) -> str:
    """Write a value as a factor or a term: in parentheses if it is negative."""
    return f"({number(value)})" if value < 0 else number(value)


def shortened(terms: list[str], most: int) -> list[str]:
    """Keep at most `most` terms, the last of them an ellipsis."""
    return terms if len(terms) <= most else [*terms[: most - 1], "…"]


def total(op: Operation, x: np.ndarray, w: np.ndarray | None, cell: Cell, most: int = 99) -> str:
    """Write out how one output value comes about; beyond `most` terms an ellipsis.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> total(operation(i=(1, 3), k=(1, 2)), np.array([[1., 2., 3.]]), np.array([[4., 5.]]), (0, 1))
    '2·4 + 3·5 = 23'
    """
    result = number(values(op, x, w)[cell])
    links = lit(op, "out", cell)
    if op.mode == "transposed" or op.mode == "max":
        links = [link for link in links if link.input is not None]
    read = [0.0 if link.input is None else float(x[link.input]) for link in links]
    if op.mode in ("max", "avg"):
        terms = [factor(value) for value in read]
    else:
        terms = [f"{factor(value)}·{factor(w[link.weight])}" for value, link in zip(read, links, strict=True)]
    terms = shortened(terms, most)
    if op.mode == "max":
        return f"max({', '.join(terms)}) = {result}"
    if op.mode == "avg":
        return f"({' + '.join(terms)}) / {len(links)} = {result}"
    return f"{' + '.join(terms)} = {result}" if terms else "0"


def span(found: list[int]) -> str:
    """Say a sorted set of indices: "2", "0 to 2", "0, 2, 4"."""
    found = sorted(set(found))
    if len(found) > 1 and found[-1] - found[0] == len(found) - 1:
        return f"{found[0]}{say('to')}{found[-1]}"
    return say("comma").join(str(n) for n in found)


def spans(links: list[Triple], key: str) -> tuple[str, str]:
    """Say the rows and the columns of what links have: "output", "position", "input"."""
    found = [getattr(link, key) for link in links]
    return span([r for r, _ in found]), span([c for _, c in found])


def sentence(op: Operation, x: np.ndarray, w: np.ndarray | None, kind: str, cell: Cell) -> str:
    """Say what is lit when a cell is touched: the text of the live region and of a still's alternative."""
    links = lit(op, kind, cell)
    rows, cols = output_size(op)
    ends = [link for link in links if 0 <= link.output[0] < rows and 0 <= link.output[1] < cols]
    real = [link for link in ends if link.input is not None]
    if kind == "w":
        return say("sW", *cell, len(links), len(real))
    if kind == "in":
        if op.stamping:
            cut = len(links) - len(ends)
            return say("sStamp", *cell, number(x[cell]), *spans(links, "output"), cut, len(links))
        return say("sIn", *cell, len(real), *spans(real, "output")) if real else say("sNever", *cell)
    value = number(values(op, x, w)[cell])
    if op.stamping:
        return say("sLand", *cell, len(real), value)
    if op.mode == "transposed":
        return say("sZero", *cell, len(real), len(links), value)
    return say("sOut", *cell, *spans(links, "position"), len(links) - len(real), len(links), value)


def name(op: Operation) -> str:
    """Name the operation and its sizes, for captions and alternative texts."""
    def show(pair):
        return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"

    sizes = ", ".join(f"{letter} = {show(getattr(op, letter))}" for letter in "iksp")
    text = f"{facts.CONV['texts']['modes'][0][op.mode].capitalize()}, {sizes}"
    if op.d != (1, 1):
        text += f", d = {show(op.d)}"
    if op.output_padding != (0, 0):
        text += f", output_padding = {show(op.output_padding)}"
    if op.view == "backward":
        text += ", backward pass"
    return text


def at(op: Operation, position: int, ask: str | None = None) -> tuple[str, Cell]:
    """Return the (kind, cell) that step number `position` visits; ValueError beyond the last."""
    kind, size = steps(op, ask)
    return kind, divmod(shapes.integer("position", position, 0, size[0] * size[1] - 1), size[1])
