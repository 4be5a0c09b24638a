"""The sentences of the explorer, in English; ``conv-lab.js`` says them too, and in Chinese."""

import math

import numpy as np

from d2lcnn.explorer.boards import steps
from d2lcnn.explorer.core import Cell, Setting, lit, output_size, values

# the largest sizes that are drawn; beyond them the cells get too small to read
LIMITS = {"i": 16, "k": 7, "s": 6, "p": 8, "d": 5, "output_padding": 5}
LARGEST_OUTPUT = 32


def number(value: float) -> str:
    """Write a value with at most two decimals, halves rounded up (as the script does)."""
    if value == -math.inf:  # the maximum of a dilated window that meets only padding
        return "−∞"
    rounded = math.floor(float(value) * 100 + 0.5) / 100 + 0.0
    return str(int(rounded)) if rounded == int(rounded) else str(rounded)


def _range_problem(setting: Setting) -> str | None:
    for name, hi in LIMITS.items():
        lo = 0 if name in ("p", "output_padding") else 1
        for value in getattr(setting, name):
            if value < lo:
                return f"{name} must be a whole number of at least {lo}."
            if value > hi:
                return f"{name} = {value} is too large to draw: the limit is {hi}."
    return None


def _axis_problem(mode: str, i: int, k: int, s: int, p: int, d: int, a: int) -> str | None:
    span = d * (k - 1) + 1
    if mode == "transposed":
        o = (i - 1) * s - 2 * p + span + a
        if a >= max(s, d):
            return (
                f"output_padding = {a} must be smaller than the stride {s} or the dilation {d}: "
                "it only chooses among sizes that the stride made equal."
            )
        if o < 1:
            return f"Nothing is left: the stamps reach {(i - 1) * s + span + a} cells, and p = {p} cuts away {2 * p}."
    else:
        if span > i + 2 * p:
            return (
                f"The kernel spans {span} cells, but the padded input has only {i + 2 * p}: "
                "make k or d smaller, or i or p larger."
            )
        o = (i + 2 * p - span) // s + 1
        if mode != "conv" and 2 * p > k:
            return (
                f"Pooling pads by at most half its window, as in torch: p = {p} is more than half of k = {k}, "
                "and a window could hold nothing but padding."
            )
    if o > LARGEST_OUTPUT:
        return f"The output would be {o} cells long: only {LARGEST_OUTPUT} are drawn."
    return None


def problem(setting: Setting) -> str | None:
    """Explain in a sentence why a setting cannot be shown; None if it can.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> problem(setting(i=3, k=5))
    'The kernel spans 5 cells, but the padded input has only 3: make k or d smaller, or i or p larger.'
    """
    return (
        _range_problem(setting)
        or _axis_problem(setting.mode, *setting.axis(0))
        or _axis_problem(setting.mode, *setting.axis(1))
    )


def _formula(setting: Setting, axis: int) -> str:
    i, k, s, p, d, a = setting.axis(axis)
    o = output_size(setting)[axis]
    if setting.mode == "transposed":
        return f"o = (i − 1)s − 2p + d(k − 1) + a + 1 = ({i} − 1)·{s} − 2·{p} + {d}·({k} − 1) + {a} + 1 = {o}"
    return f"o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 = ⌊({i} + 2·{p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = {o}"


def formula(setting: Setting) -> list[str]:
    """Write the size formula with its numbers: one line, or two where rows and columns differ."""
    if setting.axis(0) == setting.axis(1):
        return [_formula(setting, 0)]
    return [f"rows: {_formula(setting, 0)}", f"columns: {_formula(setting, 1)}"]


def factor(value: float) -> str:
    return f"({number(value)})" if value < 0 else number(value)


