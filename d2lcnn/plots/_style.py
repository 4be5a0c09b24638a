"""The one place with rcParams."""

import matplotlib as mpl
from cycler import cycler

from ..palette import PALETTE

# One entry for each series of a plot, in order: line style and marker tell them apart without colour.
SERIES = tuple(
    {"color": PALETTE[name], "linestyle": line, "marker": marker}
    for name, line, marker in (
        ("input", "-", "o"),
        ("highlight", "--", "s"),
        ("output", "-.", "^"),
        ("kernel", ":", "D"),
        ("extra", (0, (5, 1)), "v"),
        ("padding", (0, (1, 1)), "x"),
    )
)


def use_style():
    """Set the book's matplotlib style for the running session.

    Figures keep a white ground in dark mode too (the page puts them on a card), so ink stays dark.

    Examples
    --------
    >>> use_style()
    """
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
            "axes.prop_cycle": cycler(**{key: [series[key] for series in SERIES] for key in SERIES[0]}),
            "lines.markersize": 4,
            "font.size": 10,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "svg.hashsalt": "d2lcnn",  # else ids in SVG differ from run to run
        }
    )
