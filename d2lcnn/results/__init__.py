"""The measured results that the chapters quote: CSV files written by `d2lcnn.experiments`, and their reader.

NumPy alone reads them, so a chapter shows its tables where torch is not installed.
"""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from d2lcnn.names import known

FOLDER = Path(__file__).parent
# column -> type, in the order of the file. Strings get the width they need.
COLUMNS = {"experiment": str, "setting": str, "seed": int, "metric": str, "value": float, "epochs": int,
           "train_images": int, "params": int, "macs": int, "core_seconds": float, "torch": str, "numpy": str,
           "cpu": str, "date": str}
EMPTY = {str: "", int: -1, float: "nan"}  # what a column holds where the file has nothing


class Spread(NamedTuple):
    """Mean and spread over seeds of one metric of one setting; `std` divides by n - 1 and is NaN for one seed."""

    setting: str
    metric: str
    n: int
    mean: float
    std: float
    min: float
    max: float


def names():
    """List the experiments that have results.

    Examples
    --------
    >>> "lenet" in names()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def read(name):
    """Read the results of an experiment.

    Parameters
    ----------
    name : str or path
        An experiment's name, or the path of a CSV file with the same columns.

    Returns
    -------
    numpy.recarray
        One record a line; ``table.value`` is a column, ``table[table.metric == "test_accuracy"]`` a selection.
        `core_seconds`, `params`, `macs` and `epochs` belong to the whole run, and stand in each of its lines.
        A field left empty in the file is -1 in a column of integers, NaN in one of floats.

    Raises
    ------
    ValueError
        If there are no results of this name, or as `lines`.
    FileNotFoundError
        If there is no file at this path.

    Examples
    --------
    >>> table = read("lenet")
    >>> sorted(set(table.params[table.setting == "linear"].tolist()))
    [7850]
    """
    if isinstance(name, Path):
        path = name
        if path.exists() and not path.is_file():
            raise ValueError(f"{path} is no file")
    else:
        path = FOLDER / f"{known('result', name, names())}.csv"
    rows = lines(path.read_bytes(), path)
    arrays = [np.array([kind(row[column] or EMPTY[kind]) for row in rows], dtype=kind)
              for column, kind in COLUMNS.items()]
    return np.rec.fromarrays(arrays, names=list(COLUMNS))


def lines(content, path):
    """Split the content of a file of results into its lines, each checked field by field.

    Parameters
    ----------
    content : bytes
        CSV in UTF-8: the columns of `COLUMNS`, separated by commas.
    path : path
        For the message.

    Returns
    -------
    list of dict
        Column to text, as it stands in the file.

    Raises
    ------
    ValueError
        Naming the file, the line and what is wrong with it.

    Examples
    --------
    >>> lines(b"setting;seed", "some.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: some.csv, line 1: the columns are 'setting;seed', not experiment, setting, seed, metric, ...
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not in UTF-8: {error.reason} at byte {error.start}") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(reader, [])
        if header != list(COLUMNS):
            raise ValueError(f"{path}, line 1: the columns are {', '.join(header)[:160]!r}, not {', '.join(COLUMNS)}")
        return [_row(fields, f"{path}, line {reader.line_num}") for fields in reader]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None


def _row(fields, where):
    """Give the fields of a line their names, if each is of its column's type."""
    if len(fields) != len(COLUMNS):
        raise ValueError(f"{where}: {len(fields)} fields where there are {len(COLUMNS)} columns")
    for (column, kind), field in zip(COLUMNS.items(), fields, strict=True):
        try:
            np.array(kind(field or EMPTY[kind]), dtype=kind)  # larger integers than its own are none to NumPy
        except (ValueError, OverflowError):
            raise ValueError(f"{where}: {column} is {field[:80]!r}, which is no {kind.__name__}") from None
    return dict(zip(COLUMNS, fields, strict=True))


def summarise(table, metric=None):
    """Summarise over seeds: one `Spread` for each setting and metric, in the order of the file.

    Parameters
    ----------
    table : str, path or recarray
        What `read` takes or returns.
    metric : str, optional
        Keep this metric alone, for instance "test_accuracy", or "core_seconds", which is counted once a run.

    Returns
    -------
    list of Spread

    Raises
    ------
    ValueError
        If no line has this metric.

    Examples
    --------
    >>> [s.setting for s in summarise("lenet", "test_accuracy")][:3]
    ['linear', 'mlp', 'lenet']
    """
    table = table if isinstance(table, np.ndarray) else read(table)
    groups = {}
    for row in table:
        if metric == "core_seconds":
            groups.setdefault((str(row.setting), metric), {})[int(row.seed)] = float(row.core_seconds)
        elif metric in (None, row.metric):
            groups.setdefault((str(row.setting), str(row.metric)), {})[int(row.seed)] = float(row.value)
    if not groups:
        raise ValueError(f"no line has the metric {metric!r}; the metrics are {', '.join(sorted(set(table.metric)))}")
    return [_spread(setting, name, np.array(list(by_seed.values()))) for (setting, name), by_seed in groups.items()]


def _spread(setting, metric, values):
    std = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Spread(setting, metric, len(values), float(values.mean()), std, float(values.min()), float(values.max()))


def curve(table, setting, metric):
    """Collect a metric that was measured after every epoch.

    Parameters
    ----------
    table : str, path or recarray
    setting : str
    metric : str
        The part of the metric's name before its "@", for instance "val_accuracy".

    Returns
    -------
    epochs : numpy.ndarray, int (epochs,)
    values : numpy.ndarray, float (seeds, epochs)

    Examples
    --------
    >>> epochs, values = curve("lenet", "+ batch norm", "val_accuracy")
    >>> epochs.tolist(), values.shape
    ([1, 2, 3], (3, 3))
    """
    table = table if isinstance(table, np.ndarray) else read(table)
    points = {}
    for row in table[table.setting == setting]:
        found = re.fullmatch(re.escape(metric) + r"@(\d+)", row.metric)
        if found:
            points.setdefault(int(row.seed), {})[int(found[1])] = float(row.value)
    if not points:
        raise ValueError(f"setting {setting!r} has no metric {metric + '@1'!r}")
    epochs = sorted(next(iter(points.values())))
    return np.array(epochs), np.array([[of_seed[e] for e in epochs] for of_seed in points.values()])


def confusion(table, setting):
    """Collect a confusion matrix from its lines, metrics "confusion[i,j]".

    Returns
    -------
    numpy.ndarray, int (classes, classes)
        Entry (i, j) counts test images of class i that were taken for class j, for the one seed that has it.

    Examples
    --------
    >>> confusion("lenet", "+ batch norm").sum(axis=1)[:3].tolist()
    [1000, 1000, 1000]
    """
    table = table if isinstance(table, np.ndarray) else read(table)
    entries = {}
    for row in table[table.setting == setting]:
        found = re.fullmatch(r"confusion\[(\d+),(\d+)\]", row.metric)
        if found:
            entries[int(found[1]), int(found[2])] = int(row.value)
    if not entries:
        raise ValueError(f"setting {setting!r} has no confusion matrix")
    size = max(entries)[0] + 1
    return np.array([[entries[i, j] for j in range(size)] for i in range(size)])
