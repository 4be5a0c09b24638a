"""``python -m d2lcnn grading export``: marks for a spreadsheet, for Canvas's gradebook or for Moodle's.

Sources. Canvas: its importer, ``lib/gradebook_importer.rb`` of github.com/instructure/canvas-lms (read at commit
00b222d): the header begins with Student and ID and names SIS User ID, SIS Login ID and Section before the assignments;
a row whose first cell has "Points Possible" in it tells what they are out of; a student is found by ID, else by SIS
User ID, SIS Login ID, name; a column of the title "Homework (123)" is the assignment 123, any other title makes a new
one; columns with words like "Final Grade" in their title are dropped without a word. Moodle: docs.moodle.org/405,
"Grade import" (a file with feedback must hold the grades too, or they are lost; who is meant may be told by ID number
or email address; marks over 100 need a setting), and ``grade/import/csv/classes/load_data.php`` of
github.com/moodle/moodle (read at commit 0289d8c): "-" is no grade, while an empty cell of a new item is stored as one;
one unknown student, or one mark over 100, ends the whole import. Formulas: OWASP, owasp.org/www-community/attacks/
CSV_Injection.
"""

from __future__ import annotations

import csv
import decimal
import io
import re
import sys
from decimal import Decimal
from typing import NamedTuple

from d2lcnn import files
from d2lcnn.names import known
from d2lcnn.shapes import integer

from . import marks, roster

