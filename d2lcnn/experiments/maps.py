"""Maps: the same net with one feature map in each layer, with two, four ...; and with the same work spent otherwise."""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.recipe import Recipe
from d2lcnn.shapes import integer

from .classifier import Classifier
from .images import Fashion
from .settings import SEEDS, TUNING_SEED, Experiment, tune

nn, networks = Later("torch.nn"), Later("d2lcnn.networks")

SIDE = 28  # of the images
GRID = 7  # the dense layer reads maps of 7x7, whatever the layers before worked on


def maps_net(maps, *, side=14, depth=2, grid=GRID, seed=0):
    """Build a net with equally many feature maps in each of its layers, for images of 28x28 pixels.

    Parameters
    ----------
    maps : int
        Feature maps of every convolution.
    side : int
        Rows and columns of the maps while they are convolved; it divides 28.
    depth : int
        3x3 convolutions behind the first layer.
    grid : int
        Rows and columns of the maps that the dense layer reads; it divides `side`.
    seed : int
        Of the initial weights (He's rule); torch's own generator is left as it was.

    Returns
    -------
    torch.nn.Sequential
        (N, 1, 28, 28) -> (N, 10). A 3x3 convolution and a maximum down to `side`, `depth` convolutions, a maximum down
        to `grid`, a dense layer. Batch norm and ReLU behind every convolution.

    Raises
    ------
    ValueError
        If a number is no positive integer, `side` does not divide 28, or `grid` does not divide `side`.

    Examples
    --------
    >>> [sum(p.numel() for p in maps_net(m).parameters()) for m in (1, 16)]
    [533, 12698]
    """
    maps, depth = integer("maps", maps, 1), integer("depth", depth, 1)
    for name, size, whole in (("side", side, SIDE), ("grid", grid, side)):
        if whole % integer(name, size, 1):
            raise ValueError(f"{name} is {size}, which does not divide {whole}")

    def layer(c_in):
        return [nn.Conv2d(c_in, maps, 3, padding=1, bias=False), nn.BatchNorm2d(maps), nn.ReLU()]

    with networks.seeded(seed):
        stem = [*layer(1), nn.MaxPool2d(SIDE // side)]
        middle = [part for _ in range(depth) for part in layer(maps)]
        head = [nn.MaxPool2d(side // grid), nn.Flatten(), nn.Linear(grid**2 * maps, 10)]
        net = nn.Sequential(*stem, *middle, *head)
    with networks.seeded(seed):  # once more: torch's own weights, drawn above, are of no account
        return networks.he_(net)


MAPS = (1, 2, 4, 8, 16)
# As many multiply-adds in the convolutions behind the first as 16 maps of 14x14 have in two of them.
EQUAL_WORK = {
    "8 maps, larger": {"maps": 8, "side": 28},
    "32 maps, smaller": {"maps": 32, "side": 7},
}
# One map of 784 numbers: the dense layer reads as many as it does from 16 maps of 7x7.
NETS = {
    **{f"{m} maps": {"maps": m} for m in MAPS},
    **EQUAL_WORK,
    "1 map, whole": {"maps": 1, "side": 28, "grid": 28},
}
RATES = (0.03, 0.1, 0.3)
# where the best of the three was the first or the last
FURTHER = {"1 maps": (0.01,), "8 maps": (1.0,), "16 maps": (0.01,), "8 maps, larger": (0.01,), "1 map, whole": (0.01,)}


def setting(name, lr):
    """Declare a run of one of `NETS`: two epochs of 5,000 images."""
    return Classifier(maps_net, Recipe(2, lr), NETS[name], Fashion("subset", 5_000))


MAPS_TUNING = tune(
    "maps_tuning",
    "Which learning rate does best on the validation images, for each number of maps?",
    {name: (partial(setting, name), (*RATES, *FURTHER.get(name, ()))) for name in NETS},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

# Best on the validation images, from results/maps_tuning.csv
CHOSEN = {
    "1 maps": 0.03, "2 maps": 0.1, "4 maps": 0.1, "8 maps": 0.3, "16 maps": 0.03,
    "8 maps, larger": 0.03, "32 maps, smaller": 0.1, "1 map, whole": 0.03,
}  # fmt: skip

MAPS_EXPERIMENT = Experiment(
    "maps",
    "How much accuracy do several feature maps bring, also where one map or larger maps may cost as much?",
    {name: setting(name, CHOSEN[name]) for name in NETS},
)
