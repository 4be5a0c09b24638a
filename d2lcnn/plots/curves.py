"""Curves of training, accuracy with its spread over seeds, confusion matrices: arrays in, Axes out."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from d2lcnn.names import known

from ._panels import panel
from ._style import PALETTE, SERIES


def learning_curves(history, *, quantity="accuracy", ax=None):
    """Draw training and validation by epoch, from one run.

    Parameters
    ----------
    history : dict or object
        With sequences ``epoch``, ``train_<quantity>`` and ``validation_<quantity>``, as ``train.History`` has.
    quantity : {"accuracy", "loss"}
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `quantity` is neither, or the sequences differ in length.

    Examples
    --------
    >>> run = {"epoch": [1, 2], "train_loss": [1.0, 0.5], "validation_loss": [0.9, 0.6]}
    >>> learning_curves(run, quantity="loss").get_ylabel()
    'loss (nats per image)'
    """
    labels = {"accuracy": "accuracy", "loss": "loss (nats per image)"}
    known("quantity", quantity, labels)
    values = history if isinstance(history, dict) else vars(history)
    ax = panel(ax)
    for part, style in zip(("train", "validation"), SERIES, strict=False):
        column = np.asarray(values[f"{part}_{quantity}"], dtype=float)
        if len(column) != len(values["epoch"]):
            raise ValueError(f"{part}_{quantity} has {len(column)} values for {len(values['epoch'])} epochs")
        ax.plot(values["epoch"], column, label=part, **style)
    ax.set(xlabel="epoch", ylabel=labels[quantity])
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def spread_curves(series, *, xlabel, ylabel="test accuracy", log_x=False, ax=None):
    """Draw means over seeds with a band from the smallest to the largest, one curve a series.

    Parameters
    ----------
    series : dict of str -> (x, values)
        x (points,); values (seeds, points), or a list with one array of seeds a point, where their number differs.
    xlabel, ylabel : str
    log_x : bool
        Logarithmic horizontal axis whose ticks are the points.
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are more series than styles, or the points of a series do not fit its x.

    Examples
    --------
    >>> ax = spread_curves({"cnn": ([1000, 2000], [[0.80, 0.84], [0.82, 0.86]])}, xlabel="images")
    >>> [round(float(y), 2) for y in ax.lines[0].get_ydata()]
    [0.81, 0.85]
    """
    if len(series) > len(SERIES):
        raise ValueError(f"{len(series)} series cannot be told apart; at most {len(SERIES)}")
    ax, ticks = panel(ax), set()
    for (name, (x, values)), style in zip(series.items(), SERIES, strict=False):
        points = _by_point(values)
        if len(points) != len(x):
            raise ValueError(f"series {name!r} has {len(points)} points for {len(x)} places")
        ax.plot(x, [p.mean() for p in points], label=name, **style)
        low, high = [p.min() for p in points], [p.max() for p in points]
        ax.fill_between(x, low, high, color=style["color"], alpha=0.2, linewidth=0)
        ticks |= {float(v) for v in x}
    if log_x:
        ax.set_xscale("log")
        ax.set_xticks(sorted(ticks), [f"{t:,.0f}" for t in sorted(ticks)])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def spread_dots(names, values, *, xlabel="test accuracy", ax=None):
    """Draw a line a setting: each seed a dot, their mean a bar across the line, with its number.

    Dots, not long bars, so that the axis need not start at zero to tell the truth.

    Parameters
    ----------
    names : list of str
        From top to bottom.
    values : list of sequence of float
        The seeds of each setting.
    xlabel : str
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are not as many values as names.

    Examples
    --------
    >>> ax = spread_dots(["mlp", "cnn"], [[0.84, 0.86], [0.9]])
    >>> [text.get_text() for text in ax.texts]
    ['0.850', '0.900']
    """
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names for {len(values)} settings")
    ax, places = panel(ax), np.arange(len(names))
    ax.hlines(places, 0, 1, transform=ax.get_yaxis_transform(), color=PALETTE["padding"], linewidth=0.5, zorder=0)
    for place, seeds in zip(places, [np.asarray(v, dtype=float) for v in values], strict=True):
        ax.plot(seeds, np.full(len(seeds), place), linestyle="none", marker="o", color=PALETTE["input"], alpha=0.7)
        ax.plot([seeds.mean()], [place], linestyle="none", marker="|", markersize=14, color=PALETTE["highlight"])
        ax.annotate(f"{seeds.mean():.3f}", (seeds.max(), place), xytext=(8, 0), textcoords="offset points",
                    va="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel(xlabel)
    return ax


def confusion_matrix(counts, classes, *, ax=None):
    """Draw which class was taken for which, with the counts in the cells.

    Colour shows the share of the true class, on a square-root scale: else the diagonal drowns the mistakes.

    Parameters
    ----------
    counts : array of int (classes, classes)
        Row: true class; column: predicted class.
    classes : sequence of str
    ax : matplotlib Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If `counts` is not square with one row for each class.

    Examples
    --------
    >>> ax = confusion_matrix([[8, 2], [0, 9]], ["cat", "dog"])
    >>> [text.get_text() for text in ax.texts]
    ['8', '2', '0', '9']
    """
    counts = np.asarray(counts)
    if counts.shape != (len(classes), len(classes)):
        raise ValueError(f"counts has shape {counts.shape}, but there are {len(classes)} classes")
    ax = panel(ax, (6.4, 5.8))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, str(count), ha="center", va="center", fontsize="small",
                color="white" if share[row, column] > 0.4 else PALETTE["ink"])
    places = np.arange(len(classes))
    ax.set_xticks(places, classes, rotation=45, ha="right")
    ax.set_yticks(places, classes)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def _by_point(values):
    """Split (seeds, points), or a list of arrays of seeds, into one array of seeds a point."""
    try:
        table = np.asarray(values, dtype=float)
    except ValueError:  # points with different numbers of seeds
        return [np.asarray(v, dtype=float) for v in values]
    return list(table.T)
