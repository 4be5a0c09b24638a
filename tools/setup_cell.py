"""The first code cell of every chapter, made of this repository's own settings; its text is in d2lcnn/setup_cell.py.

`notebook_form.normalise` puts it into every notebook, so a new address or release needs no more than

    python tools/execute_notebooks.py --no-exec notebooks/*/*.ipynb
"""

import tomllib
from pathlib import Path

import yaml

from d2lcnn import setup_cell as cell

ROOT = Path(__file__).resolve().parent.parent


def repository_address(root=ROOT):
    """Return the one setting that says where the repository is."""
    return yaml.safe_load((root / "_config.yml").read_text("utf8"))["repository"]["url"]


def version(root=ROOT):
    """Return the version in pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["version"]


def setup_cell(root=ROOT):
    """Return the source of the cell."""
    return cell.setup_cell(repository_address(root), version(root))


SETUP_CELL = setup_cell()
