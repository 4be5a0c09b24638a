"""Dropout in a convolutional network: values or whole maps, everywhere or at the end, beside weight decay."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion
from .normalisation import normed
from .settings import SEEDS, TUNING_SEED, Experiment, tune

# Few images, seen often: that is where a network can learn them by heart.
IMAGES = Fashion("subset", count=1_000, measured=5_000)

# arm -> where dropout stands in `normed`, the part that is dropped, weight decay
ARMS = {
    "neither": (None, 0.0, 0.0),
    "Dropout, blocks": ("blocks", 0.2, 0.0),
    "Dropout2d, blocks": ("maps of blocks", 0.2, 0.0),
    "Dropout2d, last block": ("maps of the last block", 0.2, 0.0),
    "Dropout, head": ("head", 0.5, 0.0),
    "weight decay": (None, 0.0, 0.005),
}
RATES = (0.01, 0.03, 0.1)
# further rates, where the best of those was the first or the last
FURTHER = {}


def setting(arm, lr):
    """Declare a run of one of `ARMS`: ten epochs, batch norm in every block."""
    place, p, decay = ARMS[arm]
    return Classifier(normed, Recipe(10, lr, batch_size=50, weight_decay=decay), {"drop": place, "p": p}, IMAGES)


DROPOUT_TUNING = tune(
    "dropout_tuning",
    "Which learning rate does best on the validation images, for each place of dropout?",
    {arm: (partial(setting, arm), (*RATES, *FURTHER.get(arm, ()))) for arm in ARMS},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

# Best on the validation images, from results/dropout_tuning.csv
CHOSEN = {}

DROPOUT = Experiment(
    "dropout",
    "What do dropout, of values or of whole maps, and weight decay do for a network with few images?",
    {arm: setting(arm, CHOSEN[arm]) for arm in ARMS if arm in CHOSEN},
)
