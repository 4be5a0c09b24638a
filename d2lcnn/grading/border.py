"""What crosses the border of the sandbox: plain data as JSON, in both directions; nothing is unpickled, ever."""

from __future__ import annotations

import base64
import math

import numpy as np

from d2lcnn import shapes
from d2lcnn.exercises._mixture import Mixture

DTYPES = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
NAMED = {"Window": shapes.Window, "ReceptiveField": shapes.ReceptiveField}
AXES = 32


def encoded(value):
    """Return a value as what JSON can say: single values and lists as they are, other kinds by a letter.

    Parameters
    ----------
    value : None, bool, int, float, complex, str, list, tuple, set, numpy.ndarray, Window, ReceptiveField or Mixture

    Returns
    -------
    object

    Raises
    ------
    TypeError
        If it is of another class.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (list, tuple, set):
        inside = [encoded(entry) for entry in value]
        return inside if type(value) is list else {"tuple" if type(value) is tuple else "set": inside}
    if type(value) is complex:
        return {"complex": [value.real, value.imag]}
    if isinstance(value, np.generic):
        return encoded(np.asarray(value)) | {"scalar": True}
    if type(value) is np.ndarray:
        data = np.ascontiguousarray(value)
        text = base64.b64encode(data.tobytes()).decode()
        return {"array": text, "dtype": data.dtype.newbyteorder("<").str[1:], "shape": list(value.shape)}
    if type(value).__name__ in NAMED:
        return {"named": type(value).__name__, "fields": [encoded(entry) for entry in value]}
    if isinstance(value, Mixture):
        return {"mixture": [encoded(part) for part in value.numbers()]}
    raise TypeError(f"{type(value).__name__} cannot cross the border")


def decoded(data):
    """Return the value that `encoded` has written; trust nothing in it.

    Parameters
    ----------
    data : object
        As the json module has read it.

    Raises
    ------
    ValueError
        If it is anything else than what `encoded` writes, such as an array whose bytes do not fill its shape.
    RecursionError
        If it is nested without end.
    """
    if data is None or type(data) in (bool, int, float, str):
        return data
    if type(data) is list:
        return [decoded(entry) for entry in data]
    if type(data) is not dict:
        raise ValueError("no plain value")
    if "array" in data:
        return _array(data)
    kind, inside = next(iter(data.items()), (None, None))
    if kind in ("tuple", "set") and type(inside) is list:
        return (tuple if kind == "tuple" else set)([decoded(entry) for entry in inside])
    if kind == "complex" and _all(inside, (int, float), 2):
        return complex(*inside)
    if kind == "named" and inside in NAMED:
        return NAMED[inside](*[decoded(entry) for entry in data["fields"]])
    if kind == "mixture":
        return Mixture(*map(decoded, inside))
    raise ValueError(f"{str(kind)[:40]!r} is no kind of plain value")


def _array(data):
    dtype, shape = data.get("dtype"), data.get("shape")
    if dtype not in [np.dtype(each).str[1:] for each in DTYPES]:
        raise ValueError(f"dtype is {str(dtype)[:40]!r}")
    if type(shape) is not list or len(shape) > AXES or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise ValueError(f"shape is {str(shape)[:40]!r}")
    held = base64.b64decode(data["array"], validate=True) if type(data["array"]) is str else b""
    dtype = np.dtype(dtype).newbyteorder("<")
    if math.prod(shape) * dtype.itemsize != len(held):
        raise ValueError(f"{len(held)} bytes do not fill an array of shape {str(shape)[:40]}")
    value = np.frombuffer(held, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    return value[()] if data.get("scalar") is True and not shape else value


def _all(entries, kinds, count):
    return type(entries) is list and len(entries) == count and all(type(entry) in kinds for entry in entries)
