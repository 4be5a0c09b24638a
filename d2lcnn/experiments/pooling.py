"""Windows of 2 to 5 pixels, and none: what max pooling does to accuracy, parameters and overfitting."""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.recipe import Recipe
from d2lcnn.shapes import pool_output_size

from .classifier import Classifier
from .images import Fashion
from .settings import TUNING_SEED, Experiment, tune

nn, networks = Later("torch.nn"), Later("d2lcnn.networks")

# Few images, seen often: that is where a network can learn them by heart.
IMAGES = Fashion("subset", count=1_000)
CHANNELS = (8, 16, 32)
SIDE = 28

# name in the file -> options of `pooled`; a window of 1 is no pooling
NETS = {
    **{f"{k} by {k}, stride {k}": {"window": k, "stride": k} for k in (2, 3, 4, 5)},
    **{f"{k} by {k}, stride 2": {"window": k, "stride": 2} for k in (3, 4, 5)},
    "2 by 2, flattened": {"window": 2, "stride": 2, "head": "flatten"},
    "no pooling": {"window": 1, "stride": 1},
    "no pooling, flattened": {"window": 1, "stride": 1, "head": "flatten"},
}
# learning rates tried, until the best had a neighbour on each side
RATES = {name: (0.03, 0.1, 0.3) for name in NETS} | {
    name: (0.03, 0.1, 0.3, 1.0) for name in (
        "3 by 3, stride 3", "4 by 4, stride 4", "3 by 3, stride 2", "5 by 5, stride 2")} | {
    name: (0.01, 0.03, 0.1, 0.3) for name in ("2 by 2, flattened", "no pooling, flattened")} | {
    "2 by 2, stride 2": (0.03, 0.1, 0.3, 1.0, 3.0)}
# best on the validation images
CHOSEN = {
    "2 by 2, stride 2": 1.0, "3 by 3, stride 3": 0.3, "4 by 4, stride 4": 0.3, "5 by 5, stride 5": 0.1,
    "3 by 3, stride 2": 0.3, "4 by 4, stride 2": 0.1, "5 by 5, stride 2": 0.3, "2 by 2, flattened": 0.03,
    "no pooling": 0.1, "no pooling, flattened": 0.03,
}  # fmt: skip


def pooled(*, window, stride, head="mean", ceil_mode=False, seed):
    """Build three 3x3 convolutions with batch norm and ReLU, a max pooling after the first and second, a dense layer.

    Parameters
    ----------
    window, stride : int
        Of both poolings; a window of 1 with stride 1 leaves them out.
    head : {"mean", "flatten"}
        What the dense layer reads: the mean of each map, or all pixels of all maps.
    ceil_mode : bool
        Whether a last window may hang over the border, so that all pixels are read.
    seed : int
        Of the initial weights.

    Returns
    -------
    torch.nn.Sequential
        (N, 1, 28, 28) -> (N, 10)

    Examples
    --------
    >>> sum(p.numel() for p in pooled(window=2, stride=2, seed=0).parameters())
    6274
    """
    layers, before, side = [], 1, SIDE
    with networks.seeded(seed):
        for depth, channels in enumerate(CHANNELS):
            layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
            if depth < 2 and window > 1:
                layers.append(nn.MaxPool2d(window, stride, ceil_mode=ceil_mode))
                side = pool_output_size(side, window, stride, ceil_mode=ceil_mode)
            before = channels
        if head == "mean":
            layers.append(nn.AdaptiveAvgPool2d(1))
            side = 1
        layers += [nn.Flatten(), nn.Linear(before * side**2, 10)]
    return nn.Sequential(*layers)


def setting(name, lr, **more):
    """Declare a run of one of `NETS`: fifteen epochs."""
    return Classifier(pooled, Recipe(15, lr, batch_size=25), NETS[name], IMAGES, **more)


POOLING_WINDOWS_TUNING = tune(
    "pooling_windows_tuning",
    "Which learning rate does best on the validation images?",
    {name: (partial(setting, name), RATES[name]) for name in NETS},
    seeds=(TUNING_SEED, TUNING_SEED + 1, TUNING_SEED + 2),
)

POOLING_WINDOWS = Experiment(
    "pooling_windows",
    "What do window, stride and head do to accuracy and to the gap between training and validation?",
    {name: setting(name, CHOSEN[name]) for name in NETS},
)
