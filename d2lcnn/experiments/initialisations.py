"""Four ways to draw the first weights, in stacks of 5 and 20 convolutions, and behind batch norm."""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.names import known
from d2lcnn.recipe import Recipe
from d2lcnn.shapes import integer

from .classifier import Classifier
from .images import Fashion
from .settings import SEEDS, TUNING_SEED, Experiment, tune

nn, networks = Later("torch.nn"), Later("d2lcnn.networks")

IMAGES = Fashion("subset", count=1_000, measured=5_000)
WIDTH = 16
SMALL = 0.01  # the standard deviation of "small", whatever a layer reads
RULES = ("small", "PyTorch", "Xavier", "He")


def draw(rule, layer):
    """Draw the weights of a convolution by one of `RULES`, in place, and set its biases to 0.

    Parameters
    ----------
    rule : {"small", "PyTorch", "Xavier", "He"}
        Normal with deviation 0.01; uniform with variance 1/(3 fan_in), which torch does if nobody asks; uniform with
        variance 2/(fan_in + fan_out); normal with variance 2/fan_in.
    layer : torch.nn.Conv2d

    Returns
    -------
    torch.nn.Conv2d
        `layer`.

    Raises
    ------
    ValueError
        If there is no such rule.

    Examples
    --------
    >>> layer = draw("He", nn.Conv2d(200, 4, 3))
    >>> round(layer.weight.std().item(), 2)  # sqrt(2 / 1800)
    0.03
    """
    known("rule of initialisation", rule, RULES)
    init = nn.init
    {"small": lambda w: init.normal_(w, std=SMALL), "PyTorch": lambda w: init.kaiming_uniform_(w, a=5**0.5),
     "Xavier": init.xavier_uniform_, "He": lambda w: init.kaiming_normal_(w, nonlinearity="relu")}[rule](layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def stack(rule="He", *, depth=20, norm=False, act="ReLU", seed=0):
    """Build equal 3x3 convolutions of 16 maps on 7x7 pixels, the mean of each map and a dense layer.

    Parameters
    ----------
    rule : str
        How weights are drawn, as for `draw`; the dense layer's are torch's.
    depth : int
        Convolutions; the first has stride 2, and a maximum over 2x2 pixels follows it.
    norm : bool
        Whether batch norm stands between each convolution and its activation.
    act : str
        A class of ``torch.nn``.
    seed : int

    Returns
    -------
    torch.nn.Sequential
        (N, 1, 28, 28) -> (N, 10)

    Examples
    --------
    >>> [sum(p.numel() for p in stack(depth=depth).parameters()) for depth in (5, 20)]
    [9610, 44410]
    """
    layers = []
    with networks.seeded(integer("seed", seed, 0)):
        for number in range(integer("depth", depth, 1)):
            first = number == 0
            layers.append(draw(rule, nn.Conv2d(1 if first else WIDTH, WIDTH, 3, 2 if first else 1, 1)))
            layers += [nn.BatchNorm2d(WIDTH)] if norm else []
            layers += [getattr(nn, act)(), *([nn.MaxPool2d(2)] if first else [])]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, 10))


SHAPES = {"5 layers": {"depth": 5}, "20 layers": {"depth": 20}, "20 layers, batch norm": {"depth": 20, "norm": True}}
RATES = (0.01, 0.03, 0.1)
# further rates, where the best of those was the first or the last
FURTHER = {}


def setting(rule, shape, lr):
    """Declare a run: three epochs of 1,000 images."""
    return Classifier(stack, Recipe(3, lr, batch_size=32), {"rule": rule} | SHAPES[shape], IMAGES)


INITIALISATIONS_TUNING = tune(
    "initialisations_tuning",
    "Which learning rate does best on the validation images, for each way to draw weights and each depth?",
    {f"{rule}, {shape}": (partial(setting, rule, shape), (*RATES, *FURTHER.get(f"{rule}, {shape}", ())))
     for shape in SHAPES for rule in RULES},
    seeds=tuple(TUNING_SEED + seed for seed in SEEDS),
)

# Best on the validation images, from results/initialisations_tuning.csv
CHOSEN = {}

INITIALISATIONS = Experiment(
    "initialisations",
    "At which depth does the rule that draws the first weights decide, and does batch norm make it unimportant?",
    {f"{rule}, {shape}": setting(rule, shape, CHOSEN[f"{rule}, {shape}"])
     for shape in SHAPES for rule in RULES if f"{rule}, {shape}" in CHOSEN},
)
