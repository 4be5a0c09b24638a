"""The pattern of plain networks: convolutions with ReLU, poolings between blocks of them, dense layers; all as data."""

from torch import nn

from ..shapes import conv_output_size, integer
from ._parts import conv_norm, he_, mean_head, takes
from ._registry import network

SIDE = 28  # pixels of the images that dense layers behind a flattening are made for
BLOCKS = ((1, 16), (1, 32), (1, 64))


@network
def pattern(num_classes=10, in_channels=1, *, blocks=BLOCKS, kernel=3,
            first_stride=1, hidden=None):
    """Build ``[[conv -> ReLU]*N -> pool]*M -> [dense -> ReLU]*K -> dense`` from a table of its blocks.

    Parameters
    ----------
    num_classes, in_channels : int
    blocks : sequence of (int, int)
        N and the channels of each of the M blocks. A 2x2 max pooling stands between two blocks, none behind the last.
    kernel : int
        Odd size of all kernels; the padding keeps the size of the maps.
    first_stride : int
        Stride of the first convolution; all others have 1.
    hidden : sequence of int, optional
        Units of the K dense layers between the flattened last map and the last dense layer, for images of 28x28
        pixels. None: there are none of either, and the last dense layer reads the mean of each map, at any size.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, num_classes).

    Raises
    ------
    ValueError
        If there is no block, a number is no positive integer, `kernel` is even, or the poolings leave nothing of 28
        pixels.

    Notes
    -----
    The pattern is that of the notes of Stanford's course CS231n ("Layer patterns"). Batch norm between each
    convolution and its ReLU, and the mean in place of dense layers, are later habits. Weights follow He's rule.

    Examples
    --------
    >>> net = pattern(blocks=((2, 4), (1, 8)))
    >>> [type(layer).__name__ for layer in net if not isinstance(layer, nn.BatchNorm2d)]
    ['Conv2d', 'ReLU', 'Conv2d', 'ReLU', 'MaxPool2d', 'Conv2d', 'ReLU', 'AdaptiveAvgPool2d', 'Flatten', 'Linear']
    >>> sum(p.numel() for p in net.parameters())  # (9 + 2)*4 + (36 + 2)*4 + (36 + 2)*8 + 9*10
    590
    """
    kernel = integer("kernel", kernel, 1)
    if kernel % 2 == 0:
        raise ValueError(f"kernel must be odd, so that padding keeps the size, not {kernel}")
    if not len(blocks):
        raise ValueError(f"blocks must hold one block or more, not {blocks!r}")
    stride = integer("first_stride", first_stride, 1)
    layers, channels, side = [], in_channels, SIDE
    for place, (count, out) in enumerate(blocks):
        if place:
            layers.append(nn.MaxPool2d(2))
            side = conv_output_size(side, 2, 2)
        for _ in range(integer("blocks", count, 1)):
            layers += [*conv_norm(channels, integer("blocks", out, 1), kernel, stride, kernel // 2), nn.ReLU()]
            side = conv_output_size(side, kernel, stride, kernel // 2)
            channels, stride = out, 1
    layers += _head(channels, side, hidden, num_classes)
    size = {"exactly": (SIDE, SIDE)} if hidden is not None else {
        "at_least": 1 + first_stride * (2 ** (len(blocks) - 1) - 1)}
    return takes(he_(nn.Sequential(*layers)), "pattern", in_channels, **size)


def _head(channels, side, hidden, num_classes):
    """List the layers behind the last map: the mean of each map and a dense layer, or dense layers that read it all."""
    if hidden is None:
        return [*mean_head(channels, num_classes).values()]
    layers, units = [nn.Flatten()], channels * side**2
    for out in hidden:
        layers += [nn.Linear(units, integer("hidden", out, 1)), nn.ReLU()]
        units = out
    return [*layers, nn.Linear(units, num_classes)]
