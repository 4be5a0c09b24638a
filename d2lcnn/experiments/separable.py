"""Separable: from a convolution over segments of its channels to Xception, with and without an activation between."""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import SUBSET
from .settings import Experiment, tune

nn, layers, networks = Later("torch.nn"), Later("d2lcnn.layers"), Later("d2lcnn.networks")

WIDTH = 32
SEGMENTS = (1, 2, 4, 8, 16, 32)  # of WIDTH channels: from a convolution to one kernel a channel
# channels -> segments, for nets whose multiply-adds are within a tenth of those of WIDTH channels in one segment
EQUAL_WORK = {56: 4, 96: 96}
BETWEEN = {"nothing": lambda: None, "relu": lambda: nn.ReLU()}


def spectrum_net(segments, *, channels=WIDTH, between="nothing", seed=0):
    """Build a net of three segmented blocks for images of 28x28 pixels.

    Parameters
    ----------
    segments : int
        Parts that the channels between the 1x1 and the 3x3 convolution of each block are cut into.
    channels : int
        Of all maps; `segments` divides it.
    between : {"nothing", "relu"}
        What stands between the two convolutions of a block.
    seed : int
        Of the initial weights (He's rule); torch's own generator is left as it was.

    Returns
    -------
    torch.nn.Sequential
        (N, 1, 28, 28) -> (N, 10). A 3x3 convolution with stride 2, then on 14x14 a block, on 7x7 two more, the mean
        over each map, a dense layer. Batch norm and ReLU behind the stem and behind every block.

    Raises
    ------
    ValueError
        If `between` is neither, or `segments` does not divide `channels`.

    Examples
    --------
    >>> [sum(p.numel() for p in spectrum_net(s).parameters()) for s in (1, 32)]
    [31594, 4810]
    """
    if between not in BETWEEN:
        raise ValueError(f"between is {between!r}; it may be {', '.join(map(repr, BETWEEN))}")

    def block():
        conv = layers.SegmentedConv2d(channels, channels, 3, padding=1, bias=False, segments=segments,
                                      between=BETWEEN[between]())
        return [conv, nn.BatchNorm2d(channels), nn.ReLU()]

    with networks.seeded(seed):
        stem = [nn.Conv2d(1, channels, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        net = nn.Sequential(*stem, *block(), nn.MaxPool2d(2), *block(), *block(), nn.AdaptiveAvgPool2d(1),
                            nn.Flatten(), nn.Linear(channels, 10))
    with networks.seeded(seed):  # once more: torch's own weights, drawn above, are of no account
        return networks.he_(net)


RATES, RATES_SIMPLE = (0.1, 0.2, 0.4, 0.8), (0.05, 0.1, 0.2, 0.4)


def setting(network, lr, **options):
    """Declare a run of `spectrum_net` or of a baseline: three epochs of the subset."""
    return Classifier(network, Recipe(3, lr), options, SUBSET)


SEPARABLE_TUNING = tune(
    "separable_tuning",
    "Which learning rate does best on the validation images, at both ends of the spectrum and for the baselines?",
    {f"segments={s}": (partial(setting, spectrum_net, segments=s), RATES) for s in (1, WIDTH)}
    | {name: (partial(setting, name), RATES_SIMPLE) for name in ("linear", "mlp")},
)

CHOSEN = {"spectrum": 0.4, "linear": 0.4, "mlp": 0.1}  # best on validation images, from results/separable_tuning.csv
spectrum = partial(setting, spectrum_net, CHOSEN["spectrum"])

SEPARABLE = Experiment(
    "separable",
    "Where between a convolution and one kernel a channel does a small net do best, with a ReLU between and without?",
    {f"segments={s}": spectrum(segments=s) for s in SEGMENTS}
    | {f"segments={s}, relu": spectrum(segments=s, between="relu") for s in (1, 4, WIDTH)}
    | {f"segments={s}, channels={c}": spectrum(segments=s, channels=c) for c, s in EQUAL_WORK.items()}
    | {name: setting(name, CHOSEN[name]) for name in ("linear", "mlp")},
)
