"""Dive into Convolutional Networks: the package that the chapters import.

The functions of `shapes` and `ops` are at hand as ``d2lcnn.conv2d`` and so on. The other parts are loaded at their
first use, so that ``import d2lcnn`` is quick and needs neither torch nor Matplotlib.
"""

from importlib import import_module

from . import ops, shapes
from .ops import (
    ConvGrads,
    adaptive_avg_pool2d,
    avg_pool2d,
    col2im,
    conv1d,
    conv2d,
    conv2d_backward,
    conv_matrix,
    corr2d,
    fft_conv2d,
    global_avg_pool2d,
    im2col,
    lp_pool2d,
    max_pool2d,
    pad,
    pool2d,
    winograd_conv2d,
)
from .shapes import (
    ReceptiveField,
    Window,
    conv_output_size,
    conv_transpose_output_size,
    effective_kernel_size,
    pool_output_size,
    receptive_field,
    same_padding,
)

__version__ = "0.1.0"

# parts that are imported at their first use
_LAZY = (
    "check",
    "data",
    "exercises",
    "experiments",
    "explorer",
    "grading",
    "layers",
    "networks",
    "plots",
    "results",
    "summary",
    "train",
)

__all__ = [
    "ConvGrads",
    "ReceptiveField",
    "Window",
    "__version__",
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "col2im",
    "conv1d",
    "conv2d",
    "conv2d_backward",
    "conv_matrix",
    "conv_output_size",
    "conv_transpose_output_size",
    "corr2d",
    "effective_kernel_size",
    "fft_conv2d",
    "global_avg_pool2d",
    "im2col",
    "lp_pool2d",
    "max_pool2d",
    "ops",
    "pad",
    "pool2d",
    "pool_output_size",
    "receptive_field",
    "same_padding",
    "shapes",
    "winograd_conv2d",
]


def __getattr__(name):
    if name in _LAZY:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_LAZY})
