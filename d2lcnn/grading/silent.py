"""Stands for `d2lcnn.check` and for the bank in the sandbox, where nothing is judged: its calls do nothing."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *arguments, **options: None
