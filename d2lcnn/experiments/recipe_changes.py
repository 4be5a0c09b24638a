"""A training recipe, one change at a time: added to a plain one, and taken away from a full one."""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.recipe import Augment, Recipe

from .classifier import Classifier
from .images import Fashion
from .settings import SEEDS, TUNING_SEED, Experiment, tune

nn, networks = Later("torch.nn"), Later("d2lcnn.networks")

# Few images, seen often: the network can learn them by heart, so that a recipe has something to do.
IMAGES = Fashion("subset", count=1_000)
CHANNELS = (16, 32, 48)
PLAIN = {"schedule": "constant"}  # gradient descent with momentum, the default
PARTS = {
    "cosine": {"schedule": "cosine"},
    "weight decay": {"weight_decay": 5e-4},
    "label smoothing": {"label_smoothing": 0.1},
    "averaged weights": {"ema": 0.98},
    "augmentation": {"augment": Augment(shift=2, flip=True)},
}
FULL = {key: value for part in PARTS.values() for key, value in part.items()}

# name in the file -> options of the recipe
ARMS = {
    "plain": PLAIN,
    "no momentum": PLAIN | {"optimizer": "plain_sgd"},
    "Adam": PLAIN | {"optimizer": "adam"},
    # A step shrinks weights by lr * decay, with momentum by ten times that: 0.003 * 0.2 and 0.1 * 5e-4 * 10 are alike
    "AdamW": PLAIN | {"optimizer": "adamw", "weight_decay": 0.2},
    "+ one-cycle": PLAIN | {"schedule": "onecycle"},
    **{f"+ {name}": PLAIN | part for name, part in PARTS.items()},
    "+ augmentation and cosine": PLAIN | PARTS["augmentation"] | PARTS["cosine"],
    "full": FULL,
    **{f"full - {name}": {key: value for key, value in FULL.items() if key not in part} | (
        PLAIN if name == "cosine" else {}) for name, part in PARTS.items()},
}
# learning rates tried, until the best had a neighbour on each side
RATES = {name: (0.01, 0.03, 0.1, 0.3) for name in ARMS} | {
    "plain": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    "+ one-cycle": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    "+ label smoothing": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    "no momentum": (0.03, 0.1, 0.3, 1.0),
    "Adam": (0.001, 0.003, 0.01),
    "AdamW": (0.001, 0.003, 0.01, 0.03),
    "+ cosine": (0.003, 0.01, 0.03, 0.1, 0.3),
    "+ averaged weights": (0.003, 0.01, 0.03, 0.1, 0.3),
    "+ augmentation": (0.003, 0.01, 0.03, 0.1, 0.3),
    "full - cosine": (0.003, 0.01, 0.03, 0.1, 0.3),
    "+ augmentation and cosine": (0.01, 0.03, 0.1),
    "full - augmentation": (0.03, 0.1, 0.3),
}
# best on the validation images
CHOSEN = {name: 0.03 for name in ARMS} | {
    **{name: 0.003 for name in ("plain", "Adam", "+ one-cycle", "+ label smoothing")},
    **{name: 0.01 for name in ("AdamW", "+ cosine", "+ averaged weights", "+ augmentation", "full - cosine")},
    "no momentum": 0.1, "full - augmentation": 0.1,
}  # fmt: skip


def strided(*, seed, classes=10):
    """Build three 3x3 convolutions of stride 2 with batch norm and ReLU, and a dense layer on the flattened map.

    Parameters
    ----------
    seed : int
        Of the initial weights.
    classes : int

    Returns
    -------
    torch.nn.Sequential
        (N, 1, 28, 28) -> (N, classes)

    Examples
    --------
    >>> sum(p.numel() for p in strided(seed=0).parameters())
    26458
    """
    layers, before = [], 1
    with networks.seeded(seed):
        for channels in CHANNELS:
            conv = nn.Conv2d(before, channels, 3, 2, padding=1, bias=False)
            layers += [conv, nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        layers += [nn.Flatten(), nn.Linear(before * 4 * 4, classes)]
    return nn.Sequential(*layers)


def setting(name, lr, **more):
    """Declare a run of one of `ARMS`: 25 epochs, 500 steps."""
    return Classifier(strided, Recipe(25, lr, batch_size=50, channels_last=True, **ARMS[name]), images=IMAGES, **more)


RECIPE_CHANGES_TUNING = tune(
    "recipe_changes_tuning",
    "Which learning rate does best on the validation images, for each change of the recipe?",
    {name: (partial(setting, name), RATES[name]) for name in ARMS},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

RECIPE_CHANGES = Experiment(
    "recipe_changes",
    "What does each part of a recipe bring, added to a plain one and taken away from a full one?",
    {name: setting(name, CHOSEN[name]) for name in ARMS},
)
