"""How a network is trained: a `Recipe` and what it is made of, optimizers, schedules and changes of the images.

Without torch, so that the command line can list its options, and an experiment declare its recipes, at once.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from numbers import Real

import numpy as np

from .names import nearest
from .shapes import integer

WARM_UP = 0.3  # part of a one-cycle schedule in which the rate rises
LARGEST = float(np.finfo(np.float32).max)  # steps are made in float32
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


SCHEDULES = {"onecycle": onecycle, "cosine": cosine, "constant": constant}
# name -> class in torch.optim, its options; "plain_sgd" is that of the first chapters of Dive into Deep Learning
OPTIMIZERS = {"sgd": ("SGD", {"momentum": 0.9, "nesterov": True}), "plain_sgd": ("SGD", {}), "adam": ("Adam", {}),
              "adamw": ("AdamW", {})}
BALANCED = "balanced"
SAMPLING = ("shuffled", BALANCED)


def _switch(name, value):
    """Refuse what is neither True nor False, such as the word "no", which is true."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False, not {value!r}")


def _class_weights(weights):
    """Return the weights of classes as a tuple, `BALANCED` or None; refuse all else."""
    if weights is None or (isinstance(weights, str) and weights == BALANCED):
        return weights
    if isinstance(weights, str) or not np.iterable(weights):
        raise ValueError(f"class_weights must be {BALANCED!r} or a number for each class, not {weights!r}")
    weights = tuple(weights)
    if not weights or not all(isinstance(w, Real) and 0 <= w < math.inf for w in weights) or not any(weights):
        raise ValueError(f"class_weights must be numbers of 0 or more, not all 0, not {weights!r}")
    return tuple(map(float, weights))


