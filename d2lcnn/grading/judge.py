"""The trusted side: draws cases, compares answers, reads code. A process of its own, so that it may be ended.

It knows the answers and sees only plain data; comparing may still hang on what somebody has thought out for that, and
then `Judge` ends it and starts another. It lives as long as the process that asks it, and loads torch once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time

PATIENCE = 30.0  # seconds for one request
FIRST = 120.0  # seconds for the first, which loads libraries


class Unjudged(Exception):
    """An answer that could not be compared in time."""


class Judge:
    """Asks the judge's process; starts it when it is needed.

    Parameters
    ----------
    patience : float
        Seconds for a request.
    """

    def __init__(self, patience=PATIENCE):
        self._patience, self._process, self._task = patience, None, None

    def begin(self, task):
        """Return the cases of a task: lists of name, whether it is hidden, and the arguments as `border.encoded`.

        Parameters
        ----------
        task : dict
            ``"exercise"``, an id, or ``"question"``, ``"drawn"``, ``"variant"``; ``"cases"`` and ``"seed"`` of the
            hidden ones.
        """
        self._task = task
        return self._ask({"task": task}, FIRST)["cases"]

    def compared(self, case, value):
        """Say what is wrong with an answer to a case of the task that was begun; "" if nothing is.

        Raises
        ------
        Unjudged
            If that takes too long.
        """
        return self._again({"case": case, "value": value})["seen"]

    def read(self, cells, name, forbid=()):
        """Return ``"code"``, ``"flags"`` and ``"reading"``: what the code of an answer does that is forbidden."""
        return self._again({"cells": cells, "name": name, "forbid": forbid})

    def _again(self, request):
        """Ask about the task that was begun, also of a process that has taken another's place."""
        if self._process is None:
            self._ask({"task": self._task}, FIRST)
        return self._ask(request, self._patience)

    def _ask(self, request, seconds):
        if self._process is None:
            command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
            self._process = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
        held, deadline = b"", time.monotonic() + seconds
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            while not held.endswith(b"\n"):
                ready = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]
                data = os.read(self._process.stdout.fileno(), 2**20) if ready else b""
                if not data:
                    raise Unjudged
                held += data
        except (Unjudged, OSError):
            self.close()
            raise Unjudged("it could not be compared in time") from None
        except BaseException:
            self.close()
            raise
        reply = json.loads(held)
        if "refused" in reply:
            raise ValueError(reply["refused"])
        return reply

    def close(self):
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()
            self._process = None


def serve():
    """Answer requests on the standard streams until they end."""
    requests, replies = os.fdopen(os.dup(0), "r", encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print does not get among the replies
    bench = _Bench()
    for text in requests:
        try:
            reply = bench.answer(json.loads(text))
        except ValueError as error:
            reply = {"refused": str(error)}
        try:
            print(json.dumps(reply), file=replies, flush=True)
        except BrokenPipeError:  # who asked has been killed
            os._exit(0)


class _Bench:
    """One task at a time, with its cases."""

    def answer(self, request):
        if "task" in request:
            return {"cases": self.begin(request["task"])}
        if "cells" in request:
            return self.read(**request)
        return {"seen": self.compare(request["case"], request["value"])}

    def begin(self, task):
        import numpy as np

        from d2lcnn import exercises
        from d2lcnn.exercises import Case
        from d2lcnn.exercises._statements import statement

        from . import bank
        from .border import encoded

        if "question" in task:
            self.spec, self.statement = bank.get(task["question"]).drawn(task["drawn"], task["variant"])
        else:
            self.spec = exercises.get(task["exercise"])
            self.statement = statement(self.spec)
        hidden = ()
        if self.spec.generate is not None:
            rng = np.random.default_rng(task["seed"])
            hidden = tuple(Case(f"hidden case {n + 1}", self.spec.generate(rng)) for n in range(task["cases"]))
        self.cases = self.spec.cases + hidden
        given = self.spec.kind == "function"
        return [[case.name, place >= len(self.spec.cases), [encoded(a) for a in case.args] if given else None]
                for place, case in enumerate(self.cases)]

    def compare(self, place, value):
        from d2lcnn.check._run import compared
        from d2lcnn.exercises._answers import UNREAD, taken

        from .border import decoded

        try:
            obtained = taken(decoded(value))
        except (ValueError, TypeError, RecursionError, MemoryError, OverflowError) as error:
            return f"no plain value: {type(error).__name__}"
        return obtained.seen if obtained.value is UNREAD else compared(self.spec, self.cases[place], obtained.value)

    def read(self, cells, name, forbid):
        from d2lcnn.check._run import read

        from . import reading

        code = reading.answer_code(cells, name)
        try:
            said = " ".join((self.statement.text, self.statement.stub, *self.statement.given))
            found = reading.flags(code, self.spec, tuple(forbid), said)
        except (RecursionError, MemoryError):
            found = ["its code is too deep to be read"]
        function = reading.function_of(code, name) if self.spec.reading else None
        lines = read(self.spec, function) if code else ()
        return {"code": code[:20000], "flags": found, "reading": "; ".join(line.seen for line in lines if line.seen)}
