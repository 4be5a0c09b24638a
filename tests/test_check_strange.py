"""Whatever is handed to `check`: it says what is wrong, raises nothing, changes nothing, casts nothing away."""

import contextlib
import dataclasses
import decimal
import fractions
import io
import subprocess
import sys
import threading
import time
import types
import unittest.mock

import numpy as np
import pytest

from d2lcnn import check, exercises
from d2lcnn.check import _run
from d2lcnn.exercises import _signal, close, unordered

SPECS = [e for e in exercises.all_exercises() if e.kind != "open"]


def bad(*names):
    """Return an object whose special methods of these names raise."""
    def raises(self, *args, **options):
        raise RuntimeError("not for you")

    return type("Bad", (), {name: property(raises) if name == "__class__" else raises for name in names})()


class Yes:
    """Agrees to everything."""

    def __eq__(self, other):
        return True

    def __bool__(self):
        return True

    __hash__ = None
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __sub__ = __rsub__ = __abs__ = __getitem__ = lambda self, *args: self


class Sly(str):
    """A string that agrees to everything."""

    def strip(self):
        return self

    def lower(self):
        return self

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Frame:
    """Looks like a data frame."""

    shape, columns, values = (2, 2), ["a", "b"], [["x", 1], ["y", 2]]

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=object)


def rings():
    """Return containers that hold themselves, once and many times, and a list too deep."""
    ring, wide, deep, array = [], [], [], np.empty(10, dtype=object)
    ring.append(ring)
    wide.extend([wide] * 10)
    array[:] = [array] * 10
    for _ in range(5000):
        deep = [deep]
    return {"ring": ring, "wide ring": wide, "ring of arrays": array, "deep": deep}


def tensors():
    torch = pytest.importorskip("torch")
    z = torch.tensor([[1 + 2j, 3j]])
    return {
        "meta": torch.empty(2, 2, device="meta"), "grad": torch.ones(2, 2, requires_grad=True) * 3,
        "conjugate": z.conj(), "negative bit": z.conj().imag, "sparse": torch.eye(2).to_sparse(), "complex": z,
        "bfloat16": torch.ones(2, dtype=torch.bfloat16), "a module": torch.nn.Linear(2, 2),
    }  # fmt: skip


def values():
    """Return strange things by name; fresh each time."""
    every = ("__repr__", "__str__", "__eq__", "__len__", "__array__", "__class__", "__getattr__", "__iter__",
             "__float__", "__index__", "__bool__", "__hash__", "__getitem__", "__array_interface__")
    return {
        **{f"raises in {name}": bad(name) for name in every}, "raises in all": bad(*every), **rings(), **tensors(),
        "huge": 10**400, "very huge": 10**5000, "huge list": [10**400, -(10**400)], "a class": int,
        "a class of ours": Yes,
        "yes": Yes(), "sly": Sly("x"), "mock": unittest.mock.MagicMock(), "generator": (n for n in range(3)),
        "set": {1, 2}, "mixed set": {1, "a", None}, "dict": {"a": 1}, "nan": float("nan"), "inf": [np.inf, -np.inf],
        "digits": "12", "digits in a list": ["1", "2"], "true": True, "truths": [True, False], "bytes": b"12",
        "imaginary": 3 + 7j, "imaginary parts": np.array([1 + 7j, 2]), "masked": np.ma.array([1.0, 2], mask=[0, 1]),
        "frame": Frame(), "object array": np.array([1, None, "x"], dtype=object),
        "dates": np.array(["2020-01-01"], "M8[D]"),
        "record": np.zeros(2, dtype=[("a", int)]), "empty": [], "ragged": [[1], [2, 3]],
        "fraction": fractions.Fraction(1, 3), "decimal": decimal.Decimal("NaN"), "ellipsis inside": [..., 1, None],
        "module": types.ModuleType("x"), "surrogate": "\ud800\n\x00", "long range": range(10**15),
        "function": lambda: 1,
        "long": np.zeros(10**4), "itself": check,
    }  # fmt: skip


