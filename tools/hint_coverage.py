"""Measure how often a wrong answer draws a hint: derive wrong answers, run them through the checker, report the share.

    python tools/hint_coverage.py [CHAPTER ...] [--missing] [--seed N]

Wrong answers are derived, not listed, so that the measure does not know the hints. They come from three places:

- results: what is right, reversed, rotated, with two neighbours exchanged, transposed, turned, negated, doubled,
  halved, inverted, rounded, flattened; counts off by one;
- arguments: the oracle on arguments of which one is off by one, forgotten, turned, transposed, zeroed, or exchanged
  with another: a forgotten step, a wrong sign, a wrong axis;
- solutions: the practice solutions of the chapters with one operator, one number or one slice changed.

A right answer is needed to make wrong ones of: the oracle, or the chapter's solution. An assignable exercise that is
judged by a property has neither, and is reported as not measured. Answers that pass the checks, that raise on every
input (the checker says so itself), or that repeat another one are no wrong answers. One wrong letter among many is not
derived: the checker says how many are right.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np

from d2lcnn import check, exercises
from d2lcnn.exercises import Exercise, close

MANY = 1000
ROOT = Path(__file__).resolve().parent.parent
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
         ast.Mod: ast.FloorDiv, ast.Eq: ast.GtE, ast.NotEq: ast.Eq, ast.Pow: ast.Mult}  # fmt: skip


def _of_array(change: Callable) -> Callable:
    return lambda v: change(np.asarray(v, dtype=float))


COUNT = {"one more": lambda v: v + 1, "one less": lambda v: v - 1}
NUMBER = {"twice": lambda v: 2 * v, "half": lambda v: v / 2, "inverse": lambda v: 1 / v}
SEQUENCE = {
    "reversed": lambda v: v[::-1], "rotated": lambda v: [*v[1:], v[0]], "two exchanged": lambda v: [v[1], v[0], *v[2:]],
}  # fmt: skip
COUNTS = {"all one more": _of_array(lambda v: v + 1), "all one less": _of_array(lambda v: v - 1)}
ENTRIES = {
    "negated": _of_array(np.negative), "twice": _of_array(lambda v: 2 * v), "half": _of_array(lambda v: v / 2),
    "rounded": _of_array(np.rint),
}  # fmt: skip
TABLE = {
    "transposed": _of_array(lambda v: v.swapaxes(-1, -2)), "turned": _of_array(lambda v: v[..., ::-1, ::-1]),
    "flat": _of_array(np.ravel),
}  # fmt: skip
WHOLE = {"one more": lambda v: v + 1, "one less": lambda v: v - 1, "forgotten": lambda v: v * 0, "one": lambda v: v**0}
LINE = {"reversed": lambda v: v[::-1].copy(), "zeroed": np.zeros_like}
PLANE = {"turned": lambda v: v[..., ::-1, ::-1].copy(), "transposed": lambda v: v.swapaxes(-1, -2).copy()}


def changes_of_result(value) -> dict[str, Callable]:
    """Return the changes that make sense for a result of this form."""
    if isinstance(value, str | bool):
        return {}
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return {"exchanged": lambda v: v[::-1]}
    small = np.asarray(value).dtype.kind in "iub" and array.max() < MANY  # a count: nobody misses a million by one
    if array.ndim == 0:
        return (COUNT if small else {}) | NUMBER
    entries = COUNTS if small else ENTRIES
    return SEQUENCE | entries if array.ndim == 1 else entries | TABLE


def changes_of_arguments(args: tuple) -> dict[str, Callable]:
    """Return changes of a tuple of arguments: one of them changed, or two of one form exchanged."""
    found = {}
    for n, value in enumerate(args):
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            kinds = WHOLE
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            # the first array is what a kernel, a gradient or a bias acts on: it is seldom taken for another
            kinds = PLANE if n and value.ndim > 1 else LINE if n else {}
        else:
            kinds = {}
        for name, change in kinds.items():
            found[f"argument {n} {name}"] = _at(n, change)
        for m in range(n):
            if kinds and type(args[m]) is type(value) and np.shape(args[m]) == np.shape(value):
                found[f"arguments {m} and {n} exchanged"] = _exchanged(m, n)
    return found


def _at(n: int, change: Callable) -> Callable:
    return lambda args: (*args[:n], change(args[n]), *args[n + 1 :])


def _exchanged(m: int, n: int) -> Callable:
    return lambda args: tuple(args[{m: n, n: m}.get(k, k)] for k in range(len(args)))


class _Mutation(ast.NodeTransformer):
    """Change the n-th place of a program that can be changed."""

    def __init__(self, n: int):
        self.left, self.name = n, ""

    def generic_visit(self, node):
        node = super().generic_visit(node)
        for field in ("op", "ops"):
            old = getattr(node, field, None)
            old = old[0] if isinstance(old, list) else old
            if type(old) in SWAPS and self._turn(f"{type(old).__name__} for another"):
                new = SWAPS[type(old)]()
                setattr(node, field, [new] if field == "ops" else new)
        if isinstance(node, ast.Constant) and type(node.value) is int and self._turn(f"{node.value} plus one"):
            node.value += 1
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and self._turn("a subscript forgotten"):
            return node.value
        if isinstance(node, ast.Call) and node.keywords and self._turn(f"{node.keywords[-1].arg} forgotten"):
            node.keywords.pop()
        return node

    def _turn(self, name: str) -> bool:
        self.left -= 1
        if self.left == -1:
            self.name = name
        return self.left == -1


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Yield the programs that differ from this one in one place, with the name of the change."""
    for n in range(10_000):
        mutation = _Mutation(n)
        changed = ast.unparse(mutation.visit(ast.parse(source)))
        if not mutation.name:
            return
        yield mutation.name, changed


