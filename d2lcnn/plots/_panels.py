"""What all drawings share: the axes they go to, cells, frames around cells."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from d2lcnn.names import known

from ._style import PALETTE

CELL = 0.45  # inches: the side of a cell in a new figure
TITLE = 0.35  # inches: the height that a title takes
# How a cell looks that is not filled with its colour.
KINDS = {
    "padding": {"linestyle": "--"},
    "zero": {"facecolor": "white", "linestyle": ":"},
    "cropped": {"facecolor": "white", "linestyle": ":", "hatch": "xxxx"},
    "unread": {"hatch": "////"},
    "hole": {"facecolor": "white", "hatch": "////"},
    "unseen": {"facecolor": "white"},
}


def panel(ax, size=None):
    """Return the axes given, or those of a new figure of a size in inches."""
    return plt.subplots(figsize=size)[1] if ax is None else ax


def panels(axes, count, columns, size, **layout):
    """Return as many axes as panels: those given, or those of a new figure, row by row.

    Raises
    ------
    ValueError
        If another number of axes is given.
    """
    if axes is None:
        _, axes = plt.subplots(-(-count // columns), columns, figsize=size, squeeze=False, **layout)
        for ax in axes.flat[count:]:
            ax.set_visible(False)
        return axes.ravel()[:count]
    axes = np.ravel(axes)
    if len(axes) != count:
        raise ValueError(f"{len(axes)} axes for {count} panels")
    return axes


def colour_of(name):
    """Return a colour of the palette, or say that there is none of this name."""
    return PALETTE[known("colour", name, PALETTE)]


def tint(name, strength):
    """Mix a palette colour with white; strength 1 is the colour itself."""
    return tuple(1 - strength * (1 - channel) for channel in to_rgb(colour_of(name)))


def cell(ax, row, column, kind, face="white", text=None, *, size=(1, 1), fontsize=None, **look):
    """Draw one cell about the point (column, row), height and width given by `size`; its gid is its kind."""
    h, w = size
    look = {"edgecolor": PALETTE["padding"], "linewidth": 0.8, "facecolor": face} | KINDS.get(kind, {}) | look
    ax.add_patch(Rectangle((column - w / 2, row - h / 2), w, h, gid=kind, **look))
    if text is not None:
        ax.text(column, row, text, ha="center", va="center", color=PALETTE["ink"], fontsize=fontsize)


def frame(ax, top, left, size, colour, linewidth=2, **look):
    """Draw a frame around cells, from row `top` and column `left` on."""
    h, w = size
    edge = colour_of(colour)
    ax.add_patch(Rectangle((left - 0.5, top - 0.5), w, h, fill=False, edgecolor=edge, linewidth=linewidth, **look))


def bare(ax, xlim, ylim, title=None, **settings):
    """Show a stretch of rows and columns without axes."""
    ax.set(xlim=xlim, ylim=ylim, **settings)
    ax.axis("off")
    if title is not None:
        ax.set_title(title)
    return ax
