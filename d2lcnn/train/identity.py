"""What a run is: its recipe, images, network and functions in words that every process of every day finds again.

A text says what a thing is called and, in braces, a hash of what the words leave out: the code of a function, the
contents of an array. "shift{3f2a91c07b1e}" is a function shift with this code.
"""

import copyreg
import dataclasses
import functools
import hashlib
import inspect
import re
import sys
import types

import numpy as np
import torch

PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, torch.Size)
PYTHON = "Python"  # may differ; it is named because compiled code does not outlive a version
SHOWN = 3  # differences that a message names
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, functools.partial)


def identify(recipe, net, train, validation, processes):
    """Describe a run, so that a checkpoint is never continued as another one.

    Returns
    -------
    dict of str
        What it is called in a message -> its text.

    Raises
    ------
    ValueError
        If a function in the recipe cannot be described.
    """
    texts = {}
    for field in dataclasses.fields(recipe):
        try:
            texts[field.name] = describe(getattr(recipe, field.name))
        except (TypeError, RuntimeError) as error:
            raise ValueError(f"{field.name} cannot be told from another one in a checkpoint ({error}): "
                             "pass a named function, or train without a checkpoint") from None
    for name, images in (("train images", train), ("validation images", validation)):
        arrays = [] if images is None else [describe(np.asarray(array)) for array in (images.x, images.y)]
        texts[name] = " with labels ".join(arrays) or "none"
    texts |= {"processes": str(processes), PYTHON: "{}.{}".format(*sys.version_info)}
    return texts | _network(net)


def difference(stored, now):
    """Say in words how two runs differ, at most `SHOWN` of the points; "" if they do not."""
    keys = [key for key in {**now, **stored} if stored.get(key, "none") != now.get(key, "none")]
    keys = [] if keys == [PYTHON] else keys
    said = []
    for key in keys[:SHOWN]:
        was, is_ = (_words(texts.get(key, "none")) for texts in (stored, now))
        said.append(f"{key} was {was}, is {is_}" if was != is_ else f"{key} ({was}): its code or contents have changed")
    return "; ".join(said) + (f"; and {len(keys) - SHOWN} more differences" if len(keys) > SHOWN else "")


def describe(value, inside=()):
    """Describe a value by its name, what it holds, and the code of what can be called.

    Raises
    ------
    TypeError
        If it holds what another process cannot have, such as an open file or a lock.

    Examples
    --------
    >>> describe([1, "a", None])
    "list(1, 'a', None)"
    >>> describe(functools.partial(round, ndigits=2))
    'partial(builtins.round, ndigits=2)'
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, torch.Tensor):
        value = (value.float() if value.dtype == torch.bfloat16 else value).detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.dtype != object:
        return f"{value.shape} {value.dtype}{_hash(np.ascontiguousarray(value).tobytes())}"
    if id(value) in inside:
        return "itself"
    tell = functools.partial(describe, inside=(*inside, id(value)))
    if isinstance(value, dict):
        return _call(type(value), [f"{tell(key)}: {tell(item)}" for key, item in value.items()])
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [tell(item) for item in value]
        return _call(type(value), sorted(items) if isinstance(value, (set, frozenset)) else items)
    if isinstance(value, functools.partial):
        return _call(functools.partial, [tell(value.func), *map(tell, value.args), *_named(value.keywords, tell)])
    if isinstance(value, types.MethodType):
        return f"{tell(value.__self__)}.{tell(value.__func__)}"
    if isinstance(value, types.FunctionType) and not _is_library(value):
        return value.__qualname__ + _hash(_code(value.__code__), *_read(value, tell))
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, (types.BuiltinFunctionType, types.FunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "__wrapped__"):  # by functools.cache, for instance
        return tell(value.__wrapped__)
    return _object(value, tell)


def _object(value, tell):
    """Describe an object by its class, with the code of that, and by what pickle would keep of it."""
    cls = type(value)
    if dataclasses.is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return _call(cls, _named(named, tell))
    try:
        special = copyreg.dispatch_table.get(cls)
        kept = special(value) if special else value.__reduce_ex__(4)
    except Exception as error:  # pickle's rule lets objects refuse with what they like
        raise TypeError(f"{cls.__qualname__}: {error}") from None
    if isinstance(kept, str):
        return f"{cls.__module__}.{kept}"
    _, arguments, state, *rest = (*kept, None)
    holds = [part for part in arguments if part is not cls] + [item for items in rest if items for item in items]
    named = _named(state, tell) if isinstance(state, dict) else [] if state is None else [tell(state)]
    return _call(cls, [*map(tell, holds), *named])


def _call(cls, arguments):
    return f"{cls.__qualname__}{_class_code(cls)}({', '.join(arguments)})"


def _named(values, tell):
    return [f"{name}={tell(value)}" for name, value in values.items()]


def _is_library(value):
    """Tell whether a class or function is Python's, NumPy's or torch's, so that its name says what it does."""
    return (value.__module__ or "").partition(".")[0] in {*sys.stdlib_module_names, "numpy", "torch"}


