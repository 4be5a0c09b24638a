"""Runs an experiment: trains what its file lacks, and writes each run's lines at once."""

import csv
import io
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from d2lcnn import results, summary, train

from . import by_hand
from .images import balanced, halved, on_canvas, placed, scattered, splits
from .settings import DISTANCES
from .shifting import consistency

MOVED_IMAGES = 1_000  # test images, equally many of each class, on which stability under shifts is measured


@dataclass(frozen=True)
class Budget:
    """A cap on what a run may use, to see that it still works: images to train on, to measure on, and epochs."""

    train_images: int
    measured_images: int
    epochs: int


def run(experiment, folder=None, report=print):
    """Run what is missing of an experiment.

    Parameters
    ----------
    experiment : Experiment
    folder : path, optional
        Where ``<name>.csv`` is or will be; default the package's results.
    report : callable
        Called with one line of text before and after each run.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ValueError
        If the file holds lines that the experiment does not declare: its declaration was changed, and which of the
        results are still true has to be decided by someone who knows.
    """
    path = _path(experiment, folder)
    lacking = _repair(path, experiment)
    for number, (name, seed) in enumerate(lacking, 1):
        report(f"[{number}/{len(lacking)}] {experiment.name}: {name}, seed {seed}")
        rows = run_cell(experiment, name, seed)
        _append(path, rows)
        values = {row["metric"]: row["value"] for row in rows}
        kind = next((k for k in ("test_accuracy", "validation_accuracy") if k in values), rows[-1]["metric"])
        report(f"    {kind} {values[kind]:.4f}, {rows[0]['core_seconds']:.1f} core-seconds")
    return path


def run_cell(experiment, name, seed, budget=None):
    """Train and measure one setting with one seed, on one thread.

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
    """
    setting = experiment.settings[name]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two threads waiting for each other on a busy machine take several times as long
    try:
        if hasattr(setting, "measure"):  # no classifier: the setting knows how to train and what to measure
            values, facts = setting.measure(seed, budget, splits)
        else:
            values, facts = _train_and_measure(setting, seed, budget)
    finally:
        torch.set_num_threads(threads)
    facts |= {"torch": torch.__version__, "numpy": np.__version__, "cpu": _cpu(),
              "date": datetime.now(UTC).isoformat(timespec="seconds")}
    return [{"experiment": experiment.name, "setting": name, "seed": seed, "metric": metric, "value": values[metric]}
            | facts for metric in setting.metrics(seed) if metric in values]


def recompute(experiment, name, seed, table):
    """Run a cell again at its full budget and compare with its lines in `table`, which ``results.read`` gave.

    Returns
    -------
    list of (metric, stored, recomputed)
        Another machine rounds differently, and training amplifies rounding: expect equality on the machine that wrote
        the file, and agreement within the spread over seeds elsewhere.
    """
    mine = table[(table.setting == name) & (table.seed == seed)]
    stored = dict(zip(mine.metric.tolist(), mine.value.tolist(), strict=True))
    return [(row["metric"], stored[row["metric"]], row["value"]) for row in run_cell(experiment, name, seed)]


def _train_and_measure(setting, seed, budget):
    """Return the metrics of a run and the columns that all its lines share."""
    parts = _parts(setting, seed)
    images, epochs = setting.images or len(parts.train.y), setting.fit["epochs"]
    validation, test = parts.validation, parts.test
    if budget:
        images, epochs = min(images, budget.train_images), min(epochs, budget.epochs)
        validation, test = (balanced(s, budget.measured_images, 0) for s in (validation, test))
    chosen = parts.train if images == len(parts.train.y) else balanced(parts.train, images, seed)
    net = setting.build(seed)
    channels, height, width = chosen.x.shape[1:]
    layers = summary.summarize(net, (channels, height * setting.enlarge, width * setting.enlarge))
    if setting.enlarge > 1:
        net = torch.nn.Sequential(torch.nn.Upsample(scale_factor=setting.enlarge), net)
    engine = by_hand if setting.engine == "numpy" else train
    net = by_hand.translate(net) if setting.engine == "numpy" else net
    history = engine.fit(net, chosen, validation if setting.curve else None, seed=seed,
                         **setting.fit | {"epochs": epochs})
    values = {f"train_accuracy@{e}": a for e, a in zip(history.epoch, history.train_accuracy, strict=True)}
    values |= {f"val_accuracy@{e}": a for e, a in zip(history.epoch, history.validation_accuracy, strict=True)}
    on_validation = engine.evaluate(net, validation)
    values |= {"train_accuracy": history.train_accuracy[-1],
               "validation_accuracy": on_validation.accuracy, "validation_loss": on_validation.loss}
    if setting.tested:
        on_test = engine.evaluate(net, test)
        values |= {"test_accuracy": on_test.accuracy, "test_loss": on_test.loss, "lr": setting.fit["lr"]}
        if setting.shifts:
            moved = balanced(test, min(MOVED_IMAGES, len(test.y)), 0)
            values |= {f"consistency@{n}": consistency(net, moved, n) for n in range(1, setting.shifts + 1)}
        if setting.scatter:
            values |= _near_the_border(net, setting, len(test.y))
        if setting.gaps:
            values |= _loss_gaps(setting, seed, chosen, 2 if budget else max(setting.gaps))
        values |= {f"confusion[{i},{j}]": int(n) for (i, j), n in np.ndenumerate(on_test.confusion)}
    facts = {"epochs": epochs, "train_images": images, "params": layers.parameters, "macs": layers.macs,
             "core_seconds": round(history.core_seconds[-1], 2)}
    return values, facts


