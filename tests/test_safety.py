"""Nothing that was read is run: no eval, no exec, no pickle, no YAML that makes objects; weights are only weights."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sorted(path for part in ("d2lcnn", "tools", "book") for path in (ROOT / part).rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")])
ON_PURPOSE = {"hint_coverage.py",  # changes the book's own solutions and runs them
              "inside.py"}  # runs students' code, in the sandbox that is made for it
RUNS = {"eval", "exec", "__import__"}
READS_OBJECTS = {"pickle.load", "pickle.loads", "marshal.loads", "shelve.open", "yaml.load", "yaml.unsafe_load",
                 "yaml.full_load", "joblib.load", "cloudpickle.loads", "numpy.load", "np.load"}
WEIGHTS = re.compile(r"(?:torch\.load|load_state_dict_from_url)\((?:[^()]|\([^()]*\))*\)")


def dangerous(source):
    """List the calls of a source that would run what somebody else wrote."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            safe = any(keyword.arg == "allow_pickle" and ast.unparse(keyword.value) == "False"
                       for keyword in node.keywords)
            if name in RUNS or (name in READS_OBJECTS and not safe):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


def trusting(text):
    """List the places of a text, code or prose, that load weights and whatever else is in the file."""
    return [call for call in WEIGHTS.findall(text) if "weights_only=True" not in call]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_runs_nothing_that_was_read(path):
    text = path.read_text("utf8")
    assert trusting(text) == []
    if path.name not in ON_PURPOSE:
        assert dangerous(text) == []


@pytest.mark.parametrize("path", [*NOTEBOOKS, *PAGES], ids=lambda path: path.name)
def test_chapters_and_pages_teach_nothing_else(path):
    text = path.read_text("utf8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    assert trusting(text) == []


@pytest.mark.parametrize("source", [
    "eval(text)", "exec(open(path).read())", "pickle.loads(b)", "yaml.load(text, Loader=yaml.Loader)", "np.load(path)",
    "np.load(path, allow_pickle=True)"])
def test_a_dangerous_call_is_found(source):
    assert dangerous(source)
    assert dangerous("net.eval()\nyaml.safe_load(text)\nnp.load(path, allow_pickle=False)") == []


@pytest.mark.parametrize("text", [
    "torch.load(path)", "    >>> net.load_state_dict(load_state_dict_from_url(url(name)))"])
def test_trust_in_a_file_of_weights_is_found(text):
    assert trusting(text)
    assert trusting("torch.load(f(path), map_location='cpu', weights_only=True)") == []
