"""Hand the first homework out through nbgrader or otter-grader, and grade a right and an empty submission with it.

    python tools/tried_graders.py {nbgrader,otter} [--env FOLDER]

The tool gets an environment of its own: both bring most of a JupyterLab. An environment that is there is used as it
is. Right answers are taken from the oracles, where an oracle is one; the other exercises stay as they were handed out.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from d2lcnn import check, exercises  # noqa: E402
from d2lcnn.grading import assignment as assignments  # noqa: E402
from d2lcnn.grading import bank, cells, foreign  # noqa: E402

PINS = {"nbgrader": ["nbgrader==0.9.6"], "otter": ["otter-grader==7.0.0"]}
SECRET = b"no secret: a trial"
COURSE = """\
c = get_config()
c.CourseDirectory.course_id = "trial"
c.CourseDirectory.root = {root!r}
"""


def environment(folder, tool):
    """Return the programs of an environment with the tool and what the package needs; made if it is not there."""
    programs = folder / "bin"
    if not (programs / "python").exists():
        venv.create(folder, with_pip=True)
        needs = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["dependencies"]
        # SciPy has the oracle of an exercise
        subprocess.run([programs / "pip", "install", "--quiet", *PINS[tool], *needs, "scipy"], check=True)
    return programs


def called(programs, folder, *command):
    """Run a program of the environment; stop with what it said if it fails."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([programs / command[0], *command[1:]], cwd=folder, text=True, capture_output=True,
                          env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "D2LCNN_PROGRESS": "off"})
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")


def answers(assignment):
    """Return the code of a right answer for each exercise, "" where no oracle is one."""
    found = []
    for item, part in zip(assignment.items, cells.parts(assignment, secret=SECRET), strict=True):
        if item.question:
            seed = assignments.drawn_seed(SECRET, assignment.id, item.id, "")
            answer = f"{part.name} = bank.get({item.name!r}).oracle(**{bank.get(item.name).numbers(seed)!r})"
        else:
            spec = exercises.get(item.name)
            right = spec.oracle if spec.kind == "function" else spec.oracle(*spec.cases[0].args)
            passes = check.run(spec, right).status == "passed"
            call = "" if spec.kind == "function" else f"(*exercises.get({spec.id!r}).cases[0].args)"
            answer = f"from d2lcnn import exercises\n{part.name} = exercises.get({spec.id!r}).oracle{call}" * passes
        found.append(answer)
    return found


def filled(release, right):
    """Return a handed-out notebook with these answers in its answer cells."""
    notebook = nbformat.read(release, 4)
    places = [cell for cell in notebook.cells if "otter_answer_cell" in cell.metadata.get("tags", ())
              or cell.metadata.get("nbgrader", {}).get("solution")]
    for cell, code in zip(places, right, strict=True):
        cell.source = code or cell.source
    return notebook


def kept_back(release):
    """Stop if a hidden test, or the notes for instructors, are in what students get."""
    text = release.read_text("utf8")
    for secret in ("seed=", "For instructors", "HIDDEN"):
        if secret in text:
            sys.exit(f"{release.name} shows students {secret!r}")


def by_nbgrader(programs, folder, source, right):
    """Return the points of each submission, by nbgrader."""
    (folder / "nbgrader_config.py").write_text(COURSE.format(root=str(folder)))
    (folder / "source" / "hw01").mkdir(parents=True)
    nbformat.write(source, folder / "source" / "hw01" / "hw01.ipynb")
    called(programs, folder, "nbgrader", "generate_assignment", "hw01")
    release = folder / "release" / "hw01" / "hw01.ipynb"
    kept_back(release)
    for student, given in (("right", right), ("empty", [""] * len(right))):
        place = folder / "submitted" / student / "hw01"
        place.mkdir(parents=True)
        nbformat.write(filled(release, given), place / "hw01.ipynb")
    called(programs, folder, "nbgrader", "autograde", "hw01", "--create")
    called(programs, folder, "nbgrader", "export", "--to=marks.csv")
    with open(folder / "marks.csv", newline="", encoding="utf8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def by_otter(programs, folder, source, right):
    """Return the points of each submission, by otter."""
    nbformat.write(source, folder / "hw01.ipynb")
    called(programs, folder, "otter", "assign", "hw01.ipynb", "built")
    release, [archive] = folder / "built" / "student" / "hw01.ipynb", (folder / "built" / "autograder").glob("*.zip")
    kept_back(release)
    points = {}
    for student, given in (("right", right), ("empty", [""] * len(right))):
        nbformat.write(filled(release, given), folder / f"{student}.ipynb")
        (folder / student).mkdir()
        called(programs, folder, "otter", "run", "-a", archive, "-o", folder / student, f"{student}.ipynb")
        tests = json.loads((folder / student / "results.json").read_text("utf8"))["tests"]
        points[student] = sum(test["score"] for test in tests if "score" in test)
    return points


def main(argv=None):
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", choices=foreign.TOOLS)
    parser.add_argument("--env", type=Path, help="folder of the tool's environment")
    args = parser.parse_args(argv)
    assignment = assignments.read(ROOT / "notebooks" / "assignments" / "hw01.yml")
    source, right = foreign.source(assignment, args.tool, SECRET), answers(assignment)
    expected = sum(item.points for item, code in zip(assignment.items, right, strict=True) if code)
    with tempfile.TemporaryDirectory() as folder:
        programs = environment((args.env or Path(folder) / "env").absolute(), args.tool)
        place = Path(folder) / "course"
        place.mkdir()
        points = {"nbgrader": by_nbgrader, "otter": by_otter}[args.tool](programs, place, source, right)
    print(f"{args.tool}: {points} of {assignment.points}; {sum(map(bool, right))} of {len(right)} exercises answered")
    if points != {"right": expected, "empty": 0}:
        print(f"expected {expected} and 0", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
