"""The roster of a class: a CSV file with one student a line, as spreadsheets and learning platforms write it."""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from itertools import islice
from pathlib import Path

from d2lcnn.names import known

LONGEST = 64  # characters of an id
BYTES = 200  # of an id as a file name, with room for the endings of results; file systems allow 255 in all
SEPARATORS = ",;\t"
# names that Windows keeps for devices, with any ending: results are copied there too
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
NO_TEXT = {b"PK": "an Excel or OpenDocument workbook", b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text",
           b"\xd0\xcf\x11\xe0": "an old Excel workbook"}


def say(text):
    """Tell the person at the terminal, beside the output."""
    print(text, file=sys.stderr)


def identity(text):
    """Return a student's id in the one form in which it is written: NFC, without outer spaces.

    Parameters
    ----------
    text : str
        Letters and digits of any script, and ``. _ @ -`` inside; at most 64.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is empty, too long, or no safe name of a file.

    Examples
    --------
    >>> identity(" anna@example.org "), identity("e\\u0301va") == "\\u00e9va"
    ('anna@example.org', True)
    >>> identity("../anna")
    Traceback (most recent call last):
    ValueError: the id '../anna' begins with '.': an id begins with a letter or a digit
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise ValueError("an id is empty")
    if len(name) > LONGEST or len(name.encode("utf-8", "replace")) > BYTES:
        raise ValueError(f"the id {name[:LONGEST]!r}... has {len(name)} characters: at most {LONGEST} are meant")
    if not name[0].isalnum():
        raise ValueError(f"the id {name!r} begins with {name[0]!r}: an id begins with a letter or a digit")
    strange = next((letter for letter in name if not (letter.isalnum() or letter in "._@-")), "")
    if strange:
        raise ValueError(f"the id {name!r} has {strange!r} in it: letters, digits and . _ @ - are meant")
    if name.endswith(".") or name.partition(".")[0].lower() in DEVICES:
        raise ValueError(f"the id {name!r} can be no file's name on Windows")
    return name


def likeness(name):
    """Return what two ids share that a file system or a reader may take for one another.

    Stricter than NFC and casefold: letters of full width and other forms of compatibility count as the same too.

    Examples
    --------
    >>> likeness("Anna") == likeness("anna") == likeness("\\uff21nna"), likeness("anna") == likeness("anne")
    (True, False)
    """
    for _ in range(2):  # folding may leave letters that are not composed, and composing letters that are not folded
        name = unicodedata.normalize("NFKC", name.casefold())
    return name


def read(path, tell=say):
    """Read a roster.

    Parameters
    ----------
    path : path
        CSV with a header: separated by commas, semicolons or tabs, in UTF-8 with or without a byte order mark, or in
        Windows' cp1252, with any line ends, as Excel, LibreOffice and learning platforms save it.
    tell : callable
        Gets a line of text if the file had to be read as cp1252.

    Returns
    -------
    dict of str to dict
        By id (column ``student``, in the form of `identity`) the columns of a student, texts without outer spaces, in
        the order of the file.

    Raises
    ------
    ValueError
        With the file, the line and the value, if it is no such file, lacks the column, has a line with more or fewer
        cells than the header, an id that is empty or unsafe, or two ids that are the same up to case or form.
    OSError
        If it cannot be read.
    """
    text = _decoded(Path(path), tell)
    try:
        header, rows = _table(text)
        found, taken = {}, {}
        for line, row in rows:
            _add(found, taken, line, dict(zip(header, row, strict=True)))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if not found:
        raise ValueError(f"{path} has no student below its header")
    return found


def _add(found, taken, line, row):
    try:
        row["student"] = name = identity(row["student"])
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from None
    other, before = taken.setdefault(likeness(name), (name, line))
    if before != line:
        same = "stands in" if other == name else f"is too much like {other!r} in"
        raise ValueError(f"line {line}: the id {name!r} {same} line {before}")
    found[name] = row


def _decoded(path, tell):
    data = path.read_bytes()
    for start, kind in NO_TEXT.items():
        if data.startswith(start):
            raise ValueError(f"{path} is {kind}: save it as 'CSV UTF-8'")
    if b"\0" in data:
        raise ValueError(f"{path} is no text: line {data[:data.index(0)].count(10) + 1} has a NUL in it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, place = data[:error.start].count(b"\n") + 1, error.start
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is neither UTF-8 nor cp1252: see byte {data[error.start]:#x} in line "
                         f"{data[:error.start].count(10) + 1}; save it as 'CSV UTF-8'") from None
    tell(f"{path} is no UTF-8 and was read as cp1252 (Windows, Western Europe): is {_word(text, place)!r} in line "
         f"{line} right? If not, save it as 'CSV UTF-8'")
    return text


def _word(text, place):
    """Return the cell around a place, for a person to judge."""
    before, after = re.search(r"[^,;\t\r\n]*\Z", text[:place])[0], re.match(r"[^,;\t\r\n]*", text[place:])[0]
    return before + after


def _table(text):
    """Return the header and the numbered lines below it that are not blank."""
    lines, skipped = [*io.StringIO(text, newline="")], 0
    separator = re.fullmatch(r"sep=([,;\t])\s*", lines[0]) if lines else None  # Excel's own first line
    if separator:
        lines, skipped = lines[1:], 1
    first = re.sub(r'"[^"]*"', "", lines[0]) if lines else ""
    mark = separator[1] if separator else max(SEPARATORS, key=first.count)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    rows = []
    try:
        for row in reader:
            rows.append((reader.line_num + skipped, [cell.strip() for cell in row]))
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num + skipped} is no CSV: {error}") from None
    rows = [(line, row) for line, row in rows if any(row)]
    if not rows:
        raise ValueError("there is nothing in it")
    header = _header(rows[0][1])
    return header, [(line, _fitted(line, row, header)) for line, row in islice(rows, 1, None)]


def _header(cells):
    while cells and not cells[-1]:  # empty columns at the end, as spreadsheets leave them
        cells.pop()
    if "" in cells:
        raise ValueError(f"column {cells.index('') + 1} has no name in the header {cells}")
    double = next((name for name in cells if cells.count(name) > 1), None)
    if double:
        raise ValueError(f"the header names {double!r} twice")
    known("column", "student", cells)
    return cells


def _fitted(line, row, header):
    while len(row) > len(header) and not row[-1]:
        row.pop()
    if len(row) != len(header):
        raise ValueError(f"line {line} has {len(row)} cells and the header {len(header)}: {row}")
    return row
