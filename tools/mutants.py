"""Change the code at one place and see whether its tests notice; then at another: `make mutants`.

    python tools/mutants.py [AREA ...] [--count N] [--seed N] [--out FILE] [--again FILE]

`tools/mutants.toml` says which modules make an area, which tests are theirs, and which changes are known to change
nothing. In each area N places are drawn, and at each place one change: one of Cosmic Ray's, or one of three that it
lacks. All happens in a copy of the tree. It is not part of CI: hundreds of changes take an hour of one processor. What
survives is printed; it asks for a better test.
"""

import argparse
import contextlib
import csv
import difflib
import importlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from pathlib import Path
from typing import NamedTuple

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.operators.provider import OperatorProvider

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".toml")
# Loaded once: the tests of each change run in a fork of this process, and need not load them again.
HEAVY = ("numpy", "torch", "lightning_fabric", "scipy.signal", "scipy.sparse", "matplotlib.pyplot", "skimage",
         "nbformat", "yaml", "hypothesis", "pytest", "pytest_timeout")
PYTEST = ("-x", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-m", "not slow and not browser",
          "-W", "ignore::pytest.PytestAssertRewriteWarning")  # HEAVY is there before pytest is
OUTPUT = "mutants-output.txt"  # of the tests, in the copy
FIELDS = ("area", "module", "line", "operator", "old", "new", "outcome", "seconds")


