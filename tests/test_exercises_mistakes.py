"""The known mistakes of the exercises: computed, apart from each other, none a solution; and what they reach."""

import ast
import copy
import dataclasses
import dis
import functools
import importlib
import inspect
import sys
import types
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from d2lcnn import check, exercises
from d2lcnn.exercises import close
from d2lcnn.exercises._code import meeting
from d2lcnn.exercises._usual import USUAL, first, usual
from d2lcnn.exercises.cross_correlation import corr2d

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import hint_coverage

SPECS = [e for e in exercises.all_exercises() if e.kind != "open"]
CHAPTERS = sorted({e.chapter for e in SPECS})
FOLDER = Path(exercises.__file__).parent
# share of derived wrong answers that draw a hint, in per cent, rounded down: may rise, must not fall
REACHED = {
    "alexnet": 53,
    "backpropagation": 72,
    "channels": 100,
    "compared": 50,
    "convolution_arithmetic": 28,
    "convolution_as_matrix": 55,
    "convolution_in_mathematics": 92,
    "cross_correlation": 95,
    "designing_a_network": 92,
    "dilated": 46,
    "gated": 59,
    "googlenet": 43,
    "im2col_and_fast_convolution": 57,
    "lenet": 91,
    "locally_connected_and_dense": 48,
    "nin": 53,
    "normalisation": 90,
    "padding_and_stride": 97,
    "pooling": 92,
    "receptive_fields": 56,
    "resnet": 41,
    "separable": 51,
    "sequences": 75,
    "training_recipe": 92,
    "transposed_convolution": 42,
    "vgg": 88,
    "why_convolutions": 91,
}


def given(spec, answer):
    """What an answer gives in every public case and three drawn ones; the name of the error where it raises."""
    if spec.kind == "value":
        return (answer,)
    rng, results = np.random.default_rng(0), []
    for args in [case.args for case in spec.cases] + [spec.generate(rng) for _ in range(3) if spec.generate]:
        try:
            results.append(answer(*copy.deepcopy(args)))
        except Exception as error:
            results.append(type(error).__name__)
    return tuple(results)


@pytest.mark.parametrize("spec", SPECS, ids=lambda e: e.id)
def test_no_two_mistakes_look_alike_and_none_is_right(spec):
    results = {m.name: given(spec, m.answer) for m in spec.mistakes}
    assert len(results) == len(spec.mistakes), "two mistakes of one name"
    for one, other in combinations(results, 2):
        assert not all(map(close, results[one], results[other])), (one, other)
    if spec.compare is close:
        right = given(spec, spec.oracle if spec.kind == "function" else spec.oracle())
        for name, result in results.items():
            assert not all(map(close, result, right)), name


@pytest.mark.parametrize("spec", SPECS, ids=lambda e: e.id)
def test_three_likely_mistakes_are_known(spec):
    assert len(spec.mistakes) >= 3


def is_typed(node):
    """Tell whether an expression is a number or a collection of numbers, nothing computed."""
    if isinstance(node, ast.UnaryOp):
        return is_typed(node.operand)
    if isinstance(node, ast.List | ast.Tuple):
        return all(map(is_typed, node.elts))
    return isinstance(node, ast.Constant)


def typed_mistakes(source):
    """Yield exercise and name of each mistake whose value is typed, where an oracle has the right one."""
    for call in ast.walk(ast.parse(source)):
        if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Exercise"):
            continue
        parts = {k.arg: k.value for k in call.keywords}
        if parts["kind"].value == "value" and "compare" not in parts:
            for m in ast.walk(parts["mistakes"]):
                if isinstance(m, ast.Call) and getattr(m.func, "id", "") == "Mistake" and is_typed(m.args[1]):
                    yield call.args[0].value, ast.unparse(m.args[0])


# what is no wrong result of a computation, but another thing put in the place of the answer
PUT = {
    ("convolution-arithmetic-5", n) for n in ("the other way round", "the first alone", "floors apart",
    "the other floors apart", "a ceiling cannot be a floor")
} | {
    ("convolution-as-matrix-1", "one axis"), ("convolution-as-matrix-5", "rounded to one digit"),
    ("convolution-as-matrix-5", "three digits"), ("im2col-and-fast-convolution-1", "one axis"),
    ("pooling-5", "always"), ("dilated-1", "channels"),
}  # fmt: skip


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_value_of_a_mistake_is_computed(chapter):
    found = {(e, n.strip("'")) for e, n in typed_mistakes((FOLDER / f"{chapter}.py").read_text("utf8"))}
    assert found <= PUT


