"""The Makefile in a folder whose name has spaces and letters that are not ASCII; what CI runs, and in which order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
NAME = "it's 卷积 and more"
WORKFLOWS = ROOT / ".github" / "workflows"

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def house(tmp_path):
    """A clone in such a folder; its Python says what it is asked, and does it."""
    house = tmp_path / NAME
    (house / ".venv" / "bin").mkdir(parents=True)
    (house / "notebooks" / "my part").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "_config.yml", ".gitattributes"):
        shutil.copy(ROOT / name, house)
    (house / "tools").symlink_to(ROOT / "tools")
    python = house / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nprintf "<%s>" "$@" >> asked; echo >> asked\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (house / ".venv" / ".installed").touch()
    for path in (house / "requirements.txt", house / "pyproject.toml"):
        os.utime(path, (0, 0))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(6 * 7)")])
    nbformat.write(notebook, house / "notebooks" / "my part" / "a first one.ipynb")
    return house


def make(house, *arguments):
    outer = ("MAKE", "MFLAGS", "PYTEST_")  # an outer make or pytest must not steer the inner one
    environment = {k: v for k, v in os.environ.items() if not k.startswith(outer)}
    return subprocess.run(["make", *arguments], cwd=house, env=environment, capture_output=True, text=True)


@needs_make
def test_one_notebook_is_run_and_checked(house):
    name = "notebooks/my part/a first one.ipynb"
    done = make(house, "check", f"NB={name}")
    assert done.returncode != 0 and f"{name}: cell 1" in done.stdout and "not executed" in done.stdout
    done = make(house, "run", f"NB={name}")
    assert done.returncode == 0, done.stderr
    assert f"{name}: changed" in done.stdout
    (house / "asked").unlink()
    done = make(house, "check", f"NB={name}")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = (house / "asked").read_text().splitlines()[:2]
    assert first == f"<tools/execute_notebooks.py><--check><{name}>"
    assert second.endswith(f"<{name}>") and "1 passed" in done.stdout


@needs_make
def test_all_notebooks_are_found(house):
    done = make(house, "notebooks", "JOBS=0")
    assert "a first one.ipynb: cell 1" in done.stdout and "not executed" in done.stdout


@needs_make
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_notebook_must_be_named(house, command):
    done = make(house, command)
    assert done.returncode == 2 and f"name the notebook: make {command} NB=" in done.stderr


@needs_make
def test_differences_of_notebooks_are_readable_after_setup(house):
    def git(*arguments):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=house, check=True,
                              capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", ".gitattributes", "notebooks")
    git("commit", "-qm", "first")
    assert make(house, "setup").returncode == 0
    path = house / "notebooks" / "my part" / "a first one.ipynb"
    path.write_text(path.read_text().replace("6 * 7", "6 * 8"))
    lines = git("diff").splitlines()
    assert "-print(6 * 7)" in lines and "+print(6 * 8)" in lines


# ---- what CI runs

def steps(workflow):
    return yaml.safe_load((WORKFLOWS / workflow).read_text())


def test_the_book_is_published_only_after_the_tests_passed_on_the_same_commit():
    publish, tests = steps("publish.yml"), steps("test.yml")
    on = publish[True]  # YAML 1.1 reads `on` as a truth
    assert on == {"workflow_run": {"workflows": [tests["name"]], "branches": ["main"], "types": ["completed"]}}
    assert "push" in tests[True]
    build = publish["jobs"]["build"]
    assert "github.event.workflow_run.conclusion == 'success'" in build["if"]
    assert build["steps"][0]["with"]["ref"] == "${{ github.event.workflow_run.head_sha }}"
    assert publish["jobs"]["deploy"]["needs"] == "build"


def test_ci_installs_what_its_tests_need_and_runs_the_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
    assert all(name in script for name in ("chromium", "fonts-noto-cjk", "dataset-fashion-mnist"))
    assert script.splitlines()[-1] == "make test"
    assert any(step.get("run") == "bash .ci/run" for step in steps("test.yml")["jobs"]["test"]["steps"])
