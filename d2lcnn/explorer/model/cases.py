"""The nineteen cases of the guide to convolution arithmetic (Dumoulin & Visin, arXiv:1603.07285), and its numbers."""

from typing import NamedTuple

import numpy as np

from d2lcnn.explorer import facts
from d2lcnn.explorer.model.links import SIZES, Cell, Operation, operation

# the input and the kernel of the guide's worked example (Dumoulin & Visin 2016, figure 1.1), and an output
# gradient with both signs; repeated to fill any size
INPUT, KERNEL, GRADIENT = (facts.CONV[name] for name in ("input", "kernel", "gradient"))


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
    operation: Operation


CASES = tuple(
    Case(number, name, operation(mode, view=view, **dict(zip(SIZES, sizes, strict=True))))
    for number, (name, _, mode, view, *sizes) in enumerate(facts.CONV["cases"], 1)
)
