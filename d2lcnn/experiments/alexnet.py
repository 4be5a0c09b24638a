"""AlexNet: which activation, and what dropout and augmentation bring when there are few images."""

from functools import partial

from d2lcnn.recipe import Augment, Recipe

from .classifier import CURVE, Classifier
from .images import SUBSET, Fashion
from .settings import Experiment, tune

RELU = {"activation": "relu", "gain": 2**0.5, "dropout": 0.0}
# Each activation with initial weights that suit it: Xavier's rule supposes a slope of 1. The sigmoid's is a quarter,
# hence the factor 4; ReLU halves the variance, hence the root of 2 (He, Zhang, Ren & Sun 2015).
# (network, its options, learning rates tried)
ARMS = {
    "linear": ("linear", {}, (0.01, 0.03, 0.1, 0.3)),
    "mlp": ("mlp", {}, (0.03, 0.1, 0.3)),
    "ReLU": ("alexnet_small", RELU, (0.01, 0.02, 0.04)),
    "tanh": ("alexnet_small", {"activation": "tanh", "dropout": 0.0}, (0.01, 0.03, 0.1)),
    "sigmoid": ("alexnet_small", {"activation": "sigmoid", "dropout": 0.0}, (0.1, 1.0)),
    "sigmoid, weights times 4": ("alexnet_small", {"activation": "sigmoid", "gain": 4.0, "dropout": 0.0},
                                 (0.03, 0.1, 0.3)),
}
# against overfitting -> (dropout, augmentation)
MOVED = Augment(shift=2, flip=True)
MEANS = {"plain": (0.0, None), "dropout": (0.5, None), "augmentation": (0.0, MOVED), "both": (0.5, MOVED)}
FEW_RATES = (0.0025, 0.005, 0.01, 0.02)


def racing(arm, lr, **more):
    """Declare a run of one of `ARMS`: all 9,000 training images of the subset, 1,128 steps.

    No dropout: the paper compares without regularisation.
    """
    network, options, _ = ARMS[arm]
    return Classifier(network, Recipe(4, lr, batch_size=32, channels_last=True), options, SUBSET, **more)


def few(means, lr, **more):
    """Declare a run with one of `MEANS` and so few images and so many epochs that a net can learn them by heart."""
    dropout, augment = MEANS[means]
    recipe = Recipe(30, lr, batch_size=20, augment=augment, channels_last=True)  # 1,500 steps
    return Classifier("alexnet_small", recipe, RELU | {"dropout": dropout}, Fashion("subset", 1_000), **more)


ALEXNET_TUNING = tune(
    "alexnet_tuning",
    "Which learning rate does best on the validation images, for each activation and each mean against overfitting?",
    {arm: (partial(racing, arm), rates) for arm, (_, _, rates) in ARMS.items()}
    | {f"few images, {means}": (partial(few, means), FEW_RATES) for means in MEANS},
)

# Best on the validation images, from results/alexnet_tuning.csv
CHOSEN = {"linear": 0.03, "mlp": 0.1, "ReLU": 0.02, "tanh": 0.03, "sigmoid": 0.1, "sigmoid, weights times 4": 0.1}
FEW_CHOSEN = {"plain": 0.005, "dropout": 0.02, "augmentation": 0.01, "both": 0.005}

ALEXNET = Experiment(
    "alexnet",
    "Does ReLU learn faster than tanh and sigmoid, and what do dropout and augmentation bring?",
    {arm: racing(arm, lr, curve=CURVE) for arm, lr in CHOSEN.items()}
    | {f"few images, {means}": few(means, lr, curve=CURVE) for means, lr in FEW_CHOSEN.items()},
)
