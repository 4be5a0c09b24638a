"""Unequal classes: find the one shirt among fifty items, with weights, with a balanced sampler, with a threshold."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from d2lcnn.data import Splits
from d2lcnn.later import Later
from d2lcnn.modes import evaluating
from d2lcnn.recipe import Recipe

from .classifier import Classifier, Probe
from .images import balanced, load
from .recipe_changes import strided
from .settings import SEEDS, TUNING_SEED, Experiment, tune

torch, train = Later("torch"), Later("d2lcnn.train")

SHIRT = 6
COUNT, RARE = 5_000, 50  # training images, and how many of them go to one shirt
BUDGETS = (0.01, 0.02, 0.05, 0.1, 0.2)  # parts of the other items that may be called shirts
DRAWS = (*SEEDS, 3, 4)  # each draws its own hundred shirts


@dataclass(frozen=True)
class OneInMany:
    """Fashion-MNIST as shirts (label 1) and others (label 0), with few shirts among the training images.

    Validation and test images keep all their shirts: recall and false alarms do not depend on how many there are.

    Parameters
    ----------
    shirts : int
        Of the `COUNT` training images. The others are drawn first, so that more shirts replace few of them.

    Examples
    --------
    >>> from d2lcnn.experiments import Budget
    >>> parts = OneInMany(100)(seed=0, budget=Budget(500, 100, 1, "subset"))
    >>> np.bincount(parts.train.y).tolist(), np.bincount(parts.test.y).tolist()
    ([490, 10], [90, 10])
    """

    shirts: int

    def __call__(self, seed, budget=None):
        """Draw the training images of the run with this seed; return Splits."""
        count = min(COUNT, budget.train_images) if budget else COUNT
        shirts = self.shirts * count // COUNT
        images, *others = load("full", budget)
        drawn = np.random.default_rng(seed).permutation(len(images))
        is_shirt = images.y[drawn] == SHIRT
        drawn = np.concatenate([drawn[~is_shirt][: count - shirts], drawn[is_shirt][:shirts]])
        if budget:
            others = [balanced(part, budget.measured_images, 0) for part in others]
        return Splits(*(replace(part, y=(part.y == SHIRT).astype(np.int64), classes=("other", "shirt"))
                        for part in (images[drawn], *others)))


def scores(net, images):
    """Return each image's score for shirt: by how much its logit exceeds the other; float32 (N,)."""
    with evaluating(net), torch.no_grad():
        logits = torch.cat([net(x) for x, _ in train.batches(images, 1_000)]).numpy()
    return logits[:, 1] - logits[:, 0]


def rates(scored, y, threshold):
    """Return recall and false alarms: the shares of shirts, and of others, whose score exceeds a threshold.

    Examples
    --------
    >>> rates(np.array([3.0, -1, 0, -2, -4]), np.array([1, 1, 0, 0, 0]), -1.5)
    (1.0, 0.3333333333333333)
    """
    called = scored > threshold
    return float(called[y == 1].mean()), float(called[y == 0].mean())


def area(scored, y):
    """Return the chance that a shirt scores higher than another item; a tie counts half.

    It is the area under the curve of recall over false alarms (Hanley & McNeil 1982), whatever the threshold.

    Examples
    --------
    Of six pairs five are in order:

    >>> round(area(np.array([3.0, -1, 0, -2, -4]), np.array([1, 1, 0, 0, 0])), 4)
    0.8333
    """
    low = np.sort(scored[y == 0])
    below = [np.searchsorted(low, scored[y == 1], side) for side in ("left", "right")]
    return float(np.mean(below) / len(low))


def threshold_for(scored, y, budget):
    """Return a threshold that at most this part of the others exceeds, the lowest such score.

    Examples
    --------
    >>> y = np.zeros(4, int)
    >>> threshold_for(np.array([0.0, 3, 1, 2]), y, 0.25)
    2.0
    """
    others = np.sort(scored[y == 0])
    return float(others[len(others) - 1 - int(budget * len(others))])


def precision(recall, false_alarms, share):
    """Return the part of alarms that are right where a `share` of all items are shirts (Bayes' rule).

    Examples
    --------
    Of 100 items 2 are shirts: both are found, and 98 / 49 = 2 others are called shirts.

    >>> round(precision(1.0, 1 / 49, 0.02), 6)
    0.5
    """
    right = share * recall
    return right / (right + (1 - share) * false_alarms)


class Alarms(Probe):
    """How well shirts are found: ranked, as trained, and with the threshold moved to a budget or by the prior."""

    def metrics(self, setting, seed):
        """List the names; those of test images only where these are seen."""
        names = [f"validation_{m}" for m in ("area", "recall", "false_alarms")]
        if setting.tested:
            names += [f"test_{m}" for m in ("area", "recall", "false_alarms")]
            names += [f"test_{m}@{b}" for b in (*BUDGETS, "prior") for m in ("recall", "false_alarms")]
        return names

    def after(self, run):
        """Choose thresholds on validation images, measure with them on test images."""
        seen, values = run.parts.validation, {}
        scored = scores(run.net, seen)
        values |= self._at(scored, seen.y, "validation")
        if run.on_test:
            test = run.parts.test
            tested = scores(run.net, test)
            values |= self._at(tested, test.y, "test")
            share = run.parts.train.y.mean()
            moved = {b: threshold_for(scored, seen.y, b) for b in BUDGETS} | {"prior": np.log(share / (1 - share))}
            for name, threshold in moved.items():
                values |= {f"test_{m}@{name}": value for m, value in zip(
                    ("recall", "false_alarms"), rates(tested, test.y, threshold), strict=True)}
        return values

    def _at(self, scored, y, part):
        recall, false_alarms = rates(scored, y, 0)
        return {f"{part}_area": area(scored, y), f"{part}_recall": recall, f"{part}_false_alarms": false_alarms}


# name in the file -> shirts among the training images, options of the recipe, learning rates tried until the best had
# a neighbour on each side
ARMS = {
    "as they are": (COUNT // RARE, {}, (0.01, 0.03, 0.1, 0.3)),
    "weights": (COUNT // RARE, {"class_weights": "balanced"}, (0.003, 0.01, 0.03, 0.1)),
    "balanced sampler": (COUNT // RARE, {"sampling": "balanced"}, (0.01, 0.03, 0.1)),
    "four times the shirts": (4 * COUNT // RARE, {}, (0.01, 0.03, 0.1)),
}
# best on the validation images, by the area
CHOSEN = {"as they are": 0.1, "weights": 0.03, "balanced sampler": 0.03, "four times the shirts": 0.03}


def setting(name, lr, **more):
    """Declare a run of one of `ARMS`: 10 epochs, 500 steps."""
    shirts, options, _ = ARMS[name]
    recipe = Recipe(10, lr, batch_size=100, schedule="cosine", channels_last=True, **options)
    return Classifier(strided, recipe, {"classes": 2}, OneInMany(shirts), measures=(), probes=(Alarms(),),
                      **({"seeds": DRAWS} | more))


UNEQUAL_CLASSES_TUNING = tune(
    "unequal_classes_tuning",
    "Which learning rate ranks the validation images best, shirts above others?",
    {name: (partial(setting, name), rates) for name, (*_, rates) in ARMS.items()},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

UNEQUAL_CLASSES = Experiment(
    "unequal_classes",
    "One item in fifty is a shirt: what do weights, a balanced sampler and a threshold bring?",
    {name: setting(name, CHOSEN[name]) for name in ARMS},
)
