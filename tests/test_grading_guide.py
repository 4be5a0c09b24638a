"""The page for instructors: its commands run as they stand there, and print what it says."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from submissions import RIGHT, needs_sandbox
from test_grading_attacks import ATTACKS

from d2lcnn.grading import assignment, bank

PAGE = (Path(__file__).resolve().parent.parent / "book" / "instructors.md").read_text("utf8")
FILE = re.compile(r"```\{code-block\} \w+\n:caption: (?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```\{code-block\} console\n(?P<text>.*?)```", re.DOTALL)


def commands():
    """Return each command of the page with the lines that it is said to print."""
    blocks = [block.replace("\\\n", "") for block in CONSOLE.findall(PAGE)]
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(part.partition("\n")[0], part.partition("\n")[2].splitlines()) for part in parts]


def hand_in(folder):
    """Answer all of one hand-out rightly."""
    tasks = assignment.read(folder / "hw01.yml").tasks((folder / "secret").read_bytes().strip(), "anna")
    right = {"mix": RIGHT["mix"], "cross_correlation_2": "cross_correlation_2 = [[0, 0, 0], [0, 0, 0.5], [0, 0, 0]]"}
    right |= {task.statement.name: f"{task.statement.name} = {task.exercise.oracle(*task.exercise.cases[0].args)!r}"
              for task in tasks if task.statement.name.startswith("output_size")}
    table = json.loads((folder / "handouts" / "anna.ipynb").read_text())
    for cell in table["cells"]:
        source = "".join(cell["source"])
        for name, answer in right.items():
            if cell["cell_type"] == "code" and re.match(rf"(def )?{name}\b", source):
                cell["source"] = answer
    (folder / "submissions").mkdir()
    (folder / "submissions" / "anna.ipynb").write_text(json.dumps(table))


@needs_sandbox
def test_the_commands_of_the_page_run_and_print_what_it_says(tmp_path):
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).write_text(text)
    assert len(commands()) == 6
    for command, lines in commands():
        if " grade " in command:
            hand_in(tmp_path)
        words = shlex.split(command.partition(" > ")[0])
        done = subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if " > " in command:
            (tmp_path / command.partition(" > ")[2]).write_text(done.stdout)
        assert [line for line in lines if line not in done.stdout.splitlines()] == [], done.stdout
    assert "anna@example.org,10" in (tmp_path / "marks.csv").read_text()


@pytest.mark.parametrize("name", ["exercises --bank", "drill", "grading check-solutions"])
def test_other_commands_that_the_page_names_exist(name):
    assert f"python -m d2lcnn {name}" in PAGE
    done = subprocess.run([sys.executable, "-m", "d2lcnn", *name.split(), "--help"], capture_output=True, text=True)
    assert done.returncode == 0


def test_numbers_of_the_page_are_counted():
    assert f"lists {len(bank.all_questions())} questions" in " ".join(PAGE.split())
    assert "more than thirty attacks" in " ".join(PAGE.split()) and len(ATTACKS) > 30
