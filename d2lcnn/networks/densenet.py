"""DenseNet: every layer sees the output of all layers before it."""

import re
from collections import OrderedDict

import torch
from torch import nn

from ..shapes import integer
from ._parts import conv_norm, he_, mean_head, takes
from ._registry import network
from ._torchvision import Layout, by_rules

# DenseNet-121: growth rate, layers of the four blocks; twice the growth rate leaves the stem. Huang, Liu, van der
# Maaten & Weinberger 2017, table 1.
GROWTH, BLOCKS = 32, (6, 12, 24, 16)
COMPRESSION = 0.5  # part of the channels that a transition keeps; theta in section 3
BOTTLENECK = 4  # channels of a layer's 1x1 convolution, in growth rates; section 3
PARTS = {"0": "norm1", "2": "conv1", "3": "norm2", "5": "conv2"}  # torchvision's names in a `DenseLayer`
# our key, torchvision's
TORCHVISION = (
    (r"stem\.0\.", "features.conv0."),
    (r"stem\.1\.", "features.norm0."),
    (r"block(\d)\.(\d+)\.body\.(\d)\.",
     lambda m: f"features.denseblock{m[1]}.denselayer{int(m[2]) + 1}.{PARTS[m[3]]}."),
    (r"transition(\d)\.0\.", r"features.transition\1.norm."),
    (r"transition(\d)\.2\.", r"features.transition\1.conv."),
    (r"last\.0\.", "features.norm5."),
    (r"head\.", "classifier."),
)


class DenseLayer(nn.Module):
    """Norm, ReLU and convolution, whose `growth` new channels are put behind those of the input.

    Parameters
    ----------
    in_channels, growth : int
    bottleneck : bool
        A 1x1 convolution to ``4 * growth`` channels, with norm and ReLU, before the 3x3: DenseNet-B.

    Notes
    -----
    (N, in_channels, H, W) -> (N, in_channels + growth, H, W). Huang et al. 2017, section 3.

    Examples
    --------
    >>> [sum(p.numel() for p in DenseLayer(8, 2, bottleneck=b).parameters()) for b in (False, True)]
    [160, 240]
    """

    def __init__(self, in_channels, growth, *, bottleneck=True):
        super().__init__()
        channels, layers = in_channels, [nn.BatchNorm2d(in_channels), nn.ReLU()]
        if bottleneck:
            channels = BOTTLENECK * growth
            layers += [nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Conv2d(channels, growth, 3, padding=1, bias=False))

    def forward(self, x):
        return torch.cat([x, self.body(x)], dim=1)


def dense_block(layers, in_channels, growth, *, bottleneck=True):
    """Chain dense layers; (N, in_channels, H, W) -> (N, in_channels + layers * growth, H, W).

    Examples
    --------
    >>> dense_block(3, 10, 4)(torch.zeros(2, 10, 5, 5)).shape
    torch.Size([2, 22, 5, 5])
    """
    return nn.Sequential(*(DenseLayer(in_channels + i * growth, growth, bottleneck=bottleneck) for i in range(layers)))


def transition(in_channels, out_channels):
    """Make the layers between two blocks: fewer channels by a 1x1 convolution, half the size by 2x2 average pooling.

    Examples
    --------
    >>> transition(10, 5)(torch.zeros(2, 10, 6, 6)).shape
    torch.Size([2, 5, 3, 3])
    """
    return nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(in_channels, out_channels, 1, bias=False),
                         nn.AvgPool2d(2))


def _assemble(stem, channels, blocks, growth, bottleneck, num_classes):
    """Name the stages: stem, block1, transition1, block2, ..., last, mean, flatten, head."""
    net = OrderedDict(stem=nn.Sequential(*stem))
    for number, layers in enumerate(blocks, 1):
        net[f"block{number}"] = dense_block(layers, channels, growth, bottleneck=bottleneck)
        channels += layers * growth
        if number < len(blocks):
            kept = int(channels * COMPRESSION)
            net[f"transition{number}"], channels = transition(channels, kept), kept
    net |= {"last": nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU()), **mean_head(channels, num_classes)}
    return he_(nn.Sequential(net))


def _torchvision_keys(net):
    return by_rules(net, TORCHVISION)


def _renewed(key):
    """Write norm1 for norm.1: the files are older than torch's rule that a module's name holds no dot."""
    return re.sub(r"(\.denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key)


@network
def densenet121(num_classes=10, in_channels=1):
    """Build DenseNet-121: dense blocks of 6, 12, 24 and 16 layers with growth rate 32, transitions between them.

    Parameters
    ----------
    num_classes, in_channels : int

    Returns
    -------
    torch.nn.Sequential
        Children stem, block1, transition1, ..., block4, last, mean, flatten, head. (N, in_channels, H, W) ->
        (N, num_classes), for images of 29x29 pixels or more; made for 224x224.

    Notes
    -----
    Huang et al. 2017, table 1: DenseNet-BC, with bottlenecks and transitions that keep half of the channels. Weights
    by He's rule, the paper's (section 4.2). With 1000 classes and 3 channels 7,978,856 parameters, torchvision's count.

    Examples
    --------
    >>> sum(p.numel() for p in densenet121(1000, 3).parameters())
    7978856
    """
    stem = [*conv_norm(in_channels, 2 * GROWTH, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    net = _assemble(stem, 2 * GROWTH, BLOCKS, GROWTH, True, num_classes)
    net.torchvision = Layout(_torchvision_keys, _renewed)
    return takes(net, "densenet121", in_channels, at_least=29, made_for=(224, 224))


@network
def densenet_small(num_classes=10, in_channels=1, *, growth=12, blocks=(3, 3, 3), bottleneck=False):
    """Build DenseNet for 28x28 images: a 3x3 convolution with stride 2, three dense blocks, two transitions.

    Parameters
    ----------
    num_classes, in_channels : int
    growth : int
        Channels that each layer adds; the stem makes twice as many.
    blocks : sequence of int
        Layers of each block.
    bottleneck : bool
        See `DenseLayer`. The default is False: at these widths the 1x1 convolutions cost more than they save.

    Returns
    -------
    torch.nn.Sequential
        Children stem, block1, transition1, block2, ..., last, mean, flatten, head. (N, in_channels, H, W) ->
        (N, num_classes), for any size that the transitions can halve.

    Raises
    ------
    ValueError
        If `growth` or a count in `blocks` is no positive integer, or there is no block.

    Notes
    -----
    Channel plan ours: 24 in the stem; 60, then 30 + 36 = 66, then 33 + 36 = 69 out of the blocks, whose maps have
    14, 7 and 3 rows. Weights by He's rule.

    Examples
    --------
    >>> [sum(p.numel() for p in densenet_small(bottleneck=b).parameters()) for b in (False, True)]
    [45874, 71254]
    """
    growth, blocks = integer("growth", growth, 1), [integer("blocks", n, 1) for n in blocks]
    if not blocks:
        raise ValueError("blocks must name at least one block, not ()")
    stem = [nn.Conv2d(in_channels, 2 * growth, 3, 2, 1, bias=False)]  # the first layer begins with norm and ReLU
    net = _assemble(stem, 2 * growth, blocks, growth, bottleneck, num_classes)
    least = 2 * 2 ** (len(blocks) - 1) - 1
    return takes(net, "densenet_small", in_channels, at_least=least)
