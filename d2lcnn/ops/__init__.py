"""Convolution and its relatives on arrays.

NumPy arrays or torch tensors go in, the same come out, with their dtype; on torch everything is differentiable.
torch need not be installed. Arguments and results are those of ``torch.nn.functional`` where it has the function.
"""

from .corr import conv1d, conv2d, corr2d
from .fast import fft_conv2d, winograd_conv2d
from .gradient_check import GradientCheck, check_gradient, numerical_gradient
from .gradients import ConvGrads, avg_pool2d_backward, conv2d_backward, max_pool2d_backward
from .im2col import col2im, im2col
from .losses import softmax_cross_entropy, softmax_cross_entropy_backward
from .matrix import conv_matrix
from .norm import (
    NormGrads,
    batch_norm2d,
    batch_norm2d_backward,
    group_norm,
    group_norm_backward,
    instance_norm,
    instance_norm_backward,
    layer_norm,
    layer_norm_backward,
    local_response_norm,
)
from .padding import pad
from .pool import adaptive_avg_pool2d, avg_pool2d, global_avg_pool2d, lp_pool2d, max_pool2d, pool2d
from .transposed import conv_transpose1d, conv_transpose2d

__all__ = [
    "ConvGrads",
    "GradientCheck",
    "NormGrads",
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm2d",
    "batch_norm2d_backward",
    "check_gradient",
    "col2im",
    "conv1d",
    "conv2d",
    "conv2d_backward",
    "conv_matrix",
    "conv_transpose1d",
    "conv_transpose2d",
    "corr2d",
    "fft_conv2d",
    "global_avg_pool2d",
    "group_norm",
    "group_norm_backward",
    "im2col",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "local_response_norm",
    "lp_pool2d",
    "max_pool2d",
    "max_pool2d_backward",
    "numerical_gradient",
    "pad",
    "pool2d",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "winograd_conv2d",
]
