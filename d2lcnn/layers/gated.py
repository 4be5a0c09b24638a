"""Convolutions whose output is multiplied by a gate."""

import torch
from torch import nn

from ..shapes import integer
from ._sizes import window

ACTIVATIONS = {"linear": nn.Identity, "tanh": nn.Tanh}


class _GatedConv(nn.Module):
    """What `GatedConv1d` and `GatedConv2d` share: one convolution with twice the channels, split in two."""

    conv_type = None
    axes = None

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding="same", dilation=1, bias=True,
                 *, activation="linear", residual=False):
        super().__init__()
        self.in_channels = in_channels = integer("in_channels", in_channels, 1)
        self.out_channels = out_channels = integer("out_channels", out_channels, 1)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {activation!r}")
        if residual and in_channels != out_channels:
            raise ValueError(f"residual adds the input, so out_channels={out_channels} "
                             f"must equal in_channels={in_channels}")
        if residual and padding != "same":
            raise ValueError(f"residual adds the input, so padding must be 'same', not {padding!r}")
        self.activation, self.residual = activation, residual
        # torch refuses padding="same" with a stride, which would be the third reason not to add the input
        sizes = window(self.axes, kernel_size, stride, padding, dilation)
        self.conv = self.conv_type(in_channels, 2 * out_channels, **sizes, bias=bias)
        self.act = ACTIVATIONS[activation]()

    def forward(self, x):
        """Return the gated maps."""
        if x.dim() != 2 + self.axes or x.shape[1] != self.in_channels:
            axes = "L" if self.axes == 1 else "H, W"
            raise ValueError(f"x must have the shape (N, {self.in_channels}, "
                             f"{axes}), not {tuple(x.shape)}")
        value, gate = self.conv(x).chunk(2, dim=1)
        y = self.act(value) * torch.sigmoid(gate)
        return x + y if self.residual else y

    def extra_repr(self):
        """Say the settings that the convolution inside does not show."""
        return f"activation={self.activation!r}, residual={self.residual}"


class GatedConv1d(_GatedConv):
    """Convolve a sequence twice and let the second result open and close the first.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the result. The convolution inside makes ``2 * out_channels`` of them: the first
        half are the values, the second half the gates.
    kernel_size, stride, dilation : int
    padding : int or "same"
        "same" keeps the length and needs a stride of 1.
    bias : bool
        One for each value and one for each gate.
    activation : {"linear", "tanh"}
        What values go through before they are gated. "linear" is the gated linear unit (GLU) of Dauphin, Fan, Auli &
        Grangier 2017 (arXiv:1612.08083), equation 1; "tanh" is the unit of van den Oord and others: PixelCNN
        (2016b, arXiv:1606.05328), equation 2, and WaveNet (2016a, arXiv:1609.03499), equation 2.
    residual : bool
        Add the input to the result; needs as many channels out as in, and padding "same".

    Raises
    ------
    ValueError
        If a size is no integer, or an argument has a value that is not listed above, or (when called) the input is not
        (N, in_channels, L).

    Notes
    -----
    Input (N, in_channels, L), output (N, out_channels, L') with L' as of ``torch.nn.Conv1d``, same dtype and device:
    ``act(conv1(x)) * sigmoid(conv2(x))``. One convolution with doubled channels is two convolutions side by side:
    ``conv.weight[:out_channels]`` are the weights of the values, the rest those of the gates; with "linear" the
    result is ``torch.nn.functional.glu(conv(x), dim=1)``. Initial weights are torch's.

    Examples
    --------
    Values twice the input; gates wide open where the input is positive, shut where it is negative, half open at 0.

    >>> layer = GatedConv1d(1, 1, kernel_size=1, bias=False)
    >>> with torch.no_grad():
    ...     _ = layer.conv.weight.copy_(torch.tensor([2.0, 100.0]).reshape(2, 1, 1))
    >>> layer(torch.tensor([[[3.0, -3.0, 0.0]]])).detach().round().abs().tolist()
    [[[6.0, 0.0, 0.0]]]
    >>> GatedConv1d(3, 8, kernel_size=5)(torch.zeros(2, 3, 10)).shape
    torch.Size([2, 8, 10])
    """

    conv_type = nn.Conv1d
    axes = 1


class GatedConv2d(_GatedConv):
    """Convolve images twice and let the second result open and close the first.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (int, int)
    padding : int, (int, int) or "same"
    bias : bool
    activation : {"linear", "tanh"}
    residual : bool
        All as of `GatedConv1d`.

    Raises
    ------
    ValueError
        As `GatedConv1d`, for inputs (N, in_channels, H, W).

    Notes
    -----
    Input (N, in_channels, H, W), output (N, out_channels, H', W') with the sizes of ``torch.nn.Conv2d``. Sources and
    the order of channels as of `GatedConv1d`.

    Examples
    --------
    Without weights the gates stand at sigmoid(0), one half, and the values are 0: the residual form passes its input.

    >>> layer = GatedConv2d(1, 1, kernel_size=3, residual=True)
    >>> _ = [nn.init.zeros_(p) for p in layer.parameters()]
    >>> layer(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).tolist()
    [[[[1.0, 2.0], [3.0, 4.0]]]]
    """

    conv_type = nn.Conv2d
    axes = 2
