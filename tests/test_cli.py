"""The command line, as a user starts it: help, errors, output that is cut off; experiments and summaries."""

import doctest
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from toy_images import light

import d2lcnn
from d2lcnn import __main__ as cli
from d2lcnn import console, experiments, workers
from d2lcnn.explorer import cli as explorer_cli
from d2lcnn.recipe import Augment, Recipe


def fails(capsys, *arguments):
    """Run a command that must fail; return its one line."""
    try:
        status = cli.main([*map(str, arguments)])
    except SystemExit as stopped:  # argparse's way
        status = stopped.code
    error = capsys.readouterr().err
    assert status == 2
    assert error.startswith("error: ") and error.count("\n") == 1
    return error


@pytest.mark.parametrize(("arguments", "said"), [
    (["trian"], "no command 'trian'; the commands are train, experiment, summary, explorer, exercises, drill, "
     "grading; the nearest is 'train'"),
    (["--verson"], r"required: COMMAND \(see python -m d2lcnn --help\)"),
    (["train"], r"required: network \(see python -m d2lcnn train --help\)"),
    (["train", "lenet", "--epocs", 3], "no option '--epocs'; the nearest is --epochs .see python -m d2lcnn train --"),
    (["train", "lenet", "--weight-decy=3"], "'--weight-decy=3'; the nearest is --weight-decay"),
    (["train", "lenet5"], "no network is named 'lenet5'; the nearest are lenet, "),
    (["train", "qqqq"], "no network is named 'qqqq'; the nearest are "),
    (["train", "linear", "--batch-size", 0], "batch_size must be at least 1, not 0"),
    (["train", "linear", "--seed", 2**64], "seed must be at most 18446744073709551615"),
    (["train", "linear", "--seed", -1], "seed must be at least 0, not -1"),
    (["train", "linear", "--lr", "1e300"], "lr must be at most 3.4e.38"),
    (["train", "linear", "--epochs", "1e3"], "argument --epochs: invalid int value: '1e3'"),
    (["train", "linear", "--optimizer", "adamax"], "argument --optimizer: invalid choice: 'adamax'"),
    (["train", "linear", "--threads", 0], "threads must be at least 1, not 0"),
    (["train", "linear", "--threads", 100000], r"threads is 100000, but this machine has \d+ processors"),
    (["train", "linear", "--out", "/proc/no/folder"], "/proc/no.*: No such file or directory"),
    (["summary", "vg16"], "no network is named 'vg16'; the nearest are vgg16, "),
    (["summary", "vgg16", "--input", 1, 2, 2], "vgg16 takes images of 224x224 pixels, not 2x2"),
    (["summary", "vgg16", "--input", 0, 32, 32], "in_channels must be"),
    (["summary", "lenet", "--classes", 0], "num_classes must be"),
    (["summary", "lenet", "--classes", 2**63], "classes must be at most 100000, not 9223372036854775808"),
    (["summary", "lenet", "--input", 1, 28, 10**12], "input must be at most 100000, not 1000000000000"),
    (["experiment", "nothing"], "nothing"),
    (["experiment", "lenet", "--jobs", 2, "--dask", "tcp://there:1"], "--dask: not allowed with argument --jobs"),
    (["experiment", "lenet", "--list", "--recompute", "lenet", 0], "--recompute: not allowed with argument --list"),
    (["experiment", "lenet", "--list", "--settings"], "--settings: not allowed with argument --list"),
    (["experiment", "--settings"], "name an experiment; --list shows all"),
    (["experiment", "lenet", "--recompute", "lenet", 0, "--out", "/nowhere"], "/nowhere/lenet.csv: No such file"),
    (["experiment", "lenet", "--jobs", 100_000], r"jobs must be at most \d+, not 100000"),
])
def test_errors_are_one_line_and_name_the_way_out(capsys, arguments, said):
    assert re.search(said, fails(capsys, *arguments))


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert (stopped.value.code, capsys.readouterr().out) == (0, f"d2lcnn {d2lcnn.__version__}\n")


@pytest.mark.parametrize(("error", "status", "said"), [
    (ValueError("x is 3"), 2, "error: x is 3\n"),
    (FloatingPointError("nan"), 2, "error: nan\n"),
    (BlockingIOError("in use"), 2, "error: in use\n"),
    (FileNotFoundError(2, "No such file", "a/b"), 2, "error: a/b: No such file\n"),
    (ModuleNotFoundError("No module named 'tqdm'", name="tqdm"), 2,
     "error: tqdm is not installed, and this command needs it: pip install 'd2lcnn[torch]'\n"),
    (MemoryError(), 2, "error: the memory does not suffice: a smaller --batch-size, network or input needs less\n"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 2, "error: the memory does not"),
    (KeyboardInterrupt(), 130, "interrupted: the same command continues from the last finished epoch"),
])
def test_what_a_user_can_mend_becomes_a_line(capsys, error, status, said):
    def work():
        raise error

    assert console.guarded(work) == status
    assert capsys.readouterr().err.startswith(said)


