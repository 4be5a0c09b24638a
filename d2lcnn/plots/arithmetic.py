"""A window that slides over a padded, stretched or cropped input, with its output beside it."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from ._style import PALETTE
from .grids import _tint

# later kinds win where a cell is one thing by its row and another by its column
KINDS = ("input", "zero", "padding", "cropped")
GAP = 2.2  # cells between input and output


class _Line(NamedTuple):
    """One axis: where input cells stand, what else does, where windows start, which positions they read."""

    cells: range
    kinds: dict
    starts: range
    read: set


def _pair(name, value, least):
    """Return one size for both axes, or a pair of them, as a pair."""
    both = tuple(value) if np.ndim(value) else (value, value)
    if len(both) != 2 or any(v != int(v) or v < least for v in both):
        raise ValueError(f"{name} must be one or two integers of at least {least}, not {value!r}")
    return int(both[0]), int(both[1])


def _line(i, k, s, p, d, zeros, extra):
    end = (i - 1) * (zeros + 1)
    first, last = -p, end + p + extra
    kinds = {}
    for at in range(min(first, 0), max(last, end) + 1):
        if not first <= at <= last:
            kinds[at] = "cropped"
        elif not 0 <= at <= end:
            kinds[at] = "padding"
        else:
            kinds[at] = "zero" if at % (zeros + 1) else "input"
    starts = range(first, last - d * (k - 1) + 1, s)
    if not starts:
        raise ValueError(f"no window fits: kernel {k} with dilation {d} on {max(last - first + 1, 0)} cells")
    return _Line(range(0, end + 1, zeros + 1), kinds, starts, {start + d * tap for start in starts for tap in range(k)})


def _cell(ax, x, y, kind, text=None):
    """Draw one cell; its gid says what it is."""
    looks = {
        "input": {"facecolor": _tint("input", 0.35)},
        "output": {"facecolor": _tint("output", 0.35)},
        "zero": {"facecolor": "white", "linestyle": ":"},
        "padding": {"facecolor": "white", "linestyle": "--"},
        "cropped": {"facecolor": "white", "hatch": "xxxx", "linestyle": ":"},
        "unread": {"facecolor": _tint("padding", 0.55), "hatch": "////"},
    }[kind]
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, edgecolor=PALETTE["padding"], linewidth=0.8, gid=kind, **looks))
    if kind == "zero" and text is None:
        text = "·"
    if text is not None:
        ax.text(x, y, text, ha="center", va="center", color=PALETTE["ink"], fontsize="small", zorder=3)


def _draw_input(ax, lines, values, fmt):
    number = {}
    if values is not None:
        for row, r in zip(values, lines[0].cells, strict=True):
            number |= {(r, c): fmt.format(value) for value, c in zip(row, lines[1].cells, strict=True)}
    for r, row_kind in lines[0].kinds.items():
        for c, column_kind in lines[1].kinds.items():
            kind = max(row_kind, column_kind, key=KINDS.index)
            if kind != "cropped" and not (r in lines[0].read and c in lines[1].read):
                kind = "unread"
            _cell(ax, c, r, kind, number.get((r, c)))


def _draw_window(ax, lines, k, d, position):
    top, left = lines[0].starts[position[0]], lines[1].starts[position[1]]
    for u in range(k[0]):
        for v in range(k[1]):
            ax.add_patch(
                Rectangle(
                    (left + v * d[1] - 0.5, top + u * d[0] - 0.5), 1, 1,
                    facecolor=PALETTE["kernel"], alpha=0.5, edgecolor="none", gid="tap",
                )
            )  # fmt: skip
    spans = [d[n] * (k[n] - 1) + 1 for n in (0, 1)]
    ax.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5), spans[1], spans[0],
            fill=False, edgecolor=PALETTE["kernel"], linewidth=2, gid="frame",
        )
    )  # fmt: skip


def conv_case(
    i, k, *, stride=1, padding=0, dilation=1, zeros=0, extra=0, position=(0, 0),
    values=None, output=None, fmt="{:g}", title=None, ax=None,
):  # fmt: skip
    """Draw one case of convolution arithmetic: the window on its input, and the output beside it.

    Padding is dashed, inserted zeros carry a dot, cropped cells are crossed out, and cells that no window reads
    are grey and hatched. The output has one cell for each place where the window fits, counted, not computed.

    Parameters
    ----------
    i, k : int or (int, int)
        Input and kernel size; one number for both axes or (rows, columns), as everywhere below.
    stride, dilation : int or (int, int)
        Steps of the window and of its taps.
    padding : int or (int, int)
        Cells added at each side of the input; a negative number crops as many.
    zeros : int or (int, int)
        Zeros inserted between neighbouring input cells.
    extra : int or (int, int)
        Further cells of padding at the bottom and at the right.
    position : (int, int)
        Output cell whose window is shown; it is framed.
    values, output : (h, w) array, optional
        Numbers to write into the input and the output cells.
    fmt : str
        Format of a number.
    title : str, optional
        Title of the axes.
    ax : matplotlib Axes, optional
        Where to draw; the current axes if not given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a size is no integer or out of range, no window fits, `position` is no cell of the output, or `values` or
        `output` have another shape than what is drawn.
    """
    i, k, stride = _pair("i", i, 1), _pair("k", k, 1), _pair("stride", stride, 1)
    padding, dilation = _pair("padding", padding, -max(i)), _pair("dilation", dilation, 1)
    zeros, extra = _pair("zeros", zeros, 0), _pair("extra", extra, 0)
    lines = [_line(*sizes) for sizes in zip(i, k, stride, padding, dilation, zeros, extra, strict=True)]
    rows, columns = (len(line.starts) for line in lines)
    if not (0 <= position[0] < rows and 0 <= position[1] < columns):
        raise ValueError(f"position {tuple(position)} is outside the output of shape {(rows, columns)}")
    for name, array, shape in (("values", values, i), ("output", output, (rows, columns))):
        if array is not None and np.shape(array) != shape:
            raise ValueError(f"{name} has shape {np.shape(array)}, expected {shape}")
    ax = ax or plt.gca()
    _draw_input(ax, lines, values, fmt)
    _draw_window(ax, lines, k, dilation, position)
    (top, *_, bottom), (left, *_, right) = ([*line.kinds, *line.kinds] for line in lines)
    x, y = right + GAP, (top + bottom) / 2 - (rows - 1) / 2
    ax.text(right + GAP / 2, (top + bottom) / 2, "→", ha="center", va="center", color=PALETTE["ink"])
    for r in range(rows):
        for c in range(columns):
            _cell(ax, x + c, y + r, "output", None if output is None else fmt.format(output[r][c]))
    ax.add_patch(
        Rectangle(
            (x + position[1] - 0.5, y + position[0] - 0.5), 1, 1,
            fill=False, edgecolor=PALETTE["highlight"], linewidth=2, gid="here",
        )
    )  # fmt: skip
    ax.set(
        xlim=(left - 0.7, x + columns - 0.3),
        ylim=(max(bottom, y + rows - 1) + 0.7, min(top, y) - 0.7),
        aspect="equal",
    )
    ax.axis("off")
    if title is not None:
        ax.set_title(title)
    return ax


def conv_cases(cases, *, columns=4, width=10.0):
    """Draw several cases in rows and columns, all cells of the figure of one size.

    Parameters
    ----------
    cases : sequence of dict
        Arguments of `conv_case`, one dict for each.
    columns : int
        Cases side by side.
    width : float
        Width of the figure in inches.

    Returns
    -------
    list of matplotlib Axes

    Raises
    ------
    ValueError
        If `cases` is empty, or a case cannot be drawn.
    """
    if not cases:
        raise ValueError("cases is empty")
    columns = min(columns, len(cases))
    fig, grid = plt.subplots(-(-len(cases) // columns), columns, squeeze=False)
    axes = [conv_case(**case, ax=ax) for case, ax in zip(cases, grid.flat, strict=False)]
    for ax in grid.flat[len(cases) :]:
        ax.set_visible(False)
    across = max(np.ptp(ax.get_xlim()) for ax in axes)
    heights = []
    for row in grid:
        drawn = [ax for ax in row if ax.get_visible()]
        heights.append(max(np.ptp(ax.get_ylim()) for ax in drawn))
        for ax in drawn:
            x, y = np.mean(ax.get_xlim()), np.mean(ax.get_ylim())
            ax.set(xlim=(x - across / 2, x + across / 2), ylim=(y + heights[-1] / 2, y - heights[-1] / 2))
    grid[0, 0].get_gridspec().set_height_ratios(heights)
    # 0.35 inch a row for the title
    fig.set_size_inches(width, sum(heights) * width / columns / across + 0.35 * len(heights))
    return axes
