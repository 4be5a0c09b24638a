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

MODES = ("conv", "transposed", "max", "avg")
# what can be drawn of each mode; the first is the plain picture
VIEWS_OF = {
    "conv": ("stamp", "matrix", "im2col", "both", "backward"),
    "transposed": ("stamp", "zeros", "matrix", "three", "backward"),
    "max": ("stamp", "backward"),
    "avg": ("stamp", "backward"),
}
VIEWS = ("stamp", "zeros", "matrix", "im2col", "both", "three", "backward")
Cell = tuple[int, int]


@dataclass(frozen=True)
class Setting:
    """One arrangement of sizes; every size is (rows, columns). Build it with `setting`."""

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


def _two(name: str, value) -> Cell:
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in both):
        raise TypeError(f"{name} must be a whole number or a pair (rows, columns) of them, got {value!r}")
    return int(both[0]), int(both[1])


def setting(mode="conv", i=5, k=3, s=None, p=0, d=1, output_padding=0, view="stamp") -> Setting:
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
    Setting
        It may still be impossible; `d2lcnn.explorer.words.problem` explains why in a sentence.

    Raises
    ------
    ValueError, TypeError
        If mode or view is unknown, or a size is not a whole number.

    Examples
    --------
    >>> output_size(setting(i=5, k=3, s=2, p=1))
    (3, 3)
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    if view not in VIEWS:
        raise ValueError(f"view must be one of {', '.join(VIEWS)}, got {view!r}")
    if s is None:
        s = k if mode in ("max", "avg") else 1
    values = {
        name: _two(name, value) for name, value in dict(i=i, k=k, s=s, p=p, d=d, output_padding=output_padding).items()
    }
    found = Setting(mode, view, **values)
    if mode == "avg":
        found = replace(found, d=(1, 1))
    if mode != "transposed":
        found = replace(found, output_padding=(0, 0))
    return found if view in VIEWS_OF[mode] else replace(found, view="stamp")


def output_size(setting: Setting) -> Cell:
    """Return (rows, columns) of the output; ValueError where nothing fits."""
    size = []
    for axis in (0, 1):
        i, k, s, p, d, a = setting.axis(axis)
        if setting.mode == "transposed":
            size.append(shapes.conv_transpose_output_size(i, k, s, p, d, a))
        elif setting.mode in ("max", "avg"):
            size.append(shapes.pool_output_size(i, k, s, p, d))
        else:
            size.append(shapes.conv_output_size(i, k, s, p, d))
    return size[0], size[1]


def pairs(setting: Setting, axis: int) -> list[Pair]:
    """List the links along one axis.

    Examples
    --------
    Three cells, padded by one, window of two, stride two: the first window starts on the padding.

    >>> [tuple(pair) for pair in pairs(setting(i=3, k=2, s=2, p=1), 0)]
    [(0, -1, 0, None), (0, 0, 1, 0), (1, 1, 0, 1), (1, 2, 1, 2)]
    """
    i, k, s, p, d, _ = setting.axis(axis)
    if setting.mode != "transposed":
        found = []
        for y, u in product(range(output_size(setting)[axis]), range(k)):
            x = y * s + u * d - p
            found.append(Pair(y, x, u, x if 0 <= x < i else None))
        return found
    if setting.stamping:
        return [Pair(x * s + u * d - p, x, u, x) for x, u in product(range(i), range(k))]
    found = []
    # reading order of the kernel turned by 180 degrees: its last weight comes first
    for y, u in product(range(output_size(setting)[axis]), reversed(range(k))):
        z = y + p - u * d
        found.append(Pair(y, z, u, z // s if z % s == 0 and 0 <= z // s < i else None))
    return found


def triples(setting: Setting) -> Iterator[Triple]:
    """Yield every link of rows with every link of columns."""
    columns = pairs(setting, 1)
    for row in pairs(setting, 0):
        for col in columns:
            inside = None if row.input is None or col.input is None else (row.input, col.input)
            yield Triple((row.output, col.output), (row.position, col.position), (row.weight, col.weight), inside)


def real(setting: Setting) -> Iterator[Triple]:
    """Yield the triples that join an existing input to an existing output."""
    rows, cols = output_size(setting)
    for triple in triples(setting):
        if triple.input is not None and 0 <= triple.output[0] < rows and 0 <= triple.output[1] < cols:
            yield triple


def lit(setting: Setting, kind: str, cell: Cell) -> list[Triple]:
    """List the triples through one cell: kind "out" an output, "in" an input, "w" a weight."""
    key = {"out": "output", "in": "input", "w": "weight"}.get(kind)
    if key is None:
        raise ValueError(f'kind must be "out", "in" or "w", got {kind!r}')
    return [triple for triple in triples(setting) if getattr(triple, key) == cell]


def counts(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Count how many products each input cell feeds, and how many land on each output cell.

    Returns
    -------
    reads, lands : int64 arrays of the input's and of the output's shape

    Examples
    --------
    The checkerboard of a transposed convolution, kernel 3, stride 2 (Odena, Dumoulin & Olah 2016):

    >>> counts(setting("transposed", i=(3, 1), k=(3, 1), s=(2, 1)))[1].ravel().tolist()
    [1, 1, 2, 1, 2, 1, 1]
    """
    reads, lands = np.zeros(setting.i, dtype=np.int64), np.zeros(output_size(setting), dtype=np.int64)
    for triple in real(setting):
        reads[triple.input] += 1
        lands[triple.output] += 1
    return reads, lands


def values(setting: Setting, x, w=None, *, until: int | None = None) -> np.ndarray:
    """Compute the output from the triples.

    Parameters
    ----------
    x : array (rows, columns) of setting.i
    w : array of setting.k, unused by pooling
    until : int, optional
        Take only the first `until` stamps of a transposed convolution (input cells in reading order).

    Returns
    -------
    float64 array of `output_size(setting)`

    Examples
    --------
    >>> values(setting("max", i=3, k=2, s=1), [[1, 5, 2], [0, 3, 3], [4, 0, 9]]).tolist()
    [[5.0, 5.0], [4.0, 9.0]]
    """
    x = np.asarray(x, dtype=np.float64)
    w = None if setting.mode in ("max", "avg") else np.asarray(w, dtype=np.float64)
    y = np.full(output_size(setting), -np.inf if setting.mode == "max" else 0.0)
    for triple in real(setting):
        value = float(x[triple.input])
        if setting.mode == "max":
            y[triple.output] = max(y[triple.output], value)
        elif setting.mode == "avg":
            y[triple.output] += value
        elif until is None or triple.input[0] * setting.i[1] + triple.input[1] < until:
            y[triple.output] += value * w[triple.weight]
    # padding counts as zeros in the average, as in torch with count_include_pad
    return y / (setting.k[0] * setting.k[1]) if setting.mode == "avg" else y


def same_output(i: int, k: int, s: int, p: int, d: int, largest: int) -> list[int]:
    """List the input sizes, up to `largest`, whose convolution has the same output size as i.

    Examples
    --------
    Stride 2 cannot tell 5 from 6: what output_padding of the way back has to say.

    >>> same_output(5, 3, 2, 1, 1, 16)
    [5, 6]
    """
    o = shapes.conv_output_size(i, k, s, p, d)
    smallest = max(1, d * (k - 1) + 1 - 2 * p)
    return [n for n in range(smallest, largest + 1) if shapes.conv_output_size(n, k, s, p, d) == o]