def test_examples_in_docstrings():
    assert doctest.testmod(console) == (0, 1)


@pytest.mark.parametrize("error", [RuntimeError("bug"), TypeError("bug"), ModuleNotFoundError("bug", name="d2lcnn.x")])
def test_a_fault_of_the_package_keeps_its_traceback(error):
    def work():
        raise error

    with pytest.raises(type(error)):
        console.guarded(work)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# ---- as a process

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "lightning_fabric", "scipy", "skimage", "tqdm"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Block())
from d2lcnn.__main__ import main
for line in sys.argv[1:]:
    try:
        print(line, main(line.split()), file=sys.stderr)
    except SystemExit as stopped:
        print(line, stopped.code, file=sys.stderr)
"""


def test_what_needs_no_torch_does_without_and_what_does_says_so(tmp_path):
    ends = {"--help": 0, "train --help": 0, "experiment --help": 0, "summary --help": 0, "explorer --help": 0,
            "explorer cases": 0, "explorer export --out a.svg": 0, "explorer export --format png --out a.png": 0,
            "explorer channels --out b.svg": 0, "explorer cone --format gif --out c.gif": 0, "experiment --list": 0,
            "experiment --list --profile gpu": 0, "experiment lenet --settings": 0, "experiment gated": 2,
            "exercises": 0, "exercises --topic padding --json": 0, "exercises dilated-6": 0,
            "train linear": 2, "summary linear": 2}
    done = subprocess.run([sys.executable, "-c", BLOCK, *ends], cwd=tmp_path, capture_output=True, text=True)
    missing = "error: torch is not installed, and this command needs it: pip install 'd2lcnn[torch]'\n"
    assert done.stderr == "".join(f"{missing if status else ''}{line} {status}\n" for line, status in ends.items())
    assert "usage: python -m d2lcnn train" in done.stdout and "--weight-decay" in done.stdout
    assert all(f"\n{name} " in done.stdout for name in experiments.EXPERIMENTS if name != "lenet")


@pytest.mark.parametrize("line", [
    "--help", "--version", "train --help", "experiment --help", "summary --help", "explorer --help", "explorer cases",
    "explorer export --out a.svg", "explorer export --format gif --out a.gif", "experiment --list",
    "experiment lenet --settings", "train lenet --lr -1", "experiment lennet", "trian",
])
def test_what_is_to_be_quick_loads_no_large_library(line, tmp_path):
    """Torch and SciPy cost two core-seconds and more, all else together a quarter of one."""
    code = ("import sys\nfrom d2lcnn.__main__ import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code, *line.split()], capture_output=True, text=True, check=True,
                          cwd=tmp_path)
    loaded = {*done.stderr.splitlines()[-1].split()}
    assert "d2lcnn" in loaded
    large = {"torch", "scipy", "skimage", "lightning_fabric", "matplotlib", "IPython", "distributed"}
    assert loaded & large <= ({"matplotlib"} if "gif" in line else set())  # it has the fonts of pictures in pixels


def shell(line, **changes):
    return subprocess.run(["sh", "-c", line.replace("d2lcnn", f"{sys.executable} -m d2lcnn")], capture_output=True,
                          text=True, env=os.environ | {"PYTHONUNBUFFERED": ""} | changes)  # as most people have it


def test_a_closed_pipe_ends_quietly():
    done = shell("{ d2lcnn explorer --help; echo status $? >&2; } | true")
    assert done.stdout == ""
    assert re.fullmatch(r"status (0|141)\n", done.stderr)  # 0: it was faster than `true`
    done = shell("{ sleep 0.5; d2lcnn explorer cases; echo status $? >&2; } | true")
    assert done.stderr == "status 141\n"


def test_a_full_device_is_named():
    done = shell("d2lcnn explorer cases > /dev/full")
    assert (done.returncode, done.stderr) == (2, "error: the output: No space left on device\n")


def test_closed_streams_are_no_error():
    assert shell("d2lcnn explorer cases >&- 2>&-").returncode == 0
    assert shell("d2lcnn train linear --lr -1 2>&-").returncode == 2


def test_an_ascii_terminal_gets_what_it_can_show(tmp_path):
    done = shell(f"d2lcnn explorer export --case 1 --out {tmp_path}/\u56fe.svg", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path}/\\u56fe.svg\n"


@pytest.mark.slow
@pytest.mark.parametrize("loading", ["numpy", "torch", "torch.nn", "lightning_fabric"])
def test_ctrl_c_while_libraries_are_loaded_is_one_line(tmp_path, loading):
    """A library that takes long to load, and says so, stands before the real one on the path."""
    (tmp_path / "sitecustomize.py").write_text(f"""
import sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == {loading!r}:
            print("loading", flush=True)
            time.sleep(30)
sys.meta_path.insert(0, Slow())
""")
    path = os.pathsep.join([str(tmp_path), os.path.dirname(os.path.dirname(d2lcnn.__file__))])
    process = subprocess.Popen([sys.executable, "-m", "d2lcnn", "train", "linear", "--out", tmp_path / "run"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=os.environ | {"PYTHONPATH": path})
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert error.startswith("interrupted") and error.count("\n") == 1
    assert process.returncode in (130, -signal.SIGINT)


@pytest.fixture
def interrupts(monkeypatch):
    """Send Ctrl-C to this process inside of `guarded`; return its status, or the one it left with at once."""
    class Left(BaseException):
        pass

    def leave(status):
        raise Left(status)

    def sent(initializing):
        torch = SimpleNamespace(__spec__=SimpleNamespace(_initializing=initializing))
        monkeypatch.setitem(sys.modules, "torch", torch)
        monkeypatch.setattr(console.os, "_exit", leave)
        try:
            return "ended", console.guarded(lambda: os.kill(os.getpid(), signal.SIGINT))
        except Left as left:
            return "left", left.args[0]

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield sent
    signal.signal(signal.SIGINT, previous)


@pytest.mark.parametrize(("initializing", "how", "said"), [
    (True, ("left", 130), "interrupted\n"),
    (False, ("ended", 130), "interrupted: the same command continues from the last finished epoch or run\n"),
])
def test_while_torch_is_loaded_ctrl_c_leaves_at_once(interrupts, capsys, initializing, how, said):
    assert interrupts(initializing) == how
    assert capsys.readouterr().err == said
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_handles_ctrl_c_otherwise_keeps_it_and_threads_may_run_commands():
    seen, mine = [], lambda number, frame: None
    previous = signal.signal(signal.SIGINT, mine)
    try:
        assert console.guarded(lambda: seen.append(signal.getsignal(signal.SIGINT))) == 0
        assert seen == [mine] and signal.getsignal(signal.SIGINT) is mine
        signal.signal(signal.SIGINT, signal.default_int_handler)
        thread = threading.Thread(target=lambda: seen.append(console.guarded(lambda: None)))
        thread.start()
        thread.join()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert seen == [mine, 0]


# ---- help, experiments, summaries

@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_help_explains_every_argument(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    out = " ".join(capsys.readouterr().out.split())
    said = next(each.help for each in cli.COMMANDS if each.name == command)
    assert out.startswith(f"usage: python -m d2lcnn {command}") and f"{said[0].upper()}{said[1:]}." in out
    sub = cli.parser()._subparsers._group_actions[0].choices[command]
    folders = command in ("explorer", "grading")  # their commands are said one by one
    assert all(action.help for action in sub._actions if action.option_strings or not folders)


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n    {command.name} " in out or f"\n    {command.name}\n" in out for command in cli.COMMANDS)


def test_experiments_are_listed_run_resumed_and_recomputed(tmp_path, monkeypatch, capsys):
    tried = experiments.Classifier("linear", Recipe(1, 0.1), images=light, seeds=(0, 1))
    toy = experiments.Experiment("toy", "Does it run?", {"a": tried})
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"toy": toy})

    def output(*arguments):
        assert cli.main(["experiment", *arguments, "--out", str(tmp_path)]) == 0
        return capsys.readouterr().out

    assert "toy                          2 runs, 2 missing: Does it run?" in output("--list")
    assert "[2/2] a, seed 1: test_accuracy" in output("toy")
    assert output("toy", "--settings").splitlines()[1:] == ["  a: seeds 0, 1"]
    path = tmp_path / "toy.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    listed = "toy                          2 runs, 1 missing: Does it run?\n"
    assert output("toy", "--list") == listed
    assert output("toy", "--settings") == f"{listed}  a: seeds 0, 1 (missing)\n"
    path.write_bytes(whole)
    assert output("toy") == f"toy is complete: {tmp_path / 'toy.csv'}\n"
    lines = output("toy", "--recompute", "a", "1").splitlines()
    assert len(lines) == len(tried.metrics(1))
    assert all(stored == again for *_, stored, _, again in map(str.split, lines))
    for arguments, message in ((["toy", "--recompute", "b", "1"], "setting is 'b'; those of toy are a"),
                               (["toy", "--recompute", "a", "x"], "SEED must be an integer, not 'x'"),
                               (["toy", "--recompute", "a", "5"], "seed is 5; a has been run with 0, 1"),
                               ([], "name an experiment; --list shows all"),
                               (["toy", "--jobs", "0"], "jobs must be at least 1, not 0")):
        assert cli.main(["experiment", *arguments, "--out", str(tmp_path)]) == 2
        assert message in capsys.readouterr().err


def test_an_unreadable_file_hides_no_other_experiment(tmp_path, monkeypatch, capsys):
    """Each of these stands in the way of one experiment."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "lenet.csv").write_text("a;b\n")
    os.mkfifo(folder / "nin.csv")
    (folder / "vgg.csv").mkdir()
    (folder / "resnet.csv").symlink_to("nowhere")
    (folder / "border.csv").write_bytes(b"\xff\n")
    assert cli.main(["experiment", "--list"]) == 2
    out, error = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == [*experiments.EXPERIMENTS]
    unread = {"lenet", "nin", "vgg", "resnet", "border"}
    assert {line.split()[0] for line in out.splitlines() if "runs, ? missing" in line} == unread
    assert error.startswith("error: ") and len(error.splitlines()) == 5
    assert all(f"{name}.csv" in error for name in unread)
    assert cli.main(["experiment", "lenet", "--settings"]) == 2
    out, error = capsys.readouterr()
    assert "  + batch norm: seeds 0, 1, 2\n" in out and "lenet.csv, line 1" in error


