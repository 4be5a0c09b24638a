"""``python -m d2lcnn grading grade``: mark the submissions of a class."""

from __future__ import annotations

import sys
from pathlib import Path

from d2lcnn import workers

from . import assignment, results, roster, sandbox


def class_arguments(add):
    """Add the arguments that say what is marked, of whom, and where the results are."""
    add("assignment", type=Path, metavar="HW.yml", help="the assignment")
    add("submissions", type=Path, help="folder of what was handed in: <student>.ipynb, a folder or a .zip a student, "
                                       "or as Canvas and Moodle pack it")
    add("--roster", type=Path, required=True, metavar="CLASS.csv", help="the class list; column student, others free")
    add("--secret-file", type=Path, required=True, metavar="FILE",
        help="draws the hidden cases and each student's numbers; the same as for handing out")
    add("--results", type=Path, default=Path("results"), metavar="FOLDER", help="one file a student (results)")
    add("--unsafe", action="store_true",
        help="without a sandbox: the students' code runs with your rights and can forge what it likes; results say so")


def todo_of(args):
    """Return the jobs that the arguments ask for; what belongs to nobody is named on stderr."""
    what = assignment.read(args.assignment)
    if not args.unsafe:
        sandbox.usable()
    jobs, strangers = results.jobs(what, assignment.read_secret(args.secret_file), roster.read(args.roster),
                                   args.submissions, not args.unsafe)
    for stranger in strangers:
        print(f"not marked: {stranger}", file=sys.stderr)
    return jobs


def arguments(parser):
    """Describe the arguments of ``grading grade``."""
    add = parser.add_argument
    class_arguments(add)
    add("--again", action="store_true", help="mark everything, and say what changed")
    workers.options(parser.add_mutually_exclusive_group().add_argument, "submissions")


def run(args):
    """Mark, and say how it went."""
    where = workers.chosen(args.jobs, args.dask)
    jobs = todo_of(args)
    if args.unsafe:
        print("--unsafe: the students' code runs with your rights; all results are marked", file=sys.stderr)
    count = results.grade(jobs, args.results, workers=where, again=args.again)
    print(f"{count} marked, {len(jobs) - count} kept; the results of {len(jobs)} students are in {args.results}")
