"""What runs in the sandbox: cells of a notebook, then calls of the functions that they define. It knows no answers.

Requests come as lines of JSON, one at a time, each with a number; for each goes back one line with that number. The
code of a student runs in this process and may break it in every way: what it says is data, never a verdict.
"""

from __future__ import annotations

import builtins
import json
import linecache
import os
import random
import resource
import sys
from contextlib import suppress

import numpy as np

from d2lcnn.exercises._answers import UNREAD, called, taken

from .border import decoded, encoded

FILES = 256


def limit(memory, processes, disk):
    """Bound what this process and its children may use; the grader watches their sums.

    Parameters
    ----------
    memory : int
        MB. Libraries reserve 4 GB that they do not use.
    processes : int
        Counts only for an ordinary user, not for root.
    disk : int
        MB, of one file.
    """
    for name, value in (("AS", (memory + 4000) * 2**20), ("FSIZE", disk * 2**20), ("NOFILE", FILES), ("CORE", 0),
                        ("NPROC", processes)):
        which = getattr(resource, f"RLIMIT_{name}", None)
        with suppress(ValueError, OSError):
            resource.setrlimit(which, (value, value))


def main(arguments):
    """Serve requests on the standard streams until they end.

    Parameters
    ----------
    arguments : dict
        Of `limit`.
    """
    requests, replies = os.fdopen(os.dup(0), "r", encoding="utf-8"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what cells print and read goes nowhere
        os.dup2(nothing, stream)
    limit(**arguments)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - a student's code that draws gets the same each time
    sys.argv = ["notebook"]
    space = sys.modules["__main__"].__dict__
    for text in requests:
        request = json.loads(text)
        reply = json.dumps({"n": request["n"], **answer(request, space)})
        left = memoryview(reply.encode() + b"\n")
        while left:
            left = left[os.write(replies, left):]


def answer(request, space):
    """Return the reply to a request."""
    if "cell" in request:
        return run(request["cell"], request["place"], space)
    if request["name"] not in space:
        return {"missing": True}
    got = space[request["name"]]
    if "args" in request:
        if not callable(got):
            return {"seen": "no function"}
        obtained = called(got, tuple(map(decoded, request["args"])))
    else:
        obtained = taken(got)
    if obtained.value is not UNREAD and obtained.value is not None:
        return {"value": encoded(obtained.value)}
    if obtained.error is not None and not obtained.stub:
        return {"seen": f"raised {kind(obtained.error)}"}
    return {"seen": obtained.seen, "stub": obtained.stub or obtained.value is None}


def run(code, place, space):
    """Run a cell; return the class of what it raised."""
    name = f"<cell {place}>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    try:
        exec(compile(code, name, "exec"), space)
    except BaseException as error:  # sys.exit() too
        return {"raised": kind(error)}
    return {}


def kind(error):
    """Name the class of an exception, if it is one of Python's: no other text leaves."""
    name = type.__getattribute__(type(error), "__name__")
    return name if getattr(builtins, name, None) is type(error) else "an error"
