"""The explorer's scripts as text, its facts and tables, and its modules: what needs no browser."""

import ast
import doctest
import gzip
import inspect
import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from d2lcnn import explorer, palette, plots
from d2lcnn.explorer import facts, figures
from d2lcnn.explorer.model.cases import CASES
from d2lcnn.explorer.model.links import MODES, VIEWS
from d2lcnn.explorer.model.questions import QUESTIONS

ROOT = Path(explorer.__file__).parent
SCRIPTS = ("conv-lab", "stack-lab")


def test_scripts_keep_within_their_budget():
    sources = [explorer.script(name).encode() for name in SCRIPTS]
    assert sum(map(len, sources)) <= 90_000
    assert sum(len(gzip.compress(source, 9)) for source in sources) <= 28_000


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_self_contained(name):
    source = explorer.script(name)
    assert "</script" not in source.lower()
    # "import torch" stands in the code to copy
    assert not re.search(r"\bimport\b(?! torch)|\b(fetch|XMLHttpRequest|eval|require)\b", source)
    assert set(re.findall(r"https?://[^\s\"'`)]+", source)) <= {"http://www.w3.org/2000/svg"}


def test_there_is_no_other_script():
    with pytest.raises(ValueError, match="no-lab"):
        explorer.script("no-lab")


def test_the_second_script_comes_only_where_it_is_used():
    assert "data-stack-lab" not in explorer.ConvLab().html(live=True)
    for figure in (explorer.ChannelLab(), explorer.ConeLab()):
        assert figure.html(live=True).count("<script") == 2


@pytest.mark.parametrize("name", SCRIPTS)
def test_facts_are_put_into_the_script(name):
    """Minified, they can be read back: with them the colours and the attributes that the tables declare."""
    source = explorer.script(name)
    told, _ = json.JSONDecoder().raw_decode(source[source.index("const FACTS=") + len("const FACTS=") :])
    assert {key: told[key] for key in facts.read(name)} == facts.read(name)
    assert told["colours"] == palette.PALETTE
    here = [kind for kind in figures.FIGURES if kind.scripts[-1] == name]
    assert {*told["state"]} == {kind.tag for kind in here}
    for kind in here:
        state = {n.replace("-", "_") for n in told["state"][kind.tag]}
        assert state == {*kind.parameters} - {"presets"}  # a figure's surroundings are no part of an address


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_text_is_there_in_both_languages_with_the_same_gaps(name):
    def gaps(text):
        return sorted(re.findall(r"\$\d|@", str(text)))

    for key, pair in facts.read(name)["texts"].items():
        assert len(pair) == 2 and all(pair), key
        assert gaps(pair[0]) == gaps(pair[1]) or key == "rc", key
        assert type(pair[0]) is type(pair[1]) and (not isinstance(pair[0], dict) or pair[0].keys() == pair[1].keys())


def test_every_choice_has_a_text():
    texts = {name: set(pair[0]) for name, pair in facts.CONV["texts"].items() if isinstance(pair[0], dict)}
    assert texts["modes"] == set(MODES) and texts["asks"] == {"", *QUESTIONS}
    assert texts["views"] == {"slide", *VIEWS}  # a sliding window is what "stamp" is called where nothing is stamped
    assert texts["n"] == {"a" if name == "output_padding" else name for name in facts.CONV["sizes"]}
    assert set(facts.STACK["named"]) <= set(facts.STACK["texts"]) and set(QUESTIONS) <= set(facts.CONV["texts"])


def test_cases_are_named_in_both_languages_and_fit_the_limits():
    assert len(CASES) == 19
    for case, (name, chinese, mode, view, *sizes) in zip(CASES, facts.CONV["cases"], strict=True):
        assert (case.name, case.operation.mode, case.operation.view) == (name, mode, view) and mode in MODES
        assert any("一" <= letter <= "鿿" for letter in chinese)
        limits = facts.CONV["sizes"].values()
        assert all(least <= size <= most for size, (_, least, most) in zip(sizes, limits, strict=True))


def test_one_palette():
    assert plots.PALETTE == palette.PALETTE


# ---- tables of parameters


