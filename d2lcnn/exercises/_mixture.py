"""A function that is handed in to an answer, by its numbers alone: so that it can be sent where its answer is not."""

import numpy as np


class Mixture:
    """A function of a sequence that mixes steps; a gated one multiplies the mixture by the present step.

    Parameters
    ----------
    weights : array of shape (n, n)
        Of each input (column) in each output (row).
    gated : bool
    """

    def __init__(self, weights, gated=False):
        self._weights, self._gated = weights, gated

    def __call__(self, x):
        x = np.asarray(x, dtype=float)
        mixed = self._weights @ x
        # a gate by the present shuts where that is zero: around a sequence of zeros nothing is seen to depend on anything
        return x * mixed if self._gated else mixed + 0.1 * mixed**2

    def numbers(self):
        """Return all that it is made of."""
        return self._weights, self._gated
