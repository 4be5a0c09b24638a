"""VGG's argument: three 3x3 convolutions against one 7x7 that sees the same window, in a small VGG."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import CURVE, Classifier
from .images import SUBSET
from .settings import Experiment, tune

ONE = {"stack": (7,)}

# name -> (network, options, learning rates tried). All train on the 9,000 images that the subset has for training.
NETS = {
    "three 3x3": ("vgg_small", {}, (0.005, 0.01, 0.02, 0.04, 0.08)),
    "one 7x7": ("vgg_small", ONE, (0.01, 0.02, 0.04, 0.08)),
    # 0.75 of the channels: 49 * 0.75**2 = 27.6 weights where three 3x3 have 27
    "one 7x7, narrow": ("vgg_small", ONE | {"channels": (6, 12, 32)}, (0.02, 0.04, 0.08)),
    # three 3x3 as one linear map: what the ReLUs between them bring
    "three 3x3, linear": ("vgg_small", {"inner_relu": False}, (0.01, 0.02, 0.04)),
    "three 3x3, batch norm": ("vgg_small", {"norm": "batch"}, (0.03, 0.1, 0.3, 1.0)),
    "one 7x7, batch norm": ("vgg_small", ONE | {"norm": "batch"}, (0.03, 0.1, 0.3, 1.0)),
    "mlp": ("mlp", {}, (0.01, 0.03, 0.1, 0.3)),
    "linear": ("linear", {}, (0.03, 0.1, 0.3)),
}


def setting(name, lr, **more):
    """Declare a run of one of `NETS`: three epochs."""
    network, options, _ = NETS[name]
    return Classifier(network, Recipe(3, lr, batch_size=64, channels_last=True), options, SUBSET, **more)


VGG_TUNING = tune(
    "vgg_tuning",
    "Which learning rate does best on the validation images, for each kind of stack?",
    {name: (partial(setting, name), rates) for name, (_, _, rates) in NETS.items()},
)

# Best on the validation images, from results/vgg_tuning.csv
CHOSEN = {"three 3x3": 0.04, "one 7x7": 0.04, "one 7x7, narrow": 0.04, "three 3x3, linear": 0.02,
          "three 3x3, batch norm": 0.3, "one 7x7, batch norm": 0.1, "mlp": 0.03, "linear": 0.1}

VGG = Experiment(
    "vgg",
    "Do three 3x3 convolutions do better than one 7x7 with the same receptive field, and why?",
    {name: setting(name, CHOSEN[name], curve=CURVE) for name in NETS},
)
