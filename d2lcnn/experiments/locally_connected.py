"""Locally connected layers: where is it right to share weights between places, where is it wrong?"""

from functools import partial

import numpy as np

from d2lcnn.data import Images, Splits
from d2lcnn.later import Later
from d2lcnn.recipe import Recipe

from .classifier import Classifier, Probe
from .images import cut, load, on_canvas, scattered
from .settings import Experiment, tune

nn, networks, unshared = Later("torch.nn"), Later("d2lcnn.networks"), Later("d2lcnn.layers.locally_connected")

# Bars: images of 16x16 with noise and one bar of five pixels, upright or lying, in the left or in the right half.
BARS = {"size": 16, "noise": 0.2, "train": 2_000, "validation": 1_000, "test": 1_000}
CANVAS = 36  # pixels a side, for the items of Fashion-MNIST, which have 28
CHANNELS, WIDE = 8, 65  # WIDE: so that a shared layer has about as many parameters as an unshared one of CHANNELS
HIDDEN = {"bars": (64,), "items": (33,)}  # of the MLPs; 33 because of the parameters as well


def bars(count, rng, half=None):
    """Draw images with one bar each.

    Parameters
    ----------
    count : int
    rng : numpy.random.Generator
    half : {None, "left", "right"}
        Where the bars are; None draws it for each image.

    Returns
    -------
    x : numpy.ndarray, float32 (count, 1, 16, 16)
        Noise of standard deviation 0.2, and 1 added along the bar, which lies in its half with all its pixels.
    upright, left : numpy.ndarray, int (count,)
        1 or 0: how the bar lies, and where.

    Examples
    --------
    >>> x, upright, left = bars(2, np.random.default_rng(0), half="left")
    >>> x.shape, left.tolist(), bool(x[..., :8].sum() > x[..., 8:].sum())
    ((2, 1, 16, 16), [1, 1], True)
    """
    size = BARS["size"]
    x = rng.normal(0, BARS["noise"], (count, 1, size, size)).astype(np.float32)
    upright = rng.integers(0, 2, count)
    left = rng.integers(0, 2, count) if half is None else np.full(count, int(half == "left"))
    rows, columns = rng.integers(2, size - 2, count), rng.integers(2, size // 2 - 2, count) + (1 - left) * size // 2
    for image, stands, i, j in zip(x[:, 0], upright, rows, columns, strict=True):
        image[(slice(i - 2, i + 3), j) if stands else (i, slice(j - 2, j + 3))] += 1
    return x, upright, left


def bar_images(task, part, seed):
    """Make the images of a task: "place" asks for a rule that changes with the half, "moved" tests in the other half.

    Examples
    --------
    >>> images = bar_images("moved", "test", 0)
    >>> images.x.shape, sorted(set(images.y.tolist()))
    ((1000, 1, 16, 16), [0, 1])
    """
    rng = np.random.default_rng([seed, ("train", "validation", "test").index(part)])
    half = None if task == "place" else "right" if part == "test" else "left"
    x, upright, left = bars(BARS[part], rng, half)
    return Images(x, (upright == left).astype(np.int64) if task == "place" else upright.astype(np.int64), ("no", "yes"))


def item_images(images, task, seed):
    """Put items of Fashion-MNIST in the middle of a canvas ("centred"), or at random places of it ("shifted")."""
    return on_canvas(images, CANVAS) if task == "centred" else scattered(images, CANVAS, seed)


def bar_net(shared, channels=CHANNELS):
    """Build two 3x3 layers on an image that wraps around, the mean over all places, and a dense layer.

    With shared weights the logits of an image do not change when it is moved around: nothing in the net knows places.
    """
    layers, c, size = [], 1, BARS["size"]
    for _ in range(2):
        layer = nn.Conv2d(c, channels, 3) if shared else unshared.LocallyConnected2d(c, channels, size + 2, 3)
        layers += [nn.CircularPad2d(1), layer, nn.ReLU()]
        c = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 2))


def item_net(shared, channels=CHANNELS, head="mean"):
    """Build a net like DeepFace's in small: a convolution and a pooling, two 3x3 layers in question, a head."""
    layers = [nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)]
    c, size = 8, CANVAS // 4
    for _ in range(2):
        layer = nn.Conv2d(c, channels, 3) if shared else unshared.LocallyConnected2d(c, channels, size, 3)
        layers += [layer, nn.BatchNorm2d(channels), nn.ReLU()]
        c, size = channels, size - 2
    places = 1 if head == "mean" else size * size
    return nn.Sequential(*layers, *([nn.AdaptiveAvgPool2d(1)] if head == "mean" else []), nn.Flatten(),
                         nn.Linear(c * places, 10))


