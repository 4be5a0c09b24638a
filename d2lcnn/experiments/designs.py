"""One budget, three designs: wide, deep, and an early stride; and a quarter of the budget."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion
from .settings import TUNING_SEED, Experiment, tune

# The budget, for one image of 28x28 pixels and ten classes
PARAMETERS, MACS = 100_000, 10_000_000
IMAGES = Fashion("subset", count=2_000)
# name in the file -> options of the network `pattern`; the first three use 98 to 100 % of the multiply-adds
DESIGNS = {
    "wide": {"blocks": ((1, 52), (1, 68), (1, 108))},
    "deep": {"blocks": ((3, 12), (3, 32), (3, 56))},
    "early stride": {"blocks": ((3, 44), (3, 48)), "first_stride": 2},
    "deep, half as wide": {"blocks": ((3, 6), (3, 16), (3, 28))},
}
# learning rates tried, until the best had a neighbour on each side
RATES = {name: (0.03, 0.1, 0.3) for name in DESIGNS} | {
    "wide": (0.03, 0.1, 0.3, 1.0, 3.0),
}
# best on the validation images
CHOSEN = {
    "wide": 1.0,
    "deep": 0.1,
    "early stride": 0.1,
    "deep, half as wide": 0.1,
}


def setting(options, lr, **more):
    """Declare a run of the network `pattern` with some options: six epochs, batches of 50."""
    return Classifier("pattern", Recipe(6, lr, batch_size=50, channels_last=True), options, IMAGES, **more)


DESIGNS_TUNING = tune(
    "designs_tuning",
    "Which learning rate does best on the validation images?",
    {name: (partial(setting, options), RATES[name]) for name, options in DESIGNS.items()},
    seeds=(TUNING_SEED, TUNING_SEED + 1, TUNING_SEED + 2),
)

DESIGNS_EXPERIMENT = Experiment(
    "designs",
    "Which design makes the most of 100,000 parameters and 10 million multiply-adds?",
    {name: setting(options, CHOSEN[name]) for name, options in DESIGNS.items()},
)
