"""What the extra ``grading`` brings, at its first use."""

from importlib import import_module


def needed(name):
    """Import a module of the extra ``grading``.

    Parameters
    ----------
    name : str

    Returns
    -------
    module

    Raises
    ------
    ValueError
        If its package is not installed, with what installs it.

    Examples
    --------
    >>> needed("nonexistent_yaml")
    Traceback (most recent call last):
    ValueError: nonexistent_yaml is not installed, and this command needs it: pip install "d2lcnn[grading]"
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name.partition(".")[0]:
            raise
        raise ValueError(f'{name.partition(".")[0]} is not installed, and this command needs it: '
                         'pip install "d2lcnn[grading]"') from None
