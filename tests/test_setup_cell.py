"""The first cell of every notebook: what it installs, where, and what it says without a network."""

import importlib.util
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import execute_notebooks as execute  # noqa: E402
import notebook_form  # noqa: E402
import setup_cell  # noqa: E402

from d2lcnn import setup_cell as cell  # noqa: E402

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_has_it(path):
    assert notebook_form.code_cells(notebook_form.read(path))[0].source == setup_cell.SETUP_CELL


def test_it_names_the_address_and_the_release():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    release = "main" if ".dev" in project["version"] else f"v{project['version']}"
    assert f'"d2lcnn[torch] @ git+{project["urls"]["Repository"]}@{release}"' in setup_cell.SETUP_CELL
    assert max(map(len, setup_cell.SETUP_CELL.splitlines())) <= 120


def test_an_installed_package_makes_the_same_cell():
    assert cell.setup_cell(*cell.origin()) == setup_cell.SETUP_CELL


def test_without_metadata_it_says_what_is_missing(monkeypatch):
    from importlib import metadata

    def none(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", none)
    with pytest.raises(ValueError, match="d2lcnn is not installed here"):
        cell.origin()
    monkeypatch.undo()
    found = metadata.metadata("d2lcnn")
    del found["Project-URL"]
    monkeypatch.setattr(metadata, "metadata", lambda name: found)
    with pytest.raises(ValueError, match="name no Repository"):
        cell.origin()


@pytest.mark.parametrize(("version", "ref"), [
    ("0.1.0.dev0", "main"), ("1.2.dev3", "main"), ("0.1.0", "v0.1.0"), ("2.0rc1", "v2.0rc1"), ("10.11.12", "v10.11.12"),
])
def test_a_release_is_its_tag_and_what_leads_to_it_is_main(tmp_path, version, ref):
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/someone/elses\n")
    assert cell.release(setup_cell.version(tmp_path)) == ref
    assert f'"d2lcnn[torch] @ git+https://github.com/someone/elses@{ref}"' in setup_cell.setup_cell(tmp_path)


@pytest.mark.parametrize("version", ["", "1.0.", "new", "1.0.dev", "1.0+local", "v1.0"])
def test_a_version_that_is_no_release_is_named(tmp_path, version):
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/someone/elses\n")
    with pytest.raises(ValueError, match="version is "):
        setup_cell.setup_cell(tmp_path)


def installing(monkeypatch, *, installed=False, gpu=False, platform="linux", code=0):
    """Run the cell where d2lcnn is there or not; return pip's arguments, or None if it was not called."""
    calls, find = [], importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: find(name) if installed else None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi" if gpu and name == "nvidia-smi" else None)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(subprocess, "run", lambda command, **options: calls.append((command, options)) or
                        SimpleNamespace(returncode=code))
    exec(setup_cell.SETUP_CELL, {})
    if not calls:
        return None
    [(command, options)] = calls
    assert command[:5] == [sys.executable, "-m", "pip", "install", "-q"]
    assert options == {"capture_output": True}
    return command[5:]


PACKAGE = f"d2lcnn[torch] @ git+{setup_cell.repository_address()}@{cell.release(setup_cell.version())}"
CPU = ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]


@pytest.mark.parametrize(("gpu", "platform", "expected"), [
    (False, "linux", [PACKAGE, *CPU]),
    (True, "linux", [PACKAGE]),  # torch as PyPI has it, with CUDA
    (False, "darwin", [PACKAGE]),  # where PyPI's build has no CUDA anyway
    (False, "win32", [PACKAGE]),
])
def test_it_installs_what_fits_the_machine(monkeypatch, gpu, platform, expected):
    assert installing(monkeypatch, gpu=gpu, platform=platform) == expected


def test_it_installs_nothing_where_the_package_is(monkeypatch):
    assert installing(monkeypatch, installed=True, code=1) is None


def test_threads_are_set_unless_somebody_has(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    installing(monkeypatch, installed=True)
    import os

    assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("1", "5")


def test_without_a_network_it_says_so_in_one_line():
    """In a real kernel, with a pip that fails: what a reader sees of the error is the one line."""
    before = "import importlib.util, subprocess, types\n" \
             "importlib.util.find_spec = lambda name: None\n" \
             "subprocess.run = lambda *args, **more: types.SimpleNamespace(returncode=1)"
    cells = [nbformat.v4.new_code_cell(source) for source in (before, setup_cell.SETUP_CELL)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(execute.CellExecutionError):
        execute.run(notebook, ROOT, 60)
    [error] = notebook.cells[1].outputs
    assert error.output_type == "error"
    assert error.traceback == [
        f'd2lcnn is missing; to install it needs a network, git and: pip install "{PACKAGE}"']
