"""Read the code of an answer: does it combine two of its arguments that the statement keeps apart?"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable

__all__ = ["meeting", "node_of"]

ABOUT = {"shape", "size", "ndim", "dtype"}  # tell of an array, and hold none of its numbers


def node_of(function: Callable) -> ast.FunctionDef | ast.Lambda | None:
    """Return the syntax tree of a function or lambda, or None where its source cannot be had.

    Parameters
    ----------
    function : callable
        Written in a file or in a cell of a notebook.

    Returns
    -------
    ast.FunctionDef or ast.Lambda or None
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:  # the file has changed since
        return None
    names = list(code.co_varnames[: code.co_argcount])
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            if first == code.co_firstlineno and [a.arg for a in node.args.args] == names:
                return node
    return None


def meeting(function: Callable, first: int, second: int) -> str:
    """Return the expression that combines two arguments with each other and with no other argument.

    The names of local variables are followed: each stands for the arguments that its value was made of. Sizes do not
    count, as in ``len(column)`` or ``row.shape``.

    Parameters
    ----------
    function : callable
        Read, not called.
    first, second : int
        Places of the two arguments.

    Returns
    -------
    str
        The expression, or an empty text where there is none.

    Raises
    ------
    ValueError
        If the source of the function cannot be read, or it does not have the arguments.

    Examples
    --------
    >>> meeting(lambda X, column, row: sum(column * row), 1, 2)
    'column * row'
    """
    node = node_of(function)
    if node is None or len(node.args.args) <= max(first, second):
        raise ValueError("the code cannot be read: write a function with def, in a cell or a file")
    reader = _Reader([a.arg for a in node.args.args], first, second)
    body = node.body if isinstance(node.body, list) else [node.body]
    for _ in range(2):  # what a loop's end stores, its next round reads
        for statement in body:
            reader.visit(statement)
    return reader.found


class _Reader(ast.NodeVisitor):
    def __init__(self, names, first, second):
        self.made_of = {name: {name} for name in names}
        self.first, self.second = names[first], names[second]
        self.found = ""

    def arguments(self, node):
        """Return the names of the arguments whose numbers an expression is made of."""
        if isinstance(node, ast.Name):
            return self.made_of.get(node.id, set())
        if isinstance(node, ast.Attribute) and node.attr in ABOUT:
            return set()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            return set()
        if isinstance(node, ast.Subscript):  # which entry is read does not depend on their numbers
            return self.arguments(node.value)
        return set().union(*map(self.arguments, ast.iter_child_nodes(node)))

    def judge(self, node, operands):
        parts = [self.arguments(x) for x in operands]
        apart = any(self.first in a and self.second in b for a in parts for b in parts if a is not b)
        if apart and set().union(*parts) <= {self.first, self.second} and not self.found:
            self.found = ast.unparse(node)

    def store(self, target, arguments):
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                whole = isinstance(target, ast.Name | ast.Tuple | ast.List)
                self.made_of[name.id] = arguments | (set() if whole else self.made_of.get(name.id, set()))

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Mult | ast.MatMult | ast.Div):
            self.judge(node, [node.left, node.right])
        self.generic_visit(node)

    def visit_Call(self, node):
        method = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        self.judge(node, method + node.args + [k.value for k in node.keywords])
        self.generic_visit(node)

    def visit_Assign(self, node):
        self.generic_visit(node)
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for place, arguments in [(t, self.arguments(v)) for t, v in pairs]:
                self.store(place, arguments)

    def visit_AugAssign(self, node):
        if isinstance(node.op, ast.Mult | ast.MatMult | ast.Div):
            self.judge(node, [node.target, node.value])
        self.generic_visit(node)
        self.store(node.target, self.arguments(node.target) | self.arguments(node.value))

    def visit_For(self, node):
        self.store(node.target, self.arguments(node.iter))
        self.generic_visit(node)

    def visit_comprehension(self, node):
        self.store(node.target, self.arguments(node.iter))
        self.generic_visit(node)

    def visit_ListComp(self, node):
        for generator in node.generators:  # read first, as Python does
            self.visit(generator)
        self.visit(node.elt)

    visit_GeneratorExp = visit_ListComp
