"""The convolution explorer: one interactive figure for book and notebook, and its still pictures.

>>> from d2lcnn import explorer
>>> lab = explorer.ConvLab(i=5, k=3, s=2, p=1)

as the last line of a notebook cell shows the figure. In a page of the book the tag does the same:
``<conv-lab mode="conv" i="5" k="3" s="2" p="1"></conv-lab>``.
"""

from d2lcnn.explorer.draw.raster import gif, png
from d2lcnn.explorer.draw.stills import picture, svg
from d2lcnn.explorer.figures import ChannelLab, ConeLab, ConvLab, Figure, script
from d2lcnn.explorer.model.cases import CASES
from d2lcnn.explorer.model.links import (
    Operation,
    Triple,
    counts,
    lit,
    operation,
    output_size,
    same_output,
    triples,
    values,
)
from d2lcnn.explorer.model.words import formula, problem, sentence, total

__all__ = [
    "CASES",
    "ChannelLab",
    "ConeLab",
    "ConvLab",
    "Figure",
    "Operation",
    "Triple",
    "counts",
    "formula",
    "gif",
    "lit",
    "operation",
    "output_size",
    "picture",
    "png",
    "problem",
    "same_output",
    "script",
    "sentence",
    "svg",
    "total",
    "triples",
    "values",
]
