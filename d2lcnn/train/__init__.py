"""Training: an explicit loop that runs unchanged on one CPU, one GPU or several processes.

`fit` trains any classifier on images held in memory, `evaluate` measures it, `batches` shows what both feed it, and
`find_rate` looks for the learning rate to begin with.
"""

from ..recipe import OPTIMIZERS, SCHEDULES, Augment, Recipe
from .batches import batches
from .finder import RateTest, find_rate
from .loop import evaluate, fit, rank
from .metrics import History, Metrics

__all__ = ["OPTIMIZERS", "SCHEDULES", "Augment", "History", "Metrics", "RateTest", "Recipe", "batches", "evaluate",
           "find_rate", "fit", "rank"]
