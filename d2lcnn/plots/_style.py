"""The one place with colours and rcParams."""

import matplotlib as mpl
from cycler import cycler

# Okabe & Ito (2008): told apart by readers with any common colour vision. The same colour for the same thing
# in the whole book; shapes and line styles tell series apart as well.
PALETTE = {
    "input": "#0072B2",
    "kernel": "#E69F00",
    "output": "#009E73",
    "padding": "#999999",
    "highlight": "#D55E00",
    "extra": "#CC79A7",
    "ink": "#222222",
}


def use_style():
    """Set the book's matplotlib style for the running session.

    Figures keep a white ground in dark mode too (the page puts them on a card), so ink stays dark.

    Examples
    --------
    >>> use_style()
    """
    series = [PALETTE[name] for name in ("input", "highlight", "output", "kernel", "extra", "padding")]
    mpl.rcParams.update(
        {
            "figure.dpi": 100,
            "savefig.dpi": 100,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "axes.facecolor": "white",
            "axes.edgecolor": PALETTE["ink"],
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "axes.prop_cycle": cycler(color=series)
            + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))])
            + cycler(marker=["o", "s", "^", "D", "v", "x"]),
            "lines.markersize": 4,
            "font.size": 10,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "svg.hashsalt": "d2lcnn",  # else ids in SVG differ from run to run
        }
    )
