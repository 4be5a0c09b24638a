"""NiN: a mean over each feature map against dense layers at the end, and blocks with and without 1x1 convolutions."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import CURVE, Classifier
from .images import SUBSET
from .settings import Experiment, tune

RATES = (0.05, 0.1, 0.2)
# What each network changes in NiN; all train on the 9,000 images that the subset has for training.
NETS = {
    "nin": ("nin_small", {}),
    "dense head": ("nin_small", {"head": "dense"}),
    "dense head, dropout": ("nin_small", {"head": "dense", "dropout": 0.5}),
    "without 1x1": ("nin_small", {"pixelwise": False}),
    "mlp": ("mlp", {}),
    "linear": ("linear", {}),
}


def setting(name, lr, **more):
    """Declare a run of one of `NETS`: six epochs."""
    network, options = NETS[name]
    return Classifier(network, Recipe(6, lr, channels_last=True), options, SUBSET, **more)


NIN_TUNING = tune(
    "nin_tuning",
    "Which learning rate does best on the validation images, for NiN and its variants?",
    {name: (partial(setting, name), RATES) for name in NETS},
)

# Best on the validation images, from results/nin_tuning.csv
CHOSEN = {"nin": 0.1, "dense head": 0.1, "dense head, dropout": 0.2, "without 1x1": 0.1, "mlp": 0.2, "linear": 0.1}

NIN = Experiment(
    "nin",
    "What do a mean over maps instead of dense layers, and 1x1 convolutions in every block, cost and bring?",
    {name: setting(name, CHOSEN[name], curve=CURVE) for name in NETS},
)
