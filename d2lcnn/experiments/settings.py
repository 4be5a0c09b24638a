"""What an experiment declares: settings, seeds, and with them every line its CSV file must hold."""

from dataclasses import dataclass, replace
from typing import Protocol

SEEDS = (0, 1, 2)
TUNING_SEED = 100  # of the runs that choose something: not among the seeds of results


@dataclass(frozen=True)
class Budget:
    """A cap on what a run may use, to see that it works; what it measures means nothing.

    Parameters
    ----------
    train_images, measured_images : int
        Images (or sequences) to train on and to measure on.
    epochs : int
    source : {"full", "subset"}, optional
        Take Fashion-MNIST from here, whatever the setting says: the subset is on every machine.
    """

    train_images: int
    measured_images: int
    epochs: int
    source: str | None = None


class Setting(Protocol):
    """One arm of an experiment. `Classifier` is the most common one; any class with these three is another.

    A setting holds values and functions that are found by their names (no lambda), so that it can be sent to another
    process.

    Attributes
    ----------
    seeds : tuple of int
        One run each.
    """

    seeds: tuple

    def metrics(self, seed):
        """List the names of what the run with this seed measures, in the order of the file."""

    def measure(self, seed, budget=None):
        """Make the run, within a `Budget` if there is one.

        Returns
        -------
        values : dict
            Metric to number; those that `metrics` does not name are left out of the file.
        facts : dict
            As `facts` makes it.
        """


@dataclass(frozen=True)
class Experiment:
    """A question and the settings that answer it.

    Parameters
    ----------
    name : str
        Of the experiment, and of its file of results.
    question : str
    settings : dict
        Name in tables to `Setting`.
    profile : str, optional
        The machine it is meant for, such as "gpu"; `name` then ends in it, and its results are not part of the package.

    Examples
    --------
    >>> from d2lcnn.experiments import Classifier
    >>> from d2lcnn.train import Recipe
    >>> tried = Classifier("linear", Recipe(epochs=1, lr=0.1), seeds=(0, 1), tested=False)
    >>> Experiment("toy", "Does it run?", {"linear": tried}).cells()
    [('linear', 0), ('linear', 1)]
    """

    name: str
    question: str
    settings: dict
    profile: str | None = None

    def cells(self):
        """List the runs, (setting, seed); seed by seed, so that a comparison is complete early."""
        seeds = sorted({seed for setting in self.settings.values() for seed in setting.seeds})
        return [(name, seed) for seed in seeds for name, setting in self.settings.items() if seed in setting.seeds]

    def lines(self):
        """List what the file must hold, (setting, seed, metric)."""
        return [(name, seed, metric) for name, seed in self.cells() for metric in self.settings[name].metrics(seed)]


def tune(name, question, arms, *, seeds=(TUNING_SEED,), label="{arm}, lr={lr}"):
    """Declare the sweep that chooses a learning rate for each arm, on validation images alone.

    Parameters
    ----------
    name, question : str
        As for `Experiment`.
    arms : dict
        Arm to (make, rates): ``make(lr)`` gives a setting with the fields `seeds` and `tested`, tried at every rate.
    seeds : tuple of int
    label : str
        Of a setting, with the fields ``arm`` and ``lr``.

    Returns
    -------
    Experiment
        None of its settings is measured on test images.

    Examples
    --------
    >>> from d2lcnn.experiments import Classifier
    >>> from d2lcnn.train import Recipe
    >>> list(tune("toy", "Which rate?", {"a": (lambda lr: Classifier("mlp", Recipe(1, lr)), (0.1, 0.2))}).settings)
    ['a, lr=0.1', 'a, lr=0.2']
    """
    return Experiment(name, question, {
        label.format(arm=arm, lr=lr): replace(make(lr), seeds=seeds, tested=False)
        for arm, (make, rates) in arms.items() for lr in rates})


def facts(layers, *, epochs, train_images, core_seconds):
    """Collect what all lines of a run share.

    Parameters
    ----------
    layers : object with ``parameters`` and ``macs``
        The network's, for one input, as ``summary.summarize`` counts them.
    epochs, train_images : int
    core_seconds : float
        Processor time of training.

    Returns
    -------
    dict
    """
    return {"epochs": epochs, "train_images": train_images, "params": layers.parameters, "macs": layers.macs,
            "core_seconds": round(core_seconds, 2)}
