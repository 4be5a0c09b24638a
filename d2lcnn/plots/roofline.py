"""The roofline: how fast work can go, by how much of it there is for each byte moved."""

import numpy as np
from matplotlib.ticker import LogLocator

from ._panels import panel
from ._style import PALETTE, SERIES


def roofline(series, *, peak, bandwidth, ax=None):
    """Draw the bound on the rate of multiply-adds over their number a byte, and measured layers beneath it.

    Parameters
    ----------
    series : dict of str -> dict of str -> (intensity, rate)
        For each way to run them, the layers: multiply-adds a byte, and 10^9 multiply-adds a second. Points of layers
        of the same name are joined, and have one label, above the highest.
    peak : float
        The most multiply-adds a second, in 10^9.
    bandwidth : float
        The most bytes moved a second, in 10^9.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes
        Both axes logarithmic. The roof is its first line, ``min(peak, intensity * bandwidth)``.

    Raises
    ------
    ValueError
        If there are more series than styles, or a number that a logarithmic axis cannot show.

    Notes
    -----
    Williams, Waterman & Patterson 2009, figure 1, with multiply-adds for their floating-point operations.

    Examples
    --------
    >>> ax = roofline({"here": {"a layer": (1.0, 5.0)}}, peak=60, bandwidth=10)
    >>> [text.get_text() for text in ax.texts]
    ['a layer']
    """
    if len(series) > len(SERIES):
        raise ValueError(f"{len(series)} series cannot be told apart; at most {len(SERIES)}")
    numbers = [n for layers in series.values() for point in layers.values() for n in point]
    if not all(n > 0 for n in (peak, bandwidth, *numbers)):
        raise ValueError("peak, bandwidth and all points must be positive: both axes are logarithmic")
    ax = panel(ax)
    ridge = peak / bandwidth
    intensities = [i for layers in series.values() for i, _ in layers.values()]
    x = np.array([min(intensities, default=ridge) / 2, ridge, 2 * max([*intensities, ridge])])
    ax.plot(x, np.minimum(peak, x * bandwidth), color=PALETTE["ink"], linewidth=2, marker="")
    columns = {}  # rates of each layer, and its intensity
    for (name, layers), style in zip(series.items(), SERIES, strict=False):
        places = np.array(list(layers.values())).reshape(-1, 2).T
        ax.plot(*places, label=name, **style | {"linestyle": "none"})
        for layer, (intensity, rate) in layers.items():
            columns.setdefault(layer, []).append((rate, intensity))
    for layer, found in columns.items():
        rate, intensity = max(found)
        ax.plot([i for _, i in found], [r for r, _ in found], color=PALETTE["padding"], linewidth=0.8, linestyle="-",
                marker="", zorder=0)
        ax.annotate(layer, (intensity, rate), xytext=(0, 6), textcoords="offset points", ha="center", va="bottom",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8})
    ax.set(xscale="log", yscale="log", xlabel="multiply-adds for each byte moved",
           ylabel="10⁹ multiply-adds a second")
    for axis in (ax.xaxis, ax.yaxis):  # 20, not 2 x 10^1
        axis.set_minor_locator(LogLocator(subs=(2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("{x:g}")
    if series:
        ax.legend(loc="lower right")
    return ax
