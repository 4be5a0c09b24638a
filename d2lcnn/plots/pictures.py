"""Images side by side, with grey levels that mean the same in all of them."""

import numpy as np

from d2lcnn.shapes import integer

from ._panels import TITLE, panel, panels

WIDTH = 3.5  # inches: one image alone


def image(X, *, ax=None, title=None, limits=None, signed=False):
    """Show an image, one pixel a square.

    Parameters
    ----------
    X : (h, w) or (h, w, 3) array
        Grey levels, or red, green and blue.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.
    title : str, optional
        Title of the axes.
    limits : (float, float), optional
        Values shown as black and white; the smallest and largest value if not given.
    signed : bool
        Show zero as middle grey, with limits symmetric about it: for responses that may be negative.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `X` is not an image.

    Examples
    --------
    >>> image(np.array([[-1.0, 3.0]]), signed=True).images[0].get_clim()
    (-3.0, 3.0)
    """
    X = np.asarray(X)
    if X.ndim not in (2, 3) or (X.ndim == 3 and X.shape[2] != 3):
        raise ValueError(f"X has shape {X.shape}; an image has (h, w) or (h, w, 3)")
    ax = panel(ax, (WIDTH, WIDTH * X.shape[0] / X.shape[1] + TITLE * (title is not None)))
    low, high = limits or (X.min(), X.max())
    if signed:
        high = max(abs(low), abs(high))
        low = -high
    ax.imshow(X, vmin=low, vmax=high)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if title is not None:
        ax.set_title(title)
    return ax


def images(pictures, titles=None, *, columns=None, limits=None, signed=False, width=2.2, axes=None):
    """Show images side by side in rows.

    Parameters
    ----------
    pictures : sequence of arrays
        As in `image`.
    titles : sequence of str, optional
        One for each.
    columns : int, optional
        Images in a row; all in one row if not given.
    limits, signed
        As in `image`, for all of them.
    width : float
        Width of one image in inches, in a new figure.
    axes : n matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    (n,) array of matplotlib Axes

    Raises
    ------
    ValueError
        If there are no pictures, or the number of titles or axes differs.

    Examples
    --------
    >>> axes = images([np.zeros((2, 3)), np.ones((2, 3))], ["dark", "bright"], limits=(0, 1))
    >>> [ax.get_title() for ax in axes]
    ['dark', 'bright']
    """
    if len(pictures) == 0:
        raise ValueError("pictures is empty")
    titles = [None] * len(pictures) if titles is None else titles
    if len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles for {len(pictures)} pictures")
    columns = len(pictures) if columns is None else integer("columns", columns, 1)
    h, w = np.asarray(pictures[0]).shape[:2]
    rows = -(-len(pictures) // columns)
    axes = panels(axes, len(pictures), columns, (width * columns, (width * h / w + TITLE) * rows))
    for ax, picture, title in zip(axes, pictures, titles, strict=True):
        image(picture, ax=ax, title=title, limits=limits, signed=signed)
    return axes
