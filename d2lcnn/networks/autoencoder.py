"""A small convolutional autoencoder with three ways to make its maps larger again."""

from collections import OrderedDict

from torch import nn

from ..shapes import integer
from ._parts import pick, seeded, takes

CHANNELS = (16, 32)  # of the maps of half and of a quarter of the image's height
# up -> the layers that double height and width and lead from a channels to b. Both kernels of 3 need help to double:
# one an output padding of 1, the other an enlarged map.
UPSAMPLERS = {
    "k3s2": lambda a, b: [nn.ConvTranspose2d(a, b, 3, stride=2, padding=1, output_padding=1)],
    "k4s2": lambda a, b: [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1)],
    # Odena, Dumoulin & Olah 2016: repeat every value, then an ordinary convolution
    "resize": lambda a, b: [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(a, b, 3, padding=1)],
}


def autoencoder(in_channels=1, *, up="resize", code=4, seed=None):
    """Build an encoder of two strided convolutions and a decoder that doubles height and width twice.

    It is no classifier, and so it is not among ``NETWORKS``. Every layer is a convolution or an upsampler: images of
    any size whose height and width are multiples of 4 come back in their own size, others rounded up to one.

    Parameters
    ----------
    in_channels : int
        Of the images, and of their reconstructions.
    up : {"k3s2", "k4s2", "resize"}
        How the decoder doubles a map: a transposed convolution of kernel 3 or 4 with stride 2, or nearest-neighbour
        resizing and a convolution of kernel 3.
    code : int
        Channels of the code, whose height and width are a quarter of the image's.
    seed : int, optional
        Of the initial weights, which are drawn as torch does by default; see `seeded`. One seed gives the same encoder
        whatever `up` is.

    Returns
    -------
    torch.nn.Sequential
        With the parts ``encoder``, (N, in_channels, H, W) -> (N, code, H/4, W/4), and ``decoder``, which leads back.
        The last layer is linear: reconstructions may leave [0, 1].

    Raises
    ------
    ValueError
        If `up` is none of the three, a number no positive integer, or the channels of an image do not fit.

    Examples
    --------
    >>> import torch
    >>> net = autoencoder(up="k4s2", seed=0)
    >>> images = torch.zeros(2, 1, 28, 28)
    >>> net.encoder(images).shape, net(images).shape
    (torch.Size([2, 4, 7, 7]), torch.Size([2, 1, 28, 28]))
    """
    doubled, (half, quarter) = pick(UPSAMPLERS, "up", up), CHANNELS
    in_channels, code = integer("in_channels", in_channels, 1), integer("code", code, 1)
    with seeded(seed):
        encoder = nn.Sequential(nn.Conv2d(in_channels, half, 3, stride=2, padding=1), nn.ReLU(),
                                nn.Conv2d(half, quarter, 3, stride=2, padding=1), nn.ReLU(),
                                nn.Conv2d(quarter, code, 1))
        decoder = nn.Sequential(nn.Conv2d(code, quarter, 3, padding=1), nn.ReLU(),
                                *doubled(quarter, half), nn.ReLU(), *doubled(half, in_channels))
    return takes(nn.Sequential(OrderedDict(encoder=encoder, decoder=decoder)), "the autoencoder", in_channels)
