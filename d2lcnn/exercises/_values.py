"""What is handed in, as plain values: copied, read without trust, and compared without casting anything away."""

from __future__ import annotations

import math
import numbers
import reprlib
import sys
from decimal import Decimal
from typing import Any

import numpy as np

DEPTH, ENTRIES = 60, 10**5  # of nested lists; an array may have more
ROWS = (list, tuple, np.ndarray)
RTOL, ATOL = 1e-6, 1e-9
NO_ORDER = "you gave a set, which has no order; hand in a list"
WRONG_KIND = {
    "text": "text",
    "truth": "True or False",
    "imaginary": "a number with an imaginary part",
    "nothing": "None or `...`",
    "number": "a number",
}


def plain(value: Any) -> Any:
    """Copy a value into plain Python numbers, strings, lists, sets and NumPy arrays; nothing is converted in value.

    An imaginary part that is mere rounding is left out. Arrays without axes become numbers.

    Parameters
    ----------
    value : object

    Returns
    -------
    None, bool, int, float, complex, str, list, tuple, set or numpy.ndarray

    Raises
    ------
    TypeError
        If it is no value of such a kind; the text says what it is. A hostile object may raise whatever it likes.
    """
    return _plain(value, (), [0])


def _plain(value, above, count):
    count[0] += 1
    if id(value) in above:
        raise TypeError("a list that contains itself")
    if len(above) > DEPTH or count[0] > ENTRIES:
        raise TypeError(f"lists nested more than {DEPTH} deep, or with more than {ENTRIES} entries")
    kind, torch = type(value), sys.modules.get("torch")
    if value is None or value is Ellipsis or value is NotImplemented:
        return None
    if issubclass(kind, np.ndarray | np.generic):
        return _array(value, above, count)
    if issubclass(kind, str):
        return "".join([value])  # of class str itself, whatever a subclass does
    if issubclass(kind, bool | numbers.Number | Decimal):
        return _number(value, kind)
    if issubclass(kind, list | tuple | range | set | frozenset):
        if issubclass(kind, range) and len(value) > ENTRIES:
            raise TypeError(f"a range of more than {ENTRIES} entries")
        base = next(b for b in (list, tuple, range, set, frozenset) if issubclass(kind, b))
        inside = [_plain(entry, (*above, id(value)), count) for entry in base.__iter__(value)]
        return {tuple: tuple, set: set, frozenset: set}.get(base, list)(inside)
    if torch is not None and issubclass(kind, torch.Tensor):
        return _array(_from_torch(value, torch), above, count)
    if hasattr(kind, "__array__"):
        return _array(np.asarray(value), (*above, id(value)), count)
    raise TypeError(described(value))


def _number(value, kind):
    if issubclass(kind, bool):
        return value
    if issubclass(kind, numbers.Integral):
        whole = int.__add__(value, 0) if issubclass(kind, int) else int(value)
        # beyond 64 bits as float64, and beyond that as what equals nothing
        return whole if -(2**63) <= whole < 2**63 else float(whole) if abs(whole) < 10**308 else math.nan
    if issubclass(kind, numbers.Real | Decimal):
        return float(value)
    return _array(np.asarray(complex(value)), (), [0])


def _from_torch(tensor, torch):
    if tensor.is_meta:
        raise TypeError("a tensor on the device meta, which holds no values")
    tensor = tensor.detach().resolve_conj().resolve_neg()
    tensor = tensor if tensor.layout is torch.strided else tensor.to_dense()
    return (tensor.double() if tensor.is_floating_point() else tensor).cpu().numpy()


