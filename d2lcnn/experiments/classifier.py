"""The most common setting: a classifier trained by ``train.fit`` and measured on images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from d2lcnn.data import Splits
from d2lcnn.later import Later
from d2lcnn.recipe import Recipe

from .images import FULL
from .settings import SEEDS, Budget, facts

if TYPE_CHECKING:
    from torch import nn

    from d2lcnn.train import Metrics

networks, summary, train = Later("d2lcnn.networks"), Later("d2lcnn.summary"), Later("d2lcnn.train")

CURVE = ("train_accuracy", "val_accuracy")


class Run(NamedTuple):
    """What a probe may look at. `on_test` is None before training, and where test images are not to be seen."""

    setting: Classifier
    seed: int
    budget: Budget | None
    recipe: Recipe
    parts: Splits
    net: nn.Module
    on_test: Metrics | None = None


class Probe:
    """Something more to measure on a classifier: it names its metrics, and measures before or after training."""

    def metrics(self, setting, seed):
        """List the names of what is measured."""
        return []

    def before(self, run):
        """Measure before training; return metric to number."""
        return {}

    def after(self, run):
        """Measure after training; return metric to number."""
        return {}


@dataclass(frozen=True)
class Classifier:
    """One way to train one network.

    Parameters
    ----------
    network : str or callable
        A key of ``networks.NETWORKS``, or a function that builds a network from `options` and a `seed`.
    recipe : Recipe
        How it is trained; its seed is replaced by the run's.
    options : dict
        Options of the network.
    images : callable
        ``images(seed, budget)`` gives Splits, for instance a `Fashion`.
    seeds : tuple of int
        Each decides the initial weights, the order of the images and, if `images` so wishes, the images.
    tested : bool
        Measure on the test images. False where a choice is made: that is what validation images are for.
    curve : tuple of str
        Of `CURVE`: measured after every epoch.
    measures : tuple of str
        Attributes of ``train.Metrics`` that are kept of validation and test images.
    probes : tuple of Probe
    device : str, optional
        As for ``train.fit``.
    """

    network: str | Callable
    recipe: Recipe
    options: dict = field(default_factory=dict)
    images: Callable = FULL
    seeds: tuple = SEEDS
    tested: bool = True
    curve: tuple = ()
    measures: tuple = ("accuracy", "loss")
    probes: tuple = ()
    device: str | None = None

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        names = [f"{name}@{e}" for name in self.curve for e in range(1, self.recipe.epochs + 1)]
        names += ["train_accuracy", *(f"validation_{m}" for m in self.measures)]
        if self.tested:
            # the rate, to see if results are older than its choice
            names += [*(f"test_{m}" for m in self.measures), "lr"]
        return names + [name for probe in self.probes for name in probe.metrics(self, seed)]

    def build(self, seed):
        """Build the network with the initial weights of a run."""
        if callable(self.network):
            return self.network(seed=seed, **self.options)
        return networks.create(self.network, seed=seed, **self.options)

    def prepare(self, net, parts, seed):
        """Change a network that was just built, in place, before anything is measured; here nothing is."""

    def fit(self, net, parts, recipe):
        """Train in place; return what was trained, which may be a translation of `net`, and its History."""
        history = train.fit(net, parts.train, parts.validation if self.curve else None, recipe, device=self.device)
        return net, history

    def evaluate(self, net, images):
        """Measure what `fit` trained."""
        return train.evaluate(net, images)

    def measure(self, seed, budget=None):
        """Train and measure; see `Setting`."""
        parts = self.images(seed, budget)
        epochs = min(self.recipe.epochs, budget.epochs) if budget else self.recipe.epochs
        recipe = replace(self.recipe, seed=seed, epochs=epochs)
        net = self.build(seed)
        self.prepare(net, parts, seed)
        layers = summary.summarize(net, parts.train.x.shape[1:])
        run = Run(self, seed, budget, recipe, parts, net)
        values = {name: value for probe in self.probes for name, value in probe.before(run).items()}
        net, history = self.fit(net, parts, recipe)
        columns = {"train_accuracy": history.train_accuracy, "val_accuracy": history.validation_accuracy}
        values |= {f"{name}@{e}": value for name in self.curve
                   for e, value in zip(history.epoch, columns[name], strict=True)}
        values |= {"train_accuracy": history.train_accuracy[-1], "lr": recipe.lr}
        run = run._replace(net=net, on_test=self.evaluate(net, parts.test) if self.tested else None)
        for part, seen in (("validation", self.evaluate(net, parts.validation)), ("test", run.on_test)):
            values |= {f"{part}_{m}": getattr(seen, m) for m in self.measures if seen}
        for probe in self.probes:
            values |= probe.after(run)
        return values, facts(layers, epochs=epochs, train_images=len(parts.train),
                             core_seconds=history.core_seconds[-1])
