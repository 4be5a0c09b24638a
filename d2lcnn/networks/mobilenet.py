"""MobileNet: the spatial part of a convolution channel by channel, the mixing of channels by 1x1 convolutions."""

from collections import OrderedDict

from torch import nn

from ._parts import conv_norm, he_, mean_head, takes
from ._registry import network

# (channels out, stride) of the separable convolutions behind a 3x3 convolution to 32 channels with stride 2.
# Howard et al. 2017, table 1; its second to last row says stride 2 for a 7x7 map that keeps its size: a misprint for 1.
MOBILENET = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
# The same for 28x28 images: 16 channels from a stem with stride 2, maps of 14x14, 7x7 and 4x4.
SMALL = ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1))


def separable_block(in_channels, out_channels, stride=1):
    """Build a depthwise 3x3 and a pointwise 1x1 convolution, each followed by batch norm and ReLU.

    Parameters
    ----------
    in_channels, out_channels : int
    stride : int
        Of the depthwise convolution.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Notes
    -----
    Howard et al. 2017, section 3.1 and figure 3, right. Per pixel 9 * in + in * out products, where a full 3x3
    convolution has 9 * in * out.

    Examples
    --------
    >>> sum(p.numel() for p in separable_block(4, 8).parameters())  # 36 + 8 + 32 + 16
    92
    """
    return nn.Sequential(*conv_norm(in_channels, in_channels, 3, stride, 1, groups=in_channels), nn.ReLU(),
                         *conv_norm(in_channels, out_channels, 1), nn.ReLU())


def full_block(in_channels, out_channels, stride=1):
    """Build the 3x3 convolution that `separable_block` stands for, with batch norm and ReLU.

    Examples
    --------
    >>> sum(p.numel() for p in full_block(4, 8).parameters())  # 288 + 16
    304
    """
    return nn.Sequential(*conv_norm(in_channels, out_channels, 3, stride, 1), nn.ReLU())


def _assemble(name, first, plan, num_classes, in_channels, width, separable, made_for):
    if not width > 0:
        raise ValueError(f"width must be positive, not {width!r}")
    block = separable_block if separable else full_block
    channels = max(1, int(width * first))
    net = OrderedDict(stem=nn.Sequential(*conv_norm(in_channels, channels, 3, 2, 1), nn.ReLU()))
    for number, (out, stride) in enumerate(plan, 1):
        out = max(1, int(width * out))
        net[f"block{number}"], channels = block(channels, out, stride), out
    net |= mean_head(channels, num_classes)
    return takes(he_(nn.Sequential(net)), name, in_channels, at_least=1, made_for=made_for)


@network
def mobilenet(num_classes=10, in_channels=1, *, width=1.0, separable=True):
    """Build MobileNet (the first one): a 3x3 convolution, 13 separable blocks, a mean over each map, a dense layer.

    Parameters
    ----------
    num_classes, in_channels : int
    width : float
        The paper's width multiplier alpha, a factor of all channels: 1, 0.75, 0.5 or 0.25 there.
    separable : bool
        False puts a full 3x3 convolution in place of each separable block: the paper's table 4, first row.

    Returns
    -------
    torch.nn.Sequential
        Children stem, block1 to block13, mean, flatten, head. (N, in_channels, H, W) -> (N, num_classes) for any
        size; made for 224x224.

    Notes
    -----
    Howard et al. 2017, table 1. Weights by He's rule, where fan_in of a depthwise convolution is 9. With 1000 classes
    and 3 channels 4,231,976 parameters, the trainable ones of Keras's MobileNet (the paper: 4.2e6), and 568,740,352
    multiply-adds (569e6).

    Examples
    --------
    >>> sum(p.numel() for p in mobilenet(1000, 3).parameters())
    4231976
    """
    return _assemble("mobilenet", 32, MOBILENET, num_classes, in_channels, width, separable, (224, 224))


@network
def mobilenet_small(num_classes=10, in_channels=1, *, width=1.0, separable=True):
    """Build MobileNet for 28x28 images: a 3x3 convolution with stride 2, five blocks, a mean, a dense layer.

    Parameters and result as of `mobilenet`. The channel plan is ours (``SMALL``): 16, then 32 on 14x14, 64 and 64 on
    7x7, 128 and 128 on 4x4 maps.

    Examples
    --------
    >>> [sum(p.numel() for p in mobilenet_small(separable=s).parameters()) for s in (True, False)]
    [36874, 283386]
    """
    return _assemble("mobilenet_small", 16, SMALL, num_classes, in_channels, width, separable, (28, 28))
