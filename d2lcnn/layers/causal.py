"""Convolution along time that never looks ahead, and the temporal convolutional network made of it."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from ..shapes import effective_kernel_size, integer


class CausalConv1d(nn.Conv1d):
    """Convolve a sequence so that output t depends on inputs up to t alone.

    Parameters
    ----------
    in_channels, out_channels, kernel_size : int
    dilation : int
        Steps between two taps.
    groups : int
    bias : bool

    Attributes
    ----------
    past : int
        Steps before t that output t reads, ``dilation * (kernel_size - 1)``: zeros put in front, and the length of
        the buffer that `stream` keeps.

    Raises
    ------
    ValueError
        If a size is no integer of 1 or more; if `groups` does not divide the channels; when called, if x is not of
        shape (N, C, L).

    Notes
    -----
    Input (N, C, L), output (N, out_channels, L). The last tap of the kernel reads the present. The stride is 1. Causal
    convolution of van den Oord et al. 2016, "WaveNet" (arXiv:1609.03499), section 2.1, where it is done by shifting.

    Examples
    --------
    Taps 1, 10, 100: each output is 100 times now, 10 times the step before, once the step before that.

    >>> layer = CausalConv1d(1, 1, 3, bias=False)
    >>> layer.weight.data = torch.tensor([[[1.0, 10.0, 100.0]]])
    >>> layer(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])).tolist()
    [[[100.0, 210.0, 321.0, 432.0]]]
    """

    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, groups=1, bias=True):
        sizes = {"in_channels": in_channels, "out_channels": out_channels, "kernel_size": kernel_size,
                 "dilation": dilation, "groups": groups}
        sizes = {name: integer(name, value, 1) for name, value in sizes.items()}
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        super().__init__(**sizes, bias=bias)
        self.past = effective_kernel_size(kernel_size, dilation) - 1

    def forward(self, x):
        """Return the outputs of a whole sequence, which is preceded by zeros."""
        return self._conv(F.pad(self._checked(x), (self.past, 0)))

    def stream(self, x, past=None):
        """Return the outputs of the next steps of a sequence, and what to remember for those after them.

        Parameters
        ----------
        x : tensor (N, C, L)
            The next L steps; one will do.
        past : tensor (N, C, self.past), optional
            What the call before returned; zeros at the beginning of a sequence.

        Returns
        -------
        y : tensor (N, out_channels, L)
        past : tensor (N, C, self.past)

        Raises
        ------
        ValueError
            If `x` or `past` has another shape.

        Examples
        --------
        >>> layer, x = CausalConv1d(1, 2, 3, dilation=2), torch.arange(6.0).reshape(1, 1, 6)
        >>> first, past = layer.stream(x[..., :4])
        >>> past.tolist()
        [[[0.0, 1.0, 2.0, 3.0]]]
        >>> torch.allclose(torch.cat([first, layer.stream(x[..., 4:], past)[0]], dim=2), layer(x))
        True
        """
        shape = (len(self._checked(x)), self.in_channels, self.past)
        past = x.new_zeros(shape) if past is None else past
        if past.shape != shape:
            raise ValueError(f"past must have the shape {shape}, not {tuple(past.shape)}")
        seen = torch.cat([past, x], dim=2)
        return self._conv(seen), seen[..., seen.shape[2] - self.past:]

    def _conv(self, x):
        return F.conv1d(x, self.weight, self.bias,
                        dilation=self.dilation, groups=self.groups)

    def _checked(self, x):
        if x.dim() != 3 or x.shape[1] != self.in_channels:
            raise ValueError(f"x must have the shape (N, {self.in_channels}, L), not {tuple(x.shape)}")
        return x


class TCNBlock(nn.Module):
    """Two causal convolutions with ReLU and dropout, and a path around them.

    Parameters
    ----------
    in_channels, out_channels, kernel_size : int
    dilation : int
        Of both convolutions.
    dropout : float
        Share of the channels that are set to zero after each convolution while training, for all steps of a sequence
        at once.
    weight_norm : bool
        Learn direction and length of each kernel separately (Salimans & Kingma 2016), as the paper does.

    Attributes
    ----------
    past : int
        Steps before t that output t depends on, ``2 * dilation * (kernel_size - 1)``.

    Raises
    ------
    ValueError
        As `CausalConv1d`; if `dropout` is not in [0, 1].

    Notes
    -----
    Input (N, in_channels, L), output (N, out_channels, L). Bai, Kolter & Koltun 2018 (arXiv:1803.01271), figure 1b
    and equation 3: ``relu(x + F(x))``, with a 1x1 convolution of x where the channels differ. Weight norm is off by
    default here.

    Examples
    --------
    >>> block = TCNBlock(4, 6, 3, dilation=2)
    >>> block(torch.zeros(1, 4, 10)).shape, block.past
    (torch.Size([1, 6, 10]), 8)
    >>> sum(p.numel() for p in block.parameters()) == (6 * 4 * 3 + 6) + (6 * 6 * 3 + 6) + (6 * 4 + 6)
    True
    """

    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, dropout=0.0, weight_norm=False):
        super().__init__()
        wrap = nn.utils.parametrizations.weight_norm if weight_norm else nn.Identity()
        self.conv1 = wrap(CausalConv1d(in_channels, out_channels, kernel_size, dilation))
        self.conv2 = wrap(CausalConv1d(out_channels, out_channels, kernel_size, dilation))
        self.dropout = nn.Dropout1d(dropout)
        self.around = nn.Conv1d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()
        self.past = self.conv1.past + self.conv2.past

    def forward(self, x):
        """Return the outputs of a whole sequence."""
        y = self.dropout(F.relu(self.conv1(x)))
        y = self.dropout(F.relu(self.conv2(y)))
        return F.relu(self.around(x) + y)

    def stream(self, x, past=(None, None)):
        """Return the outputs of the next steps, and the buffers of both convolutions; see `CausalConv1d.stream`."""
        y, first = self.conv1.stream(x, past[0])
        y, second = self.conv2.stream(self.dropout(F.relu(y)), past[1])
        return F.relu(self.around(x) + self.dropout(F.relu(y))), (first, second)


class TCN(nn.Sequential):
    """A temporal convolutional network: blocks with dilations 1, 2, 4 and so on.

    Parameters
    ----------
    in_channels : int
    channels : sequence of int
        Output channels of each block.
    kernel_size : int
    dropout : float
    weight_norm : bool
        See `TCNBlock`.

    Attributes
    ----------
    past : int
        Steps before t that output t depends on; with the present one they are the receptive field.

    Raises
    ------
    ValueError
        As `TCNBlock`; if there are no blocks.

    Notes
    -----
    Input (N, in_channels, L), output (N, channels[-1], L). With n blocks the receptive field is
    ``1 + 2 * (kernel_size - 1) * (2**n - 1)``. Bai, Kolter & Koltun 2018 (arXiv:1803.01271), section 3.

    Examples
    --------
    >>> TCN(1, [8] * 4, kernel_size=3).past + 1
    61
    """

    def __init__(self, in_channels, channels, kernel_size=3, dropout=0.0, weight_norm=False):
        widths = [in_channels, *channels]
        if len(widths) < 2:
            raise ValueError("channels must name at least one block, not ()")
        super().__init__(*(TCNBlock(a, b, kernel_size, 2**n, dropout, weight_norm)
                           for n, (a, b) in enumerate(pairwise(widths))))
        self.past = sum(block.past for block in self)

    def stream(self, x, past=None):
        """Return the outputs of the next steps, and the buffers of all blocks; see `CausalConv1d.stream`."""
        buffers = []
        for block, of_block in zip(self, past or [(None, None)] * len(self), strict=True):
            x, kept = block.stream(x, of_block)
            buffers.append(kept)
        return x, buffers
