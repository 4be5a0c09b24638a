"""Small arrays drawn as grids of numbers, and the window that slides over them."""

import numpy as np

from d2lcnn.shapes import integer

from ._panels import CELL, TITLE, bare, cell, colour_of, frame, panel, panels, tint
from ._style import PALETTE


def grid(X, *, ax=None, colour="input", padding=0, fmt="{:g}", title=None, signed=False):
    """Draw a small matrix as a grid of cells with its numbers in them.

    Larger values get a stronger tint of the colour. Cells of padding are grey and dashed.

    Parameters
    ----------
    X : (h, w) array
        The numbers. NaN leaves a cell without a number.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    colour : str
        A name of `PALETTE`.
    padding : int
        How many outer rows and columns of `X` are padding.
    fmt : str
        Format of a number.
    title : str, optional
        Title of the axes.
    signed : bool
        Give negative numbers the colour "highlight", so that the sign shows; without it -3 is as dark as 3.

    Returns
    -------
    matplotlib Axes
        With gid "value" or "padding" on each cell, row by row.

    Raises
    ------
    ValueError
        If `X` is not a matrix, `colour` no name of the palette, or `padding` no integer or negative.

    Examples
    --------
    >>> ax = grid([[1, 2], [3, 4.5]])
    >>> [text.get_text() for text in ax.texts]
    ['1', '2', '3', '4.5']
    """
    X, padding = np.asarray(X, dtype=float), integer("padding", padding, 0)
    if X.ndim != 2:
        raise ValueError(f"X has {X.ndim} axes, a grid has 2")
    colour_of(colour)
    h, w = X.shape
    ax = panel(ax, (CELL * (w + 0.2), CELL * (h + 0.2) + TITLE * (title is not None)))
    known = np.isfinite(X)
    largest = np.abs(X[known]).max(initial=0)
    for (i, j), value in np.ndenumerate(X):
        pad = min(i, j, h - 1 - i, w - 1 - j) < padding
        share = 0 if pad or not known[i, j] or largest == 0 else abs(value) / largest
        name = "padding" if pad else "highlight" if signed and value < 0 else colour
        cell(ax, i, j, "padding" if pad else "value", tint(name, 0.08 + 0.42 * share),
             fmt.format(value) if known[i, j] else None)
    return bare(ax, (-0.6, w - 0.4), (h - 0.4, -0.6), title, aspect="equal")


def window(ax, top, left, size, *, colour="kernel", label=None):
    """Frame a window of cells on axes drawn by `grid` or `image`.

    Parameters
    ----------
    ax : matplotlib Axes
        The drawing.
    top, left : int
        The window's first row and column.
    size : (int, int)
        Its height and width in cells.
    colour : str
        A name of `PALETTE`.
    label : str, optional
        Text above the frame.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `colour` is no name of the palette.

    Examples
    --------
    >>> ax = window(grid([[1, 2, 3]]), 0, 1, (1, 2))
    >>> ax.patches[-1].get_width()
    2
    """
    frame(ax, top, left, size, colour, linewidth=3)
    if label:
        ax.text(left + size[1] / 2 - 0.5, top - 0.6, label, ha="center", va="bottom", color=PALETTE["ink"])
    return ax


def correlation_step(X, K, Y, position, *, axes=None):
    """Draw one step of a cross-correlation: window on the input, kernel, and the output cell it gives.

    Parameters
    ----------
    X, K, Y : (h, w), (kh, kw) and (oh, ow) array
        Input, kernel and output. The window starts at `position` (stride 1, no padding).
    position : (int, int)
        Row and column of the output cell.
    axes : three matplotlib Axes, optional
        For input, kernel and output; a new figure if not given.

    Returns
    -------
    (3,) array of matplotlib Axes

    Raises
    ------
    ValueError
        If `position` is no cell of `Y`, or there are not three axes.

    Examples
    --------
    >>> axes = correlation_step([[1, 2, 3]], [[1, 1]], [[3, 5]], (0, 1))
    >>> [ax.get_title() for ax in axes]
    ['input X', 'kernel K', 'output Y']
    """
    X, K, Y = (np.asarray(a, dtype=float) for a in (X, K, Y))
    i, j = position
    if not (0 <= i < Y.shape[0] and 0 <= j < Y.shape[1]):
        raise ValueError(f"position {position} is outside the output of shape {Y.shape}")
    axes = panels(axes, 3, 3, (7, 2.4), width_ratios=[a.shape[1] for a in (X, K, Y)])
    grid(X, ax=axes[0], colour="input", title="input X")
    window(axes[0], i, j, K.shape)
    grid(K, ax=axes[1], colour="kernel", title="kernel K")
    grid(Y, ax=axes[2], colour="output", title="output Y")
    window(axes[2], i, j, (1, 1), colour="highlight")
    return axes
