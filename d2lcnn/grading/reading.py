"""Read a student's code, without running it: the code of an answer, and what in it a person should look at."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
import types
from collections.abc import Callable

from d2lcnn.exercises import Exercise

# what a ready-made answer is made of: a call of one of these, where the oracle calls it too, is shown to a person
LIBRARIES = ("torch", "scipy", "skimage", "d2lcnn", "numpy.fft")
EVERYDAY = {"tensor", "as_tensor", "from_numpy", "zeros", "ones", "arange", "no_grad", "manual_seed", "Window",
            "default_rng", "Tensor", "float32", "float64", "integer", "per_axis"}
READY_MADE = {"convolve", "correlate", "einsum", "kron"}  # of NumPy
SUSPECT = {"ctypes", "gc", "inspect", "multiprocessing", "signal", "socket", "subprocess", "_ctypes", "mmap"}


def parsed(code: str) -> ast.Module | None:
    """Return the syntax tree of a cell, or None where it has none."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def answer_code(cells: list[str], name: str) -> str:
    """Return the code that an answer is made of: where its name is bound last, and the functions that it speaks of.

    Parameters
    ----------
    cells : list of str
    name : str

    Returns
    -------
    str
        Empty if no cell binds the name with ``def``, ``class`` or ``=``.

    Examples
    --------
    >>> answer_code(["def g(x): return x", "y = 1\\ndef f(x): return g(x)"], "f")
    'def g(x): return x\\n\\ndef f(x): return g(x)'
    """
    bound: dict[str, tuple[int, str, ast.stmt]] = {}
    for cell in cells:
        tree = parsed(cell)
        for node in tree.body if tree else ():
            text = ast.get_source_segment(cell, node) or ""
            above = "".join(f"@{ast.get_source_segment(cell, each)}\n" for each in getattr(node, "decorator_list", ()))
            for each in _names(node):
                bound[each] = len(bound), above + text, node
    wanted, found = [name], {}
    while wanted:
        each = wanted.pop()
        if each in bound and each not in found:
            found[each] = bound[each]
            wanted += [node.id for node in ast.walk(bound[each][2]) if isinstance(node, ast.Name)
                       and isinstance(bound.get(node.id, (0, "", None))[2], ast.FunctionDef | ast.ClassDef)]
    if name not in found:
        return ""
    others = sorted({part[:2] for each, part in found.items() if each != name} - {found[name][:2]})
    return "\n\n".join([*(text for _, text in others), found[name][1]])


def _names(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def function_of(code: str, name: str) -> Callable | None:
    """Make the function that code defines without running any of it: to be read, not to be called."""
    try:
        compiled = compile(code, "<answer>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    linecache.cache["<answer>"] = (len(code), None, code.splitlines(True), "<answer>")
    found = [part for part in compiled.co_consts if isinstance(part, types.CodeType) and part.co_name == name]
    return types.FunctionType(found[-1], {}) if found and not found[-1].co_freevars else None


def flags(code: str, spec: Exercise, forbid: tuple[str, ...] = (), allowed: str = "") -> list[str]:
    """Say what in the code of an answer a person should look at; it takes no points.

    Parameters
    ----------
    code : str
    spec : Exercise
    forbid : tuple of str
        Names that may not be called.
    allowed : str
        What the statement says: the functions that it names may be called.

    Returns
    -------
    list of str
    """
    tree = parsed(code)
    if tree is None:
        return []
    calls = {_last(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    ready = {name for name in ready_made(spec.oracle) if name not in allowed} if spec.kind == "function" else set()
    found = [f"calls {name}, which is forbidden" for name in sorted(calls & {*forbid})]
    found += [f"calls {name}, as the book's own check does" for name in sorted((calls & ready) - {*forbid})]
    used = {part for node in ast.walk(tree) for part in _modules(node)}
    found += [f"uses {name}" for name in sorted(used & SUSPECT)]
    if "d2lcnn.exercises" in used:
        found.append("reads the book's exercises")
    if spec.kind == "function" and _shape(spec.oracle) in _shapes(tree):
        found.append("is the oracle of the book's check")
    return found


def _last(node):
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _modules(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names] + [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        return [node.module or "", *names] + ["d2lcnn.exercises"] * (node.module or "").startswith("d2lcnn.exercises")
    if isinstance(node, ast.Attribute):
        return [ast.unparse(node)] if node.attr == "exercises" else []
    return []


def ready_made(oracle: Callable | None, depth: int = 2) -> set[str]:
    """Return the names of the library functions that an oracle calls, itself or by a function beside it."""
    tree, found = _tree(oracle), set()
    space = getattr(oracle, "__globals__", {})
    if tree is None:  # the oracle is itself a function of a library
        home = getattr(oracle, "__module__", None) or ""
        return {oracle.__name__} if home.startswith(LIBRARIES) and hasattr(oracle, "__name__") else set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        value = _resolved(node, space)
        home, name = getattr(value, "__module__", None) or "", _last(node)
        if not callable(value) or (isinstance(value, type) and home.startswith("d2lcnn")) or name in EVERYDAY:
            continue
        if home.startswith("d2lcnn.exercises"):
            found |= ready_made(value, depth - 1) if depth and isinstance(value, types.FunctionType) else set()
        elif home.startswith(LIBRARIES) or name in READY_MADE:
            found.add(name)
    return found


def _resolved(node, space):
    if isinstance(node, ast.Name):
        return space.get(node.id)
    return getattr(_resolved(node.value, space), node.attr, None) if isinstance(node.value, ast.Name | ast.Attribute) \
        else None


def _tree(function):
    """Return the node of a function or lambda of the package, or None."""
    if not isinstance(function, types.FunctionType) or not function.__module__.startswith("d2lcnn.exercises"):
        return None
    lines, first = inspect.getsourcelines(function)
    try:
        tree = ast.parse(textwrap.dedent("".join(lines)))
        return tree.body[0]
    except SyntaxError:  # a lambda in the middle of a call
        whole = ast.parse(inspect.getsource(inspect.getmodule(function)))
        return next((node for node in ast.walk(whole) if isinstance(node, ast.Lambda) and node.lineno == first), None)


def _shapes(tree):
    return {_shape_of(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)}


def _shape(oracle):
    tree = _tree(oracle)
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)] if tree else []
    text = _shape_of(whole[0]) if whole else ""
    return text if len(text) > 150 else "the oracle is too short to be known again"


def _shape_of(node):
    """Return what a function does, without the names that its author chose."""
    tree = ast.parse(ast.unparse(node)).body[0]
    tree = tree.value if isinstance(tree, ast.Expr) else tree
    names = {}
    for each in ast.walk(tree):
        if isinstance(each, ast.arg):
            each.arg, each.annotation = names.setdefault(each.arg, f"v{len(names)}"), None
    for each in ast.walk(tree):
        if isinstance(each, ast.Name) and (isinstance(each.ctx, ast.Store) or each.id in names):
            each.id = names.setdefault(each.id, f"v{len(names)}")
    body = tree.body if isinstance(tree.body, list) else [ast.Return(tree.body)]
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return "".join(map(ast.dump, body))
