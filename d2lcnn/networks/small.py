"""Small networks made for one comparison each: ways to downsample, and what padding keeps of the border."""

from torch import nn

from ..layers import BlurPool2d
from ..shapes import integer
from ._parts import conv_norm, mean_head, pick, takes, xavier_
from ._registry import network

CHANNELS = (8, 16, 32)
# down -> (stride of the convolution, layers after its ReLU for a number of channels); each halves height and width
DOWN = {
    "stride": (2, lambda c: []),
    "max": (1, lambda c: [nn.MaxPool2d(2)]),
    "avg": (1, lambda c: [nn.AvgPool2d(2)]),
    # Zhang 2019, section 3: the stride moves from the layer into a blur that follows it
    "stride + blur": (1, lambda c: [BlurPool2d(c)]),
    "max + blur": (1, lambda c: [nn.MaxPool2d(2, stride=1), BlurPool2d(c)]),
}


@network
def small_cnn(num_classes=10, in_channels=1, *, down="max"):
    """Build three 3x3 convolutions with batch norm and ReLU, downsampled by 2 after the first two.

    The last feature map is averaged over all its pixels, then one dense layer gives the logits; so any image of 8x8
    pixels or more will do, and nothing in the network depends on an absolute place except its borders.

    Parameters
    ----------
    num_classes, in_channels : int
    down : {"stride", "max", "avg", "stride + blur", "max + blur"}
        How to halve height and width. The weights are the same in number and, for one seed, in value.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, num_classes).

    Examples
    --------
    >>> sum(p.numel() for p in small_cnn(down="max + blur").parameters())
    6274
    """
    stride, after = pick(DOWN, "down", down)
    layers, channels = [], in_channels
    for out in CHANNELS:
        last = out == CHANNELS[-1]
        layers += [*conv_norm(channels, out, 3, 1 if last else stride, 1), nn.ReLU(), *([] if last else after(out))]
        channels = out
    net = nn.Sequential(*layers, *mean_head(channels, num_classes).values())
    return takes(xavier_(net), "small_cnn", in_channels, at_least=8)


PLAIN = (8, 8, 16, 16, 16, 16)  # channels out of the 3x3 convolutions of plain_cnn


@network
def plain_cnn(num_classes=10, in_channels=1, *, padding=1):
    """Build six 3x3 convolutions with batch norm and ReLU, no downsampling, the mean of the last map, a dense layer.

    Parameters
    ----------
    num_classes, in_channels : int
    padding : {1, 0}
        Zeros per side: 1 keeps the size through all layers, 0 loses 12 rows and columns in all.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, num_classes), for images of 13x13 pixels or more.

    Raises
    ------
    ValueError
        If `padding` is neither 1 nor 0.

    Examples
    --------
    >>> sum(p.numel() for p in plain_cnn(padding=0).parameters())
    9042
    """
    padding = integer("padding", padding, 0, 1)
    layers, channels = [], in_channels
    for out in PLAIN:
        layers += [*conv_norm(channels, out, 3, padding=padding), nn.ReLU()]
        channels = out
    net = nn.Sequential(*layers, *mean_head(channels, num_classes).values())
    return takes(xavier_(net), "plain_cnn", in_channels, at_least=1 if padding else 13)
