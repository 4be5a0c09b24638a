"""Networks by name: one file a network, each reading like its paper's table.

A file in this folder is found without an entry elsewhere: the functions and classes that it defines without an
underscore are public here. Functions marked `network` stand in ``NETWORKS``, in the alphabetical order of the files
and, within a file, in the order of the file.
"""

import importlib
import pkgutil

from ._parts import he_, seeded
from ._registry import NETWORKS, create, network, public
from ._torchvision import load_torchvision, torchvision_keys
from .autoencoder import UPSAMPLERS

_found = public(importlib.import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__)
                if not file.name.startswith("_"))
globals().update(_found)  # from here on "alexnet" is the function, no longer the file

__all__ = ["NETWORKS", "UPSAMPLERS", "create", "he_", "load_torchvision", "network", "seeded", "torchvision_keys",
           *_found]
