"""A convolution whose weights are not shared: windows as ever, and at every place weights of its own."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..shapes import conv_output_size, effective_kernel_size, integer, per_axis


class LocallyConnected2d(nn.Module):
    """Read windows as `torch.nn.Conv2d` does, with another kernel and another bias at every place.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels C of the input and O of the output.
    input_size : int or (int, int)
        Height and width of the input. The layer has weights for each place, so it must know how many there are.
    kernel_size, stride, dilation : int or (int, int)
    padding : int or (int, int)
        Zeros per side.
    bias : bool
        One number for each output channel and place.

    Attributes
    ----------
    weight : torch.nn.Parameter, shape (oh, ow, O, C, kh, kw)
        ``weight[u, v]`` is the kernel at output row u, column v, laid out like the weight of a convolution. Copying a
        convolution's weight into all of them ties them: ``layer.weight.copy_(conv.weight)`` broadcasts.
    bias : torch.nn.Parameter, shape (O, oh, ow), or None
    output_size : (int, int)
        oh and ow.

    Raises
    ------
    ValueError
        If an argument is no integer, no pair of integers, or too small; if no window fits, or (when called) the input
        has not the shape (N, C, H, W) that the layer was made for.

    Notes
    -----
    Input (N, C, H, W), output (N, O, oh, ow). All windows at one place, one a row, are multiplied by the kernels of
    that place: a batched matrix product with a matrix for each place. Timed against einsum on unfolded windows, a
    sum of shifted slices, a multiply and sum, and a convolution with a group for each place, forward and backward on
    one core, it was the fastest in three of four settings with batches of 128 and 12 percent behind in the fourth; for
    a single image the multiply and sum was faster. Initial weights are those of `torch.nn.Conv2d`: uniform within
    ``±1 / sqrt(C * kh * kw)``. Layers without sharing are used on aligned faces by Taigman, Yang, Ranzato & Wolf 2014
    (DeepFace), section 3.

    Examples
    --------
    One row of three pixels, windows of two. The first place takes the difference, the second the sum.

    >>> layer = LocallyConnected2d(1, 1, (1, 3), (1, 2), bias=False)
    >>> with torch.no_grad(): _ = layer.weight.copy_(torch.tensor([[-1.0, 1.0], [1.0, 1.0]]).reshape(1, 2, 1, 1, 1, 2))
    >>> layer(torch.tensor([[[[2.0, 5.0, 7.0]]]])).tolist()
    [[[[3.0, 12.0]]]]
    """

    reads_windows = True  # for `summary`, which sees a matrix product

    def __init__(self, in_channels, out_channels, input_size, kernel_size, stride=1, padding=0, dilation=1, bias=True):
        super().__init__()
        self.in_channels = integer("in_channels", in_channels, 1)
        self.out_channels = integer("out_channels", out_channels, 1)
        self.input_size, self.kernel_size = per_axis("input_size", input_size), per_axis("kernel_size", kernel_size)
        self.stride, self.dilation = per_axis("stride", stride), per_axis("dilation", dilation)
        self.padding = per_axis("padding", padding, minimum=0)
        self.output_size = tuple(conv_output_size(*axis) for axis in zip(
            self.input_size, self.kernel_size, self.stride, self.padding, self.dilation, strict=True))
        shape = (*self.output_size, self.out_channels, self.in_channels, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.empty(self.out_channels, *self.output_size)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        """Draw all weights anew."""
        bound = 1 / math.sqrt(self.in_channels * math.prod(self.kernel_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x):
        """Return the output, (N, O, oh, ow)."""
        if x.dim() != 4 or x.shape[1:] != (self.in_channels, *self.input_size):
            wanted = ", ".join(map(str, (self.in_channels, *self.input_size)))
            raise ValueError(f"x must have the shape (N, {wanted}), not {tuple(x.shape)}: the layer has weights for "
                             "each place of that size")
        (ph, pw), places = self.padding, math.prod(self.output_size)
        # places in front, the batch as rows: then each window is copied once, and both products are plain matrices
        windows = F.pad(x, (pw, pw, ph, ph)).permute(2, 3, 0, 1).contiguous()
        for axis, (k, s, d) in enumerate(zip(self.kernel_size, self.stride, self.dilation, strict=True)):
            span = effective_kernel_size(k, d)
            windows = windows.unfold(axis, span, s)[..., ::d]  # (oh, ow, N, C, kh, kw) after both
        rows = windows.reshape(places, x.shape[0], -1)
        kernels = self.weight.reshape(places, self.out_channels, -1)
        y = torch.bmm(rows, kernels.transpose(1, 2)).permute(1, 2, 0)
        y = y.reshape(x.shape[0], self.out_channels, *self.output_size)
        return y if self.bias is None else y + self.bias

    def extra_repr(self):
        """Say the settings in the printed form."""
        text = (f"{self.in_channels}, {self.out_channels}, input_size={self.input_size}, "
                f"kernel_size={self.kernel_size}, stride={self.stride}")
        text += f", padding={self.padding}" if any(self.padding) else ""
        text += f", dilation={self.dilation}" if max(self.dilation) > 1 else ""
        return text if self.bias is not None else text + ", bias=False"
