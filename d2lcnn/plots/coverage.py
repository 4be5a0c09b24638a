"""A map of what one output has seen: how many paths lead to it from each pixel, and which pixels have none."""

import numpy as np

from ._panels import CELL, TITLE, bare, cell, panel, tint
from ._style import PALETTE

MOST_NUMBERS = 9  # rows or columns up to which the counts are written into the cells
LARGE = 4  # inches: the longer side of a larger map


def coverage(counts, *, ax=None, title=None, numbers=None):
    """Draw counts of paths as a grid of cells: the more paths, the stronger the tint; a pixel without one is hatched.

    The tint follows the logarithm of the count, since counts in a deep stack range over powers of ten.

    Parameters
    ----------
    counts : (h, w) array, or (n,) array
        Paths from each pixel to the output, none negative. A vector is drawn as one row.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    title : str, optional
        Title of the axes.
    numbers : bool, optional
        Write the counts into the cells; if not given, where there are at most nine rows and columns.

    Returns
    -------
    matplotlib Axes
        With gid "seen" or "hole" on each cell, row by row, and "centre" on the dot in the middle cell.

    Raises
    ------
    ValueError
        If `counts` is no vector or matrix, is empty, or holds a negative number.

    Examples
    --------
    >>> ax = coverage([1, 0, 2, 0, 1])
    >>> [cell.get_gid() for cell in ax.patches]
    ['seen', 'hole', 'seen', 'hole', 'seen']
    """
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    if counts.ndim != 2 or counts.size == 0:
        raise ValueError(f"counts has the shape {counts.shape}, a map has one or two axes and no empty one")
    if counts.min() < 0:
        raise ValueError(f"counts holds {counts.min():g}: a number of paths is not negative")
    h, w = counts.shape
    numbers = max(h, w) <= MOST_NUMBERS if numbers is None else numbers
    side = CELL if numbers else LARGE / max(h, w)
    ax = panel(ax, (side * (w + 0.2), side * (h + 0.2) + TITLE * (title is not None)))
    top = np.log1p(counts.max()) or 1.0
    for (i, j), count in np.ndenumerate(counts):
        cell(ax, i, j, "seen" if count else "hole", tint("input", 0.12 + 0.78 * np.log1p(count) / top),
             f"{count:g}" if numbers else None, linewidth=0.5)
    if not numbers and h % 2 and w % 2:
        ax.plot(w // 2, h // 2, "o", color=PALETTE["highlight"], markersize=3, linestyle="none", gid="centre")
    return bare(ax, (-0.6, w - 0.4), (h - 0.4, -0.6), title, aspect="equal")
