"""Files that kills, full disks and second processes leave whole: one writer at a time, all of it or nothing."""

import contextlib
import errno
import glob
import os
import tempfile
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
    with naming(folder), tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"d2lcnn tries whether it can write here")
    return folder


@contextlib.contextmanager
def naming(path):
    """Let the operating system's errors name this path: that of a full disk names none, others a temporary one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def write(path, data):
    """Write a file at once: who reads it, or is left with it, finds the old file or the new one, never a half.

    Parameters
    ----------
    path : path
        Where it is a link, what it leads to is written.
    data : bytes or str
        Text is written in UTF-8, its line ends as they are.

    Raises
    ------
    OSError
        For instance on a full disk, or if there is a folder, a device or a pipe. ``filename`` is `path`, which stays
        as it was.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise FileExistsError(errno.EEXIST, "Not a regular file", os.fspath(path))
    path = Path(os.path.realpath(path))
    unfinished = path.with_name(f"{path.name}.{uuid4().hex[:8]}{UNFINISHED}")
    try:
        with naming(path):
            with open(unfinished, "xb") as file:
                file.write(data.encode() if isinstance(data, str) else data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def clean(path):
    """Remove what a killed process left of a `write` to this path. Only for who holds the path's lock."""
    path = Path(os.path.realpath(path))
    for left in path.parent.glob(f"{glob.escape(path.name)}.*{UNFINISHED}"):
        left.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path, wait=False):
    """Keep every other process (and thread) that asks for the same lock out, inside the block.

    The folder is made, it and the file are tried first, and left-overs of the file are removed. The lock is the
    operating system's: it ends with the process, however that ends, and ``<path>.lock`` is gone afterwards or may be
    deleted.

    Parameters
    ----------
    path : path
        The file that will be written. All links to a file share its lock.
    wait : bool
        Wait for who holds the lock.

    Yields
    ------
    pathlib.Path
        `path`.

    Raises
    ------
    BlockingIOError
        At once, if somebody else holds the lock and `wait` is not set.
    OSError
        As `usable`; or if there is a file that cannot be written.
    """
    from filelock import FileLock, Timeout

    path, file = Path(path), Path(os.path.realpath(path))
    usable(file.parent)
    if file.is_file():
        open(file, "r+b").close()
    lock = FileLock(f"{file}.lock", timeout=-1 if wait else 0)
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
