"""GoogLeNet: four ways to look at the same maps, side by side."""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn

from ..shapes import integer
from ._parts import batch_norm, he_, mean_head, pick, takes
from ._registry import network

PATHS = ("1x1", "3x3", "5x5", "pool")

# Channels of each Inception block: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool proj; "pool" is a 3x3 max pooling with
# stride 2. Szegedy et al. 2015, table 1.
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "pool3": "pool",
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "pool4": "pool",
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
AUXILIARY = ("4a", "4d")  # the blocks whose outputs the two auxiliary heads classify; figure 3
# The plan for 28x28 images, in the proportions of 3a, 3b and 4e: 16 channels into the first block, 14x14 and 7x7 maps.
SMALL = {
    "3a": (8, 12, 16, 4, 4, 4),
    "3b": (16, 16, 24, 4, 12, 8),
    "pool3": "pool",
    "4a": (32, 20, 40, 4, 16, 16),
}


def _conv(in_channels, out_channels, kernel_size, stride=1, *, norm):
    """List convolution and ReLU, with batch norm between them if `norm` is "batch"."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=norm is None)
    return [conv, *batch_norm(norm, nn.BatchNorm2d, out_channels), nn.ReLU()]


class Inception(nn.Module):
    """Four paths on the same input, their channels put one after another.

    Parameters
    ----------
    in_channels : int
    plan : sequence of six int
        Channels as in a row of the paper's table: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool proj.
    without : sequence of str
        Paths to leave out, of "1x1", "3x3", "5x5" and "pool".
    norm : {None, "batch"}
    wide : int
        Kernel of the "5x5" path; torchvision's GoogLeNet has 3 there.

    Attributes
    ----------
    out_channels : int

    Raises
    ------
    ValueError
        If `without` names no path, or all.

    Notes
    -----
    (N, in_channels, H, W) -> (N, out_channels, H, W). The pooling has stride 1 and padding 1, to keep the size.
    Szegedy et al. 2015, figure 2b.

    Examples
    --------
    >>> Inception(192, INCEPTION["3a"]).out_channels
    256
    """

    def __init__(self, in_channels, plan, *, without=(), norm=None, wide=5):
        super().__init__()
        for name in without:
            pick(dict.fromkeys(PATHS), "without", name)
        one, reduce3, three, reduce5, five, pool = plan
        paths = {
            "1x1": (one, _conv(in_channels, one, 1, norm=norm)),
            "3x3": (three, [*_conv(in_channels, reduce3, 1, norm=norm),
                            *_conv(reduce3, three, 3, norm=norm)]),
            "5x5": (five, [*_conv(in_channels, reduce5, 1, norm=norm),
                           *_conv(reduce5, five, wide, norm=norm)]),
            "pool": (pool, [nn.MaxPool2d(3, 1, 1),
                            *_conv(in_channels, pool, 1, norm=norm)]),
        }
        kept = [name for name in PATHS if name not in without]
        if not kept:
            raise ValueError(f"without is {tuple(without)!r}: no path is left")
        self.paths = nn.ModuleDict(
            {name: nn.Sequential(*paths[name][1]) for name in kept}
        )
        self.out_channels = sum(paths[name][0] for name in kept)

    def forward(self, x):
        return torch.cat([path(x) for path in self.paths.values()], dim=1)


class Logits(NamedTuple):
    """Outputs of a GoogLeNet with auxiliary heads, each (N, num_classes)."""

    main: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor


class WithAuxiliary(nn.Module):
    """A chain of stages, and heads beside some of them that help training and are not used after it.

    Parameters
    ----------
    net : torch.nn.Sequential
        What a call runs: ``self(x)`` gives the main logits alone.
    heads : dict
        Name of a child of `net` -> the head that classifies its output; two of them.
    """

    def __init__(self, net, heads):
        super().__init__()
        self.net, self.heads = net, nn.ModuleDict(heads)

    def forward(self, x):
        return self.net(x)

    def all_logits(self, x):
        """Compute the logits of all heads, as `Logits`, in one pass through the stages."""
        beside = []
        for name, stage in self.net.named_children():
            x = stage(x)
            if name in self.heads:
                beside.append(self.heads[name](x))
        return Logits(x, *beside)


def _auxiliary_head(in_channels, num_classes, norm):
    """5x5 average pooling of a 14x14 map, 128 channels, 1024 units, 70 % dropout; section 5."""
    return nn.Sequential(nn.AvgPool2d(5, 3), *_conv(in_channels, 128, 1, norm=norm), nn.Flatten(),
                         nn.Linear(128 * 4 * 4, 1024), nn.ReLU(), nn.Dropout(0.7), nn.Linear(1024, num_classes))


def _stages(stem, channels, plan, num_classes, dropout, pool, **options):
    """Name the stages: stem, the blocks and poolings of the plan, mean, flatten, dropout, head."""
    stages = OrderedDict(stem=nn.Sequential(*stem))
    for name, row in plan.items():
        if row == "pool":
            stages[name] = pool()
        else:
            block = Inception(channels, row, **options)
            stages[f"inception{name}"], channels = block, block.out_channels
    return stages | mean_head(channels, num_classes, dropout=nn.Dropout(dropout))


@network
def googlenet(num_classes=10, in_channels=1, *, auxiliary=False,
              norm="local", wide=5, without=(), dropout=0.4):
    """Build GoogLeNet: a stem, nine Inception blocks, a mean over each map, one dense layer.

    Parameters
    ----------
    num_classes, in_channels : int
    auxiliary : bool
        With the paper's two heads beside 4a and 4d; then only 224x224 images fit.
    norm : {"local", "batch", None}
        "local": local response normalisation at two places of the stem, as in the paper's figure 3. "batch": batch
        norm after every convolution instead, which came after the paper and which torchvision has. None: neither.
    wide : int
        Kernel of the "5x5" paths. torchvision has 3 there, by a mistake it keeps for the sake of its weights.
    without : sequence of str
        Paths left out of every block, of "1x1", "3x3", "5x5" and "pool".
    dropout : float

    Returns
    -------
    torch.nn.Sequential or WithAuxiliary
        Children stem, inception3a, inception3b, pool3, inception4a ... inception5b, mean, flatten, dropout, head.
        (N, in_channels, H, W) -> (N, num_classes); with auxiliary heads, ``all_logits`` gives theirs too.

    Notes
    -----
    Szegedy et al. 2015, table 1 and figure 3. Poolings round up, which gives the table's sizes without padding; those
    inside the blocks have padding 1. The paper does not state its initial weights; He's rule here. With 1000 classes
    and 3 channels 6,998,552 parameters: sum the table's rows and the biases, which the table leaves out. torchvision's
    has 6,624,904 (``norm="batch", wide=3``), and pools 2x2 where the table's last pooling is 3x3.

    Examples
    --------
    >>> sum(p.numel() for p in googlenet(1000, 3).parameters())
    6998552
    """
    local = pick({"local": True, "batch": False, None: False}, "norm", norm)
    norm = None if local else norm

    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def response():
        norms = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)
        return [norms] if local else []

    stem = [*_conv(in_channels, 64, 7, 2, norm=norm), pool(), *response(),
            *_conv(64, 64, 1, norm=norm), *_conv(64, 192, 3, norm=norm),
            *response(), pool()]
    stages = _stages(stem, 192, INCEPTION, num_classes, dropout, pool,
                     norm=norm, wide=wide, without=without)
    full = (224, 224)
    size = {"exactly": full} if auxiliary else {"at_least": 31, "made_for": full}
    takes(stages["stem"], "googlenet", in_channels, **size)
    net = nn.Sequential(stages)
    if auxiliary:
        after = {f"inception{name}" for name in AUXILIARY}
        net = WithAuxiliary(net, {
            name: _auxiliary_head(stage.out_channels, num_classes, norm)
            for name, stage in stages.items() if name in after
        })
    net.input_size = stages["stem"].input_size
    return he_(net)


@network
def googlenet_small(num_classes=10, in_channels=1, *, width=1, without=(), norm="batch"):
    """Build GoogLeNet for 28x28 images: a 3x3 convolution with stride 2, three Inception blocks, a mean, a dense layer.

    Parameters
    ----------
    num_classes, in_channels : int
    width : int
        Multiplies every channel of the plan.
    without : sequence of str
        As of `googlenet`: the block has fewer channels then.
    norm : {"batch", None}

    Returns
    -------
    torch.nn.Sequential
        Children stem, inception3a, inception3b, pool3, inception4a, mean, flatten, dropout, head.
        (N, in_channels, H, W) -> (N, num_classes), for images of 3x3 pixels or more.

    Notes
    -----
    Channel plan ours (``SMALL``): 16 in the stem; 32 and 60 from the blocks at 14x14, 104 from the one at 7x7.
    Weights by He's rule.

    Examples
    --------
    >>> [sum(p.numel() for p in googlenet_small(without=w).parameters()) for w in ((), ("5x5",))]
    [23498, 18642]
    """
    width = integer("width", width, 1)
    plan = {name: row if row == "pool" else tuple(width * c for c in row) for name, row in SMALL.items()}
    stages = _stages(_conv(in_channels, 16 * width, 3, 2, norm=norm), 16 * width, plan, num_classes, 0.0,
                     lambda: nn.MaxPool2d(3, 2, ceil_mode=True), norm=norm, without=without)
    return takes(he_(nn.Sequential(stages)), "googlenet_small", in_channels, at_least=3)
