"""Imports point down: each part of the package may use those below it, and torch stays where it belongs."""

import ast
from pathlib import Path

import pytest

import d2lcnn

ROOT = Path(d2lcnn.__file__).parent

# part -> the parts it may import. "" is the package's own __init__, which hands out the two lowest floors.
ALLOWED = {
    "": {"shapes", "ops", "notebook"},
    "notebook": set(),
    "shapes": set(),
    "names": set(),
    "later": set(),
    "results": {"names"},
    "palette": set(),
    "modes": set(),
    "recipe": {"shapes", "names"},
    "files": set(),
    "console": set(),
    "workers": {"shapes"},
    "plots": {"shapes", "palette", "names"},
    "ops": {"shapes"},
    "layers": {"shapes", "modes", "ops"},
    "numpy_net": {"shapes", "ops"},
    "networks": {"shapes", "names", "modes", "ops", "layers"},
    "data": {"shapes", "files"},  # its cache is written whole, by one process at a time
    "train": {"shapes", "modes", "recipe", "files"},
    "summary": {"shapes", "modes"},
    "experiments": {"shapes", "modes", "ops", "layers", "networks", "data", "train", "summary", "results",
                    "numpy_net", "recipe", "files", "names", "later", "workers"},
    "explorer": {"shapes", "palette", "files"},
    "exercises": {"shapes", "ops"},
    "setup_cell": {""},  # the version
    # ops: questions of the bank take their answers from it
    "grading": {"exercises", "check", "files", "names", "shapes", "ops", "setup_cell",
                "workers"},
    "check": {"exercises", "files"},
}
ALLOWED["__main__"] = {*ALLOWED}

# where a module may import torch when it is itself imported; elsewhere only inside the function that needs it
TORCH_MODULES = {"ops._autograd"}
TORCH_PARTS = {"layers", "networks", "train", "summary", "experiments.nets"}


def part_of(module):
    """First component of a module's name below the package: "ops.corr" -> "ops"."""
    return module.partition(".")[0]


def imports(source, module, is_package):
    """Yield (line, absolute name, whether it runs when the module is imported) for each import in a source."""
    package = ["d2lcnn", *module.split(".")] if module else ["d2lcnn"]
    package = package if is_package else package[:-1]
    tree = ast.parse(source)
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
              or (isinstance(f, ast.If) and getattr(f.test, "id", "") == "TYPE_CHECKING") for n in ast.walk(f)}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__", "Later"):
                names = [str(node.args[0].value)]
            if called == "Later":
                inside.add(id(node))
        yield from ((node.lineno, name, id(node) not in inside) for name in names)


def violations(source, module, is_package=False):
    """List, as text, the imports of a module that the plan of the package does not allow."""
    part, found = part_of(module), []
    for line, name, at_import in imports(source, module, is_package):
        top, _, rest = name.partition(".")
        if top == "d2lcnn":
            target = part_of(rest)
            if target not in ALLOWED:
                target = ""  # a public name of the package itself
            own = target == part and (target or is_package)
            if not own and target not in ALLOWED[part]:
                found.append(f"{module or '__init__'}:{line} imports {name}")
        brought = top == "d2lcnn" and {part_of(rest), ".".join(rest.split(".")[:2])} & TORCH_PARTS
        if brought and at_import and part == "experiments" and not module.startswith("experiments.nets"):
            found.append(f"{module}:{line} imports {name}, and torch with it")
        if top == "torch":
            in_ops = part in ("ops", "shapes", "") and module not in TORCH_MODULES
            late = not at_import or module in TORCH_MODULES
            if in_ops or not (late or TORCH_PARTS & {part, module, module.rpartition(".")[0]}):
                found.append(f"{module or '__init__'}:{line} imports torch")
    return found


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        yield ".".join(parts[:-1] if is_package else parts), path, is_package


@pytest.mark.parametrize(("module", "path", "is_package"), [pytest.param(*m, id=m[0] or "__init__") for m in modules()])
def test_imports_point_down(module, path, is_package):
    assert part_of(module) in ALLOWED, f"{module} is in no part of the plan; see ALLOWED"
    assert violations(path.read_text(encoding="utf-8"), module, is_package) == []


def test_every_part_may_use_what_its_helpers_use():
    """Nothing may use __main__, and no two parts may use each other."""
    assert not any("__main__" in below for part, below in ALLOWED.items() if part != "__main__")
    for part, below in ALLOWED.items():
        assert not any(part in ALLOWED[other] for other in below if other != part), part


@pytest.mark.parametrize(("module", "source"), [
    ("ops.corr", "from ..networks import create"),
    ("ops.corr", "from .. import layers"),
    ("ops.corr", "import d2lcnn.train"),
    ("ops.corr", "from d2lcnn import conv2d"),
    ("ops.corr", "import torch"),
    ("ops.corr", "def f():\n    import torch.nn.functional as F"),
    ("ops.corr", "def f():\n    from importlib import import_module\n    import_module('torch')"),
    ("shapes", "def f():\n    from .ops import conv2d"),
    ("plots", "from .ops import conv2d"),
    ("modes", "from .train import fit"),
    ("results", "from d2lcnn.experiments import run"),
    ("data", "import torch"),
    ("data", "from torch.utils.data import DataLoader"),
    ("train", "from .networks import create"),
    ("summary", "from . import networks"),
    ("networks.vgg", "from ..experiments import budget"),
    ("exercises.padding", "from ..check import check"),
    ("explorer", "try:\n    import torch\nexcept ImportError:\n    torch = None"),
    ("check", "import d2lcnn.__main__"),
    ("ops.corr", "from ..later import Later"),
    ("names", "networks = Later('d2lcnn.networks')"),
    ("experiments.shift", "import torch"),
    ("experiments.shift", "from ..train import Recipe"),
    ("experiments.shift", "from .. import networks"),
    ("experiments.shift", "from .nets.gated import Stack"),
])
def test_a_wrong_import_is_found(module, source):
    assert violations(source, module) != []


@pytest.mark.parametrize(("module", "source"), [
    ("ops.corr", "from ..shapes import conv_output_size\nfrom ._args import pad\nimport numpy, math"),
    ("ops._autograd", "import torch"),
    ("ops.corr", "def f():\n    from ._autograd import conv2d"),
    ("networks.vgg", "import torch\nfrom ..layers import GLU\nfrom .blocks import VGGBlock"),
    ("data", "def f():\n    import torch"),
    ("experiments.shift", "from ..results import read\nfrom ..later import Later\ntrain = Later('d2lcnn.train')"),
    ("experiments.shift", "torch = Later('torch')"),
    ("experiments.shift", "if TYPE_CHECKING:\n    from torch import nn\ndef f():\n    from .nets.gated import Stack"),
    ("experiments.nets.gated", "import torch\nfrom d2lcnn import layers"),
    ("__main__", "from . import __version__\nfrom .experiments import run\nimport d2lcnn.train"),
])
def test_a_right_import_passes(module, source):
    assert violations(source, module) == []
