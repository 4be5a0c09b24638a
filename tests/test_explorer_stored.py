"""A notebook with the explorer: stored without the script, the same at every run, accepted by nbval."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

TOOLS = Path(__file__).resolve().parents[1] / "tools"
pytestmark = pytest.mark.slow


def test_stored_outputs_are_the_same_at_every_run(tmp_path):
    path = tmp_path / "lab.ipynb"
    source = "from d2lcnn import explorer\nexplorer.ConvLab(i=5, k=3, s=2, p=1, pos=4)"
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
    environment = {k: v for k, v in os.environ.items() if k != "D2LCNN_STORED"}

    def store():
        command = [sys.executable, str(TOOLS / "execute_notebooks.py"), str(path)]
        subprocess.run(command, check=True, env=environment, capture_output=True)
        return path.read_bytes()

    first = store()
    assert first == store()
    data = nbformat.read(path, 4).cells[0].outputs[0].data
    assert "<script" not in data["text/html"] and data["text/html"].startswith("<conv-lab ")
    assert set(data) == {"text/html", "text/plain", "image/png"}

    def compare(**more):
        command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-W", "default", str(path)]
        return subprocess.run(command, env=environment | more, capture_output=True, text=True).returncode

    assert compare(D2LCNN_STORED="1") == 0
    assert compare() == 1  # with the script in it the output differs, so the comparison looked at it
