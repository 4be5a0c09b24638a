"""The nineteen cases of the guide to convolution arithmetic (Dumoulin & Visin, arXiv:1603.07285), and its numbers."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from d2lcnn import shapes
from d2lcnn.explorer.core import Cell, Setting, setting

# the input and the kernel of the guide's worked example (Dumoulin & Visin 2016, figure 1.1), repeated to fill any size
INPUT = ((3, 3, 2, 1, 0), (0, 0, 1, 3, 1), (3, 1, 2, 2, 3), (2, 0, 0, 2, 2), (2, 0, 0, 0, 1))
KERNEL = ((0, 1, 2), (2, 2, 0), (0, 1, 2))


def tiled(pattern, size: Cell, given=None) -> np.ndarray:
    """Fill `size` with the given numbers where there are any, elsewhere with the repeated pattern."""
    rows = [] if given is None else [list(row) for row in given]
    full = [
        [
            rows[r][c] if r < len(rows) and c < len(rows[r]) else pattern[r % len(pattern)][c % len(pattern[0])]
            for c in range(size[1])
        ]
        for r in range(size[0])
    ]
    return np.array(full, dtype=np.float64).reshape(size)


class Case(NamedTuple):
    """One picture of the guide: its number here, its name, its sizes."""

    number: int
    name: str
    setting: Setting


# name, i, k, s, p, d
_FORWARD = (
    ("no padding, stride 1", 4, 3, 1, 0, 1),
    ("padding 2, stride 1", 5, 4, 1, 2, 1),
    ("same padding", 5, 3, 1, 1, 1),
    ("full padding", 5, 3, 1, 2, 1),
    ("no padding, stride 2", 5, 3, 2, 0, 1),
    ("padding 1, stride 2", 5, 3, 2, 1, 1),
    ("padding 1, stride 2, even input", 6, 3, 2, 1, 1),
    ("dilation 2", 7, 3, 1, 0, 2),
)


def _cases() -> Iterator[tuple[str, Setting]]:
    for name, i, k, s, p, d in _FORWARD:
        yield name, setting("conv", i, k, s, p, d)
    for name, i, k, s, p, d in _FORWARD[:7]:
        # the way back takes the sizes of the forward case; what the stride left over is the output_padding.
        # The guide draws it as a convolution over inserted zeros.
        back = shapes.conv_output_size(i, k, s, p, d)
        yield f"transpose of: {name}", setting("transposed", back, k, s, p, d, (i + 2 * p - k) % s, view="zeros")
    yield "numbers: no padding, stride 1", setting("conv", 5, 3, 1, 0)
    yield "numbers: padding 1, stride 2", setting("conv", 5, 3, 2, 1)
    yield "numbers: average pooling", setting("avg", 5, 3, 1)
    yield "numbers: max pooling", setting("max", 5, 3, 1)


CASES = tuple(Case(number, name, found) for number, (name, found) in enumerate(_cases(), 1))
