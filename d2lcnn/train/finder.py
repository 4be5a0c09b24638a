"""The learning-rate range test: one short run in which the rate grows with every step, on a copy of the network."""

import copy
import itertools
from dataclasses import dataclass, field
from numbers import Real

import numpy as np

from ..recipe import LARGEST, Recipe
from ..shapes import integer
from .batches import check_images
from .loop import make_step, opened, parts_of_batches
from .metrics import Tally

SMOOTHING = 0.9  # part of itself that the smoothed loss keeps at each step
BROKEN = 2.0  # the test ends when the smoothed loss exceeds its first value this many times
FALL = 0.9  # part of the loss's fall that is behind it at the suggested rate; beyond it a step gains little
FALLING = 0.05  # a larger part of the fall in the last tenth of the steps means that the range was too small


@dataclass(frozen=True)
class RateTest:
    """Result of `find_rate`.

    Attributes
    ----------
    rates : numpy.ndarray, float64 (n,)
        The rate of each step, growing by a constant factor.
    losses : numpy.ndarray, float64 (n,)
        Mean loss of the batch, measured just before the step.
    """

    rates: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)

    @property
    def smoothed(self):
        """The losses, averaged over about the last ten steps; float64 (n,).

        Examples
        --------
        A mean that weighs 0.9 and 1, then 0.81, 0.9 and 1:

        >>> RateTest(np.ones(3), np.array([1.0, 3, 3])).smoothed.round(4).tolist()
        [1.0, 2.0526, 2.4022]
        """
        average, smoothed = 0.0, []
        for step, loss in enumerate(self.losses, 1):
            average = SMOOTHING * average + (1 - SMOOTHING) * loss
            smoothed.append(average / (1 - SMOOTHING**step))
        return np.array(smoothed)

    @property
    def suggestion(self):
        """A rate to begin with: the first at which nine tenths of the fall of the smoothed loss are done.

        Raises
        ------
        ValueError
            If the loss did not fall, or was still falling when the test ended: then the range was too small.

        Examples
        --------
        >>> test = RateTest(np.geomspace(1e-4, 10, 6), np.array([2.0, 2, 1, 0, 5, 9]))
        >>> test.smoothed.round(2).tolist(), round(test.suggestion, 6)
        ([2.0, 2.0, 1.63, 1.16, 2.1, 3.57], 0.1)
        """
        smoothed = self.smoothed
        fall, low, high = smoothed[0] - smoothed.min(), self.rates[0], self.rates[-1]
        if fall == 0:
            raise ValueError(f"the loss did not fall between the rates {low:.3g} and {high:.3g}: try a smaller `low`, "
                             "and see whether the network learns at all")
        if smoothed[-1 - len(smoothed) // 10] - smoothed[-1] > FALLING * fall:
            raise ValueError(f"the loss was still falling at the largest rate, {high:.3g}: try a larger `high`")
        return float(self.rates[np.argmax(smoothed[0] - smoothed >= FALL * fall)])


def find_rate(net, train, recipe=None, *, low=1e-5, high=10.0, steps=100, device=None, **options):
    """Try ever larger learning rates on a copy of a network, and see where the loss falls and where it breaks.

    Parameters
    ----------
    net : torch.nn.Module
        As for `fit`; neither its weights nor its gradients, modes or buffers change.
    train : object with arrays ``x`` and ``y``
        As for `fit`.
    recipe : Recipe, optional
        How to train; its `epochs`, `lr` and `schedule` do not matter here.
    low, high : float
        Rate of the first and of the last step.
    steps : int
        Number of steps, at least 20. The test ends earlier if the smoothed loss doubles or is not finite.
    device : str, optional
        As for `fit`.
    **options
        Fields of `Recipe`, as for `fit`.

    Returns
    -------
    RateTest

    Raises
    ------
    ValueError, TypeError
        If an argument makes no sense.

    Notes
    -----
    After Smith 2017 (arXiv:1506.01186, section 3.3), who lets the rate grow linearly over several epochs and looks at
    the accuracy. Here it grows by a factor, so that five decades take a hundred steps. Each step is one of `fit`.

    The suggestion is a beginning: it depends on the network's initial weights, on the batches and on the number of
    steps, and tells decades apart, not digits. Tune around it.

    Examples
    --------
    >>> import torch
    >>> from types import SimpleNamespace
    >>> bright = SimpleNamespace(x=np.array([0, 0, 255, 255], np.uint8).reshape(4, 1, 1, 1), y=np.array([0, 0, 1, 1]))
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1, 2))
    >>> test = find_rate(net, bright, low=1e-4, high=1000, batch_size=2)
    >>> 0.1 < test.suggestion < 30
    True
    """
    for name, value in (("low", low), ("high", high)):
        if not isinstance(value, Real) or isinstance(value, bool) or not 0 < value <= LARGEST:
            raise ValueError(f"{name} must be a positive number, at most {LARGEST:.2g}, not {value!r}")
    if low >= high:
        raise ValueError(f"low must be smaller than high, and low is {low!r}, high is {high!r}")
    steps = integer("steps", steps, 20)
    recipe = Recipe.of(recipe, **({"epochs": 1, "lr": high} if recipe is None else {}) | options)
    check_images(train, "train")
    rates = np.geomspace(low, high, steps)
    losses = []
    with opened(copy.deepcopy(net), train, recipe, device) as run:
        epochs = (parts_of_batches(run, train, epoch) for epoch in itertools.count(1))
        for step, (x, y, total) in zip(range(steps), itertools.chain.from_iterable(epochs), strict=False):
            tally = Tally()
            try:
                make_step(run, x, y, total, float(rates[step]), tally, f"in step {step + 1}")
            except FloatingPointError:  # not an error here: this is where the test ends
                break
            losses.append(tally.reduce(run.fabric).means[0])
            test = RateTest(rates[: len(losses)], np.array(losses))
            if test.smoothed[-1] > BROKEN * test.losses[0]:
                break
    if not losses:
        raise ValueError("the first loss is not finite, before any step: look at the images and at the network")
    return test
