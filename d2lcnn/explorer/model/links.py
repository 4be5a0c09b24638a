"""Which output reads which input through which weight: the one source of every picture of the explorer.

Nothing here draws. `triples` yields the links of a convolution, a transposed convolution or a pooling; sizes,
values, counts and what lights up when a cell is touched are all read off them. ``conv-lab.js`` says the same
in JavaScript, and the tests compare the two over thousands of settings.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np

from d2lcnn import shapes
from d2lcnn.explorer import facts

USUAL = {name: usual for name, (usual, _, _) in facts.CONV["sizes"].items()}
SIZES = tuple(USUAL)
# what can be drawn of each mode; the first is the plain picture
VIEWS_OF = {mode: tuple(views) for mode, views in facts.CONV["views"].items()}
MODES = tuple(VIEWS_OF)
VIEWS = tuple(dict.fromkeys(view for views in VIEWS_OF.values() for view in views))
Cell = tuple[int, int]


@dataclass(frozen=True)
class Operation:
    """A convolution or pooling of any kind, and its sizes: each (rows, columns). Build it with `operation`."""

    mode: str
    view: str
    i: Cell
    k: Cell
    s: Cell
    p: Cell
    d: Cell
    output_padding: Cell

    def axis(self, axis: int) -> tuple[int, int, int, int, int, int]:
        """Return i, k, s, p, d, output_padding of axis 0 (rows) or 1 (columns)."""
        return (self.i[axis], self.k[axis], self.s[axis], self.p[axis], self.d[axis], self.output_padding[axis])

    @property
    def stamping(self) -> bool:
        """Whether it is drawn as stamps of the kernel: a transposed convolution but for inserted zeros."""
        return self.mode == "transposed" and self.view != "zeros"

    @property
    def pooling(self) -> bool:
        """Whether there is a window without weights."""
        return self.mode in ("max", "avg")


class Pair(NamedTuple):
    """One link along one axis."""

    output: int  # outside 0..o-1 where a stamp falls off the output
    position: int  # where it is read on the drawn input: padding and inserted zeros have positions too
    weight: int
    input: int | None  # None for padding and for inserted zeros


class Triple(NamedTuple):
    """One product: the weight times what stands at the position goes into the output cell."""

    output: Cell
    position: Cell
    weight: Cell
    input: Cell | None


def one_of(name: str, value, words) -> str:
    """Return a word; ValueError if it is none of `words`."""
    if value not in words:
        raise ValueError(f"{name} must be one of {', '.join(words)}, got {value!r}")
    return value


def operation(
    mode="conv",
    i=USUAL["i"],
    k=USUAL["k"],
    s=None,
    p=USUAL["p"],
    d=USUAL["d"],
    output_padding=USUAL["output_padding"],
    view="stamp",
) -> Operation:
    """Gather sizes, one number for both axes or (rows, columns).

    Parameters
    ----------
    mode : {"conv", "transposed", "max", "avg"}
        Convolution, transposed convolution, max pooling, average pooling.
    i, k, s, p, d, output_padding : int or (int, int)
        Input size, kernel size, stride (1, for pooling k), padding, dilation, output padding. As in torch,
        average pooling has no dilation, and only a transposed convolution an output padding: else they are ignored.
    view : str
        What is drawn. "stamp": the plain picture, for a transposed convolution stamps of the kernel. "zeros": a
        transposed convolution as a convolution over inserted zeros. "matrix": with the matrix C, or its transpose.
        "im2col", "both": a convolution with its im2col matrix, with both. "three": a transposed convolution by stamps,
        matrix and inserted zeros. "backward": the gradients. What a mode does not have gives "stamp".

    Returns
    -------
    Operation
        It may still be impossible; `d2lcnn.explorer.model.words.problem` explains why in a sentence.

    Raises
    ------
    ValueError
        If mode or view is unknown, or a size is no integer.

    Examples
    --------
    >>> output_size(operation(i=5, k=3, s=2, p=1))
    (3, 3)
    """
    one_of("mode", mode, MODES)
    one_of("view", view, VIEWS)
    if s is None:
        s = k if mode in ("max", "avg") else USUAL["s"]
    given = zip(SIZES, (i, k, s, p, d, output_padding), strict=True)
    # whatever their size: `problem` explains in a sentence what cannot be shown
    found = Operation(mode, view, *(shapes.per_axis(name, value, minimum=None) for name, value in given))
    if mode == "avg":
        found = replace(found, d=(1, 1))
    if mode != "transposed":
        found = replace(found, output_padding=(0, 0))
    return found if view in VIEWS_OF[mode] else replace(found, view="stamp")


def output_size(op: Operation) -> Cell:
    """Return (rows, columns) of the output; ValueError where nothing fits."""
    size = []
    for axis in (0, 1):
        i, k, s, p, d, a = op.axis(axis)
        if op.mode == "transposed":
            size.append(shapes.conv_transpose_output_size(i, k, s, p, d, a))
        elif op.mode in ("max", "avg"):
            size.append(shapes.pool_output_size(i, k, s, p, d))
        else:
            size.append(shapes.conv_output_size(i, k, s, p, d))
    return size[0], size[1]


def pairs(op: Operation, axis: int) -> list[Pair]:
    """List the links along one axis.

    Examples
    --------
    Three cells, padded by one, window of two, stride two: the first window starts on the padding.

    >>> [tuple(pair) for pair in pairs(operation(i=3, k=2, s=2, p=1), 0)]
    [(0, -1, 0, None), (0, 0, 1, 0), (1, 1, 0, 1), (1, 2, 1, 2)]
    """
    i, k, s, p, d, _ = op.axis(axis)
    if op.mode != "transposed":
        found = []
        for y, u in product(range(output_size(op)[axis]), range(k)):
            x = y * s + u * d - p
            found.append(Pair(y, x, u, x if 0 <= x < i else None))
        return found
    if op.stamping:
        return [Pair(x * s + u * d - p, x, u, x) for x, u in product(range(i), range(k))]
    found = []
    # reading order of the kernel turned by 180 degrees: its last weight comes first
    for y, u in product(range(output_size(op)[axis]), reversed(range(k))):
        z = y + p - u * d
        found.append(Pair(y, z, u, z // s if z % s == 0 and 0 <= z // s < i else None))
    return found


def triples(op: Operation) -> Iterator[Triple]:
    """Yield every link of rows with every link of columns."""
    columns = pairs(op, 1)
    for row in pairs(op, 0):
        for col in columns:
            inside = None if row.input is None or col.input is None else (row.input, col.input)
            yield Triple((row.output, col.output), (row.position, col.position), (row.weight, col.weight), inside)


def real(op: Operation) -> Iterator[Triple]:
    """Yield the triples that join an existing input to an existing output."""
    rows, cols = output_size(op)
    for triple in triples(op):
        if triple.input is not None and 0 <= triple.output[0] < rows and 0 <= triple.output[1] < cols:
            yield triple


def lit(op: Operation, kind: str, cell: Cell) -> list[Triple]:
    """List the triples through one cell: kind "out" an output, "in" an input, "w" a weight."""
    key = {"out": "output", "in": "input", "w": "weight"}.get(kind)
    if key is None:
        raise ValueError(f'kind must be "out", "in" or "w", got {kind!r}')
    return [triple for triple in triples(op) if getattr(triple, key) == cell]


def counts(op: Operation) -> tuple[np.ndarray, np.ndarray]:
    """Count how many products each input cell feeds, and how many land on each output cell.

    Returns
    -------
    reads, lands : int64 arrays of the input's and of the output's shape

    Examples
    --------
    The checkerboard of a transposed convolution, kernel 3, stride 2 (Odena, Dumoulin & Olah 2016):

    >>> counts(operation("transposed", i=(3, 1), k=(3, 1), s=(2, 1)))[1].ravel().tolist()
    [1, 1, 2, 1, 2, 1, 1]
    """
    reads, lands = np.zeros(op.i, dtype=np.int64), np.zeros(output_size(op), dtype=np.int64)
    for triple in real(op):
        reads[triple.input] += 1
        lands[triple.output] += 1
    return reads, lands


def values(op: Operation, x, w=None, *, until: int | None = None) -> np.ndarray:
    """Compute the output from the triples.

    Parameters
    ----------
    x : array (rows, columns) of op.i
    w : array of op.k, unused by pooling
    until : int, optional
        Take only the first `until` stamps of a transposed convolution (input cells in reading order).

    Returns
    -------
    float64 array of `output_size(op)`

    Examples
    --------
    >>> values(operation("max", i=3, k=2, s=1), [[1, 5, 2], [0, 3, 3], [4, 0, 9]]).tolist()
    [[5.0, 5.0], [4.0, 9.0]]
    """
    x = np.asarray(x, dtype=np.float64)
    w = None if op.mode in ("max", "avg") else np.asarray(w, dtype=np.float64)
    y = np.full(output_size(op), -np.inf if op.mode == "max" else 0.0)
    for triple in real(op):
        value = float(x[triple.input])
        if op.mode == "max":
            y[triple.output] = max(y[triple.output], value)
        elif op.mode == "avg":
            y[triple.output] += value
        elif until is None or triple.input[0] * op.i[1] + triple.input[1] < until:
            y[triple.output] += value * w[triple.weight]
    # padding counts as zeros in the average, as in torch with count_include_pad
    return y / (op.k[0] * op.k[1]) if op.mode == "avg" else y


def same_output(i: int, k: int, s: int, p: int, d: int, largest: int) -> list[int]:
    """List the input sizes, up to `largest`, whose convolution has the same output size as i.

    Examples
    --------
    Stride 2 cannot tell 5 from 6: what output_padding of the way back has to say.

    >>> same_output(5, 3, 2, 1, 1, 16)
    [5, 6]
    """
    o = shapes.conv_output_size(i, k, s, p, d)
    smallest = max(1, shapes.effective_kernel_size(k, d) - 2 * p)
    return [n for n in range(smallest, largest + 1) if shapes.conv_output_size(n, k, s, p, d) == o]
