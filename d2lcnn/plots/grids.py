"""Small arrays drawn as grids of numbers, and the window that slides over them."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from ._style import PALETTE


def grid(X, *, ax=None, colour="input", padding=0, fmt="{:g}", title=None):
    """Draw a small matrix as a grid of cells with its numbers in them.

    Larger values get a stronger tint of the colour. Cells of padding are grey and dashed.

    Parameters
    ----------
    X : (h, w) array
        The numbers. NaN leaves a cell without a number.
    ax : matplotlib Axes, optional
        Where to draw; the current axes if not given.
    colour : str
        A name of `PALETTE`.
    padding : int
        How many outer rows and columns of `X` are padding.
    fmt : str
        Format of a number.
    title : str, optional
        Title of the axes.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `X` is not a matrix, or `colour` no name of the palette.
    """
    X = np.asarray(X, dtype=float)
    if X.ndim != 2:
        raise ValueError(f"X has {X.ndim} axes, a grid has 2")
    if colour not in PALETTE:
        raise ValueError(f"colour {colour!r} is not one of {', '.join(PALETTE)}")
    ax = ax or plt.gca()
    h, w = X.shape
    largest = np.nanmax(np.abs(X)) if np.isfinite(X).any() else 0
    for i in range(h):
        for j in range(w):
            pad = min(i, j, h - 1 - i, w - 1 - j) < padding
            share = 0 if pad or not np.isfinite(X[i, j]) or largest == 0 else abs(X[i, j]) / largest
            ax.add_patch(
                Rectangle(
                    (j - 0.5, i - 0.5), 1, 1,
                    facecolor=_tint("padding" if pad else colour, 0.08 + 0.42 * share),
                    edgecolor=PALETTE["padding"], linestyle="--" if pad else "-", linewidth=0.8,
                )
            )  # fmt: skip
            if np.isfinite(X[i, j]):
                ax.text(j, i, fmt.format(X[i, j]), ha="center", va="center", color=PALETTE["ink"])
    ax.set(xlim=(-0.6, w - 0.4), ylim=(h - 0.4, -0.6), aspect="equal")
    ax.axis("off")
    if title is not None:
        ax.set_title(title)
    return ax


def _tint(name, strength):
    """Mix a palette colour with white; strength 1 is the colour itself."""
    return tuple(1 - strength * (1 - channel) for channel in to_rgb(PALETTE[name]))


def window(ax, top, left, size, *, colour="kernel", label=None):
    """Frame a window of cells on axes drawn by `grid` or `image`.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
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
    """
    h, w = size
    ax.add_patch(Rectangle((left - 0.5, top - 0.5), w, h, fill=False, edgecolor=PALETTE[colour], linewidth=3))
    if label:
        ax.text(left + w / 2 - 0.5, top - 0.6, label, ha="center", va="bottom", color=PALETTE["ink"])
    return ax


def correlation_step(X, K, Y, position, *, axes=None):
    """Draw one step of a cross-correlation: window on the input, kernel, and the output cell it gives.

    Parameters
    ----------
    X, K, Y : (h, w), (kh, kw) and (oh, ow) array
        Input, kernel and output. The window starts at `position` (stride 1, no padding).
    position : (int, int)
        Row and column of the output cell.
    axes : sequence of three matplotlib Axes, optional
        For input, kernel and output; a new figure if not given.

    Returns
    -------
    sequence of three matplotlib Axes

    Raises
    ------
    ValueError
        If `position` is no cell of `Y`.
    """
    X, K, Y = (np.asarray(a, dtype=float) for a in (X, K, Y))
    i, j = position
    if not (0 <= i < Y.shape[0] and 0 <= j < Y.shape[1]):
        raise ValueError(f"position {position} is outside the output of shape {Y.shape}")
    if axes is None:
        widths = [X.shape[1], K.shape[1], Y.shape[1]]
        _, axes = plt.subplots(1, 3, figsize=(7, 2.4), width_ratios=widths)
    grid(X, ax=axes[0], colour="input", title="input X")
    window(axes[0], i, j, K.shape)
    grid(K, ax=axes[1], colour="kernel", title="kernel K")
    grid(Y, ax=axes[2], colour="output", title="output Y")
    window(axes[2], i, j, (1, 1), colour="highlight")
    return axes
