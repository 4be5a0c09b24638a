"""Drawings of the book: arrays in, Axes out. Nothing here calls ``show``."""

from ._style import PALETTE, SERIES, use_style
from .architecture import architecture
from .arithmetic import conv_case, conv_cases
from .boxes import kernel_boxes
from .coverage import coverage
from .curves import confusion_matrix, learning_curves, spread_curves, spread_dots
from .fields import cone
from .grids import correlation_step, grid, window
from .pictures import image, images
from .roofline import roofline

__all__ = [
    "PALETTE",
    "SERIES",
    "architecture",
    "cone",
    "confusion_matrix",
    "conv_case",
    "conv_cases",
    "correlation_step",
    "coverage",
    "grid",
    "image",
    "images",
    "kernel_boxes",
    "learning_curves",
    "roofline",
    "spread_curves",
    "spread_dots",
    "use_style",
    "window",
]
