"""Dropout in a convolutional network: values or whole maps, everywhere or at the end, beside weight decay."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion
from .normalisation import normed
from .settings import SEEDS, TUNING_SEED, Experiment, tune

# Few images, seen often: that is where a network can learn them by heart.
IMAGES = Fashion("subset", count=1_000)

# arm -> where dropout stands, in `normed`
ARMS = {
    "neither": None,
    "Dropout, blocks": "blocks",
    "Dropout2d, blocks": "maps of blocks",
    "Dropout2d, last block": "maps of the last block",
    "Dropout, head": "head",
    "weight decay": None,
}
# arm -> strengths tried: the part that is dropped, or the decay
STRENGTHS = {arm: (0.1, 0.3) for arm in ARMS if ARMS[arm]} | {"neither": (0.0,), "weight decay": (0.001, 0.01)}
RATES = (0.01, 0.03, 0.1)
# further rates, where the best of those was the first or the last
FURTHER = {}


def setting(arm, strength, lr):
    """Declare a run of one of `ARMS`: ten epochs, batch norm in every block."""
    decay, p = (strength, 0.0) if arm == "weight decay" else (0.0, strength)
    recipe = Recipe(10, lr, batch_size=25, weight_decay=decay)
    return Classifier(normed, recipe, {"drop": ARMS[arm], "p": p}, IMAGES)


DROPOUT_TUNING = tune(
    "dropout_tuning",
    "Which learning rate and strength do best on the validation images, for each place of dropout?",
    {f"{arm}, {strength}": (partial(setting, arm, strength), (*RATES, *FURTHER.get(f"{arm}, {strength}", ())))
     for arm, strengths in STRENGTHS.items() for strength in strengths},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

# Best on the validation images, from results/dropout_tuning.csv: strength and rate
CHOSEN = {}

DROPOUT = Experiment(
    "dropout",
    "What do dropout, of values or of whole maps, and weight decay do for a network with few images?",
    {arm: setting(arm, *CHOSEN[arm]) for arm in ARMS if arm in CHOSEN},
)
