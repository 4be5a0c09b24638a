"""A network that assumes locality and equivariance against one that does not, by number of training images."""

from functools import partial

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion, permuted
from .settings import SEEDS, TUNING_SEED, Experiment, tune

# Equal numbers of parameters within 2 %, batch norm in all: 62,158 (LeNet), 62,176 and 61,851 (MLP).
NETS = {
    "cnn": ("lenet_bn", {}),
    "mlp": ("mlp", {"hidden": (78,), "norm": "batch"}),
    "mlp, two hidden layers": ("mlp", {"hidden": (71, 71), "norm": "batch"}),
}
SHOWN = 120_000  # images shown in a run, whatever the size of the training set: 1,200 steps of 100
BATCH = 100
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 40_000)
# learning rates tried, until the best had a neighbour on each side
RATES = {"cnn": (0.03, 0.1, 0.3, 1.0), "mlp": (0.03, 0.1, 0.3, 1.0, 3.0),
         "mlp, two hidden layers": (0.03, 0.1, 0.3, 1.0)}
CHOSEN = {"cnn": 0.3, "mlp": 1.0, "mlp, two hidden layers": 0.3}  # best mean over TUNING_SIZES, on validation images
TUNING_SIZES = (1_000, 10_000)
# Epochs of the longer runs at the largest size; more were not tried
LONG = {"cnn": 10, "mlp": 30, "mlp, two hidden layers": 30}


def setting(net, size, lr, *, epochs=None, change=None, **more):
    """Declare a run of one of `NETS` on `size` images; without `epochs` with as many as show `SHOWN` images."""
    network, options = NETS[net]
    recipe = Recipe(epochs or SHOWN // size, lr, BATCH)
    return Classifier(network, recipe, options, Fashion("full", size, change=change), **more)


SAMPLE_EFFICIENCY_TUNING = tune(
    "sample_efficiency_tuning",
    "Which learning rate does best on the validation images?",
    {f"{net}, {size} images": (partial(setting, net, size), RATES[net]) for net in NETS for size in TUNING_SIZES},
    seeds=(TUNING_SEED, TUNING_SEED + 1, TUNING_SEED + 2),
)

SAMPLE_EFFICIENCY = Experiment(
    "sample_efficiency",
    "How many images does a CNN need to do what an MLP of as many parameters does?",
    # five seeds where the draw of few images matters most
    {f"{net}, {size} images": setting(net, size, CHOSEN[net], seeds=(*SEEDS, 3, 4) if size <= 2_000 else SEEDS)
     for net in NETS for size in SIZES}
    | {f"{net}, {SIZES[-1]} images, {epochs} epochs": setting(net, SIZES[-1], CHOSEN[net], epochs=epochs)
       for net, epochs in LONG.items()},
)

PERMUTED_PIXELS = Experiment(
    "permuted_pixels",
    "What is left of the CNN's lead when the pixels of all images are permuted alike?",
    {f"{net}, {pixels}": setting(net, 10_000, CHOSEN[net], change=change)
     for net in NETS for pixels, change in (("as they are", None), ("permuted", permuted))},
)
