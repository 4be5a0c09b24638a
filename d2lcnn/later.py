"""Modules that are loaded at their first use: what declares experiments is read at once, and without torch."""

from importlib import import_module


class Later:
    """Stand for a module until something in it is asked for.

    Parameters
    ----------
    name : str
        Its full name.

    Examples
    --------
    >>> statistics = Later("statistics")
    >>> statistics.median([1, 5, 3])
    3
    """

    __slots__ = ("_name",)

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(import_module(self._name), attribute)
