"""The file of an experiment's results: whatever happens to it, no run that it holds is lost."""

import csv
import io
import os
from pathlib import Path

from d2lcnn import files, results

MEASURED = ("value", "epochs", "train_images", "params", "macs")  # what two runs of one cell on one machine share


def path_of(experiment, folder):
    """Return the path of the file, which may not exist."""
    return Path(folder) / f"{experiment.name}.csv"


def read(path, experiment):
    """Read the complete runs of a file; what a run that was cut off left at its end is passed over.

    Parameters
    ----------
    path : pathlib.Path
    experiment : Experiment

    Returns
    -------
    runs : dict
        (setting, seed) to the run's lines, dicts of text.
    sound : int
        Number of bytes before the unfinished end.

    Raises
    ------
    ValueError
        If the file holds anything else: other columns, lines that cannot be read, runs that are not declared or hold
        other metrics than declared, one run twice with different values. It is not changed.
    """
    if path.is_symlink() and not path.exists():
        raise ValueError(f"{path} is a link that leads nowhere")
    if not path.exists():
        return {}, 0
    if not path.is_file():
        raise ValueError(f"{path} is no file")
    return parse(path.read_bytes(), experiment, path)


def parse(content, experiment, path):
    """Read the content of a file; arguments, returns and errors as `read`."""
    if text([], header=True).encode().startswith(content.rstrip(b"\r\n")):
        return {}, 0
    *ended, cut = content.split(b"\n")  # a last line without an end was cut off
    rows = results.lines(b"\n".join([*ended, b""]) if ended else cut, path)
    if len(rows) + 1 != len(ended):
        raise ValueError(f"{path}: a line ends in the middle of a field, or not with a newline character")
    _refuse_foreign(rows, experiment, path)
    sound = len(rows) - _unfinished(rows, experiment)
    return _runs(rows[:sound], experiment, path), sum(len(line) + 1 for line in ended[: sound + 1])


def _refuse_foreign(rows, experiment, path):
    """Stop at lines of other experiments, and of runs that the experiment does not declare."""
    declared = {(name, str(seed)) for name, seed in experiment.cells()}
    foreign = {f"{row['setting']}, seed {row['seed']}": None for row in rows
               if row["experiment"] != experiment.name or (row["setting"], row["seed"]) not in declared}
    if foreign:
        raise ValueError(f"{path} holds runs that {experiment.name} does not declare: {few(foreign)}. Remove their "
                         "lines, declare them, or name another folder")


def few(names):
    """Join the first three names, for a message."""
    return "; ".join([*list(names)[:3], *["..."] * (len(names) > 3)])


def _unfinished(rows, experiment):
    """Count the lines at the end that belong to a run which was cut off while it was written."""
    if not rows:
        return 0
    last = rows[-1]["setting"], rows[-1]["seed"]
    begun = [row["metric"] for row in rows if (row["setting"], row["seed"]) == last]
    at_end = [row["metric"] for row in rows[len(rows) - len(begun) :]]
    wanted = experiment.settings[last[0]].metrics(int(last[1]))
    return len(begun) if begun == at_end == wanted[: len(begun)] and len(begun) < len(wanted) else 0


def _runs(rows, experiment, path):
    """Group lines into runs; of two equal ones the first is kept."""
    runs = {}
    for number, row in enumerate(rows, 2):
        run = runs.setdefault((row["setting"], int(row["seed"])), {})
        first = run.setdefault(row["metric"], row)
        if any(row[column] != first[column] for column in MEASURED):
            raise ValueError(f"{path}, line {number}: {row['setting']}, seed {row['seed']} has two values of "
                             f"{row['metric']}: {first['value']} and {row['value']}. Remove one of the two runs")
    for (name, seed), run in runs.items():
        wanted = experiment.settings[name].metrics(seed)
        if run.keys() != {*wanted}:
            raise ValueError(f"{path}: the run {name}, seed {seed} does not hold the metrics that {experiment.name} "
                             f"declares ({few(sorted(run.keys() ^ {*wanted}))}). "
                             "Remove its lines to make it again, or name another folder")
    return {cell: [run[metric] for metric in experiment.settings[cell[0]].metrics(cell[1])]
            for cell, run in runs.items()}


def append(path, experiment, rows):
    """Add the lines of one run behind what the file holds now, in one write.

    The file is read again first: an unfinished end is dropped, and a run that came in meanwhile is not written twice.

    Raises
    ------
    ValueError
        As `read`; also if these lines are none that could be read again: a metric is missing, or a value no number.
    OSError
        For instance on a full disk; ``filename`` is `path`, which holds the runs that it held.
    """
    cell = rows[0]["setting"], rows[0]["seed"]
    if cell not in parse(text(rows, header=True).encode(), experiment, f"the run {cell[0]}, seed {cell[1]}")[0]:
        raise ValueError(f"the run {cell[0]}, seed {cell[1]} did not measure all that {experiment.name} declares")
    runs, sound = read(path, experiment)
    if cell in runs:
        return
    with files.naming(path), open(path, "r+b" if path.exists() else "xb") as file:
        file.truncate(sound)
        file.seek(sound)
        file.write(text(rows, header=sound == 0).encode())
        file.flush()
        os.fsync(file.fileno())


def text(rows, header=False):
    """Write lines as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(results.COLUMNS), lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
