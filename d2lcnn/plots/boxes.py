"""A convolutional layer drawn with its kernels as boxes: one slice for each input channel, one box for each output."""

from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from d2lcnn.shapes import conv_output_size, integer

from ._panels import bare, panel, tint
from ._style import PALETTE

INCH = 0.2  # inches: the side of a cell in a new figure
BEHIND = 0.8  # cells: a sheet is moved so far up and to the right of the one before it
GAP = 2.4  # cells between input, kernels and outputs: room for an arrow
BETWEEN = 0.9  # cells between one kernel and the next
CAPTION = 3.4  # cells: height of the two lines below


def kernel_boxes(c_in, c_out, k, *, i=5, padding=0, ax=None):
    """Draw a layer: the stack of input channels, a box for each kernel, and the map that each kernel gives.

    Slice c of a kernel has the shade of the channel c that it reads; channel 0 is in front.

    Parameters
    ----------
    c_in, c_out, k : int
        Input channels, kernels, and rows and columns of a kernel's slices.
    i, padding : int
        Rows and columns of the input, and what is put around it on each side (not drawn).
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes
        In cells. Each sheet has the gid "input", "kernel" or "output"; those at the back come first.

    Raises
    ------
    ValueError
        If a number is no positive integer (`padding`: no negative one), or the kernel is larger than what it reads.

    Examples
    --------
    >>> ax = kernel_boxes(3, 2, 3)
    >>> [text.get_text() for text in ax.texts if text.get_text()]  # an arrow is a text without letters
    ['input\\n3 × 5 × 5', '2 kernels\\nof 3 × 3 × 3', 'output\\n2 × 3 × 3']
    """
    c_in, c_out, k, i = (integer(*x, 1) for x in (("c_in", c_in), ("c_out", c_out), ("k", k), ("i", i)))
    o, depth = conv_output_size(i, k, p=integer("padding", padding, 0)), BEHIND * (c_in - 1)
    pitch = max(k + depth, o) + BETWEEN
    height = max(i + depth, c_out * pitch - BETWEEN)
    kernels, outputs = i + depth + GAP, i + k + 2 * (depth + GAP)
    ax = panel(ax, (INCH * (outputs + o + 2), INCH * (height + CAPTION + 0.6)))
    _stack(ax, 0, (height - i - depth) / 2, i, c_in, "input")
    for n in range(c_out):
        middle = height / 2 + pitch * ((c_out - 1) / 2 - n)
        _stack(ax, kernels, middle - (k + depth) / 2, k, c_in, "kernel")
        _stack(ax, outputs, middle - o / 2, o, 1, "output")
        _arrow(ax, (i + depth, height / 2), (kernels, middle))
        _arrow(ax, (kernels + k + depth, middle), (outputs, middle))
    noun = "kernel" if c_out == 1 else "kernels"
    for x, text in ((i / 2, f"input\n{c_in} × {i} × {i}"),
                    (kernels + (k + depth) / 2, f"{c_out} {noun}\nof {c_in} × {k} × {k}"),
                    (outputs + o / 2, f"output\n{c_out} × {o} × {o}")):
        ax.text(x, -0.5, text, ha="center", va="top", fontsize=9, color=PALETTE["ink"])
    return bare(ax, (-1, outputs + o + 1), (-CAPTION, height + 0.6), aspect="equal")


def _stack(ax, x, y, side, count, kind):
    """Draw `count` sheets of cells, the last one first, so that the first is in front at (x, y)."""
    for c in reversed(range(count)):
        left, low = x + BEHIND * c, y + BEHIND * c
        strength = 0.15 + 0.45 * c / max(count - 1, 1)
        look = {"facecolor": tint(kind, strength), "edgecolor": PALETTE[kind], "linewidth": 1.2}
        ax.add_patch(Rectangle((left, low), side, side, gid=kind, zorder=2 + (count - c) / count, **look))
        inner = [[(left + n, low), (left + n, low + side)] for n in range(1, side)]
        inner += [[(left, low + n), (left + side, low + n)] for n in range(1, side)]
        lines = LineCollection(inner, colors=PALETTE[kind], linewidths=0.4, zorder=2 + (count - c + 0.5) / count)
        ax.add_collection(lines)


def _arrow(ax, start, end):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": PALETTE["ink"], "linewidth": 0.8})