ROUND = {"half-up": decimal.ROUND_HALF_UP, "half-even": decimal.ROUND_HALF_EVEN, "down": decimal.ROUND_DOWN}
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?|-")  # a single sign is no formula
# Where a cell, or what another separator or quotation mark makes of one, begins with what spreadsheets calculate;
# Japanese ones take the signs of full width as well.
FORMULA = re.compile(r"(^|[,;|\t\r\n\"'])(\s*)(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
CANVAS = {"canvas_id": "ID", "sis_user_id": "SIS User ID", "sis_login_id": "SIS Login ID"}
DROPPED = re.compile("(Current|Final|Override) (Score|Points|Grade|Status)")  # Canvas reads no marks below these
TAKEN = {"Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Section", "Integration ID",
         "Root Account"}
MOODLE = {"id_number": "ID number", "email": "Email address", "username": "Username"}
LARGEST = 100  # of a mark in Moodle, unless its administrator allows more
INCOMPLETE = 1  # exit status


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn grading export``."""
    add = parser.add_argument
    add("assignment", help="YAML file of the assignment")
    add("results", help="folder of results")
    add("--roster", required=True, help="CSV file of the class, with a column 'student'; for Canvas also name, "
        "canvas_id, sis_user_id, sis_login_id, section; for Moodle id_number, email or username")
    add("--to", choices=(*FORMATS,), default="csv", help="a table for people, or what Canvas or Moodle import")
    add("--out", help="file to write; default: print")
    add("--column", help="title of the column of marks, for Canvas as in its own export: 'Homework 1 (12345)'; "
        "default: the assignment's title")
    add("--round", choices=(*ROUND,), default="half-up", help="what becomes of digits that are cut off")
    add("--decimals", type=int, default=2, help="digits behind the point")
    add("--scale", help="full marks, for instance 100; default: the assignment's points")
    add("--zero", action="store_true", help="0 for who handed in nothing, or nothing readable; else they get no mark")
    add("--unsafe", action="store_true", help="also marks that were given without a sandbox")


def run(args):
    """Write the marks; exit status 1 if somebody has none, or has one and is not in the roster."""
    from . import assignment

    task, students = assignment.read(args.assignment), roster.read(args.roster)
    results, strange = marks.read(args.results, task), []
    if marks.unsafe(results):
        strange.append(f"graded without a sandbox: {_names(marks.unsafe(results))}")
        if not args.unsafe:
            raise ValueError(f"{strange[0]}: their code could write its own marks; --unsafe exports them all the same")
    scale = Scale(task.points, args.scale, args.decimals, args.round)
    rows = [Row(student, columns, results.get(student), mark(results.get(student), scale, args.zero))
            for student, columns in students.items()]
    text = FORMATS[args.to](rows, task, args.column or task.title, scale)
    if args.out:
        files.write(args.out, ("\ufeff" if args.to == "csv" else "") + text)  # without the mark Excel sees no UTF-8
    else:
        sys.stdout.write(text)
    wrong = troubles(rows, results)
    for line in (*strange, *wrong):
        roster.say(line)
    if wrong:
        raise SystemExit(INCOMPLETE)


class Row(NamedTuple):
    """A student, in the roster's order.

    Parameters
    ----------
    student : str
    columns : dict
        Of the roster.
    result : dict or None
    mark : Decimal or None
    """

    student: str
    columns: dict
    result: dict | None
    mark: Decimal | None


class Scale:
    """Turn points into marks, rounded as told: exact until the last digit.

    Parameters
    ----------
    of : int
        Points of the assignment.
    full : str or int, optional
        Full marks; default: the points.
    decimals : int
        Digits behind the point, at most 6.
    how : {"half-up", "half-even", "down"}

    Raises
    ------
    ValueError
        With the argument that is no such number.

    Examples
    --------
    >>> str(Scale(8, 100, 0)(5)), str(Scale(8, 100, 0, "half-even")(5)), str(Scale(8, decimals=1)(5))
    ('63', '62', '5.0')
    """

    def __init__(self, of, full=None, decimals=2, how="half-up"):
        self.of, self.how = integer("the assignment's points", of, 1), ROUND[known("rounding", how, ROUND)]
        self.step = Decimal(1).scaleb(-integer("decimals", decimals, 0, 6))
        try:
            self.full = Decimal(of if full is None else full)
        except decimal.InvalidOperation:
            self.full = Decimal("NaN")
        if not (self.full.is_finite() and 0 < self.full <= 10**6):
            raise ValueError(f"scale is {full!r}, not a number from 0 to a million")

    def __call__(self, points):
        """Return points as a mark."""
        with decimal.localcontext(prec=60):  # a tie has few digits, so that a division of 60 makes and loses none
            return self.rounded(Decimal(points) * self.full / self.of)

    def rounded(self, value):
        """Return a number with the digits that were asked for."""
        with decimal.localcontext(prec=60):
            return Decimal(value).quantize(self.step, self.how)


def mark(result, scale, zero=False):
    """Return the mark of a result, or None where a person has to decide: no result, nothing readable handed in.

    Parameters
    ----------
    result : dict or None
    scale : Scale
    zero : bool
        A mark of 0 where nothing, or nothing readable, was handed in.
    """
    if result is None or (result["state"] != "graded" and not zero):
        return None
    return scale(result["points"])


def troubles(rows, results):
    """List, as lines of text, who has no mark, whose results belong to nobody, and results of another making."""
    found = []
    for reason in ("no result", "missing", "unreadable"):
        names = [row.student for row in rows
                 if row.mark is None and (row.result["state"] if row.result else "no result") == reason]
        if names:
            found.append(f"no mark, {REASONS[reason]}: {_names(names)}")
    strangers = sorted({*results} - {row.student for row in rows})
    if strangers:
        found.append(f"not in the roster, left out: {_names(strangers)}")
    makings = {}
    for student, result in results.items():
        makings.setdefault((result["version"], result["seed"]), []).append(student)
    for names in sorted(makings.values(), key=len)[:-1]:
        found.append(f"graded by another version or secret than the others: {_names(names)}")
    return found


def _names(names):
    return ", ".join(names)


def cell(text):
    """Return a text that no spreadsheet takes for a formula, on one line; numbers stay as they are.

    Notes
    -----
    OWASP's remedy, a quotation mark before the sign, also where another program's separator or quotation mark would
    begin a cell within the text.

    Examples
    --------
    >>> cell("=1+1"), cell('x";=1+1'), cell("-1.5"), cell("well-known"), cell("a\\n-b")
    ("'=1+1", 'x";\\'=1+1', '-1.5', 'well-known', "a '-b")
    """
    text = marks.plain(text).strip(" ")
    return text if NUMBER.fullmatch(text) else " ".join(FORMULA.sub(r"\1\2'", text).split())


def people(rows, task, column, scale):
    """Return a table for people: the roster's columns, points of each exercise, and what a person should look at."""
    own = [name for name in rows[0].columns if name != "student"]
    ids = [item.id for item in task.items]
    header = ["student", *own, *ids, column, "of", "state", "why", "flags", "sandbox"]
    return _csv(header, [[row.student, *(row.columns[name] for name in own), *_exercises(row.result, ids, scale),
                          _shown(row.mark), f"{scale.full:f}", *_words(row.result)] for row in rows])


def _exercises(result, ids, scale):
    found = {each["id"]: str(scale.rounded(each["points"])) for each in result["exercises"]} if result else {}
    return [found.get(name, "") for name in ids]


def _words(result):
    """Return state, why, flags (the instructor's notes among them) and sandbox."""
    if result is None:
        return "no result", "", "", ""
    why = [result["why"], *(f"{each['id']}: {each['why']}" for each in result["exercises"] if each["why"])]
    flags = [f"{each['id']}: {flag}" for each in result["exercises"] for flag in each["flags"]]
    return result["state"], "; ".join(filter(None, why)), "; ".join([*flags, *result["notes"]]), result["sandbox"]


def canvas(rows, task, column, scale):
    """Return what Canvas's gradebook imports. Who has no mark has an empty cell: Canvas leaves that mark as it is.

    Raises
    ------
    ValueError
        If Canvas would not read the column, or would not find a student, or take one for another.
    """
    if column in TAKEN or DROPPED.search(column):
        raise ValueError(f"Canvas reads no marks from a column {column!r}: --column names another")
    logins = _identities(rows, CANVAS, "sis_login_id")
    header = ["Student", *CANVAS.values(), "Section", column]
    table = [["    Points Possible", *[""] * 4, f"{scale.full:f}"]]
    for row in rows:
        name, number = row.columns.get("name") or row.student, logins[row.student]["canvas_id"]
        if "Points Possible" in name:
            raise ValueError(f"Canvas takes the row of {row.student!r} for no student's: its name is {name!r}")
        if number and not number.isdecimal():
            raise ValueError(f"canvas_id of {row.student!r} is {number!r}, not a number")
        table.append([name, *logins[row.student].values(), row.columns.get("section", ""), _shown(row.mark)])
    return _csv(header, table)


def moodle(rows, task, column, scale):
    """Return what Moodle's gradebook imports. Who has no mark has "-": an empty cell would become a mark of 0.

    Raises
    ------
    ValueError
        If Moodle would not find a student, or take one for another.
    """
    first = next((name for name in MOODLE if name in rows[0].columns), "id_number")
    names = _identities(rows, {first: MOODLE[first]}, first)
    if scale.full > LARGEST:
        roster.say(f"full marks are {scale.full:f}: Moodle refuses marks over {LARGEST} unless its administrator has "
                   "allowed them (unlimitedgrades, gradepointmax)")
    return _csv([MOODLE[first], column, f"Feedback: {column}"],
                [[names[row.student][first], _shown(row.mark) or "-", _feedback(row)] for row in rows])


def _feedback(row):
    """Say what a student may read: points, and how many cases pass."""
    if row.mark is None:
        return ""
    if row.result["state"] != "graded":
        return REASONS[row.result["state"]]
    return "; ".join(f"{each['id']}: {each['points']} of {each['of']} points"
                     + (f", {sum(case['passed'] for case in each['cases'])} of {len(each['cases'])} checks pass"
                        if each["cases"] else f", {each['state']}") for each in row.result["exercises"])


def _identities(rows, columns, usual):
    """Return by student what a system knows each one by; where the roster has none of these columns, the student's id.

    An identity that would have to be changed against formulas is refused: the system would not know it.
    """
    if not any(name in rows[0].columns for name in columns):
        roster.say(f"the roster has no column {' or '.join(columns)}: the students' ids stand in {columns[usual]!r}")
        found = {row.student: dict.fromkeys(columns, "") | {usual: row.student} for row in rows}
    else:
        found = {row.student: {name: row.columns.get(name, "") for name in columns} for row in rows}
    taken = {}
    for student, values in found.items():
        if not any(values.values()):
            raise ValueError(f"{student!r} has nothing in {' or '.join(columns)}: nobody could tell whose mark it is")
        for name, value in values.items():
            if value and taken.setdefault((name, value.casefold()), student) != student:
                raise ValueError(f"{name} {value!r} belongs to {taken[name, value.casefold()]!r} and to {student!r}")
            if cell(value) != value:
                raise ValueError(f"{name} of {student!r} is {value!r}: a spreadsheet would take it for a formula")
    return found


def _shown(value):
    return "" if value is None else f"{value:f}"


def _csv(header, rows):
    """Return a table as RFC 4180 has it."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows([[cell(value) for value in row] for row in (header, *rows)])
    return stream.getvalue()


FORMATS = {"csv": people, "canvas": canvas, "moodle": moodle}
REASONS = {"no result": "not graded yet", "missing": "nothing handed in", "unreadable": "nothing readable handed in"}
