"""The matrices beside the window: C or its transpose, im2col, and how many products each way of computing needs."""

from typing import NamedTuple

from d2lcnn.explorer import backward, words
from d2lcnn.explorer.core import Cell, Setting, Triple, output_size, real, triples

LARGEST_SHEET = 64  # rows or columns of a matrix that is drawn


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


def sheet(setting: Setting, which: str) -> Sheet:
    """Place every link in a matrix.

    Parameters
    ----------
    setting : Setting
    which : {"mat", "col"}
        "mat": C (of a transposed convolution its transpose), a row for each output and a column for each input.
        "col": im2col, a row for each weight and a column for each window; padding has a place in it.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> [cell[:2] for cell in sheet(setting(i=(1, 3), k=(1, 2)), "mat").cells]
    [(0, 0), (0, 1), (1, 1), (1, 2)]
    """
    o, i, k = output_size(setting), setting.i, setting.k
    if which == "col":
        cells = [(flat(t.weight, k), flat(t.output, o), t) for t in triples(setting)]
        return Sheet(k[0] * k[1], o[0] * o[1], cells)
    if which != "mat":
        raise ValueError(f'which must be "mat" or "col", got {which!r}')
    return Sheet(o[0] * o[1], i[0] * i[1], [(flat(t.output, o), flat(t.input, i), t) for t in real(setting)])


def ways(setting: Setting) -> Ways:
    """Count the products of a transposed convolution computed in three ways.

    Examples
    --------
    Two inputs, a kernel of two, stride two: nothing overlaps, so each stamp counts. A row of the matrix has one weight
    and one zero; in each window over the inserted zeros one of two cells is a zero.

    >>> from d2lcnn.explorer.core import setting
    >>> ways(setting("transposed", i=(1, 2), k=(1, 2), s=(1, 2)))
    Ways(useful=4, stamping=4, matrix=8, zeros=8)
    """
    o, i, k = (size[0] * size[1] for size in (output_size(setting), setting.i, setting.k))
    return Ways(len(list(real(setting))), i * k, o * i, o * k)


def name(setting: Setting, which: str) -> str:
    """Name a matrix."""
    return "im2col" if which == "col" else "Cᵀ" if setting.mode == "transposed" else "C"


def shown(setting: Setting) -> list[str]:
    """List the matrices ("mat", "col") that a view draws."""
    views = {"mat": ("matrix", "both", "three"), "col": ("im2col", "both")}
    return [which for which, of in views.items() if setting.view in of]


def describe(setting: Setting, x, w, g, kind: str, cell: Cell) -> str:
    """Say what is lit when a cell is touched, in whatever view.

    Examples
    --------
    >>> import numpy as np
    >>> from d2lcnn.explorer.core import setting
    >>> describe(setting(i=2, k=2, view="im2col"), np.ones((2, 2)), np.ones((2, 2)), None, "out", (0, 0))[-37:]
    ' It is column 0 of the im2col matrix.'
    """
    if setting.view == "backward":
        return backward.sentence(setting, x, w, g, kind, cell)
    text = words.sentence(setting, x, w, kind, cell)
    if "mat" in shown(setting) and kind != "w":
        o, i = output_size(setting), setting.i
        along, across = (o, i) if kind == "out" else (i, o)
        found = sum((t.output if kind == "out" else t.input) == cell for t in real(setting))
        text += (
            f" {'Row' if kind == 'out' else 'Column'} {flat(cell, along)} of {name(setting, 'mat')} holds {found} "
            f"weights and {across[0] * across[1] - found} zeros."
        )
    if "col" in shown(setting) and kind == "out":
        text += f" It is column {flat(cell, output_size(setting))} of the im2col matrix."
    return text


def ways_sentence(setting: Setting) -> str:
    """Compare the three ways in words."""
    n, stamping, matrix, zeros = ways(setting)
    return (
        f"{n} products reach the output. Stamping multiplies {stamping} times and cuts {stamping - n} away; "
        f"Cᵀ {matrix} times, {matrix - n} by zero; zero insertion {zeros} times, {zeros - n} by zero. "
        "The numbers are the same."
    )


def caption(setting: Setting, which: str) -> str:
    """Say above a matrix what stands in it, or that it is too large to draw."""
    rows, columns, cells = sheet(setting, which)
    label = name(setting, which)
    if max(rows, columns) > LARGEST_SHEET:
        return f"{label} has {rows} rows and {columns} columns: at most {LARGEST_SHEET} of each are drawn."
    if which == "col":
        return f"{label} {rows} × {columns}: a column for each window, a row for each weight; w at the left, y below"
    return (
        f"{label} {rows} × {columns}: {len(cells)} weights by colour, {rows * columns - len(cells)} zeros left blank; "
        "x above, y at the right"
    )
