"""NiN: a small dense network at every pixel, and a mean over each feature map in place of dense layers."""

from torch import nn

from ._parts import batch_norm, pick, takes, xavier_
from ._registry import network

# (channels out, kernel, stride, padding) of the blocks of the network for 224x224 images; a 3x3 max pooling with
# stride 2 follows each. Dive into Deep Learning, section 8.3, with the kernels and strides of AlexNet.
BLOCKS = ((96, 11, 4, 0), (256, 5, 1, 2), (384, 3, 1, 1))
# The same for 28x28 images: the first block halves the size, the pooling after it halves it again, 28 -> 14 -> 7 -> 7.
SMALL_BLOCKS = ((32, 5, 2, 2), (64, 3, 1, 1), (96, 3, 1, 1))
DENSE = 256  # hidden units of the dense head that stands for what NiN does without


def nin_block(in_channels, out_channels, kernel_size, stride=1, padding=0,
              *, norm=None):
    """Build a convolution followed by two 1x1 convolutions, ReLU after each: the paper's mlpconv layer.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding : int
        Of the first convolution; the 1x1 convolutions keep the number of channels and the size.
    norm : {None, "batch"}
        Batch norm before each ReLU (2015: not in the paper).

    Returns
    -------
    torch.nn.Sequential

    Notes
    -----
    Lin, Chen & Yan 2014, section 3.1. At one pixel, the two 1x1 convolutions are two dense layers on its channels.

    Examples
    --------
    >>> sum(p.numel() for p in nin_block(3, 96, 11).parameters())  # (363 + 1)*96 + 2*(96 + 1)*96
    53568
    """
    layers, channels = [], in_channels
    for k, s, p in ((kernel_size, stride, padding), (1, 1, 0), (1, 1, 0)):
        layers += [nn.Conv2d(channels, out_channels, k, s, p),
                   *batch_norm(norm, nn.BatchNorm2d, out_channels), nn.ReLU()]
        channels = out_channels
    return nn.Sequential(*layers)


@network
def nin(num_classes=10, in_channels=1, *, dropout=0.5):
    """Build NiN for 224x224 images, as Dive into Deep Learning gives it.

    Parameters
    ----------
    num_classes, in_channels : int
    dropout : float
        Share of activations set to zero before the last block, while training.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, num_classes), for images of 67x67 pixels or more.

    Notes
    -----
    Lin, Chen & Yan 2014 had three blocks for 32x32 images; the plan for 224x224 is Dive into Deep Learning's,
    section 8.3. The last block has one map a class, and the mean of a map is the class's logit (section 3.2).

    Examples
    --------
    >>> sum(p.numel() for p in nin().parameters())
    1992166
    """
    layers, channels = [], in_channels
    for out, kernel, stride, padding in BLOCKS:
        layers += [nin_block(channels, out, kernel, stride, padding),
                   nn.MaxPool2d(3, stride=2)]
        channels = out
    last = nin_block(channels, num_classes, 3, padding=1)
    net = nn.Sequential(*layers, nn.Dropout(dropout), last,
                        nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return takes(xavier_(net), "nin", in_channels,
                 at_least=67, made_for=(224, 224))


def _dense_head(num_classes, channels, dropout, norm):
    units = channels * 7 * 7
    return [nn.Flatten(), nn.Dropout(dropout), nn.Linear(units, DENSE), *batch_norm(norm, nn.BatchNorm1d, DENSE),
            nn.ReLU(), nn.Dropout(dropout), nn.Linear(DENSE, num_classes)]


def _mean_head(num_classes, channels, dropout, norm):
    return [nn.Dropout(dropout), nin_block(channels, num_classes, 3, padding=1, norm=norm),
            nn.AdaptiveAvgPool2d(1), nn.Flatten()]


HEADS = {"mean": _mean_head, "dense": _dense_head}


@network
def nin_small(num_classes=10, in_channels=1, *, head="mean", pixelwise=True, dropout=0.0, norm="batch"):
    """Build NiN for 28x28 images: blocks of 32, 64 and 96 channels on maps of 14x14, 7x7 and 7x7 pixels.

    Parameters
    ----------
    num_classes, in_channels : int
    head : {"mean", "dense"}
        "mean" is NiN's: one more block with a map a class, and the mean over each map. "dense" is what NiN did
        without: all 96 * 7 * 7 activations into 256 hidden units, as AlexNet and VGG end.
    pixelwise : bool
        Whether the three blocks before the head have their 1x1 convolutions; False leaves one convolution a block.
    dropout : float
        Share of activations set to zero before the head (and before the last dense layer), while training.
    norm : {"batch", None}

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, 28, 28) -> (N, num_classes). With ``head="mean"`` other sizes do as well.

    Notes
    -----
    Channel plan ours, in the proportions of the large network; Lin, Chen & Yan 2014, section 4.6, compare the two
    heads on CIFAR-10.

    Examples
    --------
    >>> [sum(p.numel() for p in nin_small(head=head).parameters()) for head in ("mean", "dense")]
    [113858, 1312490]
    """
    build = pick(HEADS, "head", head)
    layers, channels = [], in_channels
    for number, (out, kernel, stride, padding) in enumerate(SMALL_BLOCKS):
        block = nin_block(channels, out, kernel, stride, padding, norm=norm)
        layers += [block if pixelwise else block[: len(block) // 3]]
        layers += [nn.MaxPool2d(3, stride=2, padding=1)] if number == 0 else []
        channels = out
    net = nn.Sequential(*layers, *build(num_classes, channels, dropout, norm))
    size = {"mean": {"at_least": 1}, "dense": {"exactly": (28, 28)}}[head]
    return takes(xavier_(net), f"nin_small(head={head!r})", in_channels, **size)
