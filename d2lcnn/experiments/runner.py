"""Runs an experiment: makes the runs that its file lacks, here or elsewhere, and writes each one's lines at once."""

import math
import platform
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from d2lcnn import files
from d2lcnn.later import Later
from d2lcnn.workers import done

from . import store

torch = Later("torch")
FOLDER = "results"  # under the current folder; the package's own results are written when somebody names them
ONE_AT_A_TIME = threading.Lock()  # threads and random generator are the process's


def run(experiment, folder=FOLDER, report=print, workers=None):
    """Make the runs of an experiment that its file lacks.

    Parameters
    ----------
    experiment : Experiment
    folder : path
        Where ``<name>.csv`` is or will be; made and tried before anything runs.
    report : callable
        Called with a line of text now and then.
    workers : function, optional
        Opens a ``concurrent.futures.Executor`` for a ``with`` block: `workers.processes` or `workers.dask_workers`.
        Default: one run after the other in this process.

    Returns
    -------
    pathlib.Path
        The file: runs in the order they ended, and in the declared order once it is complete.

    Raises
    ------
    ValueError
        If the file holds anything but complete runs as declared (and perhaps an unfinished last one): which of its
        results are still true has to be decided by someone who knows. It is not changed.
        Also if runs were taken out of it while others were made.
    BlockingIOError
        If another process is running this experiment in this folder.
    ChildProcessError
        If workers die again and again before they have finished a single run.
    OSError
        If the folder or the file cannot be written.
    """
    with files.locked(store.path_of(experiment, folder)) as path:
        lacking = missing(experiment, folder)
        if lacking:
            for number, (cell, rows) in enumerate(_made(experiment, lacking, workers, report), 1):
                store.append(path, experiment, rows)
                report(_line(number, len(lacking), *cell, rows))
            _arrange(path, experiment)
    return path


def _made(experiment, cells, workers, report):
    """Yield (cell, lines) as runs end. The runs of workers that are lost are made again."""
    if workers is None:
        for cell in cells:
            report(f"{experiment.name}: {cell[0]}, seed {cell[1]}")
            yield cell, run_cell(experiment, *cell)
        return
    yield from done(partial(run_cell, experiment), cells, workers, report, lambda cell: f"{cell[0]}, seed {cell[1]}")


def _line(number, count, name, seed, rows):
    values = {row["metric"]: row["value"] for row in rows}
    kind = next((k for k in ("test_accuracy", "validation_accuracy") if k in values), rows[-1]["metric"])
    spent = rows[0]["core_seconds"]
    return f"[{number}/{count}] {name}, seed {seed}: {kind} {values[kind]:.4f}, {spent:.1f} core-seconds"


def _arrange(path, experiment):
    """Put the runs of a complete file in the declared order."""
    runs, _ = store.read(path, experiment)
    lost = [f"{name}, seed {seed}" for name, seed in experiment.cells() if (name, seed) not in runs]
    if lost:
        raise ValueError(f"{path} lost runs while others were made: {store.few(lost)}. The same "
                         "command makes them again")
    files.write(path, store.text([row for cell in experiment.cells() for row in runs[cell]], header=True))


def run_cell(experiment, name, seed, budget=None):
    """Make one run, on one thread.

    Parameters
    ----------
    experiment : Experiment
    name : str
        A key of its settings.
    seed : int
    budget : Budget, optional
        For tests; results of such runs mean nothing.

    Returns
    -------
    list of dict
        The lines of the file, as the columns of ``results.COLUMNS``.

    Raises
    ------
    ValueError
        If the experiment has no such setting.
    FloatingPointError
        If a metric is not finite.
    """
    setting = _setting(experiment, name)
    with ONE_AT_A_TIME:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # two threads waiting for each other on a busy machine take several times as long
        try:
            values, shared = setting.measure(seed, budget)
        finally:
            torch.set_num_threads(threads)
    for metric, value in values.items():
        if not math.isfinite(value):
            raise FloatingPointError(f"{name}, seed {seed}: {metric} is {value}")
    shared |= {"torch": str(torch.__version__), "numpy": np.__version__, "cpu": _cpu(),
               "date": datetime.now(UTC).isoformat(timespec="seconds")}
    return [{"experiment": experiment.name, "setting": name, "seed": seed, "metric": metric, "value": values[metric]}
            | shared for metric in setting.metrics(seed) if metric in values]


def _setting(experiment, name):
    if name not in experiment.settings:
        raise ValueError(f"setting is {name!r}; those of {experiment.name} are {'; '.join(experiment.settings)}")
    return experiment.settings[name]


def recompute(experiment, name, seed, table):
    """Run a cell again at its full budget and compare with its lines in `table`, which ``results.read`` gave.

    Returns
    -------
    list of (metric, stored, recomputed)
        Another machine rounds differently, and training amplifies rounding: expect equality on the machine that wrote
        the file, and agreement within the spread over seeds elsewhere.

    Raises
    ------
    ValueError
        If the experiment has no such setting, or the table no such run, or not all of it.
    """
    wanted = _setting(experiment, name).metrics(seed)
    mine = table[(table.setting == name) & (table.seed == seed)]
    if not len(mine):
        held = ", ".join(map(str, sorted(set(table.seed[table.setting == name].tolist()))))
        raise ValueError(f"seed is {seed}; {name} has been run with {held or 'none'}")
    stored = dict(zip(mine.metric.tolist(), mine.value.tolist(), strict=True))
    lacking = [metric for metric in wanted if metric not in stored]
    if lacking:
        raise ValueError(f"the run {name}, seed {seed} lacks {store.few(lacking)}: it is not complete")
    return [(row["metric"], stored[row["metric"]], row["value"]) for row in run_cell(experiment, name, seed)]


def missing(experiment, folder=FOLDER):
    """List the runs, (setting, seed), that the file of an experiment lacks; see `run` for arguments and errors."""
    runs, _ = store.read(store.path_of(experiment, folder), experiment)
    return [cell for cell in experiment.cells() if cell not in runs]


def _cpu():
    """Name the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
