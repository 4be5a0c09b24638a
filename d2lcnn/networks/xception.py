"""Xception: an Inception block taken to its end, one path a channel."""

from collections import OrderedDict

from torch import nn

from ..layers import SeparableConv2d
from ..shapes import integer
from ._parts import conv_norm, he_, mean_head, takes
from ._registry import network

# Chollet 2017, figure 5. Entry flow: (channels out, whether ReLU comes before the first separable convolution) of the
# blocks that halve the size; middle flow: blocks of three separable convolutions; exit flow: channels of its last block
# and of its two last separable convolutions.
ENTRY = ((128, False), (256, True), (728, True))
MIDDLE = 8
EXIT = (728, 1024), (1536, 2048)


def separable_conv(in_channels, out_channels):
    """List the depthwise 3x3 and the pointwise 1x1 convolution of a `SeparableConv2d`, and batch norm.

    Nothing stands between them. They are listed one by one, so that the weights keep the names of a plain list.

    MobileNet has norm and ReLU between the two as well; Chollet 2017, section 4.7, found none to be better here.

    Examples
    --------
    >>> [type(layer).__name__ for layer in separable_conv(4, 8)]
    ['Conv2d', 'Conv2d', 'BatchNorm2d']
    """
    pair = SeparableConv2d(in_channels, out_channels, 3, padding=1, bias=False)
    return [pair.depthwise, pair.pointwise, nn.BatchNorm2d(out_channels)]


class XceptionBlock(nn.Module):
    """ReLU and separable convolutions, plus the input.

    Parameters
    ----------
    in_channels : int
    channels : sequence of int
        Channels out of each separable convolution.
    halve : bool
        3x3 max pooling with stride 2 at the end; the shortcut is then a 1x1 convolution with stride 2 and batch norm.
    relu_first : bool
        ReLU before the first convolution: everywhere but behind the stem, which ends with one.

    Notes
    -----
    (N, in_channels, H, W) -> (N, channels[-1], H, W), or half of H and W rounded up. Chollet 2017, figure 5. Its
    "same" pooling pads one side of an even size, torch's padding 1 both: same shape, a shift of one pixel.

    Examples
    --------
    >>> sum(p.numel() for p in XceptionBlock(4, (4, 4), halve=False).parameters())  # twice 36 + 16 + 8
    120
    """

    def __init__(self, in_channels, channels, *, halve, relu_first=True):
        super().__init__()
        layers, c = [], in_channels
        for i, out in enumerate(channels):
            layers += [*([nn.ReLU()] if relu_first or i else []), *separable_conv(c, out)]
            c = out
        self.body = nn.Sequential(*layers, *([nn.MaxPool2d(3, 2, 1)] if halve else []))
        same = not halve and c == in_channels
        self.shortcut = nn.Identity() if same else nn.Sequential(*conv_norm(in_channels, c, 1, 2 if halve else 1))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def _head(net, channels, last, num_classes):
    """Append the two last separable convolutions, the mean over each map and the dense layer; He's initial weights."""
    layers = []
    for out in last:
        layers += [*separable_conv(channels, out), nn.ReLU()]
        channels = out
    net |= {"last": nn.Sequential(*layers), **mean_head(channels, num_classes)}
    return he_(nn.Sequential(net))


@network
def xception(num_classes=10, in_channels=1):
    """Build Xception: 36 convolutions, all but two of them separable, in 14 modules with shortcuts around 12.

    Parameters
    ----------
    num_classes, in_channels : int

    Returns
    -------
    torch.nn.Sequential
        Children stem, entry1 to entry3, middle1 to middle8, exit, last, mean, flatten, head. (N, in_channels, H, W) ->
        (N, num_classes), for images of 7x7 pixels or more; made for 299x299.

    Notes
    -----
    Chollet 2017, figure 5. Weights by He's rule (the paper does not state its own). With 1000 classes and 3 channels
    22,855,952 parameters, as in the paper's table 3.

    Examples
    --------
    >>> sum(p.numel() for p in xception(1000, 3).parameters())
    22855952
    """
    net = OrderedDict(stem=nn.Sequential(*conv_norm(in_channels, 32, 3, 2), nn.ReLU(),
                                         *conv_norm(32, 64, 3), nn.ReLU()))
    channels = 64
    for number, (out, relu) in enumerate(ENTRY, 1):
        net[f"entry{number}"], channels = XceptionBlock(channels, (out, out), halve=True, relu_first=relu), out
    for number in range(1, MIDDLE + 1):
        net[f"middle{number}"] = XceptionBlock(channels, (channels,) * 3, halve=False)
    block, last = EXIT
    net["exit"] = XceptionBlock(channels, block, halve=True)
    net = _head(net, block[-1], last, num_classes)
    return takes(net, "xception", in_channels, at_least=7, made_for=(299, 299))


@network
def xception_small(num_classes=10, in_channels=1, *, width=32, middle=2):
    """Build Xception for 28x28 images: a 3x3 convolution with stride 2, an entry block, a middle flow, an exit.

    Parameters
    ----------
    num_classes, in_channels : int
    width : int
        Channels of the stem; twice as many from the entry block on, four times at the end.
    middle : int
        Blocks of two separable convolutions with a shortcut around them.

    Returns
    -------
    torch.nn.Sequential
        Children stem, entry1, middle1, ..., last, mean, flatten, head. (N, in_channels, H, W) -> (N, num_classes) for
        any size.

    Raises
    ------
    ValueError
        If `width` is no positive integer, or `middle` no integer of 0 or more.

    Notes
    -----
    Channel plan ours: 32 on 14x14, 64 on 7x7, 128 at the end. Weights by He's rule.

    Examples
    --------
    >>> sum(p.numel() for p in xception_small().parameters())
    39306
    """
    width, middle = integer("width", width, 1), integer("middle", middle, 0)
    net = OrderedDict(stem=nn.Sequential(*conv_norm(in_channels, width, 3, 2, 1), nn.ReLU()))
    net["entry1"] = XceptionBlock(width, (2 * width,) * 2, halve=True, relu_first=False)
    for number in range(1, middle + 1):
        net[f"middle{number}"] = XceptionBlock(2 * width, (2 * width,) * 2, halve=False)
    net = _head(net, 2 * width, (4 * width,), num_classes)
    return takes(net, "xception_small", in_channels, at_least=1)
