"""Drawings of the book: arrays in, Axes out. Nothing here calls ``show``."""

from ._style import PALETTE, SERIES, use_style
from .fields import cone
from .grids import correlation_step, grid, window
from .pictures import image, images

__all__ = ["PALETTE", "SERIES", "cone", "correlation_step", "grid", "image", "images", "use_style", "window"]
