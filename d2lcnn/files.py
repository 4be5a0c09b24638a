"""Files that kills, full disks and second processes leave whole: one writer at a time, all of it or nothing."""

import contextlib
import errno
import glob
import os
from pathlib import Path
from uuid import uuid4

UNFINISHED = ".unfinished"


def usable(folder):
    """Make a folder, parents and all, and try to write in it: before a long run, not after it.

    Parameters
    ----------
    folder : path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OSError
        If it cannot be made or written in; ``filename`` is what stood in the way.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(folder)) from None
    trial = folder / f"trial.{uuid4().hex[:8]}"
    write(trial, b"d2lcnn tries whether it can write here")
    trial.unlink(missing_ok=True)
    return folder


def write(path, data):
    """Write a file at once: who reads it, or is left with it, finds the old file or the new one, never a half.

    Parameters
    ----------
    path : path
    data : bytes or str
        Text is written in UTF-8, its line ends as they are.

    Raises
    ------
    OSError
        For instance on a full disk; ``filename`` is `path`, which stays as it was.
    """
    path = Path(path)
    unfinished = path.with_name(f"{path.name}.{uuid4().hex[:8]}{UNFINISHED}")
    try:
        with open(unfinished, "xb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def clean(path):
    """Remove what a killed process left of a `write` to this path. Only for who holds the path's lock."""
    for left in Path(path).parent.glob(f"{glob.escape(Path(path).name)}.*{UNFINISHED}"):
        left.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path):
    """Keep every other process (and thread) that asks for the same lock out, inside the block.

    The folder is made and tried first, left-overs of the file are removed. The lock is the operating system's: it
    ends with the process, however that ends, and ``<path>.lock`` is gone afterwards or may be deleted.

    Parameters
    ----------
    path : path
        The file that will be written.

    Yields
    ------
    pathlib.Path
        `path`.

    Raises
    ------
    BlockingIOError
        At once, if somebody else holds the lock.
    OSError
        As `usable`.
    """
    from filelock import FileLock, Timeout

    path = Path(path)
    usable(path.parent)
    lock = FileLock(f"{path}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BlockingIOError(f"{path} is in use by another process: wait until it has ended, or name another place"
                              ) from None
    try:
        clean(path)
        yield path
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)  # while it is held: who waits for it sees that, and makes a new one
        lock.release()
