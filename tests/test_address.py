"""The address of repository and site is one setting; no file disagrees with it."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("address", ROOT / "tools" / "address.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


@pytest.fixture
def project(tmp_path):
    """A project in small that holds every form of the address of ann/book."""
    move(tmp_path, "https://github.com/ann/book")
    (tmp_path / "pyproject.toml").write_text(
        '[project.urls]\nRepository = "https://github.com/ann/book"\nBook = "https://ann.github.io/book/"\n'
    )
    (tmp_path / "README.md").write_text(
        "git clone https://github.com/ann/book.git, <https://ann.github.io/book/a.html>,\n"
        "https://colab.research.google.com/github/ann/book/blob/main/x.ipynb,\n"
        "https://github.com/ann/book-club and https://github.com/other/thing stay\n"
    )
    cell = {"cell_type": "code", "source": ['pip("git+https://github.com/ann/book")\n']}
    (tmp_path / "notebooks" / "a").mkdir(parents=True)
    (tmp_path / "notebooks" / "a" / "x.ipynb").write_text(json.dumps({"cells": [cell]}, indent=1) + "\r\n", newline="")
    return tmp_path


def move(project, url):
    (project / "_config.yml").write_text(f"repository:\n  url: {url}\n")


def names(project):
    return [str(path.relative_to(project)) for path, _ in tool.stale(project)]


def test_no_file_of_this_project_disagrees_with_the_setting():
    assert tool.stale() == []


def test_the_files_that_hold_the_address_are_looked_at():
    names = {str(path.relative_to(ROOT)) for path in tool.listed_files()}
    assert {"pyproject.toml", "CITATION.cff", "README.md", "book/run.md"} <= names
    assert any(name.endswith(".ipynb") for name in names)
    assert not [name for name in names if name.startswith((".venv", "_build"))]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://github.com/Ann/book", "https://ann.github.io/book/"),
        ("https://github.com/ann/a.b_c-d.git", "https://ann.github.io/a.b_c-d/"),
        ("https://github.com/ann/ann.github.io/", "https://ann.github.io/"),
    ],
)
def test_the_site_derives_from_the_repository(url, site):
    assert tool.parse_address(url).site == site


@pytest.mark.parametrize("url", ["", None, "github.com/a/b", "https://github.com/a", "https://gitlab.com/a/b"])
def test_another_address_is_named(url):
    with pytest.raises(ValueError, match="must look like") as error:
        tool.parse_address(url)
    assert repr(url) in str(error.value)


def test_a_moved_repository_is_written_everywhere_and_nothing_else_changes(project, capsys):
    assert tool.main(["--check"], project) == 0
    before = {path: path.read_bytes() for path in tool.listed_files(project)}
    move(project, "https://github.com/bob/tome")
    assert tool.main(["--check"], project) == 1
    told = capsys.readouterr().out
    assert all(f"{path.relative_to(project)}: holds another address" in told for path in before)
    assert before == {path: path.read_bytes() for path in before}, "--check writes nothing"
    assert tool.main([], project) == 0
    for path, old in before.items():
        new = old.replace(b"ann/book", b"bob/tome").replace(b"ann.github.io/book", b"bob.github.io/tome")
        assert path.read_bytes() == new.replace(b"bob/tome-club", b"ann/book-club")
    assert tool.main(["--check"], project) == 0


@pytest.mark.parametrize(
    "stray", ["https://github.com/eve/book", "https://eve.github.io/book/", "raw.githubusercontent.com/eve/book/main"]
)
def test_another_owner_of_our_name_is_found_and_mended(project, stray):
    before = (project / "README.md").read_text()
    (project / "README.md").write_text(before + stray)
    assert names(project) == ["README.md"]
    tool.main([], project)
    assert (project / "README.md").read_text() == before + stray.replace("eve", "ann")


def test_a_wrong_site_in_pyproject_is_found_and_mended(project):
    path = project / "pyproject.toml"
    right = path.read_text()
    path.write_text(right.replace("ann.github.io/book", "ann.github.io/bok"))
    assert names(project) == ["pyproject.toml"]
    tool.main([], project)
    assert path.read_text() == right
