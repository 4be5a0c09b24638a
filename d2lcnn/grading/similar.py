"""``python -m d2lcnn grading similar``: pairs of answers that are suspiciously alike, and what is alike in them.

A pair is a reason to ask two people, never a proof. Answers are compared by the k-grams of their statements, as in
Schleimer, Wilkerson & Aiken, Winnowing: Local Algorithms for Document Fingerprinting, SIGMOD 2003 (abstract and
introduction read; the rest from memory). Their winnowing keeps a part of the fingerprints, to index millions of
documents; answers are short, so all are kept here. No k-gram reaches from one statement into the next: to reorder
statements hides nothing. What everybody was given (stubs, the book's solutions, files named by ``--public``) is no
evidence, and what many in the class have written is little, by a weight like the inverse document frequency of
Spärck Jones, Journal of Documentation 28, 1972 (from memory).
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from d2lcnn import files

from . import marks
from ._shape import units
from .export import cell
from .roster import say

GRAM = 6  # signs
SHORT = 4  # signs; a statement of fewer says nothing: "return y"
EVIDENCE = 16  # grams that hardly anybody else has; about three statements
SHARED = 0.8  # of a line's grams, or it is not shown as alike
SHOWN = 6  # lines of a pair on the terminal
ROUNDING = 1e-9
BLOCK = 4_000_000  # numbers of a matrix: 32 MB
COLUMNS = ("exercise", "student", "other", "likeness", "lines", "other lines", "alike")


class Pair(NamedTuple):
    """Two answers that are alike.

    Parameters
    ----------
    exercise, one, other : str
        Id of the exercise, and of the students.
    likeness : float
        From 0 to 1.
    lines, others : list of int
        Of the two answers' code, from 1: what is alike.
    """

    exercise: str
    one: str
    other: str
    likeness: float
    lines: list
    others: list


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn grading similar``."""
    parser.add_argument("assignment", help="YAML file of the assignment")
    parser.add_argument("results", help="folder of results")
    parser.add_argument("--least", type=float, default=0.8,
                        help="likeness from which a pair is shown, above 0, at most 1")
    parser.add_argument("--public", nargs="+", default=[], metavar="FILE", help="notebooks and Python files that "
                        "everybody was given: what stands there is no evidence")
    parser.add_argument("--out", help="CSV file for the pairs; default: print them")


def run(args):
    """Print the pairs, or write them into a file and print how many."""
    from d2lcnn.exercises._statements import solutions

    from . import assignment

    if not 0 < args.least <= 1:
        raise ValueError(f"least is {args.least}, not above 0 and at most 1")
    task = assignment.read(args.assignment)
    results = marks.read(args.results, task)
    given = [code for each in task.tasks() for code in (each.statement.stub, *each.statement.given)]
    known = grams_of([*given, *solutions(), *(code for path in args.public for code in public(path))])
    found = []
    for item in task.items:
        codes = {student: each["code"] for student, result in results.items() for each in result["exercises"]
                 if each["id"] == item.id}
        found += pairs(item.id, codes, known, args.least)
    codes = {(student, each["id"]): marks.plain(each["code"]).splitlines()
             for student, result in results.items() for each in result["exercises"]}
    if args.out:
        files.write(args.out, "\ufeff" + table(found, codes))
    else:
        print("".join(f"{shown(pair, codes)}\n" for pair in found), end="")
    say(f"{len(found)} pairs are alike: a reason to ask, no proof")


def public(path):
    """Return the code of a notebook or of a Python file.

    Raises
    ------
    ValueError
        If it is neither.
    OSError
        If it cannot be read.
    """
    text = Path(path).read_text(encoding="utf-8")
    if Path(path).suffix != ".ipynb":
        return [text]
    try:
        cells = [each for each in json.loads(text)["cells"] if each["cell_type"] == "code"]
        return ["".join(each["source"]) for each in cells]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is no notebook") from None


def grams(unit):
    """Return the k-grams of a statement: sequences of six signs, or all of a shorter one; none of a very short one."""
    count = len(unit.signs)
    return {unit.signs[i:i + GRAM] for i in range(max(1, count - GRAM + 1))} if count >= SHORT else set()


def grams_of(codes):
    """Return the k-grams of several pieces of code."""
    return {gram for code in codes for unit in units(code) for gram in grams(unit)}