def total(setting: Setting, x: np.ndarray, w: np.ndarray | None, cell: Cell, most: int = 99) -> str:
    """Write out how one output value comes about; beyond `most` terms an ellipsis.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> total(setting(i=(1, 3), k=(1, 2)), np.array([[1., 2., 3.]]), np.array([[4., 5.]]), (0, 1))
    '2·4 + 3·5 = 23'
    """
    result = number(values(setting, x, w)[cell])
    links = lit(setting, "out", cell)
    if setting.mode == "transposed" or setting.mode == "max":
        links = [link for link in links if link.input is not None]
    read = [0.0 if link.input is None else float(x[link.input]) for link in links]
    if setting.mode in ("max", "avg"):
        terms = [factor(value) for value in read]
    else:
        terms = [f"{factor(value)}·{factor(w[link.weight])}" for value, link in zip(read, links, strict=True)]
    if len(terms) > most:
        terms = [*terms[: most - 1], "…"]
    if setting.mode == "max":
        return f"max({', '.join(terms)}) = {result}"
    if setting.mode == "avg":
        return f"({' + '.join(terms)}) / {len(links)} = {result}"
    return f"{' + '.join(terms)} = {result}" if terms else "0"


def span(found: list[int]) -> str:
    """Say a sorted set of indices: "2", "0 to 2", "0, 2, 4"."""
    found = sorted(set(found))
    if len(found) > 1 and found[-1] - found[0] == len(found) - 1:
        return f"{found[0]} to {found[-1]}"
    return ", ".join(str(n) for n in found)


def sentence(setting: Setting, x: np.ndarray, w: np.ndarray | None, kind: str, cell: Cell) -> str:
    """Say what is lit when a cell is touched: the text of the live region and of a still's alternative."""
    links = lit(setting, kind, cell)
    r, c = cell
    rows, cols = output_size(setting)
    ends = [link for link in links if 0 <= link.output[0] < rows and 0 <= link.output[1] < cols]
    real = [link for link in ends if link.input is not None]
    if kind == "w":
        return f"Weight row {r}, column {c} takes part in {len(links)} products, {len(real)} of them with an input."
    if kind == "in":
        if setting.stamping:
            return (
                f"Input row {r}, column {c} stamps the kernel times {number(x[cell])} onto output rows "
                f"{span([t.output[0] for t in links])} and columns {span([t.output[1] for t in links])}; "
                f"{len(links) - len(ends)} of {len(links)} products fall outside and are cut away."
            )
        if not real:
            return f"Input row {r}, column {c} is never read."
        return (
            f"Input row {r}, column {c} is read {len(real)} times, by output rows "
            f"{span([t.output[0] for t in real])} and columns {span([t.output[1] for t in real])}."
        )
    value = number(values(setting, x, w)[cell])
    if setting.mode == "transposed":
        if setting.stamping:
            return f"Output row {r}, column {c} receives {len(real)} products. Its value is {value}."
        return (
            f"Output row {r}, column {c}: {len(real)} of {len(links)} products meet an input, "
            f"the others a zero. Its value is {value}."
        )
    return (
        f"Output row {r}, column {c} reads input rows {span([t.position[0] for t in links])} and columns "
        f"{span([t.position[1] for t in links])}, {len(links) - len(real)} of {len(links)} cells are padding. "
        f"Its value is {value}."
    )


def name(setting: Setting) -> str:
    """Name the operation and its sizes, for captions and alternative texts."""
    kinds = {
        "conv": "Convolution",
        "transposed": "Transposed convolution",
        "max": "Max pooling",
        "avg": "Average pooling",
    }

    def show(pair):
        return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"

    sizes = ", ".join(f"{letter} = {show(getattr(setting, letter))}" for letter in "iksp")
    text = f"{kinds[setting.mode]}, {sizes}"
    if setting.d != (1, 1):
        text += f", d = {show(setting.d)}"
    if setting.output_padding != (0, 0):
        text += f", output_padding = {show(setting.output_padding)}"
    if setting.view == "backward":
        text += ", backward pass"
    return text


def at(setting: Setting, position: int, ask: str | None = None) -> tuple[str, Cell]:
    """Return the (kind, cell) that step number `position` visits; ValueError beyond the last."""
    kind, size = steps(setting, ask)
    if not 0 <= position < size[0] * size[1]:
        raise ValueError(f"position must lie in 0..{size[0] * size[1] - 1}, got {position}")
    return kind, (position // size[1], position % size[1])
