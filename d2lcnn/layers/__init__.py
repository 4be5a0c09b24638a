"""Layers that the chapters introduce and torch does not have: `torch.nn.Module` in, `torch.nn.Module` out."""

from .blurpool import BlurPool2d
from .causal import TCN, CausalConv1d, TCNBlock
from .gated import GatedConv1d, GatedConv2d
from .locally_connected import LocallyConnected2d
from .separable import SegmentedConv2d, SeparableConv2d
from .surgery import dense_to_conv, fully_convolutional

__all__ = ["TCN", "BlurPool2d", "CausalConv1d", "GatedConv1d", "GatedConv2d", "LocallyConnected2d",
           "SegmentedConv2d", "SeparableConv2d", "TCNBlock", "dense_to_conv", "fully_convolutional"]
