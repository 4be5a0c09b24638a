"""A bank of value questions with numbers: each student of an exam, and each round of a drill, gets numbers of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._statements import Statement


@dataclass(frozen=True)
class Question:
    """A value exercise whose numbers are drawn.

    Parameters
    ----------
    name : str
        ``"output-size"``; its variants are the exercises ``"output-size-1"``, ``"output-size-2"`` and so on.
    title : str
    topics : tuple of str
        For ``d2lcnn exercises --topic``.
    generate : callable
        ``generate(rng) -> dict`` of the numbers, by name.
    text : callable
        ``text(**numbers) -> str``: the statement, Markdown; what is handed in is said in its last sentence.
    oracle : callable
        ``oracle(**numbers)``: the answer, by a library or by `d2lcnn.shapes`.
    mistakes : callable
        ``mistakes(**numbers) -> tuple of (name, answer, hint)``. Those whose answer is right for these numbers are
        left out.
    """

    name: str
    title: str
    topics: tuple[str, ...]
    minutes: int
    difficulty: int
    points: int
    generate: Callable[[np.random.Generator], dict]
    text: Callable[..., str]
    oracle: Callable[..., Any]
    mistakes: Callable[..., tuple]

    def drawn(self, seed: int, variant: int = 1) -> tuple[Exercise, Statement]:
        """Draw the numbers; return the exercise and what it asks.

        Parameters
        ----------
        seed : int
            The same seed gives the same numbers, on every machine.
        variant : int
            From 1: the number in the exercise's id. It takes no part in the draw.

        Returns
        -------
        (Exercise, Statement)
            Class A, kind value.
        """
