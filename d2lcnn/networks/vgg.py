"""VGG: blocks of 3x3 convolutions, each closed by a pooling that halves the maps; a network is a list of blocks."""

from functools import partial

from torch import nn

from ..shapes import integer, per_axis
from ._parts import batch_norm, he_, pick, takes, xavier_
from ._registry import network
from ._torchvision import Layout

# (convolutions, channels) of each block; Simonyan & Zisserman 2015, table 1, columns A, B, D and E.
# Left out: A-LRN, no better than A, and C, which is D with 1x1 kernels in its third convolutions and did worse than D.
VGG = {
    "vgg11": ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    "vgg13": ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}
DENSE = (4096, 4096)
SIZE = 224  # pixels a side; five poolings leave 7
# Channels of the blocks for 28x28 images: 28 -> 14 -> 7 -> 3. A convolution of 3x3 opens each block; in the first two
# a stack follows it that keeps the channels, so that stacks of other kernels can stand in its place.
SMALL = (8, 16, 32)
SMALL_DENSE = 64
INITS = {"xavier": partial(xavier_, zero_biases=True), "he": he_}  # the paper: biases 0


def vgg_block(count, in_channels, out_channels, *, norm=None):
    """Build `count` 3x3 convolutions with padding 1 and ReLU, then a 2x2 max pooling.

    Parameters
    ----------
    count, in_channels, out_channels : int
        The first convolution changes the number of channels, the others keep it.
    norm : {None, "batch"}
        Batch norm between each convolution and its ReLU (2015: not in the paper).

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2).

    Notes
    -----
    Simonyan & Zisserman 2015, section 2.1. Convolutions keep their bias under batch norm, which cancels it, so that
    the weights of torchvision's ``vgg*_bn`` fit.

    Examples
    --------
    >>> block = vgg_block(2, 3, 64)
    >>> [type(layer).__name__ for layer in block]
    ['Conv2d', 'ReLU', 'Conv2d', 'ReLU', 'MaxPool2d']
    >>> sum(p.numel() for p in block.parameters())  # (27 + 1)*64 + (576 + 1)*64
    38720
    """
    kernels = (3,) * integer("count", count, 1)
    return _block(in_channels, out_channels, kernels, norm)


