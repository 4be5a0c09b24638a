"""What the commands of ``python -m d2lcnn`` share: words for what went wrong, and output that may be cut off."""

import argparse
import contextlib
import os
import re
import signal
import sys
import threading

BROKEN_PIPE, INTERRUPTED, WRONG = 128 + 13, 128 + 2, 2  # exit status; 128 + a signal's number, as shells have it
TORCH = ("torch", "lightning_fabric", "tqdm", "scipy", "skimage")  # what the extra "torch" installs


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, not the list of all arguments."""

    def error(self, message):
        """End with the message and where help is."""
        self.exit(WRONG, f"error: {message} (see {self.prog} --help)\n")


def guarded(work):
    """Run `work` and return the exit status of the process; what a user can mend becomes a line or two.

    Output that nobody reads any more (``| head -1``) ends the work without a word.
    """
    _open_streams()
    try:
        try:
            with _interruptible():
                work()
        finally:
            sys.stdout.flush()
        return 0
    except BrokenPipeError:
        return _closed()
    except KeyboardInterrupt:
        _say("interrupted: the same command continues from the last finished epoch or run")
        return INTERRUPTED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in TORCH:
            raise
        _say(f"error: {error.name} is not installed, and this command needs it: pip install 'd2lcnn[torch]'")
    except (ValueError, FloatingPointError, OSError) as error:
        _say(f"error: {words(error)}")
        if getattr(error, "strerror", None) and not error.filename:
            _closed()
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not re.search("(out of|allocate) memory", str(error)):
            raise
        _say("error: the memory does not suffice: a smaller --batch-size, network or input needs less")
    return WRONG


def words(error):
    """Say what went wrong, and with which file.

    Examples
    --------
    >>> words(FileNotFoundError(2, "No such file", "a/b")), words(ValueError("x is 3"))
    ('a/b: No such file', 'x is 3')
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the output'}: {error.strerror}"
    return str(error)


@contextlib.contextmanager
def _interruptible():
    """Let Ctrl-C end the process while torch is being loaded: an exception inside its C++ parts would abort it."""

    def interrupt(number, frame):
        if getattr(getattr(sys.modules.get("torch"), "__spec__", None), "_initializing", False):
            _say("interrupted")
            os._exit(INTERRUPTED)
        raise KeyboardInterrupt

    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _say(text):
    with contextlib.suppress(OSError):  # nobody may be listening
        print(text, file=sys.stderr)


def _open_streams():
    """Let output go on where there is none (``2>&-``) and where it lacks letters (an ASCII terminal)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        if hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="backslashreplace")


def _closed():
    """Send what is left for the output nowhere, or Python complains of it at its end."""
    with contextlib.suppress(OSError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return BROKEN_PIPE
