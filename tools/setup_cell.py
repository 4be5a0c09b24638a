"""The first code cell of every chapter: the package, where it is not installed yet, and what all chapters set.

`notebook_form.normalise` puts it into every notebook, so a new address or release needs no more than

    python tools/execute_notebooks.py --no-exec notebooks/*/*.ipynb
"""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent

TEMPLATE = '''\
import importlib.util
import os
import shutil
import subprocess
import sys

# One thread, before NumPy loads its libraries: the number of threads changes the last digits.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


class Unavailable(Exception):
    def _render_traceback_(self):  # Jupyter's name: one line in place of a traceback
        return [f"{self}"]


if importlib.util.find_spec("d2lcnn") is None:  # on Colab, for instance
    package = "d2lcnn[torch] @ git+ADDRESS@RELEASE"
    command = [sys.executable, "-m", "pip", "install", "-q", package]
    if sys.platform == "linux" and not shutil.which("nvidia-smi"):  # no GPU: torch without CUDA
        command += ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
    if subprocess.run(command, capture_output=True).returncode:
        raise Unavailable(f'd2lcnn is missing; to install it needs a network, git and: pip install "{package}"')
    importlib.invalidate_caches()

from d2lcnn import plots

plots.use_style()'''


def repository_address(root=ROOT):
    """Return the one setting that says where the repository is."""
    return yaml.safe_load((root / "_config.yml").read_text("utf8"))["repository"]["url"]


def release(root=ROOT):
    """Return what a notebook installs: the tag of its release, or "main" while its version ends in ``.devN``.

    Raises
    ------
    ValueError
        If the version in pyproject.toml is neither.
    """
    version = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["version"]
    if re.fullmatch(r"[0-9.]+\.dev[0-9]+", version):
        return "main"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?", version):
        return f"v{version}"
    raise ValueError(f"version is {version!r}; a release is such as 1.2.0 or 1.2.0rc1, what leads to it 1.2.0.dev0")


def setup_cell(root=ROOT):
    """Return the source of the cell."""
    return TEMPLATE.replace("ADDRESS", repository_address(root)).replace("RELEASE", release(root))


SETUP_CELL = setup_cell()
