"""CONTRIBUTING's network, added to a copy of the package as the page says: found and tested with no other edit."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf8").partition("## Adding a network")[2].partition("\n## ")[0]
CREATED = """
from d2lcnn import networks
print(networks.create("tiny", 7, 3, seed=0)(__import__("torch").zeros(2, 3, 5, 9)).shape)
print("tiny" in networks.__all__, [*networks.NETWORKS].index("tiny") - [*networks.NETWORKS].index("plain_cnn"))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Make a copy of the package with the page's file, and of the tests with the page's row and a wrong one."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "d2lcnn", root / "d2lcnn", ignore=shutil.ignore_patterns("_data", "*.csv", "__pycache__"))
    lines = PAGE.splitlines()
    start, end = (next(i for i, line in enumerate(lines) if line.startswith(text)) for text in ('    """Tiny', "1. "))
    (root / "d2lcnn/networks/tiny.py").write_text(textwrap.dedent("\n".join(lines[start:end])), "utf8")
    row = next(line for line in lines if line.startswith('        ("tiny"'))
    for name in ("test_networks.py", "test_networks_published.py"):
        rows = f"PUBLISHED = [\n{row}\n{row.replace('9_224', '9_225')}\n"
        (root / name).write_text((ROOT / "tests" / name).read_text("utf8").replace("PUBLISHED = [\n", rows), "utf8")
    return root


def run(copy, *arguments):
    """Run Python in the copy, whose package comes before any that is installed."""
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=os.environ | {"PYTHONPATH": str(copy)},
                          capture_output=True, text=True, check=False)


def test_create_and_the_command_line_know_it(copy):
    made = run(copy, "-c", CREATED)
    assert (made.stdout, made.stderr) == ("torch.Size([2, 7])\nTrue 1\n", "")
    table = run(copy, "-m", "d2lcnn", "summary", "tiny")
    assert table.stdout.splitlines()[-1].split()[:8] == ["total", "input", "1", "x", "28", "x", "28", "170"], table


@pytest.mark.slow  # a pytest of its own collects the tests of all networks
def test_the_tests_of_all_networks_cover_it(copy):
    """Its examples, sizes, storing, seeds and gradients, refused images, and its count; the wrong count is seen."""
    tested = run(copy, "-m", "pytest", "-q", "-k", "tiny", "-p", "no:cacheprovider").stdout
    assert "1 failed, 6 passed" in tested, tested
    assert "FAILED test_networks_published.py::test_published_counts[tiny-options1-9225-" in tested
