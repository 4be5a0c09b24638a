"""Kinds of parameters: how a value is checked, written as an attribute, and read from one.

A figure declares its parameters in one table of these; its arguments, the attributes of its element, the traits of
the live widget and the options of the command line all come from that table.
"""

import re
from dataclasses import dataclass
from math import isfinite

import numpy as np

from d2lcnn import shapes
from d2lcnn.explorer.model import cone
from d2lcnn.explorer.model.channels import NAMED
from d2lcnn.explorer.model.links import one_of


def attribute(name: str) -> str:
    """Name the element's attribute of a parameter."""
    return name.replace("_", "-")


def _integer(text: str) -> int:
    if not re.fullmatch(r"\s*-?[0-9]+\s*", text):
        raise ValueError(f"not an integer: {text!r}")
    return int(text)


@dataclass(frozen=True)
class Parameter:
    """One thing that can be set; None is allowed where it is the usual value, and leaves the choice to the figure.

    Parameters
    ----------
    usual : object
        The value where nothing is given.
    help : str
        What it is, for the command line.
    always : bool
        Write the attribute even where the value is the usual one.
    fixed : bool
        Whether it belongs to the figure's surroundings: then it is no part of an address and no option.
    """

    usual: object
    help: str = ""
    always: bool = False
    fixed: bool = False

    def check(self, name: str, value):
        """Return a value in its one form; ValueError naming the argument if it makes no sense."""
        return None if value is None and self.usual is None else self.checked(name, value)

    def checked(self, name: str, value):
        """Return any value but None in its one form; ValueError for what makes no sense."""
        raise NotImplementedError

    def default(self, name: str):
        """Return the usual value in its one form."""
        return self.check(name, self.usual)

    def parse(self, text: str):
        """Read an attribute's text, which still has to be checked; ValueError for what cannot be read."""
        raise NotImplementedError

    def write(self, value) -> str:
        """Write an attribute's text."""
        return str(value)

    def read(self, name: str, text: str | None):
        """Return what an attribute says; its usual value if it is missing, None if it makes no sense."""
        if text is None:
            return self.default(name)
        try:
            return self.check(name, self.parse(text))
        except ValueError:
            return None


class Whole(Parameter):
    """An integer."""

    def checked(self, name, value):
        """Return an int."""
        return shapes.integer(name, value)

    def parse(self, text):
        """Read an integer."""
        return _integer(text)


class Size(Parameter):
    """(rows, columns); one number stands for both.

    Examples
    --------
    >>> size = Size(3)
    >>> size.check("k", 2), size.write((2, 2)), size.read("k", "2 x 3")
    ((2, 2), '2', (2, 3))
    """

    def checked(self, name, value):
        """Return a pair of int."""
        return shapes.per_axis(name, value, minimum=None)

    def parse(self, text):
        """Read "3", "3,4" or "3x4"."""
        parts = re.split(r"\s*[,x×]\s*|\s+", text.strip())
        if len(parts) > 2:
            raise ValueError(f"one number or rows,columns: {text!r}")
        return tuple(map(_integer, parts))

    def write(self, value):
        """Write one number where both are equal."""
        return str(value[0]) if value[0] == value[1] else f"{value[0]},{value[1]}"


@dataclass(frozen=True)
class Word(Parameter):
    """One of some words."""

    words: tuple[str, ...] = ()

    def checked(self, name, value):
        """Return the word."""
        return one_of(name, value, self.words)

    def parse(self, text):
        """Return the text."""
        return text


class Flag(Parameter):
    """True or False: an attribute that is there or not."""

    def checked(self, name, value):
        """Return the value."""
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} must be True or False, not {value!r}")
        return bool(value)

    def parse(self, text):
        """An attribute that is there says True."""
        return True

    def write(self, value):
        """Write an attribute without a text."""
        return ""


class Numbers(Parameter):
    """Rows of numbers.

    Examples
    --------
    >>> numbers = Numbers(None)
    >>> numbers.write([[1, -2.0], [0.5]]), numbers.read("x", "1 -2/0.5")
    ('1 -2/0.5', [[1.0, -2.0], [0.5]])
    """

    def checked(self, name, value):
        """Return lists of float."""
        try:
            rows = [[float(0.0 + v) for v in row] for row in value]
        except (TypeError, ValueError):
            rows = [[float("nan")]]
        if not all(isfinite(v) for row in rows for v in row):
            raise ValueError(f"{name} must be rows of finite numbers, not {value!r}")
        return rows

    def parse(self, text):
        """Read "1 2/3 4"."""
        return [[float(v) for v in row.split()] for row in text.split("/")]

    def write(self, value):
        """Write "1 2/3 4"."""
        return "/".join(" ".join(f"{v:.15g}" for v in row) for row in value)


class Groups(Parameter):
    """A number of groups, or "separable" or "pointwise"."""

    def checked(self, name, value):
        """Return the word, or an int."""
        if isinstance(value, str) and value not in NAMED:
            raise ValueError(f"{name} must be an integer, {' or '.join(NAMED)}, not {value!r}")
        return value if isinstance(value, str) else shapes.integer(name, value)

    def parse(self, text):
        """Read a number or a word."""
        return _integer(text) if re.search("[0-9]", text) else text


class Layers(Parameter):
    """Layers (k, s, d) from the input upwards."""

    def checked(self, name, value):
        """Return a tuple of (k, s, d)."""
        return cone.stack(value).layers

    def parse(self, text):
        """Read "3,1,1;3,2"."""
        return [tuple(map(_integer, layer.split(","))) for layer in text.split(";")]

    def write(self, value):
        """Write "3,1,1;3,2,1"."""
        return ";".join(",".join(map(str, layer)) for layer in value)
