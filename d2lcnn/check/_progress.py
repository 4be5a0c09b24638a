"""What a reader has solved: a small file of ids on the reader's machine, and nothing else anywhere."""

from __future__ import annotations

import os
import sys
from itertools import groupby
from pathlib import Path

from d2lcnn import exercises, files

VARIABLE = "D2LCNN_PROGRESS"
HEAD = "# exercises solved, one a line; d2lcnn.check.progress() shows them\n"


def progress() -> None:
    """Print which exercises with a check were solved in this environment, by chapter, with their points.

    An exercise counts once `check` has printed that all of its checks pass; in JupyterLab, not by running the
    book's own solution. The ids are kept in a text file in the user's data folder, or in the file that the variable
    ``D2LCNN_PROGRESS`` names; ``D2LCNN_PROGRESS=off`` keeps nothing. Nothing is sent anywhere. Where the file cannot
    be written, nothing is kept and nothing fails; delete it to begin again.

    Examples
    --------
    >>> import os
    >>> os.environ["D2LCNN_PROGRESS"] = "off"
    >>> progress()
    Progress is not kept: D2LCNN_PROGRESS is off.
    """
    path = place()
    if path is None:
        off = f"{VARIABLE} is off" if VARIABLE in os.environ else f"no home folder, and {VARIABLE} names no file"
        print(f"Progress is not kept: {off}.")
        return
    done, checked, rows = solved(path), [e for e in exercises.all_exercises() if e.kind != "open"], []
    for slug, group in groupby(checked, lambda e: e.chapter):
        of_chapter = list(group)
        good = [e for e in of_chapter if e.id in done]
        if good:
            rows.append(f"  {slug.replace('_', ' '):30}{_tally(good, of_chapter)}  {_numbers(good)}")
    head = f"solved here: {_tally([e for e in checked if e.id in done], checked)}"
    print("\n".join([head, *rows, f"kept in {path}"]))


def _tally(good, all_of_them):
    points, possible = (sum(e.points for e in some) for some in (good, all_of_them))
    return f"{len(good)} of {len(all_of_them)} exercises, {points} of {possible} points"


def _numbers(good):
    return "(" + ", ".join(e.id.rpartition("-")[2] for e in good) + ")"


def place() -> Path | None:
    """Return the file in which progress is kept; None where it is switched off, or the user has no home."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen.strip().lower() == "off":
        return None
    if chosen:
        return Path(chosen)
    import platformdirs

    try:
        return platformdirs.user_data_path("d2lcnn", appauthor=False) / "solved.txt"
    except RuntimeError:  # a user without a home
        return None


def solved(path: Path) -> set[str]:
    """Return the ids in a file of progress; none where there is no readable file."""
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""  # reading a pipe would wait
    except (OSError, ValueError):
        return set()
    return {entry.strip() for entry in text.splitlines() if entry.strip() and not entry.startswith("#")}


def record(exercise_id: str) -> None:
    """Add an id to the file of progress, unless it is switched off, cannot be written, or the solution was run."""
    try:
        path = place()
        done = solved(path) if path else {exercise_id}
        if exercise_id in done or _runs_a_solution():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # two kernels at the same moment may lose one of two ids; the next pass of its check adds it again
        files.write(path, HEAD + "".join(f"{entry}\n" for entry in sorted({*done, exercise_id})))
    except (OSError, ValueError):  # a full disk, a folder of somebody else, a name that cannot be
        return


def _runs_a_solution() -> bool:
    """Tell whether the cell that runs holds one of the book's solutions; JupyterLab sends a cell's tags along."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return "solution" in parent.get("metadata", {}).get("tags", ())