def pairs(exercise, codes, known=frozenset(), least=0.8):
    """Return the pairs of answers to one exercise that are alike.

    Parameters
    ----------
    exercise : str
        Id, for the pairs.
    codes : dict of str to str
        By student the code of the answer.
    known : set of tuple
        k-grams that are no evidence.
    least : float

    Returns
    -------
    list of Pair
        The most alike first.

    Notes
    -----
    Likeness is Dice's: twice the weight of what both have, over the weight of what each has. All overlaps are one
    product of matrices, taken in blocks of bounded size.
    """
    lines = {student: [(unit.line, grams(unit)) for unit in units(code)] for student, code in sorted(codes.items())}
    whole = {student: set().union(*(own for _, own in each)) for student, each in lines.items()}
    answers = {student: own - known for student, own in whole.items() if own - known}
    weights = _weights(answers)
    total = np.array([sum(map(weights.__getitem__, own)) for own in answers.values()])
    overlap = _overlaps([*answers.values()], weights)
    with np.errstate(divide="ignore", invalid="ignore"):  # what everybody has weighs nothing
        likeness = 2 * overlap / (total[:, None] + total)
    names, found = [*answers], []
    for one, other in np.argwhere(np.triu((likeness >= least - ROUNDING) & (overlap >= EVIDENCE - ROUNDING), 1)):
        first, second = names[one], names[other]
        both = whole[first] & whole[second]  # of a line, also what was given shows that it is the same
        found.append(Pair(exercise, first, second, min(1.0, float(likeness[one, other])), _alike(lines[first], both),
                          _alike(lines[second], both)))
    return sorted(found, key=lambda pair: (-round(pair.likeness, 6), pair.one, pair.other))


def _weights(answers):
    """Return, by k-gram, what it proves: 1 if one or two have it, 0 if everybody has."""
    counts, everybody = Counter(gram for own in answers.values() for gram in own), len(answers)
    return {gram: 1.0 if count <= 2 else math.log(everybody / count) / math.log(everybody / 2)
            for gram, count in counts.items()}


def _overlaps(answers, weights):
    """Return, for each two sets, the weight of what both have."""
    counts = Counter(gram for own in answers for gram in own)
    places = {gram: place for place, gram in enumerate(gram for gram in counts if counts[gram] > 1)}
    scale = np.sqrt(np.array([weights[gram] for gram in places]))
    own = [np.array(sorted(places[gram] for gram in each if gram in places), int) for each in answers]
    found, width = np.zeros((len(answers), len(answers))), max(1, BLOCK // max(1, len(answers)))
    for start in range(0, len(places), width):
        part = np.zeros((len(answers), min(width, len(places) - start)))
        for row, each in zip(part, own, strict=True):
            here = each[np.searchsorted(each, start):np.searchsorted(each, start + width)]
            row[here - start] = scale[here]
        found += part @ part.T
    return found


def _alike(lines, both):
    """Return the lines most of whose k-grams the other answer has too."""
    return sorted({line for line, own in lines if own and len(own & both) >= SHARED * len(own)})


def _ranges(lines):
    """Return lines as a text.

    Examples
    --------
    >>> _ranges([2, 3, 4, 7])
    '2-4, 7'
    """
    starts = [line for before, line in pairwise([-1, *lines]) if line != before + 1]
    ends = [line for line, after in pairwise([*lines, math.inf]) if after != line + 1]
    return ", ".join(f"{start}-{end}" if end > start else f"{start}" for start, end in zip(starts, ends, strict=True))


def _texts(pair, codes):
    code = codes[pair.one, pair.exercise]
    return [code[line - 1].strip() for line in pair.lines if line <= len(code)]


def shown(pair, codes):
    """Return a pair as text for a terminal."""
    texts = _texts(pair, codes)
    more = [f"... and {len(texts) - SHOWN} lines more"] if len(texts) > SHOWN else []
    return "\n    ".join([f"{pair.exercise}: {pair.one} (lines {_ranges(pair.lines)}) and {pair.other} (lines "
                          f"{_ranges(pair.others)}): {pair.likeness:.2f} alike", *texts[:SHOWN], *more])


def table(found, codes):
    """Return pairs as a table for a spreadsheet."""
    stream = io.StringIO()
    rows = [(pair.exercise, pair.one, pair.other, f"{pair.likeness:.2f}", _ranges(pair.lines), _ranges(pair.others),
             " | ".join(_texts(pair, codes))) for pair in found]
    csv.writer(stream, lineterminator="\r\n").writerows([[cell(value) for value in row] for row in (COLUMNS, *rows)])
    return stream.getvalue()
