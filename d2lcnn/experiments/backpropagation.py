"""Backpropagation: one network trained in NumPy alone and in torch, from the same weights on the same batches."""

from dataclasses import dataclass, replace
from functools import partial

from d2lcnn.recipe import Recipe

from . import by_hand
from .classifier import CURVE, Classifier, Probe
from .images import Fashion
from .settings import Experiment, tune

RATES = (0.01, 0.03, 0.1, 0.3)


class InNumPy(Classifier):
    """A classifier that `numpy_net` trains and measures, from torch's initial weights."""

    def fit(self, net, parts, recipe):
        """Translate the network and train the translation."""
        mine = by_hand.translate(net)
        return mine, by_hand.fit(mine, parts.train, parts.validation if self.curve else None, recipe)

    def evaluate(self, net, images):
        """Measure the translation."""
        return by_hand.evaluate(net, images)


@dataclass(frozen=True)
class LossGaps(Probe):
    """``loss_gap@n`` and ``loss_gap64@n``: the largest relative difference between the losses of NumPy and torch in
    the first n steps, in float32 and in float64.
    """

    steps: tuple

    def metrics(self, setting, seed):
        """List one name a dtype and n."""
        return [f"{gap}@{n}" for gap in ("loss_gap", "loss_gap64") for n in self.steps]

    def after(self, run):
        """Train both again, side by side."""
        recipe = replace(run.setting.recipe, seed=run.seed)  # of all epochs: the schedule is that of the whole run
        values, most = {}, 2 if run.budget else max(self.steps)
        for name, dtype in (("loss_gap", "float32"), ("loss_gap64", "float64")):
            net = run.setting.build(run.seed)
            gaps = by_hand.loss_gaps(net, run.parts.train, most, dtype, recipe)
            values |= {f"{name}@{n}": float(gaps[:n].max()) for n in self.steps}
        return values


def lenet(epochs, source, lr, *, make=Classifier, **more):
    """Declare a run of LeNet with ReLU and max pooling."""
    return make("lenet", Recipe(epochs, lr), {"activation": "relu", "pool": "max"}, Fashion(source), **more)


# On the 9,000 images of the subset: ten epochs are 710 steps, two of the full set 860.
BACKPROPAGATION_TUNING = tune(
    "backpropagation_tuning",
    "Which learning rate does best on the validation images?",
    {"torch": (partial(lenet, 10, "subset"), RATES)},
)

CHOSEN = 0.03  # best on the validation images, from results/backpropagation_tuning.csv

BACKPROPAGATION = Experiment(
    "backpropagation",
    "Does a network trained in NumPy alone learn what torch's does, how long are their losses equal, at what cost?",
    {"numpy": lenet(2, "full", CHOSEN, make=InNumPy, curve=CURVE, probes=(LossGaps((1, 10)),)),
     "torch": lenet(2, "full", CHOSEN, curve=CURVE)},
)
