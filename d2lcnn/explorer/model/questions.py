"""Predict, then reveal: the questions of the explorer and their answers."""

import numpy as np

from d2lcnn.explorer import facts
from d2lcnn.explorer.model.backward import gradients
from d2lcnn.explorer.model.cases import GRADIENT, INPUT, KERNEL, tiled
from d2lcnn.explorer.model.links import Cell, Operation, one_of, output_size, real, values
from d2lcnn.explorer.model.words import at, problem, say

QUESTIONS = tuple(facts.CONV["questions"])


def numbers(op: Operation, x=None, w=None, g=None) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Fill input, kernel and output gradient with the usual numbers where none are given; no kernel for pooling."""
    kernel = None if op.pooling else tiled(KERNEL, op.k, w)
    return tiled(INPUT, op.i, x), kernel, tiled(GRADIENT, output_size(op), g)


def _check(op: Operation, ask: str, pos: int) -> Cell:
    one_of("predict", ask, QUESTIONS)
    if bad := problem(op):
        raise ValueError(bad)
    return at(op, pos, ask)[1]


def question(op: Operation, ask: str, pos: int = 0) -> str:
    """Write a question as the figure does.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> question(operation(), "value", pos=4)
    'What is the value of output row 1, column 1?'
    """
    cell = _check(op, ask, pos)
    return say("dx" if ask == "value" and op.view == "backward" else ask, *cell)


def answer(op: Operation, ask: str, pos: int = 0, *, x=None, w=None, g=None) -> Cell | float | list[Cell]:
    """Answer a question of the figure: what `check` compares a prediction with.

    Parameters
    ----------
    op : Operation
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
    >>> from d2lcnn.explorer.model.links import operation
    >>> one = operation(i=5, k=3, s=2, p=1)
    >>> answer(one, "size"), answer(one, "reads", 0)
    ((3, 3), [(0, 0), (0, 1), (1, 0), (1, 1)])
    """
    cell = _check(op, ask, pos)
    if ask == "size":
        return output_size(op)
    if ask == "reads":
        return sorted(t.input for t in real(op) if t.output == cell)
    if ask == "feeds":
        return sorted(t.output for t in real(op) if t.input == cell)
    x, w, g = numbers(op, x, w, g)
    found = gradients(op, x, w, g).x if op.view == "backward" else values(op, x, w)
    return float(found[cell])
