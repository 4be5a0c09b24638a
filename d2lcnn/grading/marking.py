"""Mark one submission: its code runs in a sandbox, its answers are compared outside; what comes of it is plain data."""

from __future__ import annotations

import atexit
from fractions import Fraction
from typing import NamedTuple

from . import sandbox, submission
from .assignment import Assignment, Task, drawn_seed
from .judge import Judge, Unjudged

FORMAT = 1
CELLS = 4  # times the seconds of one exercise, for all cells of a notebook together
RESTARTS = 3  # of the cells; the rest of a notebook that ends its process again and again is left out
_JUDGE = Judge()  # one for all submissions that a process marks: it loads torch once
atexit.register(_JUDGE.close)


class Job(NamedTuple):
    """What a worker needs to mark one student's submission.

    Parameters
    ----------
    assignment : Assignment
    secret : bytes
    student : str
    found : tuple of submission.Found
        None: it is missing; several: nobody knows which one counts.
    name : str
        Of the student, in the class list; may be empty.
    version, seed : str
        Fingerprints of the specifications and of the secret.
    safe : bool
        False: without a sandbox.
    """

    assignment: Assignment
    secret: bytes
    student: str
    found: tuple[submission.Found, ...]
    name: str
    version: str
    seed: str
    safe: bool

    @property
    def head(self):
        """What a result begins with: another one with the same head needs not be made again."""
        digest = self.found[0].digest if len(self.found) == 1 else None
        return {"format": FORMAT, "assignment": self.assignment.id, "student": self.student, "submission": digest,
                "version": self.version, "seed": self.seed, "sandbox": sandbox.usable() if self.safe else "none"}


def mark(job):
    """Mark a submission.

    Parameters
    ----------
    job : Job

    Returns
    -------
    dict
        As `results` describes it. It holds no times and nothing that another run would change.
    """
    result = job.head | {"state": "graded", "why": "", "points": 0, "of": job.assignment.points, "notes": [],
                         "exercises": []}
    try:
        notebook = _read(job)
    except ValueError as error:
        return result | {"state": "unreadable" if job.found else "missing", "why": str(error)}
    tasks = job.assignment.tasks(job.secret, job.student)
    with Session(notebook.cells, job.assignment.limits, job.safe) as session:
        session.start()
        result["exercises"] = [_marked(job, task, item, session, notebook.cells)
                               for task, item in zip(tasks, job.assignment.items, strict=True)]
        result["notes"] = _notes(job, notebook, session)
    total = sum(Fraction(str(each["points"])) for each in result["exercises"])
    return result | {"points": _number(total)}


def _read(job):
    if not job.found:
        raise ValueError("nothing was handed in")
    if len(job.found) > 1:
        raise ValueError(f"there are several: {', '.join(found.source for found in job.found)}")
    if job.found[0].why:
        raise ValueError(job.found[0].why)
    return submission.read(job.found[0].data, job.assignment.id, job.assignment.limits.cells)


def _notes(job, notebook, session):
    notes = list(session.notes)
    if session.extra:
        notes.append("something was written where only answers belong: look at the code")
    if notebook.number and notebook.number not in (job.student, job.name):
        notes.append(f"the notebook names the number {notebook.number!r}")
    if notebook.name and job.name and notebook.name.casefold() != job.name.casefold():
        notes.append(f"the notebook names {notebook.name!r}")
    return notes


class Session:
    """A notebook's code in a sandbox; where that ends, another one takes its place, without what ended it.

    Parameters
    ----------
    cells : tuple of str
    limits : Limits
    safe : bool
    """

    def __init__(self, cells, limits, safe):
        self.cells, self.limits, self.safe = cells, limits, safe
        self.notes, self.raised, self._extra = [], {}, False
        self._left_out, self._box = set(), None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._close()

    @property
    def extra(self):
        """Whether anything but answers came out."""
        return self._extra or (self._box is not None and self._box.extra)

    def _close(self):
        if self._box is not None:
            self._extra = self.extra
            self._box.close()
            self._box = None

    def start(self):
        """Run the cells in a new sandbox; those that end it are left out."""
        for attempt in range(RESTARTS + 2):
            self._close()
            self._box = sandbox.Box(self.limits.memory, self.limits.processes, self.limits.disk, self.limits.output,
                                    self.safe)
            if self._ran(last=attempt >= RESTARTS):
                return

    def _ran(self, last):
        left = CELLS * self.limits.seconds
        for place, code in enumerate(self.cells, 1):
            if place in self._left_out:
                continue
            try:
                reply = self._box.ask({"cell": code, "place": place}, min(self.limits.seconds, left))
                left = max(left - reply["seconds"], 0.1)
            except sandbox.Stopped as error:
                rest = {*range(place, len(self.cells) + 1)}
                self._left_out |= rest if last or left < self.limits.seconds else {place}
                self.notes.append(f"code cell {place} was left out: {error}")
                return False
            if "raised" in reply:
                self.raised[place] = _word(reply["raised"])
        return True

    def ask(self, request, seconds):
        """Ask the sandbox; what stops it is told as `sandbox.Stopped`, and the next question finds another one."""
        if self._box is None:
            self.start()
        try:
            return self._box.ask(request, seconds)
        except sandbox.Stopped:
            self._close()
            raise


