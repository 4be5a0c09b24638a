"""LeNet: what each change to the sigmoid net brings, one at a time, beside a linear classifier and an MLP."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import CURVE, Classifier
from .images import Fashion
from .probes import Confusion
from .settings import Experiment, tune

# Each step keeps what the steps before it changed. (network, its options, how it is trained, learning rates tried)
PLAIN = {"optimizer": "plain_sgd", "schedule": "constant"}
MOMENTUM = {"optimizer": "sgd", "schedule": "constant"}
ONE_CYCLE = {"optimizer": "sgd", "schedule": "onecycle"}
STEPS = {
    "linear": ("linear", {}, PLAIN, (0.03, 0.1, 0.3, 1.0)),
    "mlp": ("mlp", {}, PLAIN, (0.03, 0.1, 0.3, 1.0)),
    "lenet": ("lenet", {}, PLAIN, (0.3, 1.0, 3.0)),
    "+ momentum": ("lenet", {}, MOMENTUM, (0.03, 0.1, 0.3, 1.0)),
    "+ one-cycle": ("lenet", {}, ONE_CYCLE, (0.1, 0.3, 1.0, 3.0)),
    "+ ReLU": ("lenet", {"activation": "relu"}, ONE_CYCLE, (0.03, 0.1, 0.3)),
    "+ max pooling": ("lenet", {"activation": "relu", "pool": "max"}, ONE_CYCLE, (0.03, 0.1, 0.3)),
    "+ batch norm": ("lenet_bn", {}, ONE_CYCLE, (0.05, 0.1, 0.2, 0.4)),
    "linear, one-cycle": ("linear", {}, ONE_CYCLE, (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
    "mlp, one-cycle": ("mlp", {}, ONE_CYCLE, (0.01, 0.03, 0.1, 0.3)),
}


def setting(step, lr, *, epochs=3, source="full", **more):
    """Declare a run of a step of the ladder."""
    network, options, training, _ = STEPS[step]
    return Classifier(network, Recipe(epochs, lr, **training), options, Fashion(source), **more)


LENET_TUNING = tune(
    "lenet_tuning",
    "Which learning rate does best on the validation images, for each step of the ladder?",
    {step: (partial(setting, step), rates) for step, (*_, rates) in STEPS.items()},
)

# Best on the validation images, from results/lenet_tuning.csv
CHOSEN = {
    "linear": 0.3, "mlp": 0.3, "lenet": 1.0, "+ momentum": 0.3, "+ one-cycle": 1.0, "+ ReLU": 0.1,
    "+ max pooling": 0.1, "+ batch norm": 0.1, "linear, one-cycle": 0.3, "mlp, one-cycle": 0.1,
}

LENET = Experiment(
    "lenet",
    "What does each change to the sigmoid LeNet bring, and does it beat a linear classifier and an MLP?",
    {step: setting(step, CHOSEN[step], curve=CURVE, probes=(Confusion(),) if step == "+ batch norm" else ())
     for step in STEPS},
)

LENET_SUBSET = Experiment(
    "lenet_subset",
    "How far does LeNet with batch norm get on the images in the package?",
    {f"{name}, {epochs} epochs": setting(step, CHOSEN[step], epochs=epochs, source="subset", curve=CURVE)
     for name, step, epochs in (("lenet_bn", "+ batch norm", 12), ("lenet_bn", "+ batch norm", 4),
                                ("mlp", "mlp, one-cycle", 12))},
)