def test_typed_values_are_seen():
    source = 'Exercise("a-1", kind="value", mistakes=(Mistake("x", [1, -2], ""), Mistake("y", [f(1)], "")))'
    assert list(typed_mistakes(source)) == [("a-1", "'x'")]


def code_of(function):
    """Yield the code of a function and of all functions and comprehensions written inside it or held by it."""
    waiting = [function.__code__]
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    waiting += [value.__code__ for value in held if inspect.isfunction(value)]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


def helpers(function, module):
    """Functions of the chapter's own module that a function leads to."""
    found, waiting = set(), [function]
    while waiting:
        for code in code_of(waiting.pop()):
            for name in code.co_names:
                called = getattr(module, name, None)
                if inspect.isfunction(called) and called.__module__ == module.__name__ and name not in found:
                    found.add(name)
                    waiting.append(called)
    return found


# tries numbers until the property holds; the images of single pixels; the middle of a field, whose solution is public;
# recorded answers
HARMLESS = {"_least", "_units", "_centre", "_drawn"}


def loops(function):
    return any(step.opname == "FOR_ITER" for code in code_of(function) for step in dis.get_instructions(code))


@pytest.mark.parametrize("spec", [e for e in SPECS if e.cls == "A" and e.kind == "function"], ids=lambda e: e.id)
def test_no_mistake_of_an_assignable_exercise_works_by_itself(spec):
    """It changes arguments or results of calls: no loop, and no helper that the judging does not need as well."""
    module = importlib.import_module(f"d2lcnn.exercises.{spec.chapter}")
    judging = set().union(*(helpers(f, module) for f in (spec.oracle, spec.compare) if f is not close))
    judging |= HARMLESS | {f.__name__ for f in (spec.oracle, spec.compare)}
    for mistake in spec.mistakes:
        if inspect.isfunction(mistake.answer) and mistake.answer.__module__ == module.__name__:
            if mistake.answer.__code__ is not spec.oracle.__code__:
                assert not loops(mistake.answer), mistake.name
            own = helpers(mistake.answer, module) | ({mistake.answer.__name__} - {"<lambda>", "answer"})
            assert own <= judging, (mistake.name, own - judging)


def test_a_solution_among_the_mistakes_would_be_seen():
    def solution(values):
        return [value + 1 for value in values]

    assert loops(solution)


def test_usual_mistakes_change_one_thing():
    assert {m.name for m in usual(np.array([[1.0, 2.0], [3.0, 4.0]]), *USUAL)} == set(USUAL)
    assert [list(m.answer) for m in usual((1.0, 2.0, 4.0), "reversed", "rotated", "exchanged")] == [
        [4, 2, 1], [2, 4, 1], [2, 1, 4]]  # fmt: skip
    doubled, turned = usual(lambda n: np.arange(n), "doubled", "reversed")
    assert doubled.answer(3).tolist() == [0, 2, 4] and turned.answer(3).tolist() == [2, 1, 0]
    with pytest.raises(StopIteration):
        first(lambda pair, _: False, (), 3, 2)


