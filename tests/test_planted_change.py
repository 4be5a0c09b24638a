"""The self-test of `make notebooks`: what is stored passes, a planted change does not.

The commands are the Makefile's own. A small notebook is made and executed here; of a real chapter, where one is
stored, the beginning is used up to its first compared number.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import execute_notebooks  # noqa: E402
import notebook_form as form  # noqa: E402
from chapter_contract import chapter_files  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("make") is None, reason="needs make")]


def make_notebooks(house, *paths):
    """Run the Makefile's `notebooks` on these files of `house`; the environment is taken as it is."""
    names = " ".join(str(path.relative_to(house)) for path in paths)
    outer = ("MAKE", "MFLAGS", "PYTEST_")  # an outer make or pytest must not steer the inner one
    environment = {k: v for k, v in os.environ.items() if not k.startswith(outer)}
    run = subprocess.run(
        ["make", "-f", ROOT / "Makefile", "-o", ".venv/.installed", "notebooks", f"NOTEBOOKS={names}",
         f"BIN={Path(sys.executable).parent}", "JOBS=0"],  # two small files are not worth two processes
        cwd=house, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout + run.stderr


def with_a_number(cell):
    """Tell whether a compared cell stores printed text with a digit in it."""
    return form.IGNORE not in form.tags(cell) and any(re.search(r"\d", o.get("text", "")) for o in cell.outputs)


def beginning(path):
    """Return the head of a chapter, up to its first compared number."""
    notebook = form.read(path)
    last = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and with_a_number(cell))
    notebook.cells = notebook.cells[: last + 1]
    return notebook


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A repository in small: an executed notebook and, where there is one, the beginning of a chapter."""
    house = tmp_path_factory.mktemp("house")
    (house / "tools").symlink_to(ROOT / "tools")
    shutil.copy(ROOT / "pyproject.toml", house)  # pytest's settings
    (house / "notebooks").mkdir()
    code = nbformat.v4.new_code_cell
    cells = [
        code("import time\n\nimport numpy as np\nfrom matplotlib import pyplot as plt"),
        code("x = np.array([1.0, 2.0, 4.0])\nprint(f'mean {x.mean():.4f}')"),
        code("_ = plt.plot(x)"),
        code("time.perf_counter()", metadata={"tags": [form.IGNORE]}),
        code("object()"),
    ]
    small = house / "notebooks" / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), small)
    assert execute_notebooks.main([str(small)]) == 0
    if chapters := chapter_files(ROOT):
        shortest = min((beginning(path) for path in chapters), key=lambda notebook: len(notebook.cells))
        small.with_name("chapter.ipynb").write_bytes(form.dumps(form.normalise(shortest)))
    return house


def plant(path, name, *changes):
    """Store a copy of a notebook in which `changes` were applied to the cells that hold code."""
    notebook = form.read(path)
    for change in changes:
        change(form.code_cells(notebook))
    planted = path.with_name(f"{path.stem}_{name}.ipynb")
    planted.write_bytes(form.dumps(notebook))
    return planted


def other_digit(cells):
    cell = next(cell for cell in cells if with_a_number(cell))
    output = next(output for output in cell.outputs if re.search(r"\d", output.get("text", "")))
    output.text = re.sub(r"\d", lambda match: str((int(match[0]) + 1) % 10), output.text, count=1)


def figure_removed(cells):
    assert [list(output.data) for output in cells[2].outputs] == [["image/png", "text/plain"]]
    cells[2].outputs = []


def stripped(cells):
    cells[1].update(outputs=[], execution_count=None)


def notebooks(house):
    return [path for name in ("small", "chapter") if (path := house / "notebooks" / f"{name}.ipynb").exists()]


def test_what_is_stored_passes(house):
    code, text = make_notebooks(house, *notebooks(house))
    assert code == 0, text
    cells = sum(len(form.code_cells(form.read(path))) for path in notebooks(house))
    assert f"{cells} passed" in text


def test_planted_digit_and_removed_figure_fail(house):
    small, *chapter = notebooks(house)
    planted = [plant(small, "planted", other_digit, figure_removed)]
    planted += [plant(path, "planted", other_digit) for path in chapter]
    code, text = make_notebooks(house, *planted)
    assert code != 0
    failed = set(re.findall(r"^FAILED notebooks/(\w+\.ipynb::Cell \d+)", text, re.MULTILINE))
    expected = {"small_planted.ipynb::Cell 1", "small_planted.ipynb::Cell 2"}
    for path in chapter:  # its last cell is the one with the number
        expected.add(f"chapter_planted.ipynb::Cell {len(form.code_cells(form.read(path))) - 1}")
    assert failed == expected, text


def test_stripped_cell_fails(house):
    planted = plant(notebooks(house)[0], "stripped", stripped)
    code, text = make_notebooks(house, planted)
    assert code != 0
    assert "small_stripped.ipynb: cell 2" in text
    assert "not executed" in text
