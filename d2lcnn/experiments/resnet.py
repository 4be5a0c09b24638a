"""Depth with and without shortcuts: plain and residual networks of 8, 20 and 32 layers at one small budget."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import CURVE, Classifier
from .images import SUBSET
from .settings import Experiment, tune

DEPTHS = (8, 20, 32)
BASELINES = ("linear", "mlp")
RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
BASELINE_RATES = (0.03, 0.1, 0.3, 1.0)

# Narrow networks on 14 x 14 maps: width 8, a stem of stride 2. Shortcuts without weights, so that a plain and a
# residual network of equal depth have the same number of parameters and, for one seed, the same initial weights.
# name -> (network, its options, learning rates tried)
NETS = {
    f"{kind}, {depth} layers": ("resnet_cifar", {"depth": depth, "width": 8, "stem_stride": 2,
                                                 "residual": kind == "residual"}, RATES)
    for kind in ("plain", "residual") for depth in DEPTHS
} | {name: (name, {}, BASELINE_RATES) for name in BASELINES}


def setting(name, lr, **more):
    """Declare a run of one of `NETS`: three epochs of the subset."""
    network, options, _ = NETS[name]
    return Classifier(network, Recipe(3, lr, channels_last=True), options, SUBSET, **more)


RESNET_TUNING = tune(
    "resnet_tuning",
    "Which learning rate does best on the validation images, for plain and residual networks of each depth?",
    {name: (partial(setting, name), rates) for name, (_, _, rates) in NETS.items()},
)

# Best on the validation images, from results/resnet_tuning.csv
CHOSEN = {
    "plain, 8 layers": 0.4, "plain, 20 layers": 0.05, "plain, 32 layers": 0.1, "residual, 8 layers": 0.8,
    "residual, 20 layers": 0.1, "residual, 32 layers": 0.4, "linear": 0.3, "mlp": 0.1,
}

RESNET = Experiment(
    "resnet",
    "Do deeper plain networks train worse, and do shortcuts mend it?",
    {name: setting(name, CHOSEN[name], curve=CURVE) for name in NETS},
)
