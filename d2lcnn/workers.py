"""Where work is done: in this process, in several on this machine, or on the workers of a Dask cluster."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, CancelledError, ProcessPoolExecutor, as_completed

from d2lcnn.shapes import integer

TRIES = 3  # pools opened without a single piece of work finished


def done(work, pieces, workers, report, label):
    """Do pieces of work and yield each with its result as it ends; what lost workers had is done again.

    Parameters
    ----------
    work : callable
        ``work(*piece)``; of a module, so that workers find it.
    pieces : iterable of tuple
    workers : function
        `processes` or `dask_workers`.
    report : callable
        Called with a line of text now and then.
    label : callable
        ``label(piece)``: how the lines call it.

    Yields
    ------
    (tuple, object)

    Raises
    ------
    ChildProcessError
        If workers die again and again before they have finished a single piece.
    Exception
        At the end, what the first piece raised that failed; the others are done.
    """
    waiting, failures, tries = dict.fromkeys(pieces), [], 0
    while waiting:
        before = len(waiting)
        try:
            with workers() as pool:
                futures = {pool.submit(work, *piece): piece for piece in waiting}
                for future in as_completed(futures):
                    piece, error = futures[future], future.exception()
                    if isinstance(error, BrokenExecutor):
                        raise error
                    del waiting[piece]
                    if error is None:
                        yield piece, future.result()
                    else:  # the others go on
                        report(f"{label(piece)} failed: {error!r}")
                        failures.append(error)
                if failures:
                    raise failures[0]
        except BrokenExecutor:
            tries = tries + 1 if len(waiting) == before else 0
            if tries == TRIES:
                raise ChildProcessError(f"workers died {TRIES} times before one had finished its work; perhaps the "
                                        "memory suffices for fewer at a time") from None
            report(f"a worker was lost: its work is given to another, {len(waiting)} are left")


def options(add, what):
    """Add the options that say where work is done; `chosen` reads them.

    Parameters
    ----------
    add : callable
        ``add_argument`` of a group of which only one may be given.
    what : str
        The pieces of work, in the plural.
    """
    add("--jobs", type=int, metavar="N", help=f"make N {what} at a time, each in a process of its own")
    add("--dask", metavar="ADDRESS", help=f"make the {what} on the workers of a Dask cluster: the scheduler's address")


def chosen(jobs=None, dask=None):
    """Return what these options ask for: a function that opens workers, or None for this process alone."""
    return processes(jobs) if jobs is not None else dask_workers(dask) if dask is not None else None


def processes(count):
    """Make a pool of processes on this machine, as `done` takes it.

    Parameters
    ----------
    count : int
        As many runs at a time, each on one thread; at most as many as there are processors.

    Returns
    -------
    function
        Opens the pool for a ``with`` block, which ends with the workers gone, also after Ctrl-C. A worker that loses
        its parent ends by itself.
    """
    count = integer("jobs", count, 1, os.cpu_count())

    @contextlib.contextmanager
    def opened():
        others = multiprocessing.active_children()
        # spawn: a fork of a process that has used torch's threads may hang
        pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _end_with_parent)
        try:
            yield pool
        except BaseException:
            for child in multiprocessing.active_children():
                if child not in others:
                    child.terminate()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    return opened


def _end_with_parent():
    """Watch the parent from a thread of its own: a pool whose parent was killed would wait for work for ever.

    Ctrl-C, which a terminal sends to everybody, is left to the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _running(dask_worker):
    """List the tasks that a Dask worker is in the middle of; those that wait there are left out."""
    return [task.key for task in dask_worker.state.executing]


def dask_workers(address):
    """Connect to a Dask cluster, as `done` takes it. Needs the extra ``cluster``.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.5:8786``. Its workers must have this package installed. Runs of one
        worker are made one after the other, so start workers with ``--nthreads 1``, one a core.

    Returns
    -------
    function
        Opens the connection for a ``with`` block. After Ctrl-C what has not begun is cancelled, and workers that are
        in one of our runs are restarted. The run of a worker that dies is given to another, three times at most.

    Raises
    ------
    ValueError
        If dask.distributed is not installed; when opened, if the address is none.
    ConnectionError
        When opened, if nobody answers at the address; in the block, if nobody does any longer.
    ChildProcessError
        In the block, if it ends because workers died again and again in one run.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise ValueError('--dask needs dask.distributed: pip install "d2lcnn[cluster]"') from None

    @contextlib.contextmanager
    def opened():
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # tracebacks of what we say in a line
        try:
            client = Client(address, set_as_default=False, timeout=15)
        except OSError:
            raise ConnectionError(f"nobody answers at {address}: start one with dask scheduler") from None
        except ValueError as error:
            raise ValueError(f"--dask is {address!r}, not the address of a scheduler: {error}") from None
        with client:
            pool = client.get_executor(pure=False)
            try:
                yield pool
            except BaseException as error:
                ours, running = {*client.futures}, {}
                with contextlib.suppress(Exception):
                    running = client.run(_running, on_error="ignore")
                pool.shutdown(wait=False)  # cancels; from then on nobody can tell which runs were ours
                with contextlib.suppress(Exception):
                    client.restart_workers([worker for worker, keys in running.items() if ours & {*keys}], timeout=10)
                if isinstance(error, CancelledError):
                    raise ConnectionError(f"{address} answers no longer: start the cluster again, then this command"
                                          ) from None
                if isinstance(error, KilledWorker):
                    raise ChildProcessError("workers died again and again in one run: perhaps their memory does not "
                                            "suffice for it") from None
                raise
    return opened
