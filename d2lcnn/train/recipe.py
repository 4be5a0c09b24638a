"""How a network is trained: optimizers, schedules, and the check that a recipe makes sense."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

WARM_UP = 0.3  # part of a one-cycle schedule in which the rate rises
START = 1 / 25  # rate at its first step, as a part of the peak; both are torch's OneCycleLR defaults


def constant(progress):
    """Keep the rate: 1 at any progress."""
    return 1.0


def cosine(progress):
    """Let the rate fall from 1 to 0 along half a cosine (Loshchilov & Hutter 2017, equation 5, one period).

    Examples
    --------
    >>> [round(cosine(p), 3) for p in (0, 0.5, 1)]
    [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * progress))


def onecycle(progress):
    """Let the rate rise from 1/25 to 1 in the first 30 %, then fall to 0 along half a cosine.

    After Smith & Topin 2018; their momentum, which falls while the rate rises, is kept constant here.

    Examples
    --------
    >>> [round(onecycle(p), 3) for p in (0, 0.15, 0.3, 0.65, 1)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    if progress < WARM_UP:
        return START + (1 - START) * progress / WARM_UP
    return cosine((progress - WARM_UP) / (1 - WARM_UP))


def _sgd(parameters, lr, weight_decay):
    return torch.optim.SGD(parameters, lr, momentum=0.9, nesterov=True, weight_decay=weight_decay)


def _plain_sgd(parameters, lr, weight_decay):
    return torch.optim.SGD(parameters, lr, weight_decay=weight_decay)


def _adamw(parameters, lr, weight_decay):
    return torch.optim.AdamW(parameters, lr, weight_decay=weight_decay)


SCHEDULES = {"onecycle": onecycle, "cosine": cosine, "constant": constant}
# "sgd" has Nesterov momentum 0.9; "plain_sgd" has none, as in the first chapters of Dive into Deep Learning
OPTIMIZERS = {"sgd": _sgd, "plain_sgd": _plain_sgd, "adamw": _adamw}


@dataclass(frozen=True)
class Recipe:
    """The arguments of `fit` that decide its result, checked. `fit` documents them.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown; the message holds the argument and its value.
    """

    epochs: int
    lr: float
    batch_size: int = 128
    optimizer: str = "sgd"
    schedule: str | Callable = "onecycle"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augment: Callable | None = None
    seed: int = 0
    bf16: bool = False
    channels_last: bool = False

    def __post_init__(self):
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be an integer, {least} or more, not {value!r}")
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr must be positive, not {self.lr!r}")
        if not 0 <= self.weight_decay < math.inf:
            raise ValueError(f"weight_decay must be 0 or more, not {self.weight_decay!r}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing must lie in [0, 1), not {self.label_smoothing!r}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {self.optimizer!r}; the optimizers are {', '.join(OPTIMIZERS)}")
        if not callable(self.schedule) and self.schedule not in SCHEDULES:
            raise ValueError(f"schedule is {self.schedule!r}; the schedules are {', '.join(SCHEDULES)}, "
                             "or a function of the progress in [0, 1]")
        if self.augment is not None and not callable(self.augment):
            raise TypeError(f"augment must be a function of (x, rng), not {self.augment!r}")

    def make_optimizer(self, net):
        """Make the optimizer of all of the net's parameters."""
        return OPTIMIZERS[self.optimizer](net.parameters(), self.lr, self.weight_decay)

    def learning_rate(self, step, steps):
        """Compute the rate at step 0, 1, ..., steps - 1.

        Examples
        --------
        >>> recipe = Recipe(epochs=1, lr=0.2, schedule="cosine")
        >>> [round(recipe.learning_rate(step, 4), 4) for step in range(4)]
        [0.2, 0.1707, 0.1, 0.0293]
        """
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        return self.lr * schedule(step / steps)

    def fingerprint(self):
        """List the recipe as names and strings, to tell whether a checkpoint belongs to it."""
        values = asdict(self) | {"augment": self.augment, "schedule": self.schedule}
        return {name: getattr(value, "__qualname__", None) or repr(value) for name, value in values.items()}
