"""LeNet, as Dive into Deep Learning simplifies it, with the changes that later networks made as options."""

from torch import nn

from ..shapes import conv_output_size, pool_output_size
from ._parts import ACTIVATIONS, POOLS, batch_norm, pick, takes, xavier_
from ._registry import network

# (channels out, kernel, padding) of the convolutions, each followed by a 2x2 pooling; units of the dense layers.
# LeCun, Bottou, Bengio & Haffner 1998, figure 2, read for a 28x28 image: padding 2 makes it their 32x32.
CONVOLUTIONS = ((6, 5, 2), (16, 5, 0))
DENSE = (120, 84)


@network
def lenet(
    num_classes=10,
    in_channels=1,
    *,
    activation="sigmoid",
    pool="avg",
    norm=None,
):
    """Build LeNet for 28x28 images.

    Parameters
    ----------
    num_classes, in_channels : int
    activation : {"sigmoid", "tanh", "relu"}
    pool : {"avg", "max"}
    norm : {None, "batch"}
        Batch norm after each convolution and each hidden dense layer, before the activation.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, 28, 28) -> (N, num_classes).

    Notes
    -----
    Dive into Deep Learning, section 7.6: 61,706 parameters. Not the LeNet-5 of 1998, which had a scaled tanh,
    subsampling with a trained factor and bias per map, a sparse table of connections into its third layer, and
    an output layer of radial basis functions.

    Examples
    --------
    >>> import torch
    >>> lenet()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    act = pick(ACTIVATIONS, "activation", activation)
    pooling = pick(POOLS, "pool", pool)
    layers, channels, size = [], in_channels, 28
    for out, kernel, padding in CONVOLUTIONS:
        layers += [nn.Conv2d(channels, out, kernel, padding=padding)]
        layers += batch_norm(norm, nn.BatchNorm2d, out)
        layers += [act(), pooling(2)]
        size = conv_output_size(size, kernel, p=padding)
        channels, size = out, pool_output_size(size, 2)
    layers += [nn.Flatten()]
    units = channels * size**2
    for out in DENSE:
        layers += [nn.Linear(units, out)]
        layers += [*batch_norm(norm, nn.BatchNorm1d, out), act()]
        units = out
    net = nn.Sequential(*layers, nn.Linear(units, num_classes))
    return takes(xavier_(net), "lenet", in_channels, exactly=(28, 28))


@network
def lenet_bn(num_classes=10, in_channels=1, *, activation="relu", pool="max", norm="batch"):
    """Build LeNet with ReLU, max pooling and batch norm: same convolutions and dense layers, 452 more parameters.

    Parameters and result are those of `lenet`; only the defaults differ. Each of the 6 + 16 + 120 + 84 normalised
    channels brings a scale and a shift.

    Examples
    --------
    >>> sum(p.numel() for p in lenet_bn().parameters()) - sum(p.numel() for p in lenet().parameters())
    452
    """
    return lenet(num_classes, in_channels, activation=activation, pool=pool, norm=norm)
