"""Normalisation: which norm, before or after ReLU, with how many images a step, at which learning rate."""

import math
import time
from functools import partial

from d2lcnn.later import Later
from d2lcnn.names import known
from d2lcnn.recipe import Recipe
from d2lcnn.shapes import integer

from .classifier import Classifier
from .images import Fashion
from .settings import SEEDS, TUNING_SEED, Experiment, facts, tune

nn, networks, summary = Later("torch.nn"), Later("d2lcnn.networks"), Later("d2lcnn.summary")
nets = Later("d2lcnn.experiments.nets.normalisation")

IMAGES = Fashion("subset", count=1_000, measured=5_000)
BLOCKS = ((16, 2), (32, 2), (32, 1))  # channels and stride of each 3x3 convolution
GROUPS = 4
GRID = 7  # rows and columns of the last maps
NORMS = (None, "batch", "unsteady batch", "group", "layer", "instance")
PLACES = ("blocks", "maps of blocks", "maps of the last block", "head")


def norm_layers(norm, channels):
    """List the layers that normalise maps, none for None.

    Parameters
    ----------
    norm : {None, "batch", "unsteady batch", "group", "layer", "instance"}
        "unsteady batch" is batch norm with random shifts and factors behind it; "group" has four groups; "layer" mixes
        all channels of an image and "instance" none, which are group norms too.
    channels : int

    Returns
    -------
    list of torch.nn.Module

    Raises
    ------
    ValueError
        If the norm is none of these.

    Examples
    --------
    >>> norm_layers("group", 16)
    [GroupNorm(4, 16, eps=1e-05, affine=True, bias=True)]
    """
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; it may be {', '.join(map(repr, NORMS))}")
    if norm is None:
        return []
    if norm.endswith("batch"):
        return [nn.BatchNorm2d(channels), *([nets.Unsteady()] if norm != "batch" else [])]
    return [nn.GroupNorm({"group": GROUPS, "layer": 1, "instance": channels}[norm], channels)]


def normed(norm="batch", *, relu_first=False, drop=None, p=0.0, seed=0):
    """Build three 3x3 convolutions with norm and ReLU and a dense layer, for images of 28x28 pixels.

    Parameters
    ----------
    norm : str or None
        As for `norm_layers`.
    relu_first : bool
        ReLU before the norm.
    drop : {None, "blocks", "maps of blocks", "maps of the last block", "head"}
        Where dropout stands: behind every block, single values or whole maps; whole maps behind the last block; or
        single values in front of the dense layer.
    p : float
        Part that is dropped.
    seed : int
        Of the initial weights (He's rule); torch's own generator is left as it was.

    Returns
    -------
    torch.nn.Sequential
        (N, 1, 28, 28) -> (N, 10)

    Raises
    ------
    ValueError
        If `norm` or `drop` is unknown.

    Examples
    --------
    >>> [sum(p.numel() for p in normed(norm).parameters()) for norm in (None, "batch", "group")]
    [29738, 29818, 29818]
    """
    if drop is not None:
        known("place of dropout", drop, PLACES)
    layers, before = [], 1
    with networks.seeded(integer("seed", seed, 0)):
        for depth, (channels, stride) in enumerate(BLOCKS, 1):
            layers.append(nn.Conv2d(before, channels, 3, stride, 1, bias=norm is None))
            middle = [*norm_layers(norm, channels), nn.ReLU()]
            layers += middle[::-1] if relu_first else middle
            if drop == "blocks":
                layers.append(nn.Dropout(p))
            if drop == "maps of blocks" or (drop == "maps of the last block" and depth == len(BLOCKS)):
                layers.append(nn.Dropout2d(p))
            before = channels
        layers.append(nn.Flatten())
        if drop == "head":
            layers.append(nn.Dropout(p))
        return networks.he_(nn.Sequential(*layers, nn.Linear(before * GRID**2, 10)))


USUAL = 32
WIDE = (0.01, 0.03, 0.1, 0.3, 1.0)
AROUND = (0.03, 0.1, 0.3)
# arm -> (options of `normed` or the name of a baseline, images a step, learning rates tried)
ARMS = {
    "none": ({"norm": None}, USUAL, WIDE),
    "batch": ({"norm": "batch"}, USUAL, WIDE),
    "batch, unsteady": ({"norm": "unsteady batch"}, USUAL, WIDE),
    "group": ({"norm": "group"}, USUAL, WIDE),
    "layer": ({"norm": "layer"}, USUAL, AROUND),
    "instance": ({"norm": "instance"}, USUAL, AROUND),
    "batch, ReLU first": ({"norm": "batch", "relu_first": True}, USUAL, (0.01, *AROUND)),
    "batch, 2 images": ({"norm": "batch"}, 2, (0.003, 0.01, 0.03)),
    "batch, 256 images": ({"norm": "batch"}, 256, AROUND),
    "group, 2 images": ({"norm": "group"}, 2, (0.003, 0.01, 0.03)),
    "group, 256 images": ({"norm": "group"}, 256, AROUND),
    "linear": ("linear", USUAL, (0.03, 0.1, 0.3)),
    "mlp": ("mlp", USUAL, (0.03, 0.1, 0.3)),
}


# further rates, where the best of those was the first or the last
FURTHER = {
    "layer": (0.01,),
    "instance": (0.01,),
    "batch, 2 images": (0.001,),
    "group, 2 images": (0.001, 0.0003),
    "group, 256 images": (0.01,),
}


class OrChance(Classifier):
    """A run that may fail: if its loss stops being a number, it counts as a classifier that knows nothing."""

    def measure(self, seed, budget=None):
        """Train and measure; see `Setting`."""
        begun = time.process_time()
        try:
            return super().measure(seed, budget)
        except FloatingPointError:
            layers = summary.summarize(self.build(seed), (1, 28, 28))
            values = {"train_accuracy": 0.1, "validation_accuracy": 0.1, "validation_loss": math.log(10)}
            return values, facts(layers, epochs=self.recipe.epochs, train_images=IMAGES.count,
                                 core_seconds=time.process_time() - begun)


def setting(arm, lr):
    """Declare a run of one of `ARMS`: four epochs of 1,000 images."""
    options, size, _ = ARMS[arm]
    network, options = (options, {}) if isinstance(options, str) else (normed, options)
    return OrChance(network, Recipe(4, lr, batch_size=size), options, IMAGES)


NORMALISATION_TUNING = tune(
    "normalisation_tuning",
    "Which learning rate does best on the validation images, for each norm, order and number of images a step?",
    {arm: (partial(setting, arm), (*rates, *FURTHER.get(arm, ()))) for arm, (_, _, rates) in ARMS.items()},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

# Best on the validation images, from results/normalisation_tuning.csv
CHOSEN = {
    "none": 0.1,
    "batch": 0.1,
    "batch, unsteady": 0.03,
    "group": 0.1,
    "layer": 0.03,
    "instance": 0.03,
    "batch, ReLU first": 0.1,
    "batch, 2 images": 0.003,
    "batch, 256 images": 0.1,
    "group, 2 images": 0.001,
    "group, 256 images": 0.03,
    "linear": 0.1,
    "mlp": 0.1,
}

NORMALISATION = Experiment(
    "normalisation",
    "Which norm, before or after ReLU, with how many images a step?",
    {arm: setting(arm, CHOSEN[arm]) for arm in ARMS if arm in CHOSEN},
)
