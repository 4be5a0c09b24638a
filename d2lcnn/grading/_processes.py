"""What Linux says of processes: who descends from whom, and what they use. Elsewhere it says nothing."""

from __future__ import annotations

import contextlib
import os


def descendants(pid):
    """List the processes below one; of those that end meanwhile, or on systems without /proc, none."""
    found, waiting = [], [pid]
    while waiting:
        for children in _children(waiting.pop()):
            found.append(children)
            waiting.append(children)
    return found


def _children(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found


def memory_of(pids):
    """Return the MB that processes hold together; what they share counts once for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{pid}/statm") as file:
            total += int(file.read().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20


def seconds_of(pid):
    """Return the processor time of a process and of its children that have ended."""
    with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0