@pytest.mark.parametrize("kind", figures.FIGURES, ids=lambda kind: kind.tag)
def test_arguments_are_those_of_the_table(kind):
    arguments = inspect.signature(kind).parameters
    assert [*arguments] == [*kind.parameters]
    assert {name: one.default for name, one in arguments.items()} == {n: p.usual for n, p in kind.parameters.items()}
    lab = kind()
    for name, parameter in kind.parameters.items():
        # the usual value, written and read again, is itself; a missing attribute says the same
        usual = getattr(lab, name)
        assert parameter.read(name, None) in (usual, None)
        assert usual is None or usual is False or parameter.read(name, parameter.write(usual)) == usual
    with pytest.raises(TypeError, match="colour"):
        kind(colour="red")


def test_rarely_used_arguments_have_to_be_named():
    with pytest.raises(TypeError, match="positional"):
        explorer.ConvLab("conv", 5, 3, 1, 0, 1, 0, "matrix")


@pytest.mark.parametrize(("wrong", "said"), [
    (dict(k=2.5), "k must be an integer, not 2.5"), (dict(i=(1, 2, 3)), "i must be an integer or 2 of them"),
    (dict(pos=1.0), "pos must be an integer"), (dict(count=1), "count must be True or False, not 1"),
    (dict(x=3), "x must be rows of finite numbers, not 3"), (dict(w=[[1, float("nan")]]), "w must be rows of finite"),
    (dict(g=[["1"]]), "g must be rows"), (dict(predict="colour"), "predict must be one of size, reads, feeds, value"),
    (dict(mode=["conv"]), "mode must be one of"), (dict(i=None), "i must be an integer"),
])  # fmt: skip
def test_wrong_arguments_are_named(wrong, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        explorer.ConvLab(**wrong)


def test_arrays_and_numpy_numbers_are_taken():
    x = np.arange(4, dtype=np.float32).reshape(2, 2) / 8
    lab = explorer.ConvLab(i=np.int64(4), x=x, pos=np.uint8(1), count=np.True_)
    assert lab.attributes() == explorer.ConvLab(i=4, x=x.tolist(), pos=1, count=True).attributes()
    assert lab.attributes()["x"] == "0 0.125/0.25 0.375"
    # as many digits as the number has: the page computes what Python computes
    assert explorer.ConvLab(x=[[1 / 3, 1234567.5]]).attributes()["x"] == "0.333333333333333 1234567.5"


# ---- modules


@pytest.mark.parametrize("path", [p for p in ROOT.rglob("*.py") if ">>>" in p.read_text("utf8")], ids=lambda p: p.stem)
def test_examples_run(path):
    if path.stem == "live":
        pytest.importorskip("anywidget")
    name = ".".join(path.relative_to(ROOT.parent.parent).with_suffix("").parts).removesuffix(".__init__")
    found = doctest.testmod(import_module(name))
    assert found.attempted and not found.failed


def test_imports_make_no_circle():
    """Not even by way of an import inside a function: what is below knows nothing of what is above."""
    paths = {path: path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
             for path in ROOT.rglob("*.py")}  # fmt: skip
    names = {"" if name == "__init__" else name for name in paths.values()}
    below = {name: set() for name in names}
    for path, name in paths.items():
        name = "" if name == "__init__" else name
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("d2lcnn.explorer"):
                base = node.module.removeprefix("d2lcnn.explorer").removeprefix(".")
                for alias in node.names:
                    target = f"{base}.{alias.name}".removeprefix(".")
                    below[name].add(target if target in names else base)
    assert {"model.links", "draw.canvas", "live"} <= names and "model.links" in below["model.words"]
    order = []
    while len(order) < len(below):
        free = [name for name in below if name not in order and below[name] <= {*order}]
        assert free, f"a circle among {sorted(set(below) - set(order))}"
        order += free
    for name in names:  # folders: what computes does not draw, what draws knows no figure
        allowed = {"model": ("model", "facts"), "draw": ("draw", "model", "facts")}.get(name.partition(".")[0])
        assert allowed is None or all(target.startswith(allowed) for target in below[name]), name