def test_experiments_of_a_profile_are_listed(tmp_path, capsys):
    assert cli.main(["experiment", "--list", "--profile", "gpu", "--out", str(tmp_path)]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [experiment.name for experiment in experiments.PROFILES["gpu"].values()]


@pytest.mark.slow  # Dask starts threads, and gives up on a machine that is too busy to do so in ten seconds
@pytest.mark.parametrize("address", ["", "nonsense", "foo://bar:1", "tcp://a:b"])
def test_what_is_no_address_is_named(tmp_path, capsys, address):
    pytest.importorskip("distributed")
    error = fails(capsys, "experiment", "lenet", "--out", tmp_path, "--dask", address)
    assert f"--dask is {address!r}, not the address of a scheduler" in error


def test_jobs_and_dask_arrive(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(experiments, "run", lambda experiment, out, workers: asked.append((out, workers)) or out)
    for kind in ("processes", "dask_workers"):
        monkeypatch.setattr(workers, kind, lambda value, kind=kind: (kind, value))
    for arguments in ([], ["--jobs", "3"], ["--dask", "tcp://there:1"], ["--out", str(tmp_path)]):
        assert cli.main(["experiment", "lenet", *arguments]) == 0
    here, there = Path("results"), ("dask_workers", "tcp://there:1")
    assert asked == [(here, None), (here, ("processes", 3)), (here, there), (tmp_path, None)]


def test_summary_prints_the_table(capsys):
    assert cli.main(["summary", "lenet", "--input", "3", "28", "28", "--classes", "5"]) == 0
    out = capsys.readouterr().out
    assert "456" in out  # 6 kernels of 3 x 5 x 5, and their biases
    assert out.splitlines()[-1].startswith("total  input 3 x 28 x 28")


def test_summary_takes_the_size_that_the_network_was_made_for(capsys):
    assert cli.main(["summary", "vgg16"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("total  input 1 x 224 x 224 ")


def test_every_option_of_every_command_is_seen_to_arrive_by_a_test():
    """Add a new option here once a test sees it: those of `train` and of the figures are compared with their tables."""
    seen = {
        "experiment": {"name", "out", "profile", "list", "settings", "recompute", "jobs", "dask"},
        "summary": {"network", "input", "classes"},
        "explorer": {"explorer", "case", "format", "seconds", "once", "out"}
        | {name for kind, _ in explorer_cli.COMMANDS.values() for name in kind.parameters},  # test_explorer_stills.py
        "exercises": {"id", "bank", "chapter", "cls", "kind", "difficulty", "topic", "csv", "json"},
        "grading": {"grading", "assignment", "submissions", "solutions", "results", "roster", "secret_file", "out",
                    "tool", "student", "unsafe", "again", "jobs", "dask", "public", "least",  # test_grading_*.py
                    "decimals", "round", "scale", "zero", "column", "to"},
        "drill": {"topic", "seed", "count"},  # test_grading_bank.py, test_grading_catalogue.py
        "train": {"network", "data", "device", "threads", "test", "out"}  # test_cli_train.py
        | {field.name for part in (Recipe, Augment) for field in fields(part)} - {"augment"},
    }
    for command in cli.COMMANDS:
        parsers, found = [cli.parser()._subparsers._group_actions[0].choices[command.name]], set()
        while parsers:
            for action in parsers.pop()._actions:
                found |= {action.dest} - {"help"}
                if hasattr(action, "_name_parser_map"):
                    parsers += action.choices.values()
        unseen = found - seen.get(command.name, set())
        assert not unseen, f"{command.name}: no test is known that sees these arrive: {unseen}"
