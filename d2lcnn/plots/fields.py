"""The cone of a stack of layers along one axis: which cells of each layer one output reads, down to the pixels."""

from d2lcnn.shapes import Window, conv_output_size, integer, receptive_field

from ._panels import bare, cell, panel, tint
from ._style import PALETTE

HEIGHT = 0.62  # inches from one row of cells to the next
WIDTH = 0.3  # inches a pixel


def cone(windows, size, *, output=None, labels=None, ax=None):
    """Draw a stack of layers along one axis, and the cells that one output has seen.

    One row a layer, pixels at the bottom. Each cell stands above the middle of what it has seen. Cells that the chosen
    output depends on are filled and joined by lines; padding that it reads is dashed. A cross marks the middle of the
    receptive field.

    Parameters
    ----------
    windows : sequence of (k, s, p, d)
        Kernel, stride, padding per side and dilation of each layer, from the pixels upwards.
    size : int
        Number of pixels.
    output : int, optional
        Number of the output cell, counted from 0; the middle one if not given.
    labels : sequence of str, optional
        A text for each row, pixels first; kernel, stride, padding and dilation if not given.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes
        With gid "seen", "unseen" or "padding" on each cell, "path" on each line and "centre" on the cross.

    Raises
    ------
    ValueError
        If there are no layers, a size is no integer or out of range, a layer has no output, `output` is no cell of the
        last layer, or the number of labels is not one more than that of layers.

    Examples
    --------
    >>> ax = cone([(3, 2, 1, 1)], 5, output=1)
    >>> [cell.get_gid() for cell in ax.patches]
    ['unseen', 'seen', 'seen', 'seen', 'unseen', 'unseen', 'seen', 'unseen']
    """
    if not windows:
        raise ValueError("windows is empty")
    windows, sizes = [Window(*window) for window in windows], [integer("size", size, 1)]
    for window in windows:
        sizes.append(conv_output_size(sizes[-1], *window))
    output = integer("output", sizes[-1] // 2 if output is None else output)
    if not 0 <= output < sizes[-1]:
        raise ValueError(f"output {output} is not one of the {sizes[-1]} cells of the last layer")
    labels = _labels(windows) if labels is None else list(labels)
    if len(labels) != len(sizes):
        raise ValueError(f"{len(labels)} labels for {len(sizes)} rows")
    ax = panel(ax, (max(5, WIDTH * (size + 9)), HEIGHT * (len(sizes) + 0.6)))
    seen, paths = _seen(windows, sizes, output)
    fields = [receptive_field(windows[:row]) for row in range(len(sizes))]
    middles = [[field.start + (field.size - 1) / 2, field.jump] for field in fields]  # of cell 0, and to the next
    _draw(ax, sizes, middles, seen, paths)
    centre = middles[-1][0] + output * middles[-1][1]
    ax.plot(centre, 0, "x", color=PALETTE["highlight"], markersize=8, mew=2, zorder=3, gid="centre")
    left, right = min(-0.5, min(seen[0]) - 0.5), max(size - 0.5, max(seen[0]) + 0.5)
    for row, label in enumerate(labels):
        ax.text(left - 0.6, row, label, ha="right", va="center", fontsize=8, color=PALETTE["ink"])
    return bare(ax, (left - 0.3, right + 0.3), (-0.6, len(sizes) - 0.4))


def _draw(ax, sizes, middles, seen, paths):
    """Draw the cells of all rows, and the lines between those that are joined."""
    def x(row, n):
        return middles[row][0] + n * middles[row][1]

    for row, (lower, upper) in paths:
        ax.plot((x(row, lower), x(row + 1, upper)), (row, row + 1), "-", color=PALETTE["kernel"], linewidth=1, zorder=1,
                gid="path")
    for row, count in enumerate(sizes):
        colour = "input" if row == 0 else "output"
        for n in sorted(set(range(count)) | seen[row]):
            kind = "padding" if not 0 <= n < count else "seen" if n in seen[row] else "unseen"
            look = {"facecolor": tint(colour, 0.6), "edgecolor": PALETTE[colour]} if kind == "seen" else {}
            cell(ax, row, x(row, n), kind, size=(0.44, 0.8), linewidth=1, zorder=2, **look)


def _seen(windows, sizes, output):
    """Return the cells of each row that are read, and (row, (lower cell, upper cell)) of every connection."""
    seen, paths = [{output}], []
    for row in reversed(range(len(windows))):
        k, s, p, d = windows[row]
        # what stands in the padding reads nothing: it is zero whatever the rows below hold
        inside = [n for n in sorted(seen[0]) if 0 <= n < sizes[row + 1]]
        lines = [(n * s - p + a * d, n) for n in inside for a in range(k)]
        paths += [(row, line) for line in lines]
        seen.insert(0, {lower for lower, _ in lines})
    return seen, paths


def _labels(windows):
    names = [f"layer {n}: k={k}, s={s}, p={p}, d={d}" for n, (k, s, p, d) in enumerate(windows, 1)]
    return ["pixels", *names]
