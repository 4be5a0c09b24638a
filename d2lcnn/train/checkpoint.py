"""A checkpoint that a killed run can be continued from, to the same bits."""

import dataclasses
import os
import zlib
from pathlib import Path

import numpy as np
import torch

from .metrics import History


def identify(recipe, images, world_size):
    """Describe a run, so that a checkpoint is never continued with another recipe, data or number of processes."""
    x, y = np.ascontiguousarray(images.x), np.ascontiguousarray(images.y)
    return {f.name: repr(getattr(recipe, f.name)) for f in dataclasses.fields(recipe)} | {
        "train images": f"{x.shape} {x.dtype} {zlib.crc32(y, zlib.crc32(x)):08x}",
        "processes": str(world_size),
    }


def save(path, net, optimizer, history, identity):
    """Write everything the next epoch depends on; a reader finds the old file or the new one, never a half."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "history": history.as_dict(),
             "identity": identity}
    unfinished = path.with_name(path.name + ".unfinished")
    with open(unfinished, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def load(path, net, optimizer, identity):
    """Put the state at `path` into `net` and `optimizer`; return its History, an empty one if there is no file.

    Raises
    ------
    ValueError
        If the checkpoint belongs to another run; the message names what differs.
    """
    if not Path(path).exists():
        return History()
    state = torch.load(path, map_location="cpu", weights_only=True)
    stored = state["identity"]
    differences = [f"{key} was {stored.get(key)}, is {identity.get(key)}"
                   for key in identity.keys() | stored.keys() if stored.get(key) != identity.get(key)]
    if differences:
        raise ValueError(f"checkpoint {path} belongs to another run: {'; '.join(sorted(differences))}. "
                         "Name another file, or delete this one")
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    return History(**state["history"])