WRONG = [  # accepted once
    ("pooling-3", "column order", lambda X, G: exercises.get("pooling-3").oracle(X.T, G.T).T),
    ("convolution-arithmetic-2", "negative padding", lambda i, k, s, d: (
        (lambda t: (t // 2, t - t // 2))((-(-i // s) - 1) * s + d * (k - 1) + 1 - i))),
    ("convolution-arithmetic-2", "half rows", lambda i, k, s, d: (
        (lambda t: (t / 2, t / 2))(max(0, (-(-i // s) - 1) * s + d * (k - 1) + 1 - i)))),
    ("sequences-4", "zeros alone", lambda f, n: max(0, max(
        (j - t for j in range(n) for t in np.flatnonzero(f(np.eye(n)[j]) - f(np.zeros(n)))), default=0))),
    ("cross-correlation-4", "np.outer", lambda X, c, r: corr2d(X, np.outer(c, r))),
    ("cross-correlation-4", "broadcast", lambda X, c, r: corr2d(X, c[:, None] * r)),
    ("cross-correlation-4", "matrix product", lambda X, c, r: corr2d(X, c[:, None] @ r[None])),
    ("cross-correlation-4", "einsum", lambda X, c, r: corr2d(X, np.einsum("a,b->ab", c, r))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), [pytest.param(e, f, id=f"{e}-{what}") for e, what, f in WRONG])
def test_what_was_accepted_though_wrong_fails(name, answer):
    assert check.run(name, answer).status == "failed"


def test_records_along_the_costs_fail_where_costs_are_equal():
    def records(costs, accuracies):
        kept, best = [], -1.0
        for n in np.argsort(costs, kind="stable"):
            if accuracies[n] > best:
                kept, best = [*kept, n], accuracies[n]
        return sorted(kept)

    report = check.run("compared-4", records)
    assert report.status == "failed" and "two costs are the same" in report.hint


@pytest.mark.parametrize("cells", [[[2, 2], [2, 1]], [(2, 1), (2, 2)], np.array([[2, 2], [2, 1]])])
def test_cells_pass_in_any_order(cells):
    assert check.run("padding-and-stride-8", cells).status == "passed"


def looped(X, column, row):
    K = np.zeros((len(column), len(row)))
    for a, weight in enumerate(column):
        for b in range(len(row)):
            K[a, b] = weight * row[b]
    return corr2d(X, K)


def renamed(X, column, row):
    c, r = column.reshape(-1, 1), row
    K = [c[a] * r for a in range(len(c))]
    return corr2d(X, np.array(K))


def apart(X, column, row):
    """Sizes, conversions and names that must not be taken for the kernel."""
    oh, ow = X.shape[0] - len(column) + 1, X.shape[1] - row.size + 1
    spare = np.zeros((len(column) * len(row), oh * ow))
    column, row = (np.asarray(v, dtype=float) for v in (column, row))
    tall, wide = column[:, None], row.reshape(1, -1)
    X = np.add(X, tall.max())
    X = X * wide.max()
    return X + spare.sum()


@pytest.mark.parametrize(("answer", "seen"), [(looped, "weight * row[b]"), (renamed, "c[a] * r")])
def test_the_kernel_is_found_in_the_code(answer, seen):
    assert meeting(answer, 1, 2) == seen
    report = check.run("cross-correlation-4", answer)
    assert report.status == "failed" and f"`{seen}` forms the kernel" in str(report)


def test_what_keeps_them_apart_is_let_through():
    assert meeting(apart, 1, 2) == ""
    assert meeting(lambda X, column, row: corr2d(X * column, row), 0, 1) == "X * column"


def test_unread_code_fails():
    oracle = exercises.get("cross-correlation-4").oracle
    assert check.run("cross-correlation-4", oracle).status == "passed"
    report = check.run("cross-correlation-4", functools.partial(oracle))
    assert report.status == "failed" and "cannot be read" in str(report)


def test_reading_is_for_functions():
    with pytest.raises(ValueError, match="reading="):
        dataclasses.replace(exercises.get("cross-correlation-1"), reading=len)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_hints_reach_no_fewer_wrong_answers(chapter):
    solved = hint_coverage.solutions(chapter)
    counts = [hint_coverage.coverage(spec, solved.get(spec.id)) for spec in SPECS if spec.chapter == chapter]
    hinted, number = sum(c[0] for c in counts), sum(c[2] for c in counts)
    assert number >= 20
    assert 100 * hinted // number >= REACHED[chapter]


def test_the_measure_sees_a_lost_hint_and_repeats_itself():
    spec = exercises.get("pooling-1")
    hinted, missed, number = hint_coverage.coverage(spec)
    assert (hinted, missed, number) == hint_coverage.coverage(spec) and hinted + len(missed) == number
    fewer = dataclasses.replace(spec, mistakes=spec.mistakes[:1])
    assert hint_coverage.coverage(fewer)[0] < hinted


def test_the_measure_derives_from_solutions(capsys):
    names = [name for name, _ in hint_coverage.mutants("def f(a):\n    return a[::-1] + sum(a, start=2)")]
    assert {"a subscript forgotten", "2 plus one", "start forgotten", "Add for another"} <= set(names)
    assert hint_coverage.main(["cross_correlation", "--missing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("all ") and any("not measured" in line for line in lines)