def _parts(setting, seed):
    """Load the images of a setting, in the middle of its canvas or scattered over it."""
    parts = splits(setting.source, setting.permuted)
    if setting.canvas is None and setting.scatter is None:
        return parts
    if setting.scatter:
        return SimpleNamespace(train=scattered(halved(parts.train), setting.scatter, seed),
                               validation=scattered(halved(parts.validation), setting.scatter, 0),
                               test=scattered(halved(parts.test), setting.scatter, 0))
    return SimpleNamespace(**{p: on_canvas(getattr(parts, p), setting.canvas) for p in ("train", "validation", "test")})


def _near_the_border(net, setting, count):
    """Measure the accuracy on `count` test images, at most MOVED_IMAGES, at each of DISTANCES from the corner."""
    test = balanced(halved(splits(setting.source, setting.permuted).test), min(count, MOVED_IMAGES), 0)
    at = {d: placed(test, setting.scatter, np.full((len(test.y), 2), d)) for d in DISTANCES}
    return {f"border@{d}": train.evaluate(net, images).accuracy for d, images in at.items()}


def _loss_gaps(setting, seed, images, steps):
    """Measure how far NumPy's losses are from torch's in the first steps, from the initial weights of `seed`."""
    values = {}
    for name, dtype in (("loss_gap", "float32"), ("loss_gap64", "float64")):
        net = setting.build(seed)
        gaps = by_hand.loss_gaps(net, images, steps, dtype, seed=seed, **setting.fit)
        values |= {f"{name}@{n}": float(gaps[:n].max()) for n in setting.gaps}
    return values


def missing(experiment, folder=None):
    """List the runs, (setting, seed), that the file of an experiment lacks; see `run` for arguments and errors."""
    return _read(_path(experiment, folder), experiment)[1]


def _path(experiment, folder):
    return Path(folder or results.FOLDER) / f"{experiment.name}.csv"


def _repair(path, experiment):
    """Drop the lines of a run that was cut off while it wrote; return the runs that are missing."""
    kept, lacking = _read(path, experiment)
    if path.exists() and kept != path.read_text(encoding="utf-8"):
        unfinished = path.with_name(path.name + ".unfinished")
        unfinished.write_text(kept, encoding="utf-8")
        os.replace(unfinished, path)
    return lacking


def _read(path, experiment):
    """Return the text of all complete runs in the file, and the list of runs that are missing."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    rows = [row for row in csv.reader(io.StringIO(text[: text.rfind("\n") + 1])) if len(row) == len(results.COLUMNS)]
    held = {}
    for row in rows[1:]:
        line = dict(zip(results.COLUMNS, row, strict=True))
        held.setdefault((line["setting"], int(line["seed"])), []).append(line)
    cells = experiment.cells()
    foreign = [f"{name}, seed {seed}" for name, seed in held if (name, seed) not in cells]
    if foreign:
        raise ValueError(f"{path.name} holds runs that {experiment.name} does not declare: {'; '.join(foreign)}. "
                         "Remove their lines, or declare them")
    complete = [cell for cell, lines in held.items()
                if [line["metric"] for line in lines] == experiment.settings[cell[0]].metrics(cell[1])]
    kept = _text([line for cell in complete for line in held[cell]], header=True)
    return kept, [cell for cell in cells if cell not in complete]


def _append(path, rows):
    """Add the lines of one run in one write, so that a kill finds all or none (or a rest that `_repair` drops)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        file.write(_text(rows, header=file.tell() == 0).encode())
        file.flush()
        os.fsync(file.fileno())


def _text(rows, header):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(results.COLUMNS), lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _cpu():
    """Name the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
