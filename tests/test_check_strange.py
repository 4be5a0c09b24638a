"""Whatever is handed to `check`: it says in words what is wrong, raises nothing, changes nothing, casts nothing away."""

import contextlib
import decimal
import fractions
import io
import sys
import time
import types
import unittest.mock

import numpy as np
import pytest

from d2lcnn import check, exercises
from d2lcnn.check import _run
from d2lcnn.exercises import close, unordered

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
        "huge": 10**400, "very huge": 10**5000, "huge list": [10**400, -(10**400)], "a class": int, "a class of ours": Yes,
        "yes": Yes(), "sly": Sly("x"), "mock": unittest.mock.MagicMock(), "generator": (n for n in range(3)),
        "set": {1, 2}, "mixed set": {1, "a", None}, "dict": {"a": 1}, "nan": float("nan"), "inf": [np.inf, -np.inf],
        "digits": "12", "digits in a list": ["1", "2"], "true": True, "truths": [True, False], "bytes": b"12",
        "imaginary": 3 + 7j, "imaginary parts": np.array([1 + 7j, 2]), "masked": np.ma.array([1.0, 2], mask=[0, 1]),
        "frame": Frame(), "object array": np.array([1, None, "x"], dtype=object), "dates": np.array(["2020-01-01"], "M8[D]"),
        "record": np.zeros(2, dtype=[("a", int)]), "empty": [], "ragged": [[1], [2, 3]],
        "fraction": fractions.Fraction(1, 3), "decimal": decimal.Decimal("NaN"), "ellipsis inside": [..., 1, None],
        "module": types.ModuleType("x"), "surrogate": "\ud800\n\x00", "long range": range(10**15), "function": lambda: 1,
        "long": np.zeros(10**6), "itself": check,
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
