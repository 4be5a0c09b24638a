"""The matrices beside the window: C or its transpose, im2col, and how many products each way of computing needs."""

from typing import NamedTuple

from d2lcnn.explorer import facts
from d2lcnn.explorer.model import backward, words
from d2lcnn.explorer.model.links import Cell, Operation, Triple, output_size, real, triples
from d2lcnn.explorer.model.words import say


class Sheet(NamedTuple):
    """A matrix by the links that stand in it."""

    rows: int
    columns: int
    cells: list[tuple[int, int, Triple]]


class Ways(NamedTuple):
    """Multiplications of a transposed convolution; all but `useful` of them meet a zero or are cut away."""

    useful: int
    stamping: int
    matrix: int
    zeros: int


def flat(cell: Cell, size: Cell) -> int:
    """Number a cell in reading order."""
    return cell[0] * size[1] + cell[1]


def sheet(op: Operation, which: str) -> Sheet:
    """Place every link in a matrix.

    Parameters
    ----------
    op : Operation
    which : {"mat", "col"}
        "mat": C (of a transposed convolution its transpose), a row for each output and a column for each input.
        "col": im2col, a row for each weight and a column for each window; padding has a place in it.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> [cell[:2] for cell in sheet(operation(i=(1, 3), k=(1, 2)), "mat").cells]
    [(0, 0), (0, 1), (1, 1), (1, 2)]
    """
    o, i, k = output_size(op), op.i, op.k
    if which == "col":
        cells = [(flat(t.weight, k), flat(t.output, o), t) for t in triples(op)]
        return Sheet(k[0] * k[1], o[0] * o[1], cells)
    if which != "mat":
        raise ValueError(f'which must be "mat" or "col", got {which!r}')
    return Sheet(o[0] * o[1], i[0] * i[1], [(flat(t.output, o), flat(t.input, i), t) for t in real(op)])


def ways(op: Operation) -> Ways:
    """Count the products of a transposed convolution computed in three ways.

    Examples
    --------
    Two inputs, a kernel of two, stride two: nothing overlaps, so each stamp counts. A row of the matrix has one weight
    and one zero; in each window over the inserted zeros one of two cells is a zero.

    >>> from d2lcnn.explorer.model.links import operation
    >>> ways(operation("transposed", i=(1, 2), k=(1, 2), s=(1, 2)))
    Ways(useful=4, stamping=4, matrix=8, zeros=8)
    """
    o, i, k = (size[0] * size[1] for size in (output_size(op), op.i, op.k))
    return Ways(len(list(real(op))), i * k, o * i, o * k)


def name(op: Operation, which: str) -> str:
    """Name a matrix."""
    return "im2col" if which == "col" else "Cᵀ" if op.mode == "transposed" else "C"


def shown(op: Operation) -> list[str]:
    """List the matrices ("mat", "col") that a view draws."""
    return [which for which, views in facts.CONV["sheets"].items() if op.view in views]


def drawn(found: Sheet) -> bool:
    """Whether a matrix is small enough to be drawn."""
    return max(found.rows, found.columns) <= facts.CONV["largest_sheet"]


def describe(op: Operation, x, w, g, kind: str, cell: Cell) -> str:
    """Say what is lit when a cell is touched, in whatever view.

    Examples
    --------
    >>> import numpy as np
    >>> from d2lcnn.explorer.model.links import operation
    >>> describe(operation(i=2, k=2, view="im2col"), np.ones((2, 2)), np.ones((2, 2)), None, "out", (0, 0))[-37:]
    ' It is column 0 of the im2col matrix.'
    """
    if op.view == "backward":
        return backward.sentence(op, x, w, g, kind, cell)
    text = words.sentence(op, x, w, kind, cell)
    if "mat" in shown(op) and kind != "w":
        o, i = output_size(op), op.i
        along, across = (o, i) if kind == "out" else (i, o)
        found = sum((t.output if kind == "out" else t.input) == cell for t in real(op))
        rest = across[0] * across[1] - found
        text += say("row" if kind == "out" else "col", flat(cell, along), found, rest, name(op, "mat"))
    if "col" in shown(op) and kind == "out":
        text += say("unf", flat(cell, output_size(op)))
    return text


def ways_sentence(op: Operation) -> str:
    """Compare the three ways in words."""
    n, stamping, matrix, zeros = ways(op)
    return say("ways", n, stamping, stamping - n, matrix, matrix - n, zeros, zeros - n)


def caption(op: Operation, which: str) -> str:
    """Say above a matrix what stands in it, or that it is too large to draw."""
    found = sheet(op, which)
    rows, columns, cells = found
    if not drawn(found):
        return say("large", name(op, which), rows, columns, facts.CONV["largest_sheet"])
    text = "unfold" if which == "col" else "sheet"
    return say(text, name(op, which), rows, columns, len(cells), rows * columns - len(cells))
