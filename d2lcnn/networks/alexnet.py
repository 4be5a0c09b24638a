"""AlexNet: the layer list of Dive into Deep Learning, the network of 2012 with its two groups, and a small one."""

from torch import nn

from ..shapes import conv_output_size, integer, per_axis, pool_output_size
from ._parts import ACTIVATIONS, pick, takes, weighted, xavier_
from ._registry import network

# A row is a convolution, (channels out, kernel, stride, padding, groups), and what follows its ReLU, if anything:
# "pool" is max pooling of 3x3 with stride 2, "norm" local response normalisation.
# Dive into Deep Learning, section 8.1, for 224x224 images
CONVOLUTIONS = (
    (96, 11, 4, 1, 1, "pool"),
    (256, 5, 1, 2, 1, "pool"),
    (384, 3, 1, 1, 1),
    (384, 3, 1, 1, 1),
    (256, 3, 1, 1, 1, "pool"),
)
# Krizhevsky, Sutskever & Hinton 2012, section 3.5. The paper says 224x224, but only 227 gives its 55x55 maps.
CONVOLUTIONS_2012 = (
    (96, 11, 4, 0, 1, "norm", "pool"),
    (256, 5, 1, 2, 2, "norm", "pool"),
    (384, 3, 1, 1, 1),
    (384, 3, 1, 1, 2),
    (256, 3, 1, 1, 2, "pool"),
)
# Ours, for 28x28 and 32x32 images: a sixth of the channels, and a first layer that keeps the size
CONVOLUTIONS_SMALL = (
    (16, 5, 1, 2, 1, "pool"),
    (40, 5, 1, 2, 1, "pool"),
    (64, 3, 1, 1, 1),
    (64, 3, 1, 1, 1),
    (40, 3, 1, 1, 1, "pool"),
)
DENSE, DENSE_SMALL = (4096, 4096), (256, 256)
# section 3.3: k = 2, n = 5, alpha = 1e-4, beta = 0.75. torch divides alpha by the window's size n; the paper does not.
AFTER = {
    "pool": lambda: nn.MaxPool2d(3, stride=2),
    "norm": lambda: nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0),
}


def _layers(convolutions, dense, num_classes, in_channels, size, activation, dropout):
    """Turn a table into a Sequential for images of `size` pixels a side."""
    layers, channels = [], in_channels
    for out, kernel, stride, padding, groups, *after in convolutions:
        layers += [nn.Conv2d(channels, out, kernel, stride, padding, groups=groups), activation()]
        layers += [AFTER[name]() for name in after]
        channels, size = out, conv_output_size(size, kernel, stride, padding)
        size = pool_output_size(size, 3, 2) if "pool" in after else size
    layers, units = [*layers, nn.Flatten()], channels * size**2
    for out in dense:
        layers += [nn.Linear(units, out), activation(), nn.Dropout(dropout)]
        units = out
    return nn.Sequential(*layers, nn.Linear(units, num_classes))


@network
def alexnet(num_classes=10, in_channels=1, *, dropout=0.5):
    """Build AlexNet for 224x224 images, as Dive into Deep Learning gives it.

    Parameters
    ----------
    num_classes, in_channels : int
    dropout : float
        Share of the activations of each hidden dense layer that is set to zero, while training.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, 224, 224) -> (N, num_classes).

    Notes
    -----
    Section 8.1 of the book: one tower instead of two groups, padding 1 in the first layer, no local response
    normalisation. Its last maps are 5x5, so with 1000 classes and 3 channels it has 50,844,008 parameters.
    torchvision's ``alexnet``, 61,100,840, is a third network: the one tower of Krizhevsky 2014 (arXiv:1404.5997).

    Examples
    --------
    >>> sum(p.numel() for p in alexnet().parameters())
    46764746
    """
    net = _layers(CONVOLUTIONS, DENSE, num_classes, in_channels, 224, nn.ReLU, dropout)
    return takes(xavier_(net), "alexnet", in_channels, exactly=(224, 224))


@network
def alexnet_2012(num_classes=1000, in_channels=3, *, groups=2, dropout=0.5):
    """Build the network of the paper, for 227x227 images, with the paper's initial weights.

    Parameters
    ----------
    num_classes, in_channels, dropout
        As of `alexnet`.
    groups : {2, 1}
        Of the second, fourth and fifth convolution. 2 is the paper's, one group a graphics card: half of the maps read
        half of the maps. 1 joins them.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, 227, 227) -> (N, num_classes).

    Raises
    ------
    ValueError
        If `groups` is neither 2 nor 1.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton 2012, sections 3 and 5. Weights are normal with standard deviation 0.01; biases are 1
    in the grouped convolutions and the hidden dense layers, so that their ReLUs start with positive inputs, and 0
    elsewhere. Dropout here divides by the share that is kept while training, where the paper halves when testing.

    Examples
    --------
    >>> sum(p.numel() for p in alexnet_2012().parameters())
    60965224
    """
    groups = integer("groups", groups, 1, 2)
    table = [(*row[:4], min(row[4], groups), *row[5:]) for row in CONVOLUTIONS_2012]
    net = _layers(table, DENSE, num_classes, in_channels, 227, nn.ReLU, dropout)
    ones = [row[4] == 2 for row in CONVOLUTIONS_2012] + [True, True, False]
    for module, one in zip(weighted(net), ones, strict=True):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.constant_(module.bias, float(one))
    return takes(net, "alexnet_2012", in_channels, exactly=(227, 227))


@network
def alexnet_small(num_classes=10, in_channels=1, *, activation="relu", dropout=0.5, gain=1.0, input_size=(28, 28)):
    """Build AlexNet for 28x28 or 32x32 images: five convolutions of 16, 40, 64, 64 and 40 channels.

    The plan of `alexnet` with a sixth of its channels, 5x5 kernels with stride 1 in the first layer, and 256 units in
    the hidden dense layers. The maps shrink 28 -> 13 -> 6 -> 2, or 32 -> 15 -> 7 -> 3.

    Parameters
    ----------
    num_classes, in_channels, dropout
        As of `alexnet`.
    activation : {"relu", "tanh", "sigmoid"}
        In the place of each ReLU.
    gain : float
        The initial weights are multiplied by this factor. Xavier's rule supposes a slope of 1 near zero, where the
        sigmoid has a quarter.
    input_size : (int, int)
        Height and width of the images, equal, 15 or more.

    Returns
    -------
    torch.nn.Sequential
        ``(N, in_channels, *input_size)`` -> (N, num_classes).

    Raises
    ------
    ValueError
        If `activation` is unknown or `input_size` not two equal integers of 15 or more.

    Examples
    --------
    >>> [sum(p.numel() for p in alexnet_small(input_size=(n, n)).parameters()) for n in (28, 32)]
    [209146, 260346]
    """
    height, width = size = per_axis("input_size", input_size, minimum=15)
    if height != width:
        raise ValueError(f"input_size must be two equal numbers, not {input_size!r}")
    act = pick(ACTIVATIONS, "activation", activation)
    net = _layers(CONVOLUTIONS_SMALL, DENSE_SMALL, num_classes, in_channels, height, act, dropout)
    for module in weighted(xavier_(net, zero_biases=True)):
        module.weight.data *= gain
    return takes(net, "alexnet_small", in_channels, exactly=size)
