"""A process in which a student's code may do what it likes: no network, no files but Python's, bounded in everything.

Bubblewrap makes it (`Debian's package <https://github.com/containers/bubblewrap>`_): name spaces of its own for
processes, network, mounts and messages, every file system read-only or in memory and small, no capability left, calls
of the kernel that could lift a bound refused. What is watched from outside - time, memory, processes - is watched by
`Box.ask`, which believes nothing that comes out.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from ._calls import MACHINES, forbidden_calls
from ._processes import descendants, memory_of, seconds_of

PACKAGE = Path(__file__).resolve().parent.parent
APP = "/app"
HIDDEN = ("exercises", "check", "grading")  # of the package: the sandbox knows no answers
SHOWN = ("exercises/_values.py", "exercises/_answers.py", "exercises/_mixture.py", "grading/border.py",
         "grading/inside.py")
SILENT = ("check/__init__.py", "grading/bank.py")  # hand-outs call them
START = "import sys; sys.path.insert(0, {app!r}); from d2lcnn.grading.inside import main; main({limits!r})"
WATCH = 0.1  # seconds between two looks
SLACK = 6  # seconds on the clock for each second of processor time: other people's work
GROUP = 65_400  # of user ids that nobody has; one for each box of this process, so that bounds on processes are its own


class Refused(OSError):
    """This machine cannot make a sandbox; the text says why."""


class Stopped(Exception):
    """The sandbox is gone; the text says why, in words for the student."""


@cache
def usable():
    """Try a sandbox; return the name and version of what makes it.

    Raises
    ------
    Refused
        If there is none here, or the machine forbids it.
    """
    if sys.platform != "linux" or not shutil.which("bwrap"):
        raise Refused("grading needs bubblewrap, which is not here: apt install bubblewrap (Linux only; on other "
                      "systems use a virtual machine). --unsafe grades without, with your own rights, and the "
                      "results say so")
    if os.uname().machine not in MACHINES:
        raise Refused(f"no list of forbidden calls is known for a {os.uname().machine}: grade on "
                      f"{' or '.join(MACHINES)}")
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True).stdout.strip()
    try:
        with Box(memory=500, processes=4, disk=1, output=4) as box:
            reply = box.ask({"cell": "answer = 6 * 7", "place": 1}, 20) | box.ask({"name": "answer"}, 20)
    except (Stopped, OSError) as error:
        raise Refused(f"{version} is installed, but this machine forbids or breaks its sandbox: {error}; inside a "
                      "container it needs the right to make name spaces. --unsafe grades without, with your rights, "
                      "and the results say so") from None
    if reply.get("value") != 42:
        raise Refused(f"the sandbox of {version} answers {reply!r} in place of 42")
    return version


class Box:
    """One sandbox, with Python waiting in it for requests.

    Parameters
    ----------
    memory : int
        MB of all its processes together.
    processes : int
    disk : int
        MB.
    output : int
        KB of one reply.
    safe : bool
        False: no sandbox at all, only the bounds.
    """

    def __init__(self, memory, processes, disk, output, safe=True):
        self._bounds = {"memory": memory, "processes": processes}
        self._most, self._number, self._heard, self._held, self.extra = 1024 * output, "", False, b"", False
        limits = {"memory": memory, "processes": processes, "disk": disk}
        self._folder = None if safe else tempfile.mkdtemp(prefix="d2lcnn-unsafe-")
        with contextlib.ExitStack() as stack:
            options, files, where, environment = [], [], self._folder, _environment(self._folder)
            if safe:
                rules = stack.enter_context(tempfile.TemporaryFile())
                rules.write(forbidden_calls())
                rules.seek(0)
                options, files, where, environment = bubble(disk, rules.fileno()), [rules.fileno()], "/", {}
            code = START.format(app=APP if safe else str(PACKAGE.parent), limits=limits)
            self._process = subprocess.Popen(
                [*options, sys.executable, "-s", "-B", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if safe else subprocess.DEVNULL, pass_fds=files, cwd=where, env=environment or
                {"PATH": os.environ.get("PATH", "/usr/bin")}, start_new_session=True, bufsize=0)
        os.set_blocking(self._process.stdout.fileno(), False)
        self._spent = 0.0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End it, with all of its processes."""
        for pid in [*descendants(self._process.pid), self._process.pid]:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def ask(self, request, seconds):
        """Send a request and return the reply to it.

        Parameters
        ----------
        request : dict
        seconds : float
            Of processor time; SLACK times as many on the clock.

        Returns
        -------
        dict
            Whatever the code in the box made of it; ``"seconds"`` is what it took, measured here.

        Raises
        ------
        Stopped
            If a bound was crossed, or the process ended, or its reply is no JSON; the box is closed then.
        """
        self._number = secrets.token_hex(8)  # nobody can answer what has not been asked yet
        began = time.monotonic(), self._cpu()
        try:
            self._send({"n": self._number, **request}, seconds)
            reply = self._reply(seconds, *began)
        except Stopped:
            self.close()
            raise
        return reply | {"seconds": max(0.0, self._cpu() - began[1])}

    def _send(self, request, seconds):
        data, deadline = memoryview(json.dumps(request).encode() + b"\n"), time.monotonic() + SLACK * seconds
        stream = self._process.stdin.fileno()
        os.set_blocking(stream, False)
        while data:
            if time.monotonic() > deadline:
                raise Stopped("it does not take requests any more")
            if select.select([], [stream], [], WATCH)[1]:
                try:
                    data = data[os.write(stream, data[:65536]):]
                except OSError:
                    raise Stopped(self._ended()) from None

    def _reply(self, seconds, began, spent):
        while True:
            line, newline, rest = self._held.partition(b"\n")
            if newline:
                self._held = rest
                reply = self._read(line)
                if reply is not None:
                    self.extra = self.extra or bool(rest)
                    return reply
                continue
            if len(self._held) > self._most:
                raise Stopped(f"its answer is larger than {self._most >> 10} KB")
            if select.select([self._process.stdout], [], [], WATCH)[0]:
                data = os.read(self._process.stdout.fileno(), 2**20)
                if not data:
                    raise Stopped(self._ended())
                self._held += data
                if time.monotonic() - began < WATCH:
                    continue
            self._watch(seconds, began, spent)

    def _read(self, line):
        """Return a reply, or None for a line that is none: whoever may write here can write anything."""
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            reply = None
        if isinstance(reply, dict) and reply.get("n") == self._number:
            self._heard = True
            return reply
        self.extra = True
        return None

    def _watch(self, seconds, began, spent):
        pids = descendants(self._process.pid)
        if len(pids) > self._bounds["processes"] + 3:  # bubblewrap's own two, and Python
            raise Stopped(f"more than {self._bounds['processes']} processes")
        if memory_of(pids) > self._bounds["memory"]:
            raise Stopped(f"more than {self._bounds['memory']} MB of memory")
        if self._cpu() - spent > seconds:
            raise Stopped(f"more than {seconds:g} seconds of processor time")
        if time.monotonic() - began > SLACK * seconds + 1:
            raise Stopped(f"more than {SLACK * seconds:g} seconds on the clock")

    def _cpu(self):
        """Return the processor time of all that lived in the box so far; what is lost of it was taken before."""
        self._spent = max(self._spent, sum(map(seconds_of, [self._process.pid, *descendants(self._process.pid)])))
        return self._spent

    def _ended(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        said = b""
        if self._process.stderr and self._process.poll() is not None:
            os.set_blocking(self._process.stderr.fileno(), False)
            said = self._process.stderr.read() or b""
        first = said.decode(errors="replace").strip()[-200:] if not self._heard else ""
        return f"its process ended{first and ': '}{first}"


def bubble(disk, rules):
    """Return the command that makes the sandbox, up to the program that runs in it.

    Parameters
    ----------
    disk : int
        MB of the folder for temporary files.
    rules : int
        File descriptor of `forbidden_calls`.
    """
    root = os.geteuid() == 0
    unshared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    options = ["bwrap", *([] if root else ["--unshare-user", "--disable-userns"]), *unshared, "--die-with-parent",
               "--new-session", "--clearenv", "--hostname", "sandbox", "--seccomp", str(rules)]
    for name, value in _environment("/tmp").items():
        options += ["--setenv", name, value]
    # what is in memory first: a bind below it would be hidden
    options += ["--proc", "/proc", "--dev", "/dev", "--size", str(disk * 2**20), "--perms", "1777", "--tmpfs", "/tmp",
                "--size", str(2**20), "--perms", "1777", "--tmpfs", "/dev/shm"]
    for folder in (*system_folders(), f"{APP}/d2lcnn"):
        for above in reversed(Path(folder).parents[:-1]):
            options += ["--perms", "0755", "--dir", str(above)]  # bubblewrap's own are closed to others
    for folder in system_folders():
        link = os.path.islink(folder)
        options += ["--symlink", os.readlink(folder), folder] if link else ["--ro-bind", folder, folder]
    options += ["--ro-bind", str(PACKAGE), f"{APP}/d2lcnn"]
    for installed in {f"{APP}/d2lcnn", *_installed()}:
        for part in HIDDEN:
            options += ["--tmpfs", f"{installed}/{part}"]
    for name in SHOWN:
        options += ["--ro-bind", str(PACKAGE / name), f"{APP}/d2lcnn/{name}"]
    for name in SILENT:
        options += ["--ro-bind", str(PACKAGE / "grading" / "silent.py"), f"{APP}/d2lcnn/{name}"]
    for installed in {f"{APP}/d2lcnn", *_installed()}:
        for part in HIDDEN:
            options += ["--remount-ro", f"{installed}/{part}"]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--cap-drop", "ALL"]
    if not root:
        return [*options, "--"]
    # without a name space of users, so that the bound on processes counts; setpriv gives up what root may do
    user = str(GROUP + os.getpid() % 100)
    return [*options, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP", "--", "setpriv",
            "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", "--bounding-set", "-all",
            "--inh-caps", "-all", "--"]


def system_folders():
    """List what Python needs of this machine, the folders of its environment last."""
    usual = filter(os.path.exists, ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives"))
    own = {os.path.realpath(p) for p in (sys.prefix, sys.base_prefix)} | {sys.prefix}
    return [*usual, *sorted(p for p in own if not p.startswith("/usr"))]


def _installed():
    """List where else in the environment the package lies: there its answers are hidden too."""
    roots = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix)}
    found = {str(Path(folder) / "d2lcnn") for folder in sys.path if folder and (Path(folder) / "d2lcnn").is_dir()}
    return sorted(path for path in found if any(os.path.realpath(path).startswith(root + os.sep) for root in roots))


def _environment(home):
    home = str(home)
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return one | {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0",
                  "MPLBACKEND": "Agg", "D2LCNN_PROGRESS": "off", "PYTHONDONTWRITEBYTECODE": "1"}
