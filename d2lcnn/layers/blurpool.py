"""Subsampling that blurs first."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..shapes import integer, same_padding


class BlurPool2d(nn.Module):
    """Blur each channel with a binomial filter, then keep every `stride`-th pixel.

    Parameters
    ----------
    channels : int
        Number of channels C of the input; each is blurred by itself.
    kernel_size : int
        Weights along each axis: 1 is no blur, 2 is (1, 1)/2, 3 is (1, 2, 1)/4, 5 is (1, 4, 6, 4, 1)/16.
    stride : int
        Pixels from one output to the next along each axis.

    Raises
    ------
    ValueError
        If an argument is no integer of 1 or more, or (when called) the input is not of shape (N, C, H, W) with this C,
        or too small to be reflected.

    Notes
    -----
    Input (N, C, H, W), output (N, C, ceil(H/stride), ceil(W/stride)), same dtype and device. The border is padded by
    reflection, (kernel_size - 1)/2 pixels a side; with an even kernel the far side gets the extra one. The filter is
    a buffer that is not stored with the weights: nothing is learned. Zhang 2019, "Making Convolutional Networks
    Shift-Invariant Again" (arXiv:1904.11486), section 3: a strided convolution becomes convolution, ReLU, blur pool;
    max pooling becomes max pooling of stride 1, blur pool.

    Examples
    --------
    A lone pixel keeps half of its value on its own place and gives a quarter to each neighbour, along each axis.

    >>> blur = BlurPool2d(1, kernel_size=3, stride=1)
    >>> x = torch.zeros(1, 1, 1, 5).expand(1, 1, 5, 5).clone()
    >>> x[0, 0, 2, 2] = 16
    >>> blur(x)[0, 0, 1:4, 1:4].int().tolist()
    [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    >>> BlurPool2d(1)(x).shape
    torch.Size([1, 1, 3, 3])
    """

    def __init__(self, channels, kernel_size=3, stride=2):
        super().__init__()
        self.channels = integer("channels", channels, 1)
        self.kernel_size, self.stride = integer("kernel_size", kernel_size, 1), integer("stride", stride, 1)
        taps = self.kernel_size - 1
        row = torch.tensor([math.comb(taps, n) for n in range(taps + 1)], dtype=torch.float64)
        kernel = torch.outer(row, row) / 4**taps  # sums to 1: flat areas keep their value
        kernel = kernel.to(torch.get_default_dtype())
        self.register_buffer("kernel", kernel.expand(self.channels, 1, -1, -1).clone(), persistent=False)

    def forward(self, x):
        """Return the blurred and subsampled images."""
        if x.dim() != 4 or x.shape[1] != self.channels:
            raise ValueError(f"x must have the shape (N, {self.channels}, H, W), "
                             f"not {tuple(x.shape)}")
        before, after = same_padding(self.kernel_size)
        if after >= min(x.shape[2:]):
            raise ValueError(f"x of shape {tuple(x.shape)} is too small "
                             f"to reflect {after} pixels at its border")
        x = F.pad(x, (before, after, before, after), mode="reflect")
        return F.conv2d(x, self.kernel.to(x.dtype), stride=self.stride,
                        groups=self.channels)

    def extra_repr(self):
        """Say the settings in the printed form."""
        return f"{self.channels}, kernel_size={self.kernel_size}, stride={self.stride}"
