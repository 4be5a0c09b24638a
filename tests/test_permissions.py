"""Folders that cannot be written or read. To root chmod alone means nothing, so these are real: a read-only mount in a
mount namespace of the child, and a child without the capabilities that let root pass over permissions.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import d2lcnn
from d2lcnn.data import files

ROOT = os.geteuid() == 0
MOUNT = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def environment(**changes):
    package = str(Path(d2lcnn.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": package, "PYTHONDONTWRITEBYTECODE": "1", "D2LCNN_DATA": "", **changes}


@pytest.fixture
def read_only(tmp_path):
    """A folder, and a function that runs a Python command for which it is on a read-only file system."""
    folder = tmp_path / "read only"
    folder.mkdir()
    prefix = ["unshare", *([] if ROOT else ["--map-root-user"]), "--mount", "sh", "-c", MOUNT, str(folder)]

    def run(*arguments, **changes):
        done = subprocess.run([*prefix, sys.executable, *map(str, arguments)], capture_output=True, text=True,
                              cwd=tmp_path, env=environment(**changes))
        assert "Traceback" not in done.stderr, done.stderr
        return done

    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this host lets us mount nothing, so no folder can be made read-only")
    assert subprocess.run([*prefix, "touch", folder / "a"], capture_output=True).returncode != 0
    return folder, run


@pytest.mark.parametrize(("line", "named"), [
    ("train linear --data subset --out {}/run", "{}/run"),
    ("train linear --data subset --out {}", "{}"),
    ("experiment lenet --out {}", "{}"),
    ("experiment lenet --out {}/deeper", "{}/deeper"),
    ("explorer export --out {}/a.svg", "{}/a.svg"),
    ("explorer cone --format gif --out {}/a.gif", "{}/a.gif"),
])
def test_a_command_names_the_folder_before_it_works(read_only, line, named):
    folder, run = read_only
    done = run("-m", "d2lcnn", *(word.format(folder) for word in line.split()))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {named.format(folder)}: Read-only file system\n"
    assert list(folder.iterdir()) == []


def test_what_only_reads_works_there(read_only):
    folder, run = read_only
    shutil.copy(Path(d2lcnn.__file__).parent / "results" / "lenet.csv", folder)
    done = run("-m", "d2lcnn", "experiment", "lenet", "--list", "--out", folder)
    assert done.returncode == 0 and done.stdout.startswith("lenet ") and ", 0 missing" in done.stdout
    done = run("-m", "d2lcnn", "experiment", "lenet", "--out", folder)
    assert done.returncode == 2 and done.stderr == f"error: {folder}: Read-only file system\n"


CODE = "import sys; from d2lcnn import data; from d2lcnn.data import files; files.URL = 'http://127.0.0.1:9/'; " \
       "files.DEBIAN = files.Path('/nowhere'); "


def test_a_cache_that_cannot_be_written_is_no_matter_for_auto_and_named_for_full(read_only):
    folder, run = read_only
    done = run("-c", CODE + "print(len(data.fashion_mnist('auto').train))", XDG_CACHE_HOME=str(folder))
    assert (done.returncode, done.stdout) == (0, "9000\n") and "using the subset" in done.stderr
    full = CODE + "\ntry:\n    data.fashion_mnist('full')\nexcept OSError as error:\n    print(error)"
    said = run("-c", full, XDG_CACHE_HOME=str(folder)).stdout
    assert f"into {folder}" in said and "Read-only file system" in said and "D2LCNN_DATA" in said


def test_a_home_that_cannot_be_written_stops_no_check(read_only):
    folder, run = read_only
    homes = ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    changes = dict.fromkeys(homes, str(folder)) | {"D2LCNN_PROGRESS": ""}
    done = run("-c", "from d2lcnn import check; check.why_convolutions_2('EEEEEE')", **changes)
    assert done.returncode == 0 and "letters are right" in done.stdout


# ---- files that may not be read

@pytest.fixture
def closed(tmp_path):
    """A folder, and a function that runs a Python command to which its permissions apply."""
    folder = tmp_path / "closed"
    folder.mkdir()
    without = "-dac_override,-dac_read_search"  # what lets root pass over permissions
    prefix = ["setpriv", "--bounding-set", without, "--inh-caps", without] if ROOT else []

    def run(*arguments, **changes):
        return subprocess.run([*prefix, sys.executable, *map(str, arguments)], capture_output=True, text=True,
                              cwd=tmp_path, env=environment(**{"XDG_CACHE_HOME": str(folder)} | changes))

    if ROOT and (not shutil.which("setpriv") or subprocess.run([*prefix, "true"], capture_output=True).returncode):
        pytest.skip("this host lets root lay down no capability, so every file may be read")
    yield folder, run
    folder.chmod(0o755)


def test_a_cache_that_may_not_be_read_is_as_if_absent(closed):
    folder, run = closed
    cache = folder / "d2lcnn" / "fashion-mnist"
    cache.mkdir(parents=True)
    for name in files.PUBLISHED:
        (cache / name).write_text("")
    folder.chmod(0)
    done = run("-c", CODE + "print(len(data.fashion_mnist('auto').train))")
    assert (done.returncode, done.stdout) == (0, "9000\n") and "using the subset" in done.stderr
    done = run("-c", CODE + "data.fashion_mnist('auto')", D2LCNN_DATA=str(cache))
    assert "or they cannot be read" in done.stderr.splitlines()[-1]
    done = run("-m", "d2lcnn", "train", "linear", "--out", "/tmp", D2LCNN_DATA=str(cache))
    assert done.returncode == 2 and done.stderr.startswith(f"error: D2LCNN_DATA is '{cache}', but that folder lacks ")


def test_files_that_may_not_be_read_are_named(closed):
    folder, run = closed
    results = folder / "lenet.csv"
    results.write_text("")
    results.chmod(0)
    done = run("-m", "d2lcnn", "experiment", "lenet", "--list", "--out", folder)
    assert done.returncode == 2 and done.stderr == f"error: {results}: Permission denied\n"
    assert "lenet                       30 runs, ? missing" in done.stdout
    done = run("-m", "d2lcnn", "experiment", "lenet", "--recompute", "linear", "0", "--out", folder)
    assert done.returncode == 2 and done.stderr == f"error: {results}: Permission denied\n"
    folder.chmod(0)
    done = run("-m", "d2lcnn", "experiment", "lenet", "--out", folder)
    assert done.returncode == 2 and str(folder) in done.stderr and "Permission denied" in done.stderr
    assert done.stderr.count("\n") == 1