def _array(value, above, count):
    if issubclass(type(value), np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise TypeError("an array with masked entries")
    a = np.array(value, copy=True, subok=False)
    if a.dtype.kind in "OU":
        return _plain(a.tolist(), (*above, id(value)), count)
    if a.dtype.kind not in "biufc":
        raise TypeError(f"an array of dtype {a.dtype}")
    if a.dtype.kind == "c" and _mere_rounding(a):
        a = a.real
    a = a.astype({"f": np.float64, "c": np.complex128}.get(a.dtype.kind, a.dtype))
    return a if a.ndim else a.item()


def _mere_rounding(a):
    with np.errstate(all="ignore"):
        return not a.size or bool(np.abs(a.imag).max() <= ATOL + RTOL * np.abs(a).max())


def described(value: Any) -> str:
    """Say what kind of thing something is; its own code is not asked."""
    kind = type(value)
    names = {"function": "a function", "builtin_function_or_method": "a function", "method": "a function",
             "generator": "a generator (put list() around it)", "dict": "a dict", "module": "a module",
             "bytes": "bytes", "coroutine": "a coroutine"}  # fmt: skip
    if issubclass(kind, type):
        return "a class"
    name = type.__getattribute__(kind, "__name__")
    return names.get(name, f"an object of class {name}")


def kinds(value: Any) -> set[str]:
    """Return the kinds of all entries of a `plain` value: names of WRONG_KIND."""
    if isinstance(value, list | tuple | set):
        return set().union(*map(kinds, value))
    if isinstance(value, np.ndarray):
        return {{"b": "truth", "c": "imaginary"}.get(value.dtype.kind, "number")}
    for of, name in ((str, "text"), (bool, "truth"), (complex, "imaginary"), (type(None), "nothing")):
        if isinstance(value, of):
            return {name}
    return {"number"}


def misfit(got: Any, allowed: set[str]) -> str:
    """Say which entry of a `plain` value is of a kind that is not allowed, or return an empty text."""
    wrong = [WRONG_KIND[kind] for kind in sorted(kinds(got) - allowed)]
    asked = " or ".join(WRONG_KIND[kind] for kind in sorted(allowed))
    return f"you gave {' and '.join(wrong)} where {asked} is asked" if wrong else ""


def numeric(value: Any) -> np.ndarray | None:
    """Return a `plain` value as an array, if all of its entries are numbers (or all truths) in rows of one length."""
    if kinds(value) not in ({"number"}, {"truth"}, {"imaginary"}, {"imaginary", "number"}, set()):
        return None
    if isinstance(value, set):
        return None
    try:
        return np.asarray(value)
    except ValueError:  # rows of several lengths
        return None


def entrywise(a: np.ndarray, b: np.ndarray, rtol: float = RTOL, atol: float = ATOL) -> np.ndarray:
    """Tell for each entry of two arrays of one shape whether they agree: integers exactly, others up to rounding."""
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return np.asarray(a == b)
    with np.errstate(all="ignore"):
        return np.isclose(a, b, rtol=rtol, atol=atol)


def same(a: Any, b: Any, rtol: float, atol: float) -> bool:
    """Tell whether two `plain` values agree."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a.strip().lower() == b.strip().lower()
    x, y = numeric(a), numeric(b)
    if x is not None and y is not None:
        alike = (x.dtype.kind == "b") == (y.dtype.kind == "b") or not x.size
        return alike and x.shape == y.shape and bool(entrywise(x, y, rtol, atol).all())
    if isinstance(a, ROWS) and isinstance(b, ROWS):
        return len(a) == len(b) and all(same(p, q, rtol, atol) for p, q in zip(a, b, strict=True))
    return isinstance(a, set) and isinstance(b, set) and a == b


def matched(a: Any, b: Any) -> int:
    """Count the entries of one `plain` list that find an equal entry of their own in another, in whatever order."""
    left = list(b)
    for entry in a:
        place = next((n for n, other in enumerate(left) if same(*map(_unboxed, (entry, other)), RTOL, ATOL)), None)
        if place is not None:
            del left[place]
    return len(list(b)) - len(left)


def _unboxed(entry):
    return entry.item() if isinstance(entry, np.generic) else entry


def difference(got: Any, expected: Any) -> str:
    """Say what is wrong with a `plain` value without giving the answer away: kinds, shapes, places, counts."""
    if isinstance(expected, str):
        return _letters(got, expected)
    wrong = misfit(got, kinds(expected))
    if wrong:
        return wrong
    if isinstance(got, set):
        return NO_ORDER
    x, y = numeric(got), numeric(expected)
    if y is None or (x is None and not y.ndim):
        return _in_rows(got, expected)
    if x is None:
        return f"expected shape {y.shape}, got rows of several lengths"
    if x.shape != y.shape:
        return _shapes(x, y, got)
    right = entrywise(x, y)
    if not y.ndim:
        return f"got {short(got)}"
    place, count = np.argwhere(~right)[0].tolist(), f"{right.sum()} of {right.size} entries are right"
    return f"{count}; the first wrong one is {place}, where yours is {short(x[tuple(place)].item())}"


def _letters(got, expected):
    if not isinstance(got, str):
        return f"a string of {len(expected)} letters is asked, you gave {short(got)}"
    a, b = got.strip().lower(), expected.strip().lower()
    if len(a) != len(b):
        return f"{len(b)} letters are asked, you gave {len(a)}"
    return f"{sum(p == q for p, q in zip(a, b, strict=True))} of {len(b)} letters are right"


def _shapes(x, y, got):
    if not y.ndim:
        return f"expected a single number, got shape {x.shape}"
    return f"expected shape {y.shape}, got {x.shape}" if x.ndim else f"expected an array, got {short(got)}"


def _in_rows(got, expected):
    """Parts of several shapes: the first part that differs."""
    if not isinstance(got, ROWS) or not isinstance(expected, ROWS):
        return f"got {short(got)}"
    if len(got) != len(expected):
        return f"expected {len(expected)} parts, got {len(got)}"
    pairs = list(zip(got, expected, strict=True))
    right = [same(a, b, RTOL, ATOL) for a, b in pairs]
    first = right.index(False)
    return f"{sum(right)} of {len(right)} parts are right; the first wrong one is {first}: {difference(*pairs[first])}"


_REPR = reprlib.Repr()
_REPR.maxlevel, _REPR.maxstring, _REPR.maxother = 4, 80, 200


def short(value: Any, length: int = 60) -> str:
    """Return the start of a value's text on one line; what has no text is described by its class."""
    try:
        text = _REPR.repr(value)  # lists that hold lists that hold lists: their whole text may have no end
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = described(value)
    return line(text, length)


def line(text: str, length: int) -> str:
    """Return the start of a text on one line that any stream can print."""
    text = " ".join("".join([text])[: 4 * length].split()).encode(errors="backslashreplace").decode()
    return text if len(text) <= length else text[: length - 3] + "..."