def from_seed(make, *given, seed=None, **options):
    """Build a network with the initial weights of a seed."""
    with networks.seeded(seed):
        return make(*given, **options)


def baseline(name, *given, **options):
    """Build a network of the package by its name."""
    return networks.create(name, *given, **options)


BAR_NETS = {
    "shared": partial(from_seed, bar_net, True),
    "unshared": partial(from_seed, bar_net, False),
    "linear": partial(baseline, "linear", 2, input_size=(16, 16)),
    "mlp": partial(baseline, "mlp", 2, hidden=HIDDEN["bars"], input_size=(16, 16)),
}
ITEM_NETS = {
    "shared": partial(from_seed, item_net, True),
    "unshared": partial(from_seed, item_net, False),
    "shared, wide": partial(from_seed, item_net, True, WIDE),
    "shared, dense head": partial(from_seed, item_net, True, head="dense"),
    "unshared, dense head": partial(from_seed, item_net, False, head="dense"),
    "linear": partial(baseline, "linear", input_size=(CANVAS, CANVAS)),
    "mlp": partial(baseline, "mlp", hidden=HIDDEN["items"], input_size=(CANVAS, CANVAS)),
}
TASKS = {"place": BAR_NETS, "moved": BAR_NETS, "centred": ITEM_NETS, "shifted": ITEM_NETS}


def drawn(task, seed, budget=None):
    """Draw the bars of a run, other ones for every seed."""
    parts = Splits(*(bar_images(task, part, seed) for part in Splits._fields))
    return cut(parts, budget, seed, measured_seed=seed)


def put(task, seed, budget=None):
    """Put the items of the subset where the task has them: those that measure at the same places in all runs."""
    parts = load("subset", budget)
    parts = Splits(*(item_images(images, task, [seed, 0] if part == "train" else 1)
                     for part, images in parts._asdict().items()))
    return cut(parts, budget, seed, measured_seed=seed)


class Shifted(Probe):
    """``shifted_accuracy``: of a network that was trained on centred items, on test items that are moved."""

    def metrics(self, setting, seed):
        """Name it."""
        return ["shifted_accuracy"]

    def after(self, run):
        """Measure on the test items of the task "shifted"."""
        return {"shifted_accuracy": run.setting.evaluate(run.net, put("shifted", run.seed, run.budget).test).accuracy}


def setting(task, net, lr, tested=True):
    """Declare a run of a network on a task: AdamW, the rate rising and falling once."""
    on_bars = TASKS[task] is BAR_NETS
    recipe = Recipe(5 if on_bars else 4, lr, batch_size=64 if on_bars else 128, optimizer="adamw")
    return Classifier(TASKS[task][net], recipe, images=partial(drawn if on_bars else put, task),
                      measures=("accuracy",), probes=(Shifted(),) if task == "centred" and tested else (),
                      tested=tested)


RATES = (0.003, 0.01, 0.03, 0.1)
FURTHER = 0.3  # tried where the largest of RATES was best and not every validation image was right
BEST_AT_THE_EDGE = {"moved": ("linear",), "centred": ("shared",),
                    "shifted": ("shared", "unshared", "shared, wide", "shared, dense head", "linear")}

LOCALLY_CONNECTED_TUNING = tune(
    "locally_connected_tuning",
    "Which learning rate does best on the validation images?",
    {f"{task}: {net}": (partial(setting, task, net, tested=False),
                        (*RATES, *([FURTHER] if net in BEST_AT_THE_EDGE.get(task, ()) else [])))
     for task, nets in TASKS.items() for net in nets},
)

# Best on the validation images, from results/locally_connected_tuning.csv; the smaller one of two that tie.
CHOSEN = {
    "place": {"shared": 0.003, "unshared": 0.1, "linear": 0.01, "mlp": 0.03},
    "moved": {"shared": 0.1, "unshared": 0.03, "linear": 0.3, "mlp": 0.03},
    "centred": {"shared": 0.3, "unshared": 0.03, "shared, wide": 0.03, "shared, dense head": 0.01,
                "unshared, dense head": 0.03, "linear": 0.03, "mlp": 0.03},
    "shifted": {"shared": 0.1, "unshared": 0.3, "shared, wide": 0.1, "shared, dense head": 0.1,
                "unshared, dense head": 0.03, "linear": 0.1, "mlp": 0.01},
}

LOCALLY_CONNECTED = Experiment(
    "locally_connected",
    "Where is it right to share weights between places, where is it wrong, at equal work and at equal parameters?",
    {f"{task}: {net}": setting(task, net, CHOSEN[task][net]) for task, nets in TASKS.items() for net in nets},
)
