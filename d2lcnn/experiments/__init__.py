"""Comparisons that the book's claims rest on: declared here, run by command, kept in `d2lcnn.results`.

``python -m d2lcnn experiment lenet --out FOLDER`` runs what is missing of ``FOLDER/lenet.csv``; a run that was killed
loses at most the training it was in. Each module of this folder may declare experiments; they are found by looking.
"""

import pkgutil
from importlib import import_module

from d2lcnn.names import known

from .classifier import CURVE, Classifier, Probe, Run
from .decoders import nyquist_share
from .images import Fashion, balanced, permute
from .probes import Border, Confusion, Consistency, consistency
from .runner import FOLDER, missing, recompute, run, run_cell
from .settings import Budget, Experiment, Setting, facts, tune

__all__ = ["CURVE", "EXPERIMENTS", "FOLDER", "PROFILES", "Border", "Budget", "Classifier", "Confusion", "Consistency",
           "Experiment", "Fashion", "Probe", "Run", "Setting", "balanced", "consistency", "facts", "find", "missing",
           "nyquist_share", "permute", "recompute", "run", "run_cell", "tune"]


def declared(modules):
    """Collect the experiments that modules declare.

    Parameters
    ----------
    modules : iterable of module

    Returns
    -------
    dict
        Name to `Experiment`.

    Raises
    ------
    ValueError
        If two have one name.
    """
    found = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, Experiment) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"two experiments are named {value.name!r}; the second is in {module.__name__}")
    return found


_ALL = declared(import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
EXPERIMENTS = {name: experiment for name, experiment in _ALL.items() if experiment.profile is None}
# Larger configurations of an experiment, by profile and name; their results are not part of the package.
PROFILES = {profile: {name.removesuffix(f"_{profile}"): experiment for name, experiment in _ALL.items()
                      if experiment.profile == profile}
            for profile in sorted({e.profile for e in _ALL.values()} - {None})}


def find(name, profile="cpu"):
    """Find an experiment by its name.

    Parameters
    ----------
    name : str
        A key of ``EXPERIMENTS``.
    profile : str
        "cpu", or a key of ``PROFILES``: the larger configuration of that experiment.

    Raises
    ------
    ValueError
        If there is none; the nearest names are given.

    Examples
    --------
    >>> find("lenett")
    Traceback (most recent call last):
    ValueError: no experiment is named 'lenett'; the nearest are lenet, alexnet, resnet
    """
    known("experiment", name, EXPERIMENTS)
    if profile == "cpu":
        return EXPERIMENTS[name]
    if name not in PROFILES.get(profile, {}):
        raise ValueError(f"{name} has no profile {profile}; these have one: {', '.join(PROFILES.get(profile, []))}")
    return PROFILES[profile][name]
