"""The checker is itself checked: on right answers, on each known mistake, on stubs and on crashes."""

import dataclasses
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from d2lcnn import check, exercises
from d2lcnn.exercises import Case, Exercise, Mistake, close

SPECS = [e for e in exercises.all_exercises() if e.kind != "open"]
ROOT = Path(__file__).parents[1]

DOUBLE = Exercise(
    "toy-1", "toy", kind="function", cls="P", minutes=1, difficulty=1, points=1,
    cases=(Case("two numbers", (np.array([1.0, 2.0]),)),),
    generate=lambda rng: (rng.uniform(1, 2, size=3),),
    oracle=lambda x: 2 * x,
    mistakes=(Mistake("square", lambda x: x**2, "You squared."), Mistake("sum", lambda x: x.sum(), "You added.")),
)  # fmt: skip
SEVEN = dataclasses.replace(
    DOUBLE, kind="value", cases=(Case("the number"),), generate=None, oracle=lambda: 7,
    mistakes=(Mistake("six", 6, "One short."),),
)  # fmt: skip


def answer_that_gives(spec, function):
    return function if spec.kind == "function" else function()


@pytest.mark.parametrize("spec", SPECS, ids=lambda e: e.id)
def test_the_oracle_agrees_with_itself(spec):
    if spec.compare is not close:
        pytest.skip("a property: there is no answer to compare with; the mistakes below show that it can fail")
    report = check.run(spec, answer_that_gives(spec, spec.oracle))
    assert report.status == "passed", report


@pytest.mark.parametrize(
    ("spec", "mistake"),
    [pytest.param(e, m, id=f"{e.id}-{m.name}") for e in SPECS for m in e.mistakes],
)
def test_each_mistake_fails_with_its_own_hint(spec, mistake):
    report = check.run(spec, mistake.answer)
    assert report.status == "failed"
    assert report.hint == mistake.hint
    assert f"hint  {mistake.hint}" in str(report)


@pytest.mark.parametrize("spec", SPECS, ids=lambda e: e.id)
def test_stubs_are_not_attempted(spec):
    def raises(*args):
        raise NotImplementedError

    stubs = [None, ..., NotImplemented]
    if spec.kind == "function":
        stubs += [lambda *args: ..., raises]
    for stub in stubs:
        assert check.run(spec, stub).status == "not attempted"


def test_a_function_that_returns_nothing_is_asked_for_its_return():
    def forgets(x):
        2 * x

    report = check.run(DOUBLE, forgets)
    assert report.status == "failed" and report.hint == ""
    assert {line.seen for line in report.lines} == {"your function returned None: is a `return` missing?"}


def test_the_seed_draws_the_inputs_that_an_answer_is_tried_on():
    spec = next(each for each in SPECS if each.kind == "function" and each.generate)

    def handed(seed):
        seen = []
        check.run(spec, lambda *arguments: seen.append(pickle.dumps(arguments)), seed=seed)
        return seen

    assert handed(0) == handed(0) != handed(1)
    assert handed(0)[: len(spec.cases)] == handed(1)[: len(spec.cases)]  # those of the statement stay


def test_generated_inputs_differ_and_are_the_same_each_time():
    for spec in SPECS:
        if spec.generate:
            # as bytes: inputs may be tables with names and gaps, not only arrays
            first, again, other = (pickle.dumps(spec.generate(np.random.default_rng(seed))) for seed in (3, 3, 4))
            assert first == again, spec.id
            assert first != other, spec.id


def test_a_special_case_does_not_pass():
    report = check.run(DOUBLE, lambda x: np.array([2.0, 4.0]))
    assert [line.passed for line in report.lines] == [True, False, False, False]
    lines = str(report).splitlines()
    assert lines[:2] == ["toy-1: 1 of 4 public checks pass", "  pass  two numbers"]
    assert lines[2].startswith("  FAIL  drawn input 1: expected shape (3,), got (2,)")