class _Ours(Operator):
    """What our operators share: they put other text at the place of a node."""

    text = ""

    def mutation_positions(self, node):
        """Yield the place of the node, if it is one for this operator."""
        if self.fits(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        """Put the other text in the node's place, so that commas and newlines stay right."""
        return parso.parse(node.get_first_leaf().prefix + self.text)


class LeaveOutKeyword(_Ours):
    """Call a function without one of its keyword arguments."""

    text = "**{}"

    def fits(self, node):
        """Tell whether the node is ``name=value`` in a call."""
        return node.type == "argument" and node.children[1] == "="

    @classmethod
    def examples(cls):
        """List what it does."""
        return (Example("f(x, seed=3)", "f(x, **{})"),)


class LeaveOutStatement(_Ours):
    """Leave out a call whose result nobody takes, a ``raise``, or an augmented assignment."""

    text = "pass"

    def fits(self, node):
        """Tell whether the node is such a statement."""
        if node.parent is None or node.parent.type != "simple_stmt":
            return False
        if node.type == "expr_stmt":
            return node.children[1].type == "operator" and node.children[1].value != "="
        return node.type == "raise_stmt" or (node.type == "atom_expr" and node.children[-1].children[0] == "(")

    @classmethod
    def examples(cls):
        """List what it does."""
        return Example("f(x)\n", "pass\n"), Example("raise E\n", "pass\n"), Example("x += 1\n", "pass\n")


class ExchangeArguments(_Ours):
    """Exchange the first two arguments of a call."""

    def fits(self, node):
        """Tell whether the node is a list of arguments that begins with two positional ones, whose order counts."""
        if node.type != "arglist" or any(each.type == "argument" for each in node.children[:3]):
            return False
        return node.parent.get_previous_leaf().value not in ("max", "min", "isinstance")

    def mutate(self, node, index):
        """Exchange the two."""
        node.children[0], node.children[2] = node.children[2], node.children[0]
        return node

    @classmethod
    def examples(cls):
        """List what it does."""
        return (Example("f(a, b)", "f( b,a)"),)


class Mutant(NamedTuple):
    """A change of one place: module, name of the operator, the old text of the module and the new one."""

    module: str
    operator: str
    old: str
    new: str

    def lines(self):
        """Return the number of the first changed line, the old lines and the new ones."""
        old, new = self.old.splitlines(), self.new.splitlines()
        for _, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if old[a:b] != new[c:d]:
                return a + 1, " ".join(map(str.strip, old[a:b])), " ".join(map(str.strip, new[c:d]))
        raise ValueError(f"{self.operator} changes nothing in {self.module}")


def operators():
    """Return the operators that need no arguments, by name; without those that put "is" for "==", or back.

    Small integers that are equal are also the same: such a change changes nothing.
    """
    provider = OperatorProvider()
    theirs = {name: provider[name] for name in provider
              if not provider[name].arguments() and not re.search("_(Eq_Is|NotEq_IsNot|Is_Eq|IsNot_NotEq)$", name)}
    return theirs | {each.__name__: each for each in _Ours.__subclasses__()}


def _annotations(tree):
    """Return where annotations begin and end: Python does not look into them."""
    for node in ast_nodes(tree):
        if node.type in ("tfpdef", "annassign"):
            note = node.children[-1] if node.type == "tfpdef" else node.children[1]
        else:
            note = node.annotation if node.type == "funcdef" else None
        if note is not None:
            yield note.start_pos, note.end_pos


def places(text):
    """Map each place of a module, (line, column), to the changes that are possible there, (operator, occurrence)."""
    tree, found = get_ast(text), {}
    notes = list(_annotations(tree))
    for name, operator in operators().items():
        positions = (place for node in ast_nodes(tree) for place in operator().mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            if not any(first <= start < last for first, last in notes):
                found.setdefault(start, []).append((name, occurrence))
    return found


def modules(area, root=ROOT):
    """Map the modules of an area, paths from `root`, to their tests; a longer path in the table goes first."""
    found = {}
    for path, tests in sorted(area.items(), key=lambda entry: len(entry[0])):
        files = sorted((root / path).glob("*.py")) if path.endswith("/") else [root / path]
        found |= {file.relative_to(root).as_posix(): tuple(tests) for file in files}
    return found


def draw(names, count, rng, root=ROOT):
    """Draw up to `count` places of the modules, and a change at each."""
    texts = {name: (root / name).read_text("utf8") for name in sorted(names)}
    every = [(name, place, found) for name, text in texts.items() for place, found in sorted(places(text).items())]
    mutants = []
    for name, _, found in rng.sample(every, min(count, len(every))):
        operator, occurrence = rng.choice(found)
        new = mutate_code(texts[name], operators()[operator](), occurrence)
        if new is not None and new.split() != texts[name].split():  # f(a, a) has nothing to exchange
            mutants.append(Mutant(name, operator, texts[name], new))
    return sorted(mutants)


def copied(folder, root=ROOT):
    """Copy the files that git knows or would take to a folder."""
    asked = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split("\0"):
        if name and (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    return folder


def run_tests(folder, tests, limit):
    """Run tests of a copy in a fork; return pytest's exit status, or None where the limit in seconds was passed."""
    child = os.fork()
    if child == 0:
        _child(folder, tests)
    began, status = time.monotonic(), None
    while status is None and time.monotonic() - began < limit:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(code)
        else:
            time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # with what the tests started
    if status is None:
        os.waitpid(child, 0)
    return status


def _child(folder, tests):
    """Be the process that runs the tests."""
    status = 2
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
        os.chdir(folder)
        with open(os.devnull, "rb") as nowhere, open(folder / OUTPUT, "wb") as output:
            for stream, file in enumerate((nowhere, output, output)):
                os.dup2(file.fileno(), stream)
        os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                       "PYTEST_DEBUG_TEMPROOT": str(folder)}  # another pytest would tidy up between ours
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        sys.argv = ["pytest"]
        import pytest

        status = int(pytest.main([*PYTEST, *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def baseline(folder, tests):
    """Run tests on the unchanged copy; return the limit for changed ones in seconds.

    Raises
    ------
    RuntimeError
        If they fail: then they would seem to notice everything.
    """
    began = time.monotonic()
    if run_tests(folder, tests, 600) != 0:
        raise RuntimeError(f"fails without any change: {' '.join(tests)}\n{(folder / OUTPUT).read_text('utf8')}")
    return 10 + 4 * (time.monotonic() - began)


def tried(folder, mutant, tests, limit):
    """Change the copy, run the tests, change it back; return the outcome."""
    path = folder / mutant.module
    path.write_text(mutant.new, "utf8")
    try:
        status = run_tests(folder, tests, limit)
    finally:
        path.write_text(mutant.old, "utf8")
    return "survived" if status == 0 else "timeout" if status is None else "killed"


def rows(table, names, options, folder):
    """Yield a row of the report for each mutant of the areas."""
    equivalent = {(each["module"], each["old"], each["new"]) for each in table.get("equivalent", ())}
    wanted, limits = None, {}
    if options.again:
        with open(options.again, newline="", encoding="utf8") as file:
            wanted = {(r["module"], r["old"], r["new"]) for r in csv.DictReader(file) if r["outcome"] == "survived"}
    for area in names:
        tests = modules(table["areas"][area])
        for mutant in draw(tests, options.count, random.Random(f"{options.seed} {area}")):
            line, old, new = mutant.lines()
            key, began = (mutant.module, old, new), time.monotonic()
            if wanted is not None and key not in wanted:
                continue
            outcome = "equivalent" if key in equivalent else None
            if outcome is None:
                own = tests[mutant.module]
                if own not in limits:
                    limits[own] = baseline(folder, own)
                    began = time.monotonic()
                outcome = tried(folder, mutant, own, limits[own])
            seconds = round(time.monotonic() - began, 1)
            values = area, mutant.module, line, mutant.operator, old, new, outcome, seconds
            yield dict(zip(FIELDS, values, strict=True))


def main(argv=None):
    """Run the command line; return 1 if more than one mutant in twenty survives."""
    table = tomllib.loads(TABLE.read_text("utf8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(table['areas'])} (all)")
    parser.add_argument("--count", type=int, default=40, help="places in each area (40)")
    parser.add_argument("--seed", type=int, default=0, help="draws other places (0)")
    parser.add_argument("--out", type=Path, default=Path("mutants.csv"), help="report of all (mutants.csv)")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try only those that survived in this report")
    options = parser.parse_args(argv)
    if unknown := {*options.areas} - {*table["areas"]}:
        parser.error(f"there is no area {min(unknown)!r}")
    for name in HEAVY:
        importlib.import_module(name)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder, open(options.out, "w", newline="", encoding="utf8") as file:
        report = csv.DictWriter(file, FIELDS, lineterminator="\n")
        report.writeheader()
        for row in rows(table, options.areas or list(table["areas"]), options, copied(Path(folder).resolve())):
            report.writerow(row)
            file.flush()
            outcomes.append(row["outcome"])
            if row["outcome"] == "survived":
                print(f"survived: {row['module']}:{row['line']}\n    - {row['old']}\n    + {row['new']}", flush=True)
    survived, counted = outcomes.count("survived"), len(outcomes) - outcomes.count("equivalent")
    print(f"{counted} changes tried, {counted - survived} noticed; "
          f"{outcomes.count('equivalent')} more are known to change nothing")
    return int(20 * survived > counted)


if __name__ == "__main__":
    sys.exit(main())
