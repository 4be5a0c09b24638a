"""Layers that the chapters introduce and torch does not have: `torch.nn.Module` in, `torch.nn.Module` out."""

from .blurpool import BlurPool2d

__all__ = ["BlurPool2d"]
