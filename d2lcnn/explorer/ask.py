"""Predict, then reveal: the questions of the explorer and their answers."""

import numpy as np

from d2lcnn.explorer.backward import GRADIENT, gradients
from d2lcnn.explorer.cases import INPUT, KERNEL, tiled
from d2lcnn.explorer.core import Cell, Setting, output_size, real, values
from d2lcnn.explorer.words import at, problem

QUESTIONS = ("size", "reads", "feeds", "value")


def numbers(setting: Setting, x=None, w=None, g=None) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Fill input, kernel and output gradient with the usual numbers where none are given; no kernel for pooling."""
    kernel = None if setting.pooling else tiled(KERNEL, setting.k, w)
    return tiled(INPUT, setting.i, x), kernel, tiled(GRADIENT, output_size(setting), g)


def _check(setting: Setting, ask: str, pos: int) -> Cell:
    if ask not in QUESTIONS:
        raise ValueError(f"predict must be one of {', '.join(QUESTIONS)}, got {ask!r}")
    if bad := problem(setting):
        raise ValueError(bad)
    return at(setting, pos, ask)[1]


def question(setting: Setting, ask: str, pos: int = 0) -> str:
    """Write a question as the figure does.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> question(setting(), "value", pos=4)
    'What is the value of output row 1, column 1?'
    """
    r, c = _check(setting, ask, pos)
    if ask == "size":
        return "What is the size of the output? Type one number, or rows and columns."
    if ask == "value" and setting.view == "backward":
        return f"What is dX at row {r}, column {c}?"
    return {
        "reads": f"Which inputs does output row {r}, column {c} read? Mark them by click or Enter.",
        "feeds": f"Which outputs does input row {r}, column {c} feed? Mark them by click or Enter.",
        "value": f"What is the value of output row {r}, column {c}?",
    }[ask]


def answer(setting: Setting, ask: str, pos: int = 0, *, x=None, w=None, g=None) -> Cell | float | list[Cell]:
    """Answer a question of the figure: what `check` compares a prediction with.

    Parameters
    ----------
    setting : Setting
    ask : {"size", "reads", "feeds", "value"}
        The size of the output; the inputs that an output reads; the outputs that an input feeds; a value of the
        output, or in the view "backward" of dX.
    pos : int
        The cell in question, in reading order: an output cell, for "feeds" and dX an input cell.
    x, w, g : nested sequences of numbers, optional
        Input, kernel, output gradient; elsewhere the usual numbers.

    Returns
    -------
    (rows, columns), or a float, or a sorted list of (row, column)

    Raises
    ------
    ValueError
        If the question is unknown, the setting impossible, or there is no such cell.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> one = setting(i=5, k=3, s=2, p=1)
    >>> answer(one, "size"), answer(one, "reads", 0)
    ((3, 3), [(0, 0), (0, 1), (1, 0), (1, 1)])
    """
    cell = _check(setting, ask, pos)
    if ask == "size":
        return output_size(setting)
    if ask == "reads":
        return sorted(t.input for t in real(setting) if t.output == cell)
    if ask == "feeds":
        return sorted(t.output for t in real(setting) if t.input == cell)
    x, w, g = numbers(setting, x, w, g)
    found = gradients(setting, x, w, g).x if setting.view == "backward" else values(setting, x, w)
    return float(found[cell])
