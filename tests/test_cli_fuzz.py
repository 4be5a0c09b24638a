"""Options drawn at random, for every command: whatever is typed, no traceback."""

import contextlib
import io
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d2lcnn import __main__ as cli
from d2lcnn import experiments, train

TRIES = 200
WORDS = st.sampled_from([
    "", " ", "-", "--", "-1", "0", "1", "2", "3", "28", "1e3", "1e309", "nan", "inf", "-inf", "0.5", "1_0", "0x10",
    "٣", "²", str(2**31), str(2**63), str(2**64), "9" * 30, "9" * 5000, "lenet", "lenet_bn", "linear", "mlp",
    "vgg16", "resnett", "卷积", "a b", "a=b", "'", '"', "%s", "{0}", "\n", "\x00", "\udcff", "x" * 5000, "None",
    "True", "auto", "cpu", "cuda", "cuda:99", "mps", "subset", "full", "results", "file", "file/below",
    "no/such/folder", "/dev/null", "/proc/x", "~", "..", "svg", "png", "gif", "1,2", "(1, 2)", "[1]", "#ff0000"])
VALUES = WORDS | st.text(max_size=8) | st.integers().map(str) | st.floats().map(str)


FIRST = {"train": ["lenet", "linear"], "experiment": ["lenet", "networks"], "summary": ["lenet", "vgg11", "mlp"],
         "explorer": ["export", "cases"], "exercises": ["pooling-1", "output-size"], "drill": ["--count=2"],
         "grading": ["handout", "grade", "collect"]}


def options_of(command):
    """List the options of a command and its subcommands, each with the number of values it takes."""
    found, parsers = {}, [cli.parser()._subparsers._group_actions[0].choices[command]]
    while parsers:
        for action in parsers.pop()._actions:
            found |= {name: action.nargs if isinstance(action.nargs, int) else 1 for name in action.option_strings}
            if hasattr(action, "_name_parser_map"):
                parsers += action.choices.values()
    return sorted((name, count) for name, count in found.items() if name not in ("-h", "--help"))


@pytest.fixture
def cheap(tmp_path, monkeypatch, few_images):
    """Let nothing take long: training, runs and large networks are not what is tried."""
    history = SimpleNamespace(core_seconds=[1.0], validation_accuracy=[0.5], as_dict=lambda: {"epoch": [1]})
    monkeypatch.setattr(train, "fit", lambda *arguments, **options: history)
    monkeypatch.setattr(experiments, "run", lambda experiment, folder, workers=None: folder)
    monkeypatch.setattr(experiments, "run_cell", lambda experiment, name, seed: [])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_no_options_give_a_traceback(command, cheap, capsys):
    first = st.lists(st.sampled_from(FIRST[command]), min_size=1, max_size=1) | st.lists(VALUES, max_size=2)
    option = st.sampled_from(options_of(command)).flatmap(lambda option: st.tuples(
        st.just(option[0]), st.lists(VALUES, min_size=option[1], max_size=option[1]) | st.lists(VALUES, max_size=3)))

    @settings(max_examples=TRIES)
    @given(first, st.lists(option, max_size=3))
    def tried(first, chosen):
        words = [*first, *(word for name, values in chosen for word in (name, *values))]
        with contextlib.suppress(SystemExit):  # argparse's way
            assert cli.main([command, *words]) in (0, 2)
        assert "Traceback" not in capsys.readouterr().err

    tried()