def _block(in_channels, out_channels, kernels, norm, inner_relu=True):
    """Build one convolution a kernel, padded to keep the size, and a pooling.

    ReLU follows each convolution; with `inner_relu=False` only the first and the last.
    """
    layers, channels, last = [], in_channels, len(kernels) - 1
    for place, k in enumerate(kernels):
        layers += [nn.Conv2d(channels, out_channels, k, padding=k // 2)]
        layers += batch_norm(norm, nn.BatchNorm2d, out_channels)
        layers += [nn.ReLU()] if inner_relu or place in (0, last) else []
        channels = out_channels
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def _vgg(name, num_classes, in_channels, dropout, norm):
    """Build a column of table 1; see `vgg16` for the arguments."""
    blocks, channels = [], in_channels
    for count, out in VGG[name]:
        blocks += [vgg_block(count, channels, out, norm=norm)]
        channels = out
    layers = [*blocks, nn.Flatten()]
    units = channels * (SIZE // 2 ** len(blocks)) ** 2
    for out in DENSE:
        layers += [nn.Linear(units, out), nn.ReLU(), nn.Dropout(dropout)]
        units = out
    net = nn.Sequential(*layers, nn.Linear(units, num_classes))
    xavier_(net, zero_biases=True)
    net.torchvision = Layout(_torchvision_keys)
    return takes(net, name, in_channels, exactly=(SIZE, SIZE))


def _torchvision_keys(net):
    """Number the layers of all blocks through, as "features", and those behind the flattening, as "classifier"."""
    flatten = next(i for i, child in enumerate(net) if isinstance(child, nn.Flatten))
    inside = [f"{i}.{j}" for i in range(flatten) for j in range(len(net[i]))]
    theirs = {ours: f"features.{number}" for number, ours in enumerate(inside)}
    theirs |= {f"{i}": f"classifier.{i - flatten - 1}" for i in range(flatten + 1, len(net))}
    parts = {key: key.rpartition(".") for key in net.state_dict()}
    return {key: f"{theirs[layer]}.{kind}" for key, (layer, _, kind) in parts.items()}


@network
def vgg11(num_classes=10, in_channels=1, *, dropout=0.5, norm=None):
    """Build VGG-11, configuration A: eight convolutions, three dense layers. See `vgg16`.

    Examples
    --------
    Its eight convolutions and the three dense layers have weights; poolings, ReLUs and dropouts do not.

    >>> import torch
    >>> with torch.device("meta"):
    ...     net = vgg11(1000, 3)
    >>> sum(name.endswith("weight") for name, _ in net.named_parameters())
    11
    """
    return _vgg("vgg11", num_classes, in_channels, dropout, norm)


@network
def vgg13(num_classes=10, in_channels=1, *, dropout=0.5, norm=None):
    """Build VGG-13, configuration B: ten convolutions, three dense layers. See `vgg16`."""
    return _vgg("vgg13", num_classes, in_channels, dropout, norm)


@network
def vgg16(num_classes=10, in_channels=1, *, dropout=0.5, norm=None):
    """Build VGG-16, configuration D: thirteen convolutions, three dense layers, for 224x224 images.

    Parameters
    ----------
    num_classes, in_channels : int
    dropout : float
        Share of the hidden dense layers' activations that is set to zero while training.
    norm : {None, "batch"}
        Batch norm before each convolution's ReLU (not in the paper: batch norm came half a year later).

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, 224, 224) -> (N, num_classes).

    Notes
    -----
    Simonyan & Zisserman 2015, table 1. With 1000 classes and 3 channels 138,357,544 parameters, as torchvision
    publishes; table 2 of the paper says 138 million. Weights come in the order of torchvision's ``vgg16``. They are
    drawn by Xavier's rule with biases 0: section 3.1 trained a shallow net first, and found this to do as well.

    Examples
    --------
    The device "meta" knows shapes but holds no numbers, so that half a gigabyte of weights need not be drawn.

    >>> import torch
    >>> with torch.device("meta"):
    ...     net = vgg16(1000, 3)
    >>> sum(p.numel() for p in net.parameters())
    138357544
    """
    return _vgg("vgg16", num_classes, in_channels, dropout, norm)


@network
def vgg19(num_classes=10, in_channels=1, *, dropout=0.5, norm=None):
    """Build VGG-19, configuration E: sixteen convolutions, three dense layers. See `vgg16`."""
    return _vgg("vgg19", num_classes, in_channels, dropout, norm)


@network
def vgg_small(num_classes=10, in_channels=1, *, stack=(3, 3, 3), inner_relu=True, channels=SMALL, norm=None,
              init="he"):
    """Build a VGG for 28x28 images: blocks of 8, 16 and 32 channels, a hidden dense layer of 64 units.

    Parameters
    ----------
    num_classes, in_channels : int
    stack : sequence of int
        Kernel sizes, odd, of the convolutions that follow the opening 3x3 convolution of the first and second block
        and keep its channels. ``(3, 3, 3)``, ``(5, 3)`` and ``(7,)`` see the same 7x7 window.
    inner_relu : bool
        Whether ReLU stands between the convolutions of a stack; it follows the last one in any case.
    channels : (int, int, int)
        Of the three blocks; one number alone holds for all.
    norm : {None, "batch"}
        Batch norm after each convolution, before its ReLU if it has one.
    init : {"he", "xavier"}
        Rule for the initial weights; biases are 0. By Xavier's rule every ReLU layer halves the variance.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, 28, 28) -> (N, num_classes).

    Raises
    ------
    ValueError
        If `stack` is empty or a kernel is not a positive odd integer; if `channels` are not three positive integers;
        if `norm` or `init` is unknown.

    Notes
    -----
    Channel plan ours. Dropout is left out: the runs of this book are too short to need it.

    Examples
    --------
    The stacks have 3 * 9 weights for each pair of channels, or 49.

    >>> three, one = (sum(p.numel() for p in vgg_small(stack=s).parameters()) for s in ((3, 3, 3), (7,)))
    >>> one - three  # weights of both stacks, less the biases of two layers each
    6992
    """
    stack, initialise = tuple(integer("stack", k, 1) for k in stack), pick(INITS, "init", init)
    if not stack or not all(k % 2 for k in stack):
        raise ValueError(f"stack must hold positive odd kernel sizes, not {stack!r}")
    first, second, third = per_axis("channels", channels, 3)
    net = nn.Sequential(
        _block(in_channels, first, (3, *stack), norm, inner_relu),
        _block(first, second, (3, *stack), norm, inner_relu),
        _block(second, third, (3,), norm),
        nn.Flatten(), nn.Linear(third * 3 * 3, SMALL_DENSE), nn.ReLU(), nn.Linear(SMALL_DENSE, num_classes),
    )  # fmt: skip
    return takes(initialise(net), "vgg_small", in_channels, exactly=(28, 28))