def test_a_crash_is_the_readers_and_names_the_line():
    def crashes(x):
        return x["no such key"]

    report = check.run(DOUBLE, crashes)
    assert report.status == "failed"
    line = crashes.__code__.co_firstlineno + 1
    assert "your code raised IndexError" in report.lines[0].seen
    assert f"in line {line} of crashes" in report.lines[0].seen
    assert __file__ not in str(report)


def test_an_answer_that_writes_into_its_input_is_told_so():
    def writes(x):
        x *= 2
        return x

    report = check.run(DOUBLE, writes)
    assert report.status == "failed"
    assert "changes its input" in report.lines[0].seen
    assert DOUBLE.cases[0].args[0].tolist() == [1.0, 2.0], "the spec itself is untouched"


def test_a_value_where_a_function_is_asked():
    assert "a function is asked for: you gave 3" in str(check.run(DOUBLE, 3))


@pytest.mark.parametrize("wrong", [8, "7?", [7], np.array([7, 7]), {}, object(), float("nan"), True])
def test_wrong_values_fail_without_a_crash(wrong):
    report = check.run(SEVEN, wrong)
    assert (report.status, report.hint) == ("failed", "")


@pytest.mark.parametrize("right", [7, 7.0, np.float32(7), np.array(7)])
def test_right_values_of_any_type_pass(right):
    assert str(check.run(SEVEN, right)) == "toy-1: all public checks pass"


def test_torch_answers_pass():
    torch = pytest.importorskip("torch")
    assert check.run(DOUBLE, lambda x: torch.tensor(x, requires_grad=True) * 2).status == "passed"


def test_the_expected_values_are_not_given_away():
    report = check.run(DOUBLE, lambda x: x + 100.0)
    assert "2." not in report.lines[0].seen
    assert "4." not in report.lines[0].seen


def test_both_ways_to_call_print_the_same(capsys):
    check("cross-correlation-5", 1)
    first = capsys.readouterr().out
    check.cross_correlation_5(1)
    assert capsys.readouterr().out.startswith(first)
    assert first.startswith("cross-correlation-5: 0 of 1 public checks pass")
    assert "cross_correlation_5" in dir(check)


def test_an_open_exercise_says_so(capsys):
    check.cross_correlation_7("because")
    assert "open question" in capsys.readouterr().out


def test_unknown_exercises_are_named():
    with pytest.raises(ValueError, match="no exercise 'cross-correlation-99'; there are cross-correlation-1"):
        check("cross-correlation-99", 1)
    with pytest.raises(AttributeError, match="no exercise 'corss_correlation_1'"):
        check.corss_correlation_1(1)
    with pytest.raises(ValueError, match="no exercises for chapter 'nowhere'"):
        exercises.chapter("nowhere")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "toy"}, "'toy'"),
        ({"id": "other-1"}, "'other-1'"),
        ({"kind": "essay"}, "kind is 'essay'"),
        ({"cls": "B"}, "cls is 'B'"),
        ({"difficulty": 4}, "difficulty is 4"),
        ({"minutes": 0}, "minutes=0"),
        ({"kind": "open"}, "an open exercise"),
        ({"mistakes": ()}, "needs cases"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(DOUBLE, **change)


def test_ids_are_unique():
    ids = [e.id for e in exercises.all_exercises()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("spec", [e for e in SPECS if e.cls == "P"], ids=lambda e: e.id)
def test_the_public_solution_stands_in_the_chapter_and_passes(spec):
    """The notebooks are run again by CI, so that a stored pass is a pass."""
    (path,) = (ROOT / "notebooks").rglob(f"{spec.chapter}.ipynb")
    outputs = [o for cell in json.loads(path.read_text("utf8"))["cells"] for o in cell.get("outputs", [])]
    printed = "".join("".join(o["text"]) for o in outputs if "text" in o)
    assert f"{spec.id}: all public checks pass\n" in printed
