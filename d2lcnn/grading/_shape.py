"""What code does, without what its author named and how it was written: statements as short sequences of signs.

Each statement is read for itself (of a loop or a function its head), so that neither the order of statements nor a
line that is no Python takes the others along. Names that the code binds are numbered within their statement.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from typing import NamedTuple

LONGEST = 20_000  # characters that are read
WORDS = 80  # characters of a text in the code that count
BLOCKS = {"body", "orelse", "finalbody", "handlers", "cases"}
UNSEEN = {"ctx", "annotation", "returns", "type_comment", "type_ignores", "type_params"}
KNOWN = {"np": "numpy", "nn": "torch.nn", "F": "torch.nn.functional"}  # imported above the answers, in hand-outs
WORD = re.compile(r"(?<![.\w])[^\W\d]\w*")
NOTHING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Pass, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)


class Unit(NamedTuple):
    """One statement, or the head of a compound one; heads of functions tell nothing, since the exercise gives them.

    Parameters
    ----------
    line : int
        From 1.
    signs : tuple of str
    """

    line: int
    signs: tuple[str, ...]


def units(code):
    """Return the statements of code that do something, in their order.

    Parameters
    ----------
    code : str
        What is behind the first 20,000 characters is left out. Where it is no Python, each line is read for itself.

    Returns
    -------
    list of Unit

    Examples
    --------
    >>> [unit.signs for unit in units("total = 0x10  # sixteen")]
    [('Assign', 'v0', '0x10')]
    >>> units("'text'\\ns=16") == [Unit(2, ("Assign", "v0", "0x10"))]
    True
    """
    code = code[:LONGEST]
    tree = _parsed(code)
    nodes, bound = ([*_statements(tree)], _bound([tree])) if tree else _by_line(code)
    return [Unit(node.lineno, tuple(signs)) for node in nodes if (signs := [*_signs(node, bound)])]


def _parsed(code):
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(tree):
    """Yield all statements below a node, and the heads of handlers; not by recursion, which ends too soon."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if hasattr(node, "lineno"):
            yield node
        inner = [each for name in node._fields if name in BLOCKS and isinstance(getattr(node, name, None), list)
                 for each in getattr(node, name)]
        stack += reversed(inner)


def _by_line(code):
    """Return the lines that are statements, or heads of some, and the names that are bound, where all is no Python."""
    nodes, loose = [], set()
    for number, line in enumerate(code.splitlines(), 1):
        text = re.sub(r"^\s*(el(?=if\b))?", "", line)
        tree = _parsed(text) or (_parsed(f"{text} pass") if text.rstrip().endswith(":") else None)
        if tree is None:
            loose |= {*WORD.findall(text)}
        for node in _statements(tree) if tree else ():
            node.lineno = number
            nodes.append(node)
    given = {*KNOWN, *dir(builtins), *keyword.kwlist}
    return nodes, dict.fromkeys(loose - given, "") | _bound(nodes)


def _bound(trees):
    """Return, by name, what stands for it: "" for the code's own names, the whole name of what it imports."""
    found, imported = {}, dict(KNOWN)
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] = ""
        elif isinstance(node, ast.arg):
            found[node.arg] = ""
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
            found[node.name] = ""
        elif isinstance(node, ast.Import | ast.ImportFrom):
            home = f"{node.module}." if getattr(node, "module", None) else ""
            imported |= {alias.asname or alias.name: home + alias.name for alias in node.names}
    return imported | found


def _signs(statement, bound):
    """Yield what a statement consists of, from outside to inside and from left to right."""
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)  # a docstring, for instance
    if text or isinstance(statement, NOTHING):
        return
    numbers, stack = {}, [statement]
    while stack:
        node = stack.pop()
        sign = _sign(node, bound, numbers)
        if sign:
            yield sign
        inner = [each for name, value in ast.iter_fields(node)
                 if name not in UNSEEN and not (node is statement and name in BLOCKS)
                 for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)]
        stack += reversed(inner)


def _sign(node, bound, numbers):
    if isinstance(node, ast.Name | ast.arg):
        name = node.id if isinstance(node, ast.Name) else node.arg
        return bound.get(name, name) or numbers.setdefault(name, f"v{len(numbers)}")
    if isinstance(node, ast.Constant):
        return hex(node.value) if type(node.value) is int else repr(node.value)[:WORDS]
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    if isinstance(node, ast.keyword):
        return f"{node.arg}="
    return {"Expr": "", "AnnAssign": "Assign"}.get(type(node).__name__, type(node).__name__)