class Mute(Exception):
    """An exception without a text."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


class Leaves(BaseException):
    """No Exception."""


def exits(*args):
    sys.exit(0)


def recurses(*args):
    return recurses(*args)


def mute(*args):
    raise Mute


def leaves(*args):
    raise Leaves("on\ntwo lines \ud800" * 100)


def ends_generators(*args):
    raise GeneratorExit


def stops(*args):
    raise StopIteration


def prints(*args):
    print("the right answer")


def changes(*args):
    for arg in args:
        if isinstance(arg, np.ndarray):
            arg[...] = 0
        elif isinstance(arg, list):
            arg.clear()
    return 0


def lambdas(*args):
    for arg in args:
        if isinstance(arg, list):
            arg.append(lambda: 0)
    return args


def yields(*args):
    yield from args


def takes_nothing():
    return 1


FUNCTIONS = (exits, recurses, mute, leaves, ends_generators, stops, prints, changes, lambdas, yields, takes_nothing)


@pytest.mark.parametrize("spec", SPECS, ids=lambda e: e.id)
def test_no_strange_answer_passes_or_leaves(spec):
    before = [np.array(arg, copy=True) for case in spec.cases for arg in case.args if isinstance(arg, np.ndarray)]
    strange = values()
    answers = {**strange, **{f.__name__: f for f in FUNCTIONS}}
    if spec.kind == "function":
        answers |= {f"returns {name}": lambda *args, value=value: value for name, value in values().items()}
    assert len(answers) >= 75
    for name, answer in answers.items():
        with contextlib.redirect_stdout(io.StringIO()):
            report = check.run(spec, answer)
        str(report).encode()
        assert report.status == "failed" and report.lines, (name, str(report))
        assert all(len(text) < 700 for text in str(report).splitlines()), name
    after = [arg for case in spec.cases for arg in case.args if isinstance(arg, np.ndarray)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_nothing_changes_what_is_handed_in():
    def sorts(got, expected):
        got.sort()
        expected.clear()
        return True

    spec = dataclasses.replace(exercises.get("convolution-arithmetic-1"), compare=sorts)
    answer, array = [3, 1, 2, 0], np.array([3.0, 1.0])
    assert check.run(spec, answer).status == "passed" and answer == [3, 1, 2, 0]
    spec = dataclasses.replace(spec, compare=lambda got, expected: got.fill(0) is None)
    assert check.run(spec, array).status == "passed" and array.tolist() == [3, 1]


def test_a_list_with_more_entries_than_atoms_is_refused_at_once():
    double = [1]
    for _ in range(100):
        double = [double, double]
    began = time.monotonic()
    for spec in (exercises.get("cross-correlation-1"), exercises.get("cross-correlation-3")):
        report = check.run(spec, double if spec.kind == "value" else lambda X: double)
        assert report.status == "failed" and "nested" in report.lines[0].seen
        assert check.run(spec, double).status == "failed"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("where", ["answer", "repr"])
def test_an_interrupt_leaves(where):
    class Stops:
        def __repr__(self):
            raise KeyboardInterrupt

    def stops(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.run("cross-correlation-3", stops if where == "answer" else Stops())


def test_an_answer_that_takes_long_is_told_so_and_goes_on(monkeypatch, capsys):
    monkeypatch.setattr(_run, "PATIENCE", 0.05)
    report = check.run("cross-correlation-3", lambda X: time.sleep(0.1) or X)
    said = capsys.readouterr().err
    assert said.startswith("cross-correlation-3: your answer has been running for 0.05 seconds") and "interrupt" in said
    assert said.count("running") == 1 and report.status == "failed"
    check.run("cross-correlation-3", lambda X: X)
    time.sleep(0.2)
    assert capsys.readouterr().err == "" and not any(isinstance(t, threading.Timer) for t in threading.enumerate())


def test_where_there_are_no_threads_checks_run_all_the_same(monkeypatch):
    def refuses(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuses)
    assert check.run("cross-correlation-5", 51_540_400).status == "passed"


@pytest.mark.parametrize(("got", "expected"), [
    ([1 + 5j, 2], [1, 2]), (["1"], [1]), ("1", 1), (True, 1), ([True, False], [1, 0]), ([1, 0], [True, False]),
    (np.ones((2, 1)), np.ones(2)), ([7], 7), (10**7 + 1, 10**7), (10**400, 1), (float("nan"), 1), ({1, 2}, [1, 2]),
    ([1, None], [1, 0]), ("2", "two"), (np.ma.array([1, 2], mask=[0, 1]), [1, 2]), ([[1], [2, 3]], [[1], [2, 4]]),
    (10**400, 10**400 + 1), (None, 0), (["E", "N"], "EN"),
])  # fmt: skip
def test_what_differs_is_not_the_same(got, expected):
    assert not close(got, expected)
    assert not close(expected, got)


@pytest.mark.parametrize(("got", "expected"), [
    ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])), ((1, [2, 3]), [1.0, (2, 3)]), (fractions.Fraction(1, 2), 0.5),
    (np.fft.ifft(np.fft.fft([1.0, 2, 3])), [1, 2, 3]), (" Reflect ", "reflect"), (range(3), [0, 1, 2]),
    (np.array(["a", "b"]), ["a", "b"]), (decimal.Decimal("0.5"), 0.5), (np.array([1, 2], dtype=object), [1, 2]),
    ([np.ones(2), np.ones(3)], ([1, 1], [1, 1, 1])), (True, np.bool_(True)), (10**20, 1e20),
])  # fmt: skip
def test_what_is_the_same_is_the_same_in_any_dress(got, expected):
    assert close(got, expected)
    assert close(expected, got)


@pytest.mark.parametrize("name", ["grad", "conjugate", "negative bit", "sparse", "bfloat16"])
def test_tensors_of_all_kinds_are_read(name):
    tensor = tensors()[name]
    dense = tensor.detach().to_dense().resolve_conj() if name != "bfloat16" else tensor.float()
    assert close(tensor, dense.resolve_neg().numpy())
    assert not close(tensor, dense.resolve_neg().numpy() + 1)


def test_order_counts_only_where_it_is_asked():
    assert unordered([[2, 2], [2, 1]], [[2, 1], [2, 2]]) and unordered({3, 1}, [1, 3])
    assert not unordered([1, 1, 2], [1, 2, 2]) and not unordered([1], [1, 2]) and not unordered(["1"], [1])
    assert check.run("padding-and-stride-8", [[2, 2], [2, 1]]).status == "passed"
    assert check.run("padding-and-stride-8", {(2, 2), (2, 1)}).status == "passed"
    for answer, words in (
        ([[2, 2], [0, 0], [1, 0]], "1 of your 3 entries are right"),
        ([[2, 2]], "1 of your 1 entries are right, and some are missing"),
        (np.zeros((10**4, 2)), "you gave 10000 entries"), (7, "expected a list, got 7"), (["a"], "you gave text"),
    ):  # fmt: skip
        assert words in str(check.run("padding-and-stride-8", answer))


@pytest.mark.parametrize(("exercise", "answer", "words"), [
    ("why-convolutions-2", "EEEEEE", "1 of 6 letters are right"),
    ("why-convolutions-2", "EEE", "6 letters are asked, you gave 3"),
    ("why-convolutions-2", ["E"] * 6, "a string of 6 letters is asked"),
    ("cross-correlation-1", [[2, -2], [0, 0]], "entries are right; the first wrong one is ["),
    ("cross-correlation-1", [[1, 2, 3]], "expected shape (2, 2), got (1, 3)"),
    ("cross-correlation-1", [[1], [2, 3]], "rows of several lengths"),
    ("cross-correlation-1", [["1", "2"], ["3", "4"]], "you gave text where a number is asked"),
    ("cross-correlation-1", [[1j, 2], [3, 4]], "you gave a number with an imaginary part where a number is asked"),
    ("cross-correlation-5", [51_540_400], "expected a single number, got shape (1,)"),
    ("cross-correlation-5", True, "you gave True or False where a number is asked"),
    ("cross-correlation-6", {1, 2}, "a set, which has no order"),
    ("channels-5", 144 / 17 + 7j, "imaginary"),
    ("channels-5", np.array([144 / 17]), "does not hold"),
    ("convolution-in-mathematics-4", ["0", "0", "1"], "you gave text where a number is asked"),
    ("cross-correlation-3", lambda X: (n for n in X), "you gave a generator (put list() around it)"),
    ("cross-correlation-3", exits, "your code raised SystemExit: 0 in line"),
    ("cross-correlation-3", mute, "your code raised Mute in line"),
])  # fmt: skip
def test_what_differs_is_named(exercise, answer, words):
    assert words in str(check.run(exercise, answer))


WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("scipy", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Without())
from d2lcnn import check, exercises
for e in exercises.all_exercises():
    if e.kind != "open":
        report = check.run(e, 1 if e.kind == "value" else lambda *args: 1)
        if report.status != "failed":
            print(report)
"""


def test_without_torch_and_scipy_few_exercises_miss_anything():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f'{name}: not checked. This check needs {what}: pip install "d2lcnn[torch]".'
        for name, what in (
            ("backpropagation-2", "torch"), ("normalisation-4", "torch"), ("pooling-2", "scipy"),
            ("training-recipe-2", "torch"), ("training-recipe-4", "scipy"), ("vgg-3", "torch"), ("vgg-7", "scipy"),
        )
    ]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
def test_the_exercises_own_signal_functions_are_scipys(name, mode):
    signal = pytest.importorskip("scipy.signal")
    rng = np.random.default_rng(0)
    for shape in ((2, 2), (3, 3), (2, 3), (4, 1)):
        x, k = rng.standard_normal((5, 6)), rng.standard_normal(shape)
        ours, theirs = (getattr(part, name)(x, k, mode=mode) for part in (_signal, signal))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