@dataclass(frozen=True)
class Augment:
    """Random changes of a batch that leave its labels true.

    Parameters
    ----------
    shift : int
        Move each image by up to this many pixels along each axis; what comes in from outside is zero.
    flip : bool
        Mirror each image left-right with probability one half.

    Examples
    --------
    >>> x = np.array([[[[0, 1], [2, 3]]]], dtype=np.uint8)
    >>> rng = np.random.default_rng(0)
    >>> [Augment(flip=True)(x, rng)[0, 0].tolist() for _ in range(2)]
    [[[0, 1], [2, 3]], [[1, 0], [3, 2]]]
    """

    shift: int = 0
    flip: bool = False

    def __post_init__(self):
        object.__setattr__(self, "shift", integer("shift", self.shift, 0))
        _switch("flip", self.flip)

    def __call__(self, x, rng):
        """Change the batch `x` (N, C, H, W), any dtype, with draws from `rng`; `x` itself stays as it is."""
        x, count = np.asarray(x), len(x)
        if self.shift:
            s = self.shift
            padded = np.pad(x, ((0, 0), (0, 0), (s, s), (s, s)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, x.shape[2:], axis=(2, 3))
            dy, dx = rng.integers(0, 2 * s + 1, size=(2, count))
            x = windows[np.arange(count), :, dy, dx]
        if self.flip:
            mirrored = rng.random(count) < 0.5
            x = np.where(mirrored[:, None, None, None], x[..., ::-1], x)
        return x


@dataclass(frozen=True)
class Recipe:
    """What decides the result of training, besides network and images; checked when it is made.

    These are the options of `train.fit` and of ``python -m d2lcnn train``, which list none themselves.

    Parameters
    ----------
    epochs : int
        Times each training image is seen.
    lr : float
        The largest learning rate of the schedule.
    batch_size : int
        Images a step, over all processes together.
    optimizer : {"sgd", "plain_sgd", "adam", "adamw"}
        "sgd" has Nesterov momentum 0.9, "plain_sgd" has none. "adam" adds the decay to the gradient, "adamw" shrinks
        the weights by it instead (Loshchilov & Hutter 2019, algorithm 2).
    schedule : {"onecycle", "cosine", "constant"} or callable
        How the learning rate changes. A function of the progress in [0, 1) gives the rate as a part of `lr`.
    weight_decay : float
        Weight decay of the optimizer.
    label_smoothing : float
        Part of the target that is spread over all classes, in [0, 1).
    class_weights : "balanced" or sequence of float, optional
        Weight of each class in the training loss. "balanced" is the number of images over classes times images of the
        class, so that classes count alike and the mean over all images is 1.
    sampling : {"shuffled", "balanced"}
        How an epoch picks its images. "balanced" draws with replacement, so that each class comes equally often.
    ema : float
        If not 0, an average of the weights is kept that forgets all but this part of itself at each step, in [0, 1).
        Validation measures it, and the network ends with it (Polyak & Juditsky 1992; running statistics too).
    patience : int
        If not 0, stop after this many epochs without a smaller validation loss, and end with the weights of the best
        epoch (Prechelt 1998). The schedule stays that of all epochs.
    augment : callable, optional
        ``augment(x, rng)`` changes each batch, for instance ``Augment(shift=2, flip=True)``.
    seed : int
        Decides order, augmentation and dropout, not the weights that a network comes with. It has at most 64 bits.
    bf16 : bool
        Multiply in bfloat16, keep weights in float32 (faster only where the processor has it).
    channels_last : bool
        Keep channels next to each other in memory (often faster convolutions; same result up to rounding).

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown; the message holds the argument and its value.
    TypeError
        If `augment` is no function.

    Examples
    --------
    >>> Recipe(epochs=1, lr=0.1, optimizer="adamax")
    Traceback (most recent call last):
    ValueError: optimizer is 'adamax'; the optimizers are sgd, plain_sgd, adam, adamw
    """

    epochs: int
    lr: float
    batch_size: int = 128
    optimizer: str = field(default="sgd", metadata={"choices": OPTIMIZERS})
    schedule: str | Callable = field(default="onecycle", metadata={"choices": SCHEDULES})
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    class_weights: str | tuple | None = field(default=None, metadata={"choices": (BALANCED,)})
    sampling: str = field(default="shuffled", metadata={"choices": SAMPLING})
    ema: float = 0.0
    patience: int = 0
    augment: Callable | None = None
    seed: int = 0
    bf16: bool = False
    channels_last: bool = False

    def __post_init__(self):
        keep = object.__setattr__  # numbers are kept as Python's own: NumPy's 3 is the same recipe as 3
        for name, least, most in (("epochs", 1, None), ("batch_size", 1, None), ("patience", 0, None),
                                  ("seed", 0, 2**64 - 1)):
            keep(self, name, integer(name, getattr(self, name), least, most))
        for name, holds, needed in (("lr", lambda v: 0 < v < math.inf, "be positive"),
                                    ("weight_decay", lambda v: 0 <= v < math.inf, "be 0 or more"),
                                    ("label_smoothing", lambda v: 0 <= v < 1, "lie in [0, 1)"),
                                    ("ema", lambda v: 0 <= v < 1, "lie in [0, 1)")):
            value = getattr(self, name)
            if not isinstance(value, Real) or isinstance(value, bool) or not holds(value):
                raise ValueError(f"{name} must {needed}, not {value!r}")
            if value > LARGEST:
                raise ValueError(f"{name} must be at most {LARGEST:.2g}, not {value!r}")
            keep(self, name, float(value))
        for name in ("bf16", "channels_last"):
            _switch(name, getattr(self, name))
        if self.optimizer not in [*OPTIMIZERS]:
            raise ValueError(f"optimizer is {self.optimizer!r}; the optimizers are {', '.join(OPTIMIZERS)}")
        if self.sampling not in SAMPLING:
            raise ValueError(f"sampling is {self.sampling!r}; it may be {' or '.join(SAMPLING)}")
        keep(self, "class_weights", _class_weights(self.class_weights))
        if not callable(self.schedule) and self.schedule not in [*SCHEDULES]:
            raise ValueError(f"schedule is {self.schedule!r}; the schedules are {', '.join(SCHEDULES)}, "
                             "or a function of the progress in [0, 1)")
        if self.augment is not None and not callable(self.augment):
            raise TypeError(f"augment must be a function of (x, rng), not {self.augment!r}")

    @classmethod
    def of(cls, recipe=None, **options):
        """Make a recipe of options alone, or of another recipe in which the options replace fields.

        Raises
        ------
        TypeError
            If an option is no field, `recipe` is no Recipe, or epochs or lr are given by neither.
        ValueError
            As `Recipe`.

        Examples
        --------
        >>> base = Recipe(epochs=3, lr=0.1)
        >>> Recipe.of(base, seed=2) == Recipe(3, 0.1, seed=2)
        True
        >>> Recipe.of(base, epoch=5)
        Traceback (most recent call last):
        TypeError: 'epoch' is no option of training; the nearest is 'epochs'
        """
        names = [f.name for f in fields(cls)]
        for option in options.keys() - {*names}:
            raise TypeError(f"{option!r} is no option of training; "
                            f"the nearest is {nearest(option, names, 1, 0)[0]!r}")
        if recipe is None:
            lacking = [name for name in ("epochs", "lr") if name not in options]
            if lacking:
                raise TypeError(f"training needs {' and '.join(lacking)}, as options or in a recipe")
            return cls(**options)
        if not isinstance(recipe, cls):
            raise TypeError(f"recipe must be a Recipe, not {recipe!r}")
        return replace(recipe, **options)

    def make_optimizer(self, net):
        """Make the optimizer of all of the net's parameters."""
        import torch

        name, options = OPTIMIZERS[self.optimizer]
        return getattr(torch.optim, name)(net.parameters(), self.lr, weight_decay=self.weight_decay, **options)

    def learning_rate(self, step, steps):
        """Compute the rate at step 0, 1, ..., steps - 1; ValueError if the schedule gives what is no rate.

        Examples
        --------
        >>> recipe = Recipe(epochs=1, lr=0.2, schedule="cosine")
        >>> [round(recipe.learning_rate(step, 4), 4) for step in range(4)]
        [0.2, 0.1707, 0.1, 0.0293]
        """
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        rate = self.lr * schedule(step / steps)
        if not 0 <= rate <= LARGEST:
            raise ValueError(f"schedule gives the learning rate {rate} at progress {step / steps:.3g}")
        return rate
