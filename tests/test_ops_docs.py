"""Public names, their docstrings and examples, and a life without torch."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest
from numpydoc.docscrape import FunctionDoc

import d2lcnn
from d2lcnn import ops, shapes

MODULES = ["d2lcnn.shapes"] + [
    f"d2lcnn.ops.{m.name}" for m in pkgutil.iter_modules(ops.__path__) if not m.name.startswith("_")
]
PUBLIC = {name: getattr(module, name) for module in (shapes, ops) for name in module.__all__}
FUNCTIONS = {name: f for name, f in PUBLIC.items() if inspect.isfunction(f)}

# In a child process: torch cannot be imported, and every example of the package still runs.
WITHOUT_TORCH = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is blocked")
sys.meta_path.insert(0, Block())
import doctest, importlib
import d2lcnn
failures = sum(doctest.testmod(importlib.import_module(name)).failed for name in sys.argv[1:])
assert failures == 0 and "torch" not in sys.modules
import numpy as np
x, w = np.ones((2, 3, 8, 8), np.float32), np.ones((4, 3, 3, 3), np.float32)
assert d2lcnn.conv2d(x, w, padding="same").shape == (2, 4, 8, 8)
try:
    import torch
except ImportError:
    print("ran without torch")
"""


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0 and result.attempted > 0


def test_the_package_works_without_torch():
    child = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, *MODULES], capture_output=True, text=True, check=False)
    assert (child.returncode, child.stdout, child.stderr) == (0, "ran without torch\n", "")


def test_importing_the_package_loads_neither_torch_nor_scipy_nor_matplotlib():
    code = "import sys, d2lcnn; print([m for m in ('torch', 'scipy', 'matplotlib') if m in sys.modules])"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "[]\n"


def test_public_names_are_at_hand_from_the_package():
    for name, value in PUBLIC.items():
        assert getattr(d2lcnn, name) is value and name in d2lcnn.__all__ and name in dir(d2lcnn)
    assert "plots" in dir(d2lcnn)
    with pytest.raises(AttributeError, match="no attribute 'conv3d'"):
        _ = d2lcnn.conv3d


def problems(function):
    """Name what numpydoc's sections of a function lack."""
    doc, signature = FunctionDoc(function), inspect.signature(function)
    documented = [n.strip() for p in doc["Parameters"] for n in p.name.split(",")]
    if documented != list(signature.parameters):
        yield f"Parameters says {documented}, the signature {list(signature.parameters)}"
    for section in ("Summary", "Returns", "Raises", "Notes", "Examples"):
        if not doc[section]:
            yield f"{section} is missing"
    if doc["Summary"] and not doc["Summary"][0].endswith((".", ":")) and len(doc["Summary"]) == 1:
        yield "the summary is no sentence"
    if function.__name__ + "(" not in "\n".join(doc["Examples"]):
        yield "the example does not call it"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_are_whole(name):
    assert list(problems(FUNCTIONS[name])) == []


def test_the_docstring_check_can_fail():
    def half(x, y):
        """Halve

        Parameters
        ----------
        x : float
        """

    found = "\n".join(problems(half))
    for word in ("Parameters says ['x']", "Returns is missing", "Raises", "Notes", "Examples", "no sentence", "call"):
        assert word in found