def _marked(job, task, item, session, cells):
    """Mark one exercise; return its part of the result."""
    spec, name = task.exercise, task.statement.name
    part = {"id": spec.id, "title": task.statement.title, "name": name, "points": 0, "of": task.points,
            "state": "failed", "why": "", "flags": [], "cases": [], "code": ""}
    order = {"cases": job.assignment.cases, "seed": drawn_seed(job.secret, job.assignment.id, spec.id)}
    order |= {"question": item.name, "variant": item.variant, "drawn": drawn_seed(
        job.secret, job.assignment.id, item.id, job.student)} if item.question else {"exercise": spec.id}
    cases = _JUDGE.begin(order)
    try:
        read = _JUDGE.read(list(cells), name, list(task.forbid))
    except Unjudged:
        read = {"code": "", "flags": ["its code could not be read in time"], "reading": ""}
    part |= {"code": read["code"], "flags": read["flags"]}
    state, why, part["cases"] = _tried(spec, name, cases, session)
    passed = sum(case["passed"] for case in part["cases"])
    if read["reading"]:
        state, why = "failed", read["reading"]
    elif state == "" and passed == len(cases):
        state = "passed"
    elif state == "":
        state = "failed"
    if state == "missing":
        why = _absent(name, cells, session)
    points = _points(job.assignment.credit, task, state, passed, len(cases))
    return part | {"state": state, "why": why, "points": points}


def _points(credit, task: Task, state, passed, count):
    if state == "passed":
        return task.points
    share = credit == "share" and state in ("failed", "stopped") and task.exercise.kind == "function"
    return _number(Fraction(task.points * passed, count)) if share and count else 0


def _number(value):
    """Return points as an integer, or with at most two places."""
    value = Fraction(value)
    return int(value) if value.denominator == 1 else float(round(value, 2))


def _tried(spec, name, cases, session):
    """Ask for an answer to each case; return state, reason and the cases' part of the result."""
    found, left, stubs = [], session.limits.seconds, 0
    for place, (title, hidden, arguments) in enumerate(cases):
        request = {"name": name} | ({"args": arguments} if spec.kind == "function" else {})
        try:
            reply = session.ask(request, max(left, 0.1))
        except sandbox.Stopped as error:
            rest = [_case(other, False, "not reached") for other in cases[place:]]
            return "stopped", f"{error} ({title})", found + rest
        left -= reply["seconds"]
        if reply.get("missing") is True:
            return "missing", "", []
        stubs += reply.get("stub") is True
        seen = _word(reply["seen"]) if "seen" in reply else _seen(place, reply)
        found.append(_case((title, hidden, None), not seen, seen))
    if stubs == len(cases):
        return "not attempted", "", found
    return "", "", found


def _seen(place, reply):
    try:
        return _JUDGE.compared(place, reply.get("value"))
    except Unjudged as error:
        return str(error)


def _case(case, passed, seen):
    return {"name": case[0], "hidden": case[1], "passed": passed, "seen": seen}


def _word(text):
    """Return what came out of the sandbox as a text that is one."""
    return text[:300] or "no answer" if isinstance(text, str) else "no answer"


def _absent(name, cells, session):
    """Say why a name is not there."""
    for place in range(len(cells), 0, -1):
        if f"def {name}" in cells[place - 1] or f"{name} =" in cells[place - 1]:
            end = f"raised {session.raised[place]}" if place in session.raised else "did not end"
            return f"code cell {place} {end}"
    return f"there is no {name} in the notebook"
