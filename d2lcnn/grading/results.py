"""Grade a class: one file of results a student, each written at once; what is there and still true is kept.

A result says how each exercise was marked, and from what: the notebook (its SHA-256), the specifications, the secret
(their fingerprints). The same input gives the same file, on every machine that can run the student's code at all.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from d2lcnn import exercises, files
from d2lcnn.workers import done

from . import submission
from .marking import FORMAT, Job, mark


def path_of(folder, student):
    """Return where the result of a student is."""
    return Path(folder) / f"{student}.json"


def text(result):
    """Return a result as its file holds it."""
    return json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read(path):
    """Read a result.

    Raises
    ------
    ValueError
        If the file holds none.
    OSError
        If there is no such file.
    """
    try:
        result = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} is no result: it cannot be read as JSON") from None
    wanted = {"format", "assignment", "student", "submission", "version", "seed", "sandbox", "state", "points", "of",
              "exercises"}
    if not isinstance(result, dict) or result.get("format") != FORMAT or wanted - {*result}:
        raise ValueError(f"{path} is no result of this version")
    return result


def version(assignment):
    """Return a fingerprint of all that a mark depends on beside the submission: assignment, specifications, package."""
    digest, package = hashlib.sha256(assignment.text.encode()), Path(__file__).parent.parent
    digest.update((package / "__init__.py").read_bytes() + (package / "shapes.py").read_bytes())
    folders = [*exercises.__path__, *(str(package / part) for part in ("grading", "check", "ops"))]
    for folder in dict.fromkeys(folders):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".py", ".md", ".json"):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def jobs(assignment, secret, roster, submissions, safe=True):
    """Return what is to be marked, in the order of the class list, and what belongs to nobody."""
    found, strangers = submission.collect(submissions, roster)
    now, seed = version(assignment), hashlib.sha256(b"fingerprint\0" + secret).hexdigest()[:16]
    return [Job(assignment, secret, student, tuple(found[student]), columns.get("name", ""), now, seed, safe)
            for student, columns in roster.items()], strangers


def grade(todo, folder, report=print, workers=None, again=False):
    """Mark what has no result that is still true, and write each result as soon as it is there.

    Parameters
    ----------
    todo : list of Job
    folder : path
        Of the results; made if it is missing.
    report : callable
        Called with a line of text now and then.
    workers : function, optional
        Of `d2lcnn.workers`; default: one after the other in this process.
    again : bool
        Mark everything, and say what changed.

    Returns
    -------
    int
        How many were marked.

    Raises
    ------
    BlockingIOError
        If another process is grading into this folder.
    ChildProcessError
        If workers die again and again before they have finished a single submission.
    """
    folder = files.usable(folder)
    with files.locked(folder / "results"):
        before = {job.student: _kept(folder, job) for job in todo}
        waiting = {job.student: job for job in todo if again or not _true(before[job.student], job)}
        pieces = [(job,) for job in waiting.values()]
        if workers is None:
            marked = ((piece, mark(*piece)) for piece in pieces)
        else:
            marked = done(mark, pieces, workers, report, lambda piece: piece[0].student)
        for number, ((job,), result) in enumerate(marked, 1):
            path = path_of(folder, job.student)
            files.clean(path)
            files.write(path, text(result))
            report(f"[{number}/{len(pieces)}] {line(result)}")
            for change in changes(before[job.student], result):
                report(f"  {change}")
    return len(pieces)


def _kept(folder, job):
    try:
        return read(path_of(folder, job.student))
    except (OSError, ValueError):
        return None


def _true(result, job):
    """Whether a result is what marking would give again."""
    lost = len(job.found) != 1 or bool(job.found[0].why)  # the reason may have changed: these cost nothing
    return result is not None and not lost and all(result.get(key) == value for key, value in job.head.items())


def line(result):
    """Say in a line what a result says."""
    if result["state"] != "graded":
        return f"{result['student']}: {result['state']}: {result['why']}"
    flagged = [f"{each['id']} {flag}" for each in result["exercises"] for flag in each["flags"]]
    looked = f"; look at: {'; '.join(flagged + result['notes'])}" if flagged or result["notes"] else ""
    return f"{result['student']}: {result['points']} of {result['of']} points{looked}"


def changes(old, new):
    """Say what another marking changed.

    Parameters
    ----------
    old : dict or None
    new : dict

    Returns
    -------
    list of str
    """
    if old is None:
        return []
    why = [name for key, name in (("submission", "the notebook"), ("version", "the specification or the assignment"),
                                  ("seed", "the secret"), ("sandbox", "the sandbox")) if old[key] != new[key]]
    before = {each["id"]: each for each in old["exercises"]}
    found = [f"{each['id']}: {before[each['id']]['points']} -> {each['points']} points" for each in new["exercises"]
             if each["id"] in before and before[each["id"]]["points"] != each["points"]]
    if old["points"] != new["points"] or old["state"] != new["state"]:
        found.append(f"before: {line(old)}")
    return [f"{part} (changed: {', '.join(why) or 'nothing that is known'})" for part in found]


def missing(todo, folder):
    """Say, by student, what a folder of results lacks: who handed nothing in, and what must be marked (again)."""
    found = {}
    for job in todo:
        result = _kept(folder, job)
        if not job.found:
            found[job.student] = "nothing was handed in"
        elif result is None:
            found[job.student] = "not marked yet"
        elif len(job.found) != 1 or job.found[0].why or result["state"] != "graded":
            found[job.student] = result["why"] or "must be marked again: the submission has changed"
        elif not _true(result, job):
            found[job.student] = "must be marked again: the submission, the assignment or the package has changed"
    return found
