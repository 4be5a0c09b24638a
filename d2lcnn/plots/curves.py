"""Curves of training, accuracy with its spread over seeds, confusion matrices: arrays in, Axes out."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from ._style import PALETTE

# Colour, line and marker change together, so that series are told apart in grey print and by any eye.
STYLES = (
    (PALETTE["input"], "-", "o"),
    (PALETTE["highlight"], "--", "s"),
    (PALETTE["output"], "-.", "^"),
    (PALETTE["kernel"], ":", "D"),
    (PALETTE["extra"], (0, (5, 1)), "v"),
    (PALETTE["padding"], (0, (1, 1)), "x"),
)


def learning_curves(history, *, quantity="accuracy", ax=None):
    """Draw training and validation by epoch, from one run.

    Parameters
    ----------
    history : dict or object
        With sequences ``epoch``, ``train_<quantity>`` and ``validation_<quantity>``, as ``train.History`` has.
    quantity : {"accuracy", "loss"}
    ax : matplotlib Axes, optional
        Default a new figure's.

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
    if quantity not in labels:
        raise ValueError(f"quantity is {quantity!r}; it may be 'accuracy' or 'loss'")
    values = history if isinstance(history, dict) else vars(history)
    ax = _axes(ax)
    for part, (colour, line, marker) in zip(("train", "validation"), STYLES, strict=False):
        column = np.asarray(values[f"{part}_{quantity}"], dtype=float)
        if len(column) != len(values["epoch"]):
            raise ValueError(f"{part}_{quantity} has {len(column)} values for {len(values['epoch'])} epochs")
        ax.plot(values["epoch"], column, color=colour, linestyle=line, marker=marker, label=part)
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
    if len(series) > len(STYLES):
        raise ValueError(f"{len(series)} series cannot be told apart; at most {len(STYLES)}")
    ax, ticks = _axes(ax), set()
    for (name, (x, values)), (colour, line, marker) in zip(series.items(), STYLES, strict=False):
        points = _by_point(values)
        if len(points) != len(x):
            raise ValueError(f"series {name!r} has {len(points)} points for {len(x)} places")
        ax.plot(x, [p.mean() for p in points], color=colour, linestyle=line, marker=marker, label=name)
        ax.fill_between(x, [p.min() for p in points], [p.max() for p in points], color=colour, alpha=0.2, linewidth=0)
        ticks |= {float(v) for v in x}
    if log_x:
        ax.set_xscale("log")
        ax.set_xticks(sorted(ticks), [f"{t:,.0f}" for t in sorted(ticks)])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def spread_bars(names, values, *, xlabel="test accuracy", start=None, ax=None):
    """Draw a horizontal bar a setting, up to the mean over seeds, and each seed as a dot.

    Parameters
    ----------
    names : list of str
        From top to bottom.
    values : list of sequence of float
        The seeds of each setting.
    xlabel : str
    start : float, optional
        Left end of the axis; default 0. A shortened axis exaggerates differences: say so in the caption.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If there are not as many values as names.

    Examples
    --------
    >>> ax = spread_bars(["mlp", "cnn"], [[0.84, 0.86], [0.9]])
    >>> [round(float(bar.get_width()), 2) for bar in ax.patches]
    [0.85, 0.9]
    """
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names for {len(values)} settings")
    ax, places = _axes(ax), np.arange(len(names))
    seeds = [np.asarray(v, dtype=float) for v in values]
    ax.barh(places, [v.mean() for v in seeds], color=STYLES[0][0], alpha=0.35, height=0.6)
    for place, of_setting in zip(places, seeds, strict=True):
        ax.plot(of_setting, np.full(len(of_setting), place), linestyle="none", marker="o", color=STYLES[1][0])
        ax.annotate(f"{of_setting.mean():.3f}", (of_setting.max(), place), xytext=(6, 0), textcoords="offset points",
                    va="center")
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set_xlabel(xlabel)
    right = max(v.max() for v in seeds)
    ax.set_xlim(start or 0, right + 0.12 * (right - (start or 0)))
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
    if ax is None:
        ax = plt.subplots(figsize=(6.4, 5.8))[1]
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


def _axes(ax):
    return plt.subplots()[1] if ax is None else ax


def _by_point(values):
    """Split (seeds, points), or a list of arrays of seeds, into one array of seeds a point."""
    try:
        table = np.asarray(values, dtype=float)
    except ValueError:  # points with different numbers of seeds
        return [np.asarray(v, dtype=float) for v in values]
    return list(table.T)
