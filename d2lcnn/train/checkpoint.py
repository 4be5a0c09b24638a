"""A checkpoint that a killed run can be continued from, to the same bits.

The file is what `torch.save` writes, a zip archive; the archive's comment, the last 64 bytes of the file, is the
SHA-256 of all bytes before.
"""

import contextlib
import hashlib
import io
import os
import pickle
from pathlib import Path

import torch

from ..files import locked, write
from .identity import difference
from .metrics import History

DIGITS = 64


@contextlib.contextmanager
def held(path, fabric):
    """Keep other runs away from a checkpoint inside the block; the first of several processes does so for all."""
    if path is None:
        yield
        return
    if os.path.lexists(path) and not os.path.isfile(path):
        raise ValueError(f"checkpoint {path} is no file but a folder, pipe, device or broken link: name another one")
    with locked(path) if fabric.is_global_zero else contextlib.nullcontext():
        fabric.barrier()  # nobody reads what the first one has not locked
        yield


def save(path, net, optimizer, kept, history, identity):
    """Write everything the next epoch depends on; a reader finds the old file or the new one, never a half."""
    buffer = io.BytesIO()
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "kept": kept.state_dict(),
                "history": history.as_dict(), "identity": identity}, buffer)
    content = buffer.getvalue()[:-2] + DIGITS.to_bytes(2, "little")  # the archive ends with its comment's length
    write(path, content + _digest(content))


def load(path, net, optimizer, kept, identity):
    """Put the state at `path` into `net`, `optimizer` and `kept`; return its History, empty if there is no file.

    Raises
    ------
    ValueError
        If the checkpoint is damaged, no checkpoint, or belongs to another run; the message says what differs.
    """
    if not Path(path).exists():
        return History()
    data = Path(path).read_bytes()
    try:
        if _digest(data[:-DIGITS]) != data[-DIGITS:]:
            raise pickle.UnpicklingError("its checksum is wrong")
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise ValueError(f"checkpoint {path} ({len(data):,} bytes) is damaged, or no checkpoint of train.fit. "
                         "Name another file, or delete this one to start afresh") from error
    differences = difference(state["identity"], identity)
    if differences:
        raise ValueError(f"checkpoint {path} belongs to another run: {differences}. "
                         "Name another file, or delete this one")
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    kept.load_state_dict(state["kept"])
    return History(**state["history"])


def _digest(content):
    return hashlib.sha256(content).hexdigest().encode()
