"""Convolutions that look sideways and mix channels in two separate steps."""

from torch import nn

from ..shapes import integer
from ._sizes import window


def _module(between):
    if between is not None and not isinstance(between, nn.Module):
        raise TypeError(f"between must be a module such as nn.ReLU(), or None, not {between!r}")
    return nn.Identity() if between is None else between


class SeparableConv2d(nn.Module):
    """Depthwise separable convolution: every channel with a kernel of its own, then a 1x1 convolution.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation : as in ``torch.nn.Conv2d``
        Of the depthwise convolution.
    bias : bool
        Of both convolutions.
    depth_multiplier : int
        Kernels, and so intermediate channels, for each input channel.
    between : torch.nn.Module, optional
        Applied between the two convolutions, for instance ``nn.ReLU()``, or a norm and an activation. Default nothing.

    Raises
    ------
    TypeError
        If `between` is no module.
    ValueError
        If a size is no integer or too small, or as torch's layers do.

    Notes
    -----
    Input (N, in_channels, H, W), output (N, out_channels, oh, ow) as for ``Conv2d`` of these arguments. Children
    `depthwise`, `between` and `pointwise`. With nothing between, equal to a convolution with the kernels
    ``pointwise[o, c] * depthwise[c]``: for each input channel all slices are multiples of one (with a
    `depth_multiplier` of 1). Chollet 2017 (arXiv:1610.02357), sections 1.2 and 2, on its history; section 4.7 compares
    having an activation between with having none.

    Examples
    --------
    Per channel 9 weights, then 4 x 8: where a convolution has 9 * 4 * 8 = 288 weights.

    >>> import torch
    >>> layer = SeparableConv2d(4, 8, 3, padding=1, bias=False)
    >>> sum(p.numel() for p in layer.parameters())
    68
    >>> layer(torch.zeros(1, 4, 6, 6)).shape
    torch.Size([1, 8, 6, 6])
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, bias=True, *,
                 depth_multiplier=1, between=None):
        super().__init__()
        in_channels, out_channels = integer("in_channels", in_channels, 1), integer("out_channels", out_channels, 1)
        middle = in_channels * integer("depth_multiplier", depth_multiplier, 1)
        sizes = window(2, kernel_size, stride, padding, dilation)
        self.depthwise = nn.Conv2d(in_channels, middle, **sizes, groups=in_channels, bias=bias)
        self.between = _module(between)
        self.pointwise = nn.Conv2d(middle, out_channels, 1, bias=bias)

    def forward(self, x):
        """Return the separably convolved images."""
        return self.pointwise(self.between(self.depthwise(x)))


class SegmentedConv2d(nn.Module):
    """1x1 convolution, then a spatial convolution on segments of its channels that do not see each other.

    One segment is an ordinary convolution behind a 1x1 convolution; as many segments as channels are the extreme form
    of an Inception block, a separable convolution in the other order; three or four are close to Inception itself.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, bias, between
        As of `SeparableConv2d`; the sizes are those of the spatial convolution.
    segments : int
        Parts, of equally many channels, that the `out_channels` between the two convolutions are cut into.

    Raises
    ------
    TypeError, ValueError
        As `SeparableConv2d`, and if `segments` does not divide `out_channels`.

    Notes
    -----
    Input (N, in_channels, H, W), output (N, out_channels, oh, ow) as for ``Conv2d`` of these arguments. Children
    `pointwise`, `between` and `spatial`. Chollet 2017 (arXiv:1610.02357), section 1.2 and figures 3 and 4; its figures
    keep the kernels of all segments alike, as here, where GoogLeNet's blocks have several sizes and a pooling path.

    Examples
    --------
    Between channels 4 * 8, then 9 * 8 * 8 / segments:

    >>> [sum(p.numel() for p in SegmentedConv2d(4, 8, 3, bias=False, segments=s).parameters()) for s in (1, 2, 4, 8)]
    [608, 320, 176, 104]
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, bias=True, *,
                 segments=1, between=None):
        super().__init__()
        in_channels, out_channels = integer("in_channels", in_channels, 1), integer("out_channels", out_channels, 1)
        segments = integer("segments", segments, 1)
        if out_channels % segments:
            raise ValueError(f"segments={segments} must divide out_channels={out_channels}")
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=bias)
        self.between = _module(between)
        sizes = window(2, kernel_size, stride, padding, dilation)
        self.spatial = nn.Conv2d(out_channels, out_channels, **sizes, groups=segments, bias=bias)

    def forward(self, x):
        """Return the convolved images."""
        return self.spatial(self.between(self.pointwise(x)))