def _class_code(cls):
    """Hash the methods and plain attributes of a class, inherited ones too; "" if it is a library's."""
    own = [base for base in cls.__mro__ if not _is_library(base)]
    codes = []
    for name, value in [item for base in own for item in vars(base).items()]:
        method = inspect.unwrap(getattr(value, "__func__", getattr(value, "fget", value)))
        if isinstance(method, types.FunctionType):
            codes.append(f"{name} {_code(method.__code__)}")
        elif isinstance(value, PLAIN) and not name.startswith("__"):
            codes.append(f"{name} {value!r}")
    return _hash(*codes) if own else ""


def _code(code):
    """Write what compiled code does, without line numbers and file names."""
    constants = [_code(c) if isinstance(c, types.CodeType) else
                 repr(sorted(c, key=repr)) if isinstance(c, frozenset) else repr(c) for c in code.co_consts]
    return repr((code.co_code, code.co_exceptiontable, constants, code.co_names, code.co_varnames, code.co_freevars,
                 code.co_flags, code.co_argcount, code.co_kwonlyargcount))


def _read(function, tell):
    """Describe what a function's result depends on besides its arguments: defaults, closure, its module's names."""
    yield from (tell(function.__defaults__), tell(function.__kwdefaults__))
    for cell in function.__closure__ or ():
        yield tell(cell.cell_contents)
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        helper = isinstance(value, types.FunctionType) and value.__module__ == function.__module__
        if name in function.__globals__ and (helper or isinstance(value, (*PLAIN, tuple, np.ndarray, torch.Tensor))):
            yield f"{name}={tell(value)}"


def _names(code):
    """Yield the global names that code and the functions inside it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _network(net):
    """Describe every module of a network: class, options, mode, and its own parameters and buffers."""
    texts, everybodys = {}, vars(torch.nn.Module()).keys()
    for path, module in net.named_modules():
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        tensors = [f"{name} {'lazy' if torch.nn.parameter.is_lazy(t) else tuple(t.shape)} {t.dtype} {t.requires_grad}"
                   for name, t in own]
        options = _named({name: value for name, value in vars(module).items()
                          if name not in everybodys and _is_option(value)}, describe)
        shown = re.sub(" at 0x[0-9a-f]+", "", module.extra_repr()) or ", ".join(options)
        cls, mode = type(module), "" if module.training else " in evaluation mode"
        texts[f"part {path} of the network" if path else "the network"] = (
            f"{cls.__qualname__}({shown}){mode}{_hash(_class_code(cls), *options, *tensors)}")
    return texts


def _is_option(value):
    """Tell whether an attribute of a module was set to be kept, unlike tensors and whatever a forward pass leaves."""
    if isinstance(value, (list, tuple, dict)):
        return all(map(_is_option, value.values() if isinstance(value, dict) else value))
    return isinstance(value, (*PLAIN, *FUNCTIONS))


def _hash(*parts):
    """Hash texts or bytes to 12 digits in braces."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode() + b"\0")
    return f"{{{digest.hexdigest()[:12]}}}"


def _words(text):
    """Leave out the hashes of a text, and its middle if it is long."""
    text = re.sub(r"\{[0-9a-f]{12}\}", "", text)
    return text if len(text) <= 160 else f"{text[:110]} ... {text[-40:]}"
