"""``python -m d2lcnn grading collect``: is there a true result for every student of the class?"""

from __future__ import annotations

from . import results
from .grade import class_arguments, todo_of


def arguments(parser):
    """Describe the arguments of ``grading collect``."""
    class_arguments(parser.add_argument)


def run(args):
    """Print a line for each student; ValueError where something is missing."""
    jobs = todo_of(args)
    lacking = results.missing(jobs, args.results)
    for job in jobs:
        print(f"{job.student}: {lacking[job.student]}" if job.student in lacking
              else results.line(results.read(results.path_of(args.results, job.student))))
    if lacking:
        raise ValueError(f"{len(lacking)} of {len(jobs)} students have no result that counts: {', '.join(lacking)}")
