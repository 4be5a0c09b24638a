"""Dive into Convolutional Networks: the package that the chapters import."""

__version__ = "0.1.0"
