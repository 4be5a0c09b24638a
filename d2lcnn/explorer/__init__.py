"""The convolution explorer: one interactive figure for book and notebook, and its still pictures.

>>> from d2lcnn import explorer
>>> lab = explorer.ConvLab(i=5, k=3, s=2, p=1)

as the last line of a notebook cell shows the figure. In a page of the book the tag does the same:
``<conv-lab mode="conv" i="5" k="3" s="2" p="1"></conv-lab>``.
"""

from d2lcnn.explorer.cases import CASES
from d2lcnn.explorer.core import Setting, Triple, counts, lit, output_size, same_output, setting, triples, values
from d2lcnn.explorer.figure import Figure, script
from d2lcnn.explorer.labs import ChannelLab, ConeLab
from d2lcnn.explorer.raster import gif, png
from d2lcnn.explorer.stills import picture, svg
from d2lcnn.explorer.widget import ConvLab
from d2lcnn.explorer.words import formula, problem, sentence, total

__all__ = [
    "CASES",
    "ChannelLab",
    "ConeLab",
    "ConvLab",
    "Figure",
    "Setting",
    "Triple",
    "counts",
    "formula",
    "gif",
    "lit",
    "output_size",
    "picture",
    "png",
    "problem",
    "same_output",
    "script",
    "sentence",
    "setting",
    "svg",
    "total",
    "triples",
    "values",
]
