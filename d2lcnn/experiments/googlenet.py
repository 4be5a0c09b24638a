"""GoogLeNet: what each path of the Inception block brings, by leaving it out of every block."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import CURVE, Classifier
from .images import SUBSET
from .settings import Experiment, tune

RATES = {"all four paths": (0.1, 0.2, 0.4), "mlp": (0.03, 0.1, 0.3), "linear": (0.1, 0.3, 1.0)}
PATHS = ("1x1", "3x3", "5x5", "pool")
# name -> (network, its options, whose learning rate it has)
NETS = {"all four paths": ("googlenet_small", {}, "all four paths")}
NETS |= {f"without {path}": ("googlenet_small", {"without": (path,)}, "all four paths") for path in PATHS}
NETS |= {"mlp": ("mlp", {}, "mlp"), "linear": ("linear", {}, "linear")}


def setting(name, lr, **more):
    """Declare a run of one of `NETS`: four epochs of the subset."""
    network, options, _ = NETS[name]
    return Classifier(network, Recipe(4, lr, channels_last=True), options, SUBSET, **more)


GOOGLENET_TUNING = tune(
    "googlenet_tuning",
    "Which learning rate does best on the validation images, for the network with all four paths and the baselines?",
    {name: (partial(setting, name), rates) for name, rates in RATES.items()},
)

# Best on the validation images, from results/googlenet_tuning.csv; without a path a network keeps the rate of all four
CHOSEN = {"all four paths": 0.2, "mlp": 0.1, "linear": 0.3}

GOOGLENET = Experiment(
    "googlenet",
    "What does each of the four paths of the Inception block bring?",
    {name: setting(name, CHOSEN[tuned], curve=CURVE) for name, (_, _, tuned) in NETS.items()},
)
