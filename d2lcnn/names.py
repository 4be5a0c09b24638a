"""Names that users type: one check, which says what was meant."""

import difflib


def known(kind, name, names):
    """Return a name if it is one of `names`: the one check of names in the package.

    Parameters
    ----------
    kind : str
        What it names, for the message.
    name : str
    names : iterable of str

    Raises
    ------
    ValueError
        With the names that are most like it.

    Examples
    --------
    >>> known("network", "lenet5", ("mlp", "lenet", "vgg11", "lenet_bn"))
    Traceback (most recent call last):
    ValueError: no network is named 'lenet5'; the nearest are lenet, lenet_bn, mlp
    """
    if isinstance(name, str) and name in names:
        return name
    raise ValueError(f"no {kind} is named {name!r}; the nearest are {', '.join(nearest(name, names, 3, 0))}")


def nearest(name, names, count=1, least=0.6):
    """List up to `count` names that are most like `name`, of a likeness from 0 to 1 of at least `least`.

    Examples
    --------
    >>> nearest("LeNet", ("alexnet", "lenet")), nearest("x", ("alexnet", "lenet"))
    (['lenet'], [])
    """
    return difflib.get_close_matches(str(name).lower(), list(names), count, least)
