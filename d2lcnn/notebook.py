"""What chapters ask of a notebook: source code shown as source code, and an extra that may not be installed."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import textwrap
from importlib import metadata
from typing import Any

__all__ = ["Source", "require", "source"]


class Source:
    """Python source that a notebook, and the book, show highlighted.

    Parameters
    ----------
    text : str
        The source.
    """

    def __init__(self, text: str):
        self.text = text

    def __repr__(self):
        return self.text

    def _repr_markdown_(self):
        return f"```python\n{self.text}\n```"


def source(*objects: Any, whole: bool = False) -> Source:
    """Show how functions or classes are written; the last expression of a cell.

    Parameters
    ----------
    *objects : function, method, class or module
        What to show, in this order.
    whole : bool
        Whether to show docstrings too, and the decorators of the objects. The chapters explain in their own words.

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        If an object has no Python source, such as an array or a built-in function.

    Examples
    --------
    >>> from d2lcnn import shapes
    >>> source(shapes.effective_kernel_size)
    def effective_kernel_size(k, d=1):
        return integer("d", d, 1) * (integer("k", k, 1) - 1) + 1
    """
    texts = [textwrap.dedent(inspect.getsource(item)).rstrip() for item in objects]
    return Source("\n\n\n".join(texts if whole else map(_shortened, texts)))


def _shortened(text: str) -> str:
    """Leave out docstrings, and the decorators of the outermost function or class."""
    lines, tree = text.splitlines(), ast.parse(text)
    if getattr(tree.body[0], "decorator_list", []):
        lines[: tree.body[0].lineno - 1] = [None] * (tree.body[0].lineno - 1)
    for node in ast.walk(tree):
        owner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module))
        if owner and ast.get_docstring(node) is not None and len(node.body) > 1:
            said, following = node.body[:2]
            # with the empty lines behind it, but not with a comment or a decorator of what follows
            first = said.end_lineno
            while first < following.lineno - 1 and not lines[first].strip():
                first += 1
            lines[said.lineno - 1 : first] = [None] * (first - said.lineno + 1)
    return "\n".join(line for line in lines if line is not None)


def _requirements(extra: str) -> dict[str, str]:
    """Map the distributions that an extra of the package names to what pip is told."""
    pattern = re.compile(r"([\w.-]+)([^;]*);.*\bextra\s*==\s*[\"']([\w-]+)[\"']")
    found: dict[str, dict[str, str]] = {name: {} for name in metadata.metadata("d2lcnn").get_all("Provides-Extra", [])}
    for match in map(pattern.match, metadata.requires("d2lcnn") or []):
        if match:
            found[match[3]][match[1]] = f"{match[1]}{match[2].strip()}"
    if extra not in found:
        raise ValueError(f"d2lcnn has no extra {extra!r}; there are {', '.join(sorted(found))}")
    return found[extra]


def _installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def require(extra: str) -> None:
    """Make sure that what an extra of the package brings is there; on Colab, install it.

    Parameters
    ----------
    extra : str
        Name of the extra, such as ``"torch"``.

    Raises
    ------
    ModuleNotFoundError
        If something is missing, and this is not Colab. The message is one line that says what to install.
    ValueError
        If the package has no extra of that name.
    """
    missing = [what for name, what in _requirements(extra).items() if not _installed(name)]
    if not missing:
        return
    if "google.colab" not in sys.modules:
        command = " ".join(f'"{what}"' for what in missing)
        raise ModuleNotFoundError(f"this needs the extra {extra!r}: pip install {command}, then restart the kernel")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *missing], check=True)
