"""What padding keeps of the border: the same network with and without it, on objects near and far from the border."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion, halved, scattered
from .probes import Border
from .settings import SEEDS, TUNING_SEED, Experiment, tune

CANVAS = 28  # twice the side of the halved objects
PADDING = {"no padding": 0, "same padding": 1}
# learning rates tried, until the best had a neighbour on each side
RATES = {"no padding": (0.01, 0.03, 0.1, 0.3), "same padding": (0.03, 0.1, 0.3)}


def strewn(images, part, seed):
    """Halve all images and put them at random places, of training images the run's own."""
    return scattered(halved(images), CANVAS, seed if part == "train" else 0)


def setting(name, lr, **more):
    """Declare a run with or without padding: eight epochs of 5,000 images, 1,256 steps."""
    recipe = Recipe(epochs=8, lr=lr, batch_size=32, channels_last=True)
    return Classifier("plain_cnn", recipe, {"padding": PADDING[name]}, Fashion("subset", 5_000, change=strewn), **more)


BORDER_TUNING = tune(
    "border_tuning",
    "Which learning rate does best on the validation images, with and without padding?",
    {name: (partial(setting, name), rates) for name, rates in RATES.items()},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

# Best on the validation images, from results/border_tuning.csv
CHOSEN = {"no padding": 0.03, "same padding": 0.1}

BORDER = Experiment(
    "border",
    "How much accuracy does a network without padding lose on objects at the border, and one with padding?",
    {name: setting(name, lr, seeds=(*SEEDS, 3, 4), probes=(Border(CANVAS),)) for name, lr in CHOSEN.items()},
)
