"""Convolution and its relatives on arrays.

NumPy arrays or torch tensors go in, the same come out, with their dtype; on torch everything is differentiable.
torch need not be installed. Arguments and results are those of ``torch.nn.functional`` where it has the function.
"""

from .corr import conv1d, conv2d, corr2d
from .im2col import col2im, im2col
from .padding import pad
from .pool import adaptive_avg_pool2d, avg_pool2d, global_avg_pool2d, lp_pool2d, max_pool2d, pool2d

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "col2im",
    "conv1d",
    "conv2d",
    "corr2d",
    "global_avg_pool2d",
    "im2col",
    "lp_pool2d",
    "max_pool2d",
    "pad",
    "pool2d",
]
