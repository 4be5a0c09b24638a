"""Read what was handed in, without running or believing anything of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
import zipfile
from pathlib import Path
from typing import NamedTuple

from d2lcnn.setup_cell import TEMPLATE

LARGEST = 30 * 2**20  # bytes of a notebook; pictures that it shows count
CODE = 2**20  # characters of all its code
SETUP = TEMPLATE.split("REQUIREMENT")  # begin and end of the first cell of hand-outs


class Notebook(NamedTuple):
    """The code of a notebook.

    Parameters
    ----------
    cells : tuple of str
        Code that Python can compile: what only Jupyter understands is left out.
    name, number : str
        As written into the cell for them.
    """

    cells: tuple[str, ...]
    name: str = ""
    number: str = ""


class Found(NamedTuple):
    """A submission in a folder: where it came from, its bytes, and what is wrong if there are none."""

    source: str
    data: bytes = b""
    why: str = ""

    @property
    def digest(self):
        """SHA-256 of the notebook, or None where none could be read."""
        return None if self.why else hashlib.sha256(self.data).hexdigest()


def read(data, assignment, cells=500):
    """Return the code of a notebook.

    Parameters
    ----------
    data : bytes
        A file of the notebook format 4.
    assignment : str
        Id of the assignment that it answers.
    cells : int
        More code cells are refused.

    Returns
    -------
    Notebook

    Raises
    ------
    ValueError
        If it is none, or one of another assignment or format, empty or huge.
    """
    if len(data) > LARGEST:
        raise ValueError(f"the file has {len(data) / 2**20:.0f} MB, more than {LARGEST >> 20}")
    try:
        table = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("the file is no notebook (no JSON)" if data.strip() else "the file is empty") from None
    if not isinstance(table, dict) or not isinstance(table.get("cells"), list):
        old = isinstance(table, dict) and "worksheets" in table
        raise ValueError("the notebook has the old format 3: open it in Jupyter and save it" if old
                         else "the file is no notebook (no cells)")
    _same_assignment(table, assignment)
    found = [text for text in map(_code, table["cells"]) if text.strip()]
    if not found:
        raise ValueError("the notebook has no code cells")
    if len(found) > cells:
        raise ValueError(f"the notebook has {len(found)} code cells, more than {cells}")
    if sum(map(len, found)) > CODE:
        raise ValueError(f"its code has {sum(map(len, found))} characters, more than {CODE}")
    return Notebook(tuple(map(python, found)), *(_written("\n".join(found), name) for name in ("name", "number")))


def _same_assignment(table, assignment):
    ours = table.get("metadata", {}).get("d2lcnn", {}) if isinstance(table.get("metadata"), dict) else {}
    other = ours.get("assignment", assignment) if isinstance(ours, dict) else assignment
    if other != assignment:
        raise ValueError(f"the notebook answers the assignment {str(other)[:40]!r}")


def _code(cell):
    """Return the source of a code cell, "" for others, and for the setup cell: there is nothing to set up."""
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return ""
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return "" if text.startswith(SETUP[0]) and text.rstrip().endswith(SETUP[-1].rstrip()) else text


def _written(text, name):
    found = re.search(rf"^{name} *= *[\"'](?P<text>[^\"'\n]*)[\"']", text, re.MULTILINE)
    return unicodedata.normalize("NFC", found["text"]).strip()[:100] if found else ""


def python(code):
    """Return a cell's code without what only Jupyter understands, where that stands in Python's way.

    Examples
    --------
    >>> python("%matplotlib inline\\nx = 3"), python("%%bash\\nls"), python("%%time\\nx = 3")
    ('pass\\nx = 3', '', '\\nx = 3')
    """
    first, _, rest = code.lstrip().partition("\n")
    if first.startswith("%%"):
        return f"\n{rest}" if first.split()[0] in ("%%time", "%%timeit", "%%capture", "%%prun") else ""
    try:
        compile(code, "cell", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return re.sub(r"^(?P<indent>[ \t]*)(?:[%!?].*|[\w.]+\?{1,2})$", r"\g<indent>pass", code, flags=re.MULTILINE)
    return code


def collect(folder, roster):
    """Find the submissions of a class.

    Parameters
    ----------
    folder : path
        Holds, for each student, ``<student>.ipynb``, a folder ``<student>`` or an archive ``<student>.zip`` with one
        notebook in it; or what Canvas or Moodle let a teacher download, whose names hold the student's name or number.
    roster : dict
        By student, the columns of the class list.

    Returns
    -------
    (dict of list of Found by student, list of str)
        And what belongs to nobody.

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    found, strangers = {student: [] for student in roster}, []
    keys = {student: _keys(student, columns) for student, columns in roster.items()}
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith((".", "__MACOSX")):
            continue
        owners = _owners(path.stem if path.suffix in (".ipynb", ".zip") else path.name, keys)
        if len(owners) == 1:
            found[owners[0]].append(_found(path))
        else:
            strangers.append(f"{path.name}: {'nobody' if not owners else ' and '.join(owners)} in the class list")
    return found, strangers


def _plain(text):
    return unicodedata.normalize("NFC", str(text)).strip().casefold()


def _keys(student, columns):
    name = _plain(columns.get("name", ""))
    numbers = {_plain(columns.get(column, "")) for column in ("canvas_id", "moodle_id")}
    return _plain(student), {_plain(student), *numbers} - {""}, name


def _owners(stem, keys):
    """Return the students that a file's name speaks of: the one of that very name, or those whose number is in it."""
    whole = _plain(stem)
    exact = [student for student, (own, _, _) in keys.items() if own == whole]
    parts = {part.strip() for part in whole.split("_")}
    return exact or [student for student, (_, numbers, name) in keys.items()
                     if parts & numbers or (name and whole.split("_")[0].strip() == name)]


def _found(path):
    """Read one file, folder or archive: links and devices are not followed."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            inside = sorted(entry for entry in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in entry.parts)
            return _only(path.name, [(str(entry), entry) for entry in inside], _file)
        if path.suffix == ".zip" and stat.S_ISREG(mode):
            with zipfile.ZipFile(path) as archive:
                inside = [(info.filename, info) for info in archive.infolist() if info.filename.endswith(".ipynb")
                          and "__MACOSX" not in info.filename and ".ipynb_checkpoints" not in info.filename]
                return _only(path.name, inside, lambda info: _member(archive, info))
        return Found(path.name, _file(path))
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        return Found(path.name, why=f"{path.name} cannot be read: {str(error)[:200]}")
    except Exception as error:  # zlib's own, and whatever a crafted archive finds
        return Found(path.name, why=f"{path.name} cannot be read: {type(error).__name__}")


def _only(name, inside, opened):
    if len(inside) != 1:
        raise ValueError(f"it holds {len(inside)} notebooks" + (f": {', '.join(label for label, _ in inside[:3])}"
                                                                 if inside else ""))
    return Found(name, opened(inside[0][1]))


def _file(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        return _bounded(file)


def _member(archive, info):
    """Read a member of an archive in memory, by its place: where its name leads to does not matter."""
    with archive.open(info) as file:
        return _bounded(file)


def _bounded(file):
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"the notebook has more than {LARGEST >> 20} MB")
    return data
