"""Gradients by differences: slow, without derivation, and so the judge of those that were derived."""

import math
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import is_torch_array

from ._args import namespace, number


class GradientCheck(NamedTuple):
    """Outcome of `check_gradient`; true where the gradient passed.

    Parameters
    ----------
    ok : bool
        Whether no error is above the tolerance.
    error : float
        The largest relative error.
    index : tuple of int
        The entry that has it.
    given, numerical : float
        That entry as it was given, and by differences.

    Examples
    --------
    >>> bool(GradientCheck(ok=False, error=0.5, index=(0, 2), given=2.0, numerical=1.0))
    False
    """

    ok: bool
    error: float
    index: tuple
    given: Any
    numerical: Any

    def __bool__(self):
        return self.ok  # a tuple that is not empty would count as true


def numerical_gradient(f, x, *, step=None):
    """Estimate a gradient by central differences, one entry after the other.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, which it must not change, and returns one number.
    x : array
        Where: any shape, a real floating dtype.
    step : float, optional
        How far to go to either side, times the size of the entry where that is above 1. The cube root of the dtype's
        machine epsilon where it is not given: 6e-6 in float64, 5e-3 in float32.

    Returns
    -------
    array
        ``(f(x + h) - f(x - h)) / (2 * h)`` for each entry; shape, type and dtype of `x`.

    Raises
    ------
    TypeError
        If `x` is no array, has no real floating dtype, or `step` is no number.
    ValueError
        If `step` is not positive, or `f` returns more than one number.

    Notes
    -----
    `f` is called twice for each entry. The formula's own error falls with h**2, that of rounding grows with 1/h; the
    cube root of epsilon balances them: Press et al., "Numerical Recipes" (3rd edition, 2007), section 5.7. At a kink,
    of ReLU or of max pooling at a tie, the result lies between the slopes of the two sides.

    Examples
    --------
    >>> import numpy as np
    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    xp = namespace(kind="real floating", x=x)
    step = _positive("step", step, xp, x)
    x = xp.asarray(x.detach() if is_torch_array(x) else x, copy=True)
    gradient = xp.zeros_like(x)
    for place in np.ndindex(*x.shape):
        value, points, results = float(x[place]), [], []
        for h in (step * max(1, abs(value)), -step * max(1, abs(value))):
            x[place] = value + h
            points.append(float(x[place]))  # as the dtype rounds it
            results.append(_result(f, x))
        x[place] = value
        gradient[place] = (results[0] - results[1]) / (points[0] - points[1])
    return gradient


def check_gradient(f, x, gradient, *, step=None, tolerance=None):
    """Compare a gradient with central differences, and name the entry that is worst.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, which it must not change, and returns one number.
    x : array
        Where: any shape but an empty one, a real floating dtype.
    gradient : array
        What is to be checked, in the shape, type and dtype of `x`.
    step : float, optional
        As for `numerical_gradient`.
    tolerance : float, optional
        Largest relative error that passes. The cube root of machine epsilon where it is not given, as for `step`.

    Returns
    -------
    GradientCheck
        ``ok``, ``error``, ``index``, and the entry as ``given`` and as ``numerical``.

    Raises
    ------
    TypeError
        If array types or dtypes differ, the dtype is not real floating, or an option is no number.
    ValueError
        If the shapes differ, `x` is empty, an option is not positive, or `f` returns more than one number.

    Notes
    -----
    The error of an entry is relative to the larger of its two values, so small entries count like large ones, down to
    where rounding hides them: differences below ``10 * epsilon * size / step`` always pass, where size is the larger
    of ``abs(f(x))`` and the largest entry.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, -3.0])
    >>> check_gradient(lambda x: (x**2).sum(), x, 2 * x).ok
    True
    >>> wrong = check_gradient(lambda x: (x**2).sum(), x, np.array([2.0, 6.0]))
    >>> wrong.ok, wrong.index, wrong.given, round(wrong.numerical, 6)
    (False, (1,), 6.0, -6.0)
    """
    xp = namespace(kind="real floating", x=x, gradient=gradient)
    if tuple(gradient.shape) != tuple(x.shape):
        raise ValueError(f"gradient must have the shape of x {tuple(x.shape)}, not {tuple(gradient.shape)}")
    if math.prod(x.shape) == 0:
        raise ValueError(f"x has no entries: its shape is {tuple(x.shape)}")
    step, tolerance = _positive("step", step, xp, x), _positive("tolerance", tolerance, xp, x)
    if is_torch_array(x):
        x, gradient = x.detach(), gradient.detach()
    numerical = numerical_gradient(f, x, step=step)
    size = max(abs(_result(f, x)), float(xp.max(xp.abs(numerical))))
    limits = xp.finfo(x.dtype)
    floor = max(10 * float(limits.eps) * size / (step * tolerance), float(limits.smallest_normal))
    larger = xp.maximum(xp.abs(gradient), xp.abs(numerical))
    errors = xp.reshape(xp.abs(gradient - numerical) / xp.clip(larger, min=floor), (-1,))
    worst = int(xp.argmax(errors))  # nan counts as the largest
    error, index = float(errors[worst]), tuple(int(i) for i in np.unravel_index(worst, tuple(x.shape)))
    return GradientCheck(error <= tolerance, error, index, float(gradient[index]), float(numerical[index]))


def _positive(name, value, xp, x):
    """Return a positive option, or the cube root of the dtype's machine epsilon where it is not given."""
    if value is None:
        return float(xp.finfo(x.dtype).eps) ** (1 / 3)
    if number(name, value) <= 0:
        raise ValueError(f"{name} must be positive, not {value}")
    return float(value)


def _result(f, x):
    """Call f and return its one number as a float."""
    y = f(x)
    if math.prod(getattr(y, "shape", ())) != 1:
        raise ValueError(f"f must return one number, not an array of shape {tuple(y.shape)}")
    return y.item() if hasattr(y, "item") else float(y)
