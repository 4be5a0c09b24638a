"""Dive into Convolutional Networks: the package that the chapters import.

The functions of `shapes` and `ops` are at hand as ``d2lcnn.conv2d`` and so on. The other parts are loaded at their
first use, so that ``import d2lcnn`` is quick and needs neither torch nor Matplotlib.
"""

import pkgutil
import sys
from importlib import import_module

try:
    from . import ops, shapes
    from .notebook import require, source
except KeyboardInterrupt:
    if sys.argv[:1] != ["-m"]:  # so it is while ``python -m d2lcnn`` loads the package, before any of its own code
        raise
    print("interrupted", file=sys.stderr)
    sys.exit(130)

__version__ = "0.1.0.dev0"

# what shapes and ops make public is public here too; their lists are the only ones
globals().update({name: getattr(part, name) for part in (ops, shapes) for name in part.__all__})

__all__ = ["__version__", "ops", "require", "shapes", "source", *ops.__all__, *shapes.__all__]


def _parts():
    """Name what can be imported: the modules that lie here, so that nobody keeps a second list."""
    return {module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")}


def __getattr__(name):
    if name in _parts():
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_parts()})