class _Handed(Exception):
    """Carries what a solution hands to the checker."""


class _Checker:
    """Stands for `check` while a solution runs, and takes what is handed in."""

    def __getattr__(self, name: str) -> Callable:
        def take(answer):
            raise _Handed(answer)

        return take


def handed_in(source: str, names: dict):
    """Run a solution and return what it hands to its check, or None where it does not get that far."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "solution", "exec"), names | {"check": _Checker()})  # the book's own code
    except _Handed as handed:
        return handed.args[0]
    except Exception:  # a mutant may do anything
        return None
    return None


def solutions(chapter: str) -> dict[str, tuple[str, dict]]:
    """Return the source of each solution of a chapter that stands on its own, and the names it needs.

    Needed are imports and short definitions of the chapter; a solution that needs more (a trained network, say) is
    left out.
    """
    (path,) = (ROOT / "notebooks").rglob(f"{chapter}.ipynb")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    names: dict = {}
    for cell in cells:
        tree = ast.parse(cell.source if not cell.source.lstrip().startswith("%") else "")
        kept = [x for x in tree.body if isinstance(x, ast.Import | ast.ImportFrom | ast.FunctionDef)]
        with contextlib.suppress(Exception):  # an import of what is not installed
            exec(compile(ast.Module(kept, []), str(path.name), "exec"), names)
    found = {}
    for spec in exercises.chapter(chapter):
        call = f"check.{spec.id.replace('-', '_')}("
        for cell in cells:
            tags = cell.metadata.get("tags", [])
            if "solution" in tags and call in cell.source and handed_in(cell.source, names) is not None:
                found[spec.id] = (cell.source, names)
    return found


def wrong_answers(spec: Exercise, solution: tuple[str, dict] | None, rng) -> Iterator[tuple[str, object]]:
    """Yield names and derived answers, some of which may be right or alike."""
    if solution and spec.kind == "function":
        for name, source in mutants(solution[0]):
            answer = handed_in(source, solution[1])
            if answer is not None:
                yield f"solution: {name}", answer
    right = spec.oracle if spec.compare is close else handed_in(*solution) if solution else None
    if spec.compare is close and spec.kind == "value":
        right = right()
    if right is None or (spec.kind == "function" and not callable(right)):
        return
    if spec.kind == "value":
        for name, change in changes_of_result(right).items():
            with contextlib.suppress(Exception):  # too short to be changed like this
                yield f"result {name}", change(copy.deepcopy(right))
        return
    args = spec.generate(rng) if spec.generate else spec.cases[0].args
    for name, change in changes_of_result(right(*copy.deepcopy(args))).items():
        yield f"result {name}", _after(right, change)
    for name, change in changes_of_arguments(args).items():
        yield name, _before(right, change)


def _after(right: Callable, change: Callable) -> Callable:
    return lambda *given: change(right(*given))


def _before(right: Callable, change: Callable) -> Callable:
    return lambda *given: right(*change(given))


def _signature(spec: Exercise, answer: object) -> tuple:
    """Return what the answer gives for each public case; crashes are told from values."""
    if spec.kind == "value":
        return (answer,)
    given = []
    for case in spec.cases:
        try:
            given.append(answer(*copy.deepcopy(case.args)))
        except Exception as error:
            given.append(type(error).__name__)
    return tuple(given)


def _alike(first: tuple, second: tuple) -> bool:
    return all(close(a, b) for a, b in zip(first, second, strict=True))


def coverage(spec: Exercise, solution: tuple[str, dict] | None = None, seed: int = 0) -> tuple[int, list[str], int]:
    """Return how many derived wrong answers draw a hint, the names of the others, and how many there are.

    Parameters
    ----------
    spec : Exercise
        An exercise with a check.
    solution : (str, dict) or None
        As `solutions` gives it.
    seed : int
        Seed of the inputs from which the forms of arguments are taken.

    Returns
    -------
    (int, list of str, int)
    """
    seen, missed, hinted = [], [], 0
    for name, answer in wrong_answers(spec, solution, np.random.default_rng(seed)):
        try:
            report = check.run(spec, answer)
        except Exception:
            continue
        signature = _signature(spec, answer)
        crashed = spec.kind == "function" and all(isinstance(part, str) for part in signature)
        if report.status != "failed" or crashed or any(_alike(signature, old) for old in seen):
            continue
        seen.append(signature)
        hinted += bool(report.hint)
        missed += [] if report.hint else [name]
    return hinted, missed, len(seen)


def main(argv: list[str] | None = None) -> int:
    """Print the coverage of chapters, exercise by exercise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="slugs; all chapters if none is given")
    parser.add_argument("--missing", action="store_true", help="name the wrong answers without a hint")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    total = np.zeros(2, dtype=int)
    for chapter in options.chapters or sorted({e.chapter for e in exercises.all_exercises()}):
        solved, here = solutions(chapter), np.zeros(2, dtype=int)
        for spec in exercises.chapter(chapter):
            if spec.kind == "open":
                continue
            hinted, missed, number = coverage(spec, solved.get(spec.id), options.seed)
            here += hinted, number
            print(f"  {spec.id:35} {f'{hinted:3} of {number:3}' if number else 'not measured'}")
            if options.missing:
                print(*(f"      {name}" for name in missed), sep="\n")
        total += here
        print(f"{chapter:37} {here[0]:3} of {here[1]:3}  {here[0] / max(1, here[1]):.0%}")
    print(f"{'all':37} {total[0]:3} of {total[1]:3}  {total[0] / max(1, total[1]):.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
