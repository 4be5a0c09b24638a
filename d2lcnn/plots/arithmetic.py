"""A window that slides over a padded, stretched or cropped input, with its output beside it."""

from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from d2lcnn.shapes import effective_kernel_size, integer, per_axis

from ._panels import CELL, TITLE, bare, cell, frame, panel, panels, tint
from ._style import PALETTE

# later kinds win where a cell is one thing by its row and another by its column
KINDS = ("input", "zero", "padding", "cropped")
GAP = 2.2  # cells between input and output


class _Line(NamedTuple):
    """One axis: where input cells stand, what else does, where windows start, which positions they read."""

    cells: range
    kinds: dict
    starts: range
    read: set


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
    starts = range(first, last - effective_kernel_size(k, d) + 2, s)
    if not starts:
        raise ValueError(f"no window fits: kernel {k} with dilation {d} on {max(last - first + 1, 0)} cells")
    return _Line(range(0, end + 1, zeros + 1), kinds, starts, {start + d * tap for start in starts for tap in range(k)})


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
            face = tint(*{"input": ("input", 0.35), "unread": ("padding", 0.55)}.get(kind, ("ink", 0)))
            cell(ax, r, c, kind, face, number.get((r, c), "·" if kind == "zero" else None), fontsize="small")


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
    frame(ax, top, left, [effective_kernel_size(*axis) for axis in zip(k, d, strict=True)], "kernel", gid="frame")


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
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If a size is no integer or out of range, no window fits, `position` is no cell of the output, or `values` or
        `output` have another shape than what is drawn.

    Examples
    --------
    >>> ax = conv_case(4, 3)
    >>> sum(cell.get_gid() == "output" for cell in ax.patches)
    4
    """
    i, k, stride = per_axis("i", i), per_axis("k", k), per_axis("stride", stride)
    padding, dilation = per_axis("padding", padding, 2, -max(i)), per_axis("dilation", dilation)
    zeros, extra = per_axis("zeros", zeros, 2, 0), per_axis("extra", extra, 2, 0)
    lines = [_line(*sizes) for sizes in zip(i, k, stride, padding, dilation, zeros, extra, strict=True)]
    rows, columns = (len(line.starts) for line in lines)
    if not (0 <= position[0] < rows and 0 <= position[1] < columns):
        raise ValueError(f"position {tuple(position)} is outside the output of shape {(rows, columns)}")
    for name, array, shape in (("values", values, i), ("output", output, (rows, columns))):
        if array is not None and np.shape(array) != shape:
            raise ValueError(f"{name} has shape {np.shape(array)}, expected {shape}")
    (top, *_, bottom), (left, *_, right) = ([*line.kinds, *line.kinds] for line in lines)
    x, y = right + GAP, (top + bottom) / 2 - (rows - 1) / 2
    xlim = (left - 0.7, x + columns - 0.3)
    ylim = (max(bottom, y + rows - 1) + 0.7, min(top, y) - 0.7)
    ax = panel(ax, (CELL * (xlim[1] - xlim[0]), CELL * (ylim[0] - ylim[1]) + TITLE * (title is not None)))
    _draw_input(ax, lines, values, fmt)
    _draw_window(ax, lines, k, dilation, position)
    ax.text(right + GAP / 2, (top + bottom) / 2, "→", ha="center", va="center", color=PALETTE["ink"])
    for r, c in np.ndindex(rows, columns):
        text = None if output is None else fmt.format(output[r][c])
        cell(ax, y + r, x + c, "output", tint("output", 0.35), text, fontsize="small")
    frame(ax, y + position[0], x + position[1], (1, 1), "highlight", gid="here")
    return bare(ax, xlim, ylim, title, aspect="equal")


def conv_cases(cases, *, columns=4, width=10.0, axes=None):
    """Draw several cases in rows and columns, all cells of the figure of one size.

    Parameters
    ----------
    cases : sequence of dict
        Arguments of `conv_case`, one dict for each.
    columns : int
        Cases side by side.
    width : float
        Width of a new figure in inches.
    axes : n matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    (n,) array of matplotlib Axes

    Raises
    ------
    ValueError
        If `cases` is empty, a case cannot be drawn, or the number of axes differs.

    Examples
    --------
    >>> axes = conv_cases([{"i": 4, "k": 3}, {"i": 4, "k": 3, "padding": 1}])
    >>> [sum(cell.get_gid() == "output" for cell in ax.patches) for ax in axes]
    [4, 16]
    """
    if not cases:
        raise ValueError("cases is empty")
    columns, new = min(integer("columns", columns, 1), len(cases)), axes is None
    axes = panels(axes, len(cases), columns, (width, width))
    for case, ax in zip(cases, axes, strict=True):
        conv_case(**case, ax=ax)
    across = max(np.ptp(ax.get_xlim()) for ax in axes)
    rows = [axes[n : n + columns] for n in range(0, len(cases), columns)]
    heights = [max(np.ptp(ax.get_ylim()) for ax in row) for row in rows]
    for row, height in zip(rows, heights, strict=True):
        for ax in row:
            x, y = np.mean(ax.get_xlim()), np.mean(ax.get_ylim())
            ax.set(xlim=(x - across / 2, x + across / 2), ylim=(y + height / 2, y - height / 2))
    if new:
        axes[0].get_gridspec().set_height_ratios(heights)
        axes[0].figure.set_size_inches(width, sum(heights) * width / columns / across + TITLE * len(heights))
    return axes
