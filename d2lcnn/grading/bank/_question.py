"""The form of a question of the bank, and how its numbers are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, close
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
        For ``d2lcnn exercises --bank --topic``.
    minutes, difficulty, points : int
        As of an `Exercise`.
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

    def numbers(self, seed: int) -> dict[str, Any]:
        """Draw the numbers.

        Parameters
        ----------
        seed : int
            The same seed gives the same numbers, on every machine.

        Returns
        -------
        dict
            Python's own numbers, and tuples of them.
        """
        return self.generate(np.random.default_rng(seed))

    def asked(self, numbers: dict[str, Any], variant: int = 1) -> tuple[Exercise, Statement]:
        """Return the exercise with given numbers, and what it asks.

        Parameters
        ----------
        numbers : dict
            As `numbers` draws them.
        variant : int
            From 1: the number in the exercise's id.

        Returns
        -------
        (Exercise, Statement)
            Class A, kind value.
        """
        right, name = self.oracle(**numbers), f"{self.name}-{variant}"
        wrong = tuple(Mistake(*each) for each in self.mistakes(**numbers) if not close(each[1], right))
        spec = Exercise(name, self.name.replace("-", "_"), kind="value", cls="A", minutes=self.minutes,
                        difficulty=self.difficulty, points=self.points, cases=(Case("what is asked"),),
                        oracle=lambda: right, mistakes=wrong)
        return spec, Statement(name, self.title, self.text(**numbers), f"answer = ...  # {_form(right)}",
                               chapter="Questions with numbers", topics=self.topics)

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
        return self.asked(self.numbers(seed), variant)


def _form(answer):
    """Say what is handed in: the comment of the stub."""
    if isinstance(answer, tuple):
        return f"a tuple of {len(answer)} numbers"
    return "a whole number" if isinstance(answer, int) else "a number"


def between(rng, low, high):
    """Draw a whole number from `low` to `high`, both included."""
    return int(rng.integers(low, high + 1))


def pick(rng, *options):
    """Draw one of the options."""
    return options[int(rng.integers(len(options)))]
