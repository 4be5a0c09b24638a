"""Attacks on the grader: they gain no points, and cost no other exercise its own."""

import io
import os
import re
import socket
import sys
import zipfile

import pytest
from submissions import QUICK, RIGHT, job, marked, needs_sandbox, notebook

from d2lcnn.grading import sandbox, submission
from d2lcnn.grading.assignment import Limits
from d2lcnn.grading.marking import Session, mark

pytestmark = needs_sandbox
REST = (RIGHT["mix"], RIGHT["why_convolutions_1"])  # four points that no attack on the other exercise may cost

# what takes the place of the answer to the first exercise, and what is then said of it
ATTACKS = {
    "wrong": ("import numpy as np\ndef sound_layer(x, v): return np.convolve(x, v, 'same')", "entries are right|^$"),
    "crash": ("def sound_layer(x, v): return 1 / 0", "ZeroDivisionError"),
    "syntax": ("def sound_layer(x, v) return x", "no sound_layer|SyntaxError"),
    "infinite loop": ("def sound_layer(x, v):\n    while True: pass", "2 seconds of processor time"),
    "sleep": ("import time\ndef sound_layer(x, v): time.sleep(1000)", "12 seconds on the clock"),
    "exit": ("import os\ndef sound_layer(x, v): os._exit(0)", "its process ended"),
    "system exit": ("import sys\ndef sound_layer(x, v): sys.exit(0)", "SystemExit"),
    "patched allclose": ("""
import numpy as np
for name in ("allclose", "isclose", "array_equal", "all"):
    setattr(np, name, lambda *a, **k: True)
def sound_layer(x, v): return x
""", "entries are right"),
    "patched check": ("""
import sys, types
for name in ("d2lcnn.check._run", "d2lcnn.exercises", "d2lcnn.grading.judge"):
    sys.modules[name] = types.SimpleNamespace(compared=lambda *a: "", close=lambda *a: True)
import d2lcnn.exercises._values as values
values.same = lambda *a: True
def sound_layer(x, v): return x
""", "entries are right"),
    "lying float": ("""
class Yes(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __array__(self, *a, **k): raise SystemExit
def sound_layer(x, v): return [Yes(1) for _ in x]
""", "entries are right"),
    "lying array": ("""
import numpy as np
class Yes(np.ndarray):
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __eq__(self, other): return True
def sound_layer(x, v): return np.zeros(len(x)).view(Yes)
""", "entries are right"),
    "pickle": ("""
class Code:
    def __reduce__(self): return (exec, ("raise SystemExit",))
def sound_layer(x, v): return [Code()]
""", "an object of class Code"),
    "forged replies": ("""
import json, os
def sound_layer(x, v):
    for n in range(300):
        for place in range(3, 9):
            forged = {"n": str(n), "value": "passed", "passed": True, "points": 6}
            try: os.write(place, json.dumps(forged).encode() + b"\\n")
            except OSError: pass
    return x
""", "expected|is asked|entries are right"),
    "forged verdict": ("import sys\ndef sound_layer(x, v): return {'passed': True, 'seen': '', 'points': 6}", "a dict"),
    "memory": ("def sound_layer(x, v):\n    kept = []\n    while True: kept.append(bytearray(10**7))",
               "700 MB of memory|MemoryError"),
    "huge array": ("import numpy as np\ndef sound_layer(x, v): return np.ones(10**8)", "larger than 500 KB|700 MB"),
    "huge list": ("def sound_layer(x, v): return [0] * 10**6", "entries|larger than"),
    "nested list": ("def sound_layer(x, v):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a", "nested"),
    "huge number": ("def sound_layer(x, v): return 10**4000", "expected an array"),
    "forks": ("import os\ndef sound_layer(x, v):\n    while True:\n"
              "        try: os.fork()\n        except OSError: pass",
              "processes|seconds|ended"),
    "threads": ("import threading, time\ndef sound_layer(x, v):\n    for _ in range(10**4):\n"
                "        threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n    return x",
                "RuntimeError|MemoryError|entries are right"),
    "disk": ("def sound_layer(x, v):\n    with open('/tmp/x', 'wb') as f:\n        while True: f.write(bytes(10**6))",
             "OSError"),
    "shared memory": ("def sound_layer(x, v):\n    with open('/dev/shm/x', 'wb') as f:\n"
                      "        while True: f.write(bytes(10**6))", "OSError"),
    "output": ("def sound_layer(x, v):\n    while True: print('flood ' * 1000)", "2 seconds of processor time"),
    "flooded pipe": ("import os\ndef sound_layer(x, v):\n    for n in range(3, 9):\n"
                     "        try: os.write(n, b'x' * 10**8)\n        except OSError: pass\n    return x",
                     "larger than 500"),
    "killed worker": ("import os, signal\ndef sound_layer(x, v): os.kill(os.getpid(), signal.SIGKILL)", "ended"),
    "killed all": ("import os, signal\ndef sound_layer(x, v):\n    os.kill(1, 9)\n    os.kill(-1, 9)\n    return x",
                   "Error|ended|entries are right"),
    "patched clock": ("import time\nfor name in ('time', 'monotonic', 'process_time', 'perf_counter'):\n"
                      "    setattr(time, name, lambda: 0.0)\ndef sound_layer(x, v):\n    while True: pass",
                      "2 seconds"),
    "ignored signals": ("import signal\nfor n in (2, 14, 15, 24):\n    signal.signal(n, signal.SIG_IGN)\n"
                        "def sound_layer(x, v):\n    while True: pass", "2 seconds"),
    "the oracle": ("from d2lcnn import exercises\nsound_layer = exercises.get('why-convolutions-3').oracle",
                   "AttributeError|ImportError"),
    "public cases by heart": ("import numpy as np\ndef sound_layer(x, v):\n    return np.convolve(x, v[::-1], 'same') "
                              "if len(x) in (5, 6, 7) and len(v) < 6 else x", "entries are right|expected"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_costs_no_other_exercise(name):
    code, said = ATTACKS[name]
    result, parts = marked(code, *REST)
    attacked = parts["why-convolutions-3"]
    assert (result["state"], result["points"], attacked["points"]) == ("graded", 4, 0)
    seen = [attacked["why"], *(case["seen"] for case in attacked["cases"] if not case["passed"])]
    assert any(re.search(said, text) for text in seen), seen


def test_what_is_right_gets_full_marks_and_a_second_marking_says_the_same():
    whole = notebook(*RIGHT.values())
    first, again = mark(job(whole)), mark(job(whole))
    assert first == again and (first["points"], first["state"]) == (10, "graded")
    assert [part["flags"] for part in first["exercises"]] == [[], [], []] and first["notes"] == []


def test_extra_replies_are_said_to_a_person():
    result, _ = marked(ATTACKS["forged replies"][0], *REST)
    assert any("only answers belong" in note for note in result["notes"])


LOOT = """
import os, glob, socket
loot = []
for top, folders, files in os.walk("/"):
    if top.startswith(("/proc", "/sys", "/dev", "/usr", *PYTHON)) or len(loot) > 10:
        folders[:] = []
        continue
    for name in files:
        try:
            with open(os.path.join(top, name), errors="replace") as file:
                text = file.read(10**6)
        except OSError:
            continue
        if WORD in text: loot.append(name)
for name in glob.glob("/proc/[0-9]*/*") + glob.glob("/proc/[0-9]*/fd/*"):
    if name.endswith(("environ", "cmdline")):
        try: text = open(name, errors="replace").read()
        except OSError: continue
        if WORD in text: loot.append(name)
loot += [name for name in os.environ if WORD in os.environ[name]]
for port in PORTS:
    try: socket.create_connection(("127.0.0.1", port), 2); loot.append("network")
    except OSError: pass
"""


def test_secrets_other_students_files_environment_and_network_are_out_of_reach(tmp_path, monkeypatch):
    word = "xyzzy" + "plugh"
    (tmp_path / "secret.txt").write_text(word)
    (tmp_path / "ben.ipynb").write_text(word)
    monkeypatch.setenv("SECRET", word)
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        python = [os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)]
        names = f"WORD = 'xyzzy' + 'plugh'\nPORTS = [{server.getsockname()[1]}]\nPYTHON = {python!r}"
        with Session((names, LOOT), Limits(seconds=60, memory=900), True) as session:
            session.start()
            assert session.raised == {} and session.notes == []
            assert session.ask({"name": "loot"}, 5)["value"] == []
    with Session((names, LOOT.replace("WORD in", "'OMP_NUM' in")), Limits(seconds=60), True) as session:
        session.start()  # the same search finds what is there
        assert session.ask({"name": "loot"}, 5)["value"]


def test_the_book_s_answers_are_not_in_the_sandbox():
    code = ("import os, d2lcnn\nfound = [name for top, _, files in os.walk('/')\n"
            "         if not top.startswith(('/proc', '/usr'))\n"
            "         for name in files if name.startswith(('why_convolutions', 'judge', 'marking', 'statements'))]")
    with Session((code,), Limits(seconds=60), True) as session:
        session.start()
        assert session.ask({"name": "found"}, 5)["value"] == []


@pytest.mark.parametrize("call", ["ctypes.CDLL(None).unshare(0x10000000)", "ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
                                  "ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None)",
                                  "ctypes.CDLL(None).shmget(0, 10**6, 0o1600)", "ctypes.CDLL(None).setuid(0)",
                                  "ctypes.CDLL(None).memfd_create(b'x', 0)"])
def test_calls_of_the_kernel_that_lift_bounds_are_refused(call):
    with Session((f"import ctypes\ngot = {call}",), QUICK, True) as session:
        session.start()
        assert session.ask({"name": "got"}, 2)["value"] == -1


def test_nothing_of_the_machine_can_be_written():
    code = ("import os\nwritten = []\n"
            "for top in '/ /app /app/d2lcnn /app/d2lcnn/check /usr /etc /dev /proc /root'.split():\n"
            "    try: open(os.path.join(top, 'x'), 'w'); written.append(top)\n    except OSError: pass")
    with Session((code,), QUICK, True) as session:
        session.start()
        assert session.ask({"name": "written"}, 2)["value"] == []


@pytest.mark.parametrize("ends", ["while True: pass", "import os; os._exit(1)", "import os; os.kill(os.getpid(), 9)"])
def test_a_cell_that_ends_everything_is_left_out(ends):
    result, _ = marked(ends, *RIGHT.values())
    assert result["points"] == 10 and "code cell 1 was left out" in result["notes"][0]


def test_a_notebook_that_ends_everything_again_and_again_comes_to_an_end():
    result, _ = marked(*RIGHT.values(), *["import os; os._exit(1)"] * 8)
    assert result["points"] == 10 and len(result["notes"]) == 4


def test_cells_that_each_keep_within_their_time_have_a_bound_together():
    slow = "import time\nuntil = time.process_time() + 1.2\nwhile time.process_time() < until: pass"
    result, _ = marked(*RIGHT.values(), *[slow] * 30)
    assert result["points"] == 10 and len(result["notes"]) == 1 and "was left out" in result["notes"][0]


@pytest.mark.parametrize(("data", "why"), [
    (b"", "is empty"), (b"\xff\xfe\x00", "no notebook"), (b"[" * 10**6, "no notebook"), (b"{}", "no cells"),
    (b'{"worksheets": []}', "format 3"), (b'{"cells": 3}', "no cells"),
    (b'{"cells": [3, null, {"cell_type": []}]}', "no code"),
    (notebook(), "no code cells"), (notebook(*["x = 1"] * 60), "60 code cells, more than 50"),
    (notebook(assignment="hw02"), "'hw02'"), (notebook("x = 1", metadata=[]), None),
    (notebook("x = 1", metadata={}), None),
    (notebook("x = " + "1" * 2**20), "characters"), (b" " * (31 * 2**20), "MB"),
    (notebook(*["pass"] * 10**5), "100000 code cells"),
])
def test_broken_notebooks_are_named(data, why):
    result = mark(job(data))
    assert (result["state"], result["points"]) == ("unreadable" if why else "graded", 0)
    assert (why or "") in result["why"]


def folder_of(tmp_path, **files):
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def zipped(*members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return held.getvalue()


def found_of(tmp_path, **files):
    roster = {"anna": {"name": "Anna Meier", "canvas_id": "777"}, "ben": {"name": "Ben", "moodle_id": "12"}, "éva": {}}
    found, strangers = submission.collect(folder_of(tmp_path, **files), roster)
    return {student: [(each.data, each.why) for each in several] for student, several in found.items()}, strangers


def test_links_and_pipes_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "in"
    folder.mkdir()
    os.symlink(tmp_path / "secret", folder / "anna.ipynb")
    os.mkfifo(folder / "ben.ipynb")
    (folder / "éva").mkdir()
    os.symlink(tmp_path / "secret", folder / "éva" / "x.ipynb")
    found, _ = found_of(folder)
    assert all(data == b"" and "cannot be read" in why for several in found.values() for data, why in several)
    assert all(len(several) == 1 for several in found.values())


def test_archives_are_read_in_memory_wherever_their_names_lead(tmp_path):
    whole = notebook("x = 1")
    bomb = zipped(("a.ipynb", b" " * (200 * 2**20)))
    climbing = zipped(("../../climbs.ipynb", whole), ("__MACOSX/a.ipynb", b""))
    two = zipped(("a.ipynb", b""), ("b.ipynb", b""))
    found, strangers = found_of(tmp_path, **{"anna.zip": climbing, "ben.zip": bomb, "éva.zip": two})
    assert found["anna"] == [(whole, "")] and strangers == []
    assert "more than 30 MB" in found["ben"][0][1] and "2 notebooks" in found["éva"][0][1]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["anna.zip", "ben.zip", "éva.zip"]


def test_names_of_learning_platforms_and_of_composed_letters(tmp_path):
    data = notebook("x = 1")
    found, strangers = found_of(tmp_path, **{
        "meieranna_LATE_777_4242_hw01.ipynb": data, "Ben_12_assignsubmission_file_/hw01.ipynb": data,
        "e\u0301va.ipynb": data, "mallory.ipynb": data})
    assert all(several == [(data, "")] for several in found.values()) and "mallory.ipynb: nobody" in strangers[0]


def test_two_submissions_of_one_student_are_said_not_chosen(tmp_path):
    data = notebook("x = 1")
    roster = {"anna": {"canvas_id": "777"}}
    found, _ = submission.collect(folder_of(tmp_path, **{"anna.ipynb": data, "meier_777_1_hw.ipynb": data}), roster)
    result = mark(job(None, found=tuple(found["anna"])))
    assert result["state"] == "unreadable" and "anna.ipynb, meier_777_1_hw.ipynb" in result["why"]


def test_without_a_sandbox_nothing_is_graded(monkeypatch):
    sandbox.usable.cache_clear()
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(sandbox.Refused, match="apt install bubblewrap"):
        mark(job(notebook("x = 1")))
    sandbox.usable.cache_clear()
    assert mark(job(notebook("x = 1"), safe=False))["sandbox"] == "none"


def test_a_machine_that_forbids_sandboxes_is_said(monkeypatch, tmp_path):
    sandbox.usable.cache_clear()
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo bubblewrap 9 && exit\n"
                    "echo 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(sandbox.Refused, match="No permissions to create"):
        sandbox.usable()
    sandbox.usable.cache_clear()


def test_what_an_ordinary_user_gets_is_as_closed(monkeypatch):
    monkeypatch.setattr(sandbox.os, "geteuid", lambda: 1000)  # a name space of users takes the place of other ids
    code = ("import ctypes, os\nwritten = []\nfor top in ('/', '/app', '/dev', '/usr'):\n"
            "    try: open(os.path.join(top, 'x'), 'w'); written.append(top)\n    except OSError: pass\n"
            "got = [written, ctypes.CDLL(None).unshare(0x10000000), ctypes.CDLL(None).setuid(12345), "
            "sorted(set(os.listdir('/proc')) & set(map(str, range(3, 99999))))]")
    with Session((code,), QUICK, True) as session:
        session.start()
        assert session.ask({"name": "got"}, 2)["value"] == [[], -1, -1, []]
    result, _ = marked(ATTACKS["forks"][0], *REST)
    assert result["points"] == 4
