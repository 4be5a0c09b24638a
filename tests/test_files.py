"""Files under kills, full disks, and two processes that want the same one."""

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from d2lcnn import files


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_write_replaces_the_whole_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "a.txt"
    files.write(path, "first, longer\n")
    files.write(path, "zweite: ü\r\n")
    assert path.read_bytes() == "zweite: ü\r\n".encode()
    assert names(tmp_path) == ["a.txt"]
    (tmp_path / "b.txt").write_text("")
    assert path.stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_all_of_it_is_on_the_disk_before_the_old_file_goes(tmp_path, monkeypatch):
    sizes, path = [], tmp_path / "a.txt"
    monkeypatch.setattr(files.os, "fsync", lambda number: sizes.append(os.fstat(number).st_size))
    replace = os.replace
    monkeypatch.setattr(files.os, "replace", lambda *names: (sizes.append("replace"), replace(*names)))
    files.write(path, b"x" * 100)
    assert sizes == [100, "replace"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_write_that_fails_keeps_the_old_file_and_names_it(tmp_path, monkeypatch, step):
    path = tmp_path / "a.txt"
    files.write(path, b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, step, full)
    with pytest.raises(OSError, match=r"No space left on device: '.*a\.txt'"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_usable_makes_the_folder_and_leaves_it_empty(tmp_path):
    assert files.usable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert names(tmp_path / "a" / "b") == []
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        files.usable(tmp_path / "file" / "b")
    with pytest.raises(NotADirectoryError, match=r"Not a directory: '.*file'"):
        files.usable(tmp_path / "file")
    with pytest.raises(OSError, match="/proc"):
        files.usable("/proc")


def test_a_lock_keeps_others_out_cleans_up_and_goes(tmp_path):
    path = tmp_path / "c[1].pt"
    for left in ("c[1].pt.12345678.unfinished", "c1.pt.12345678.unfinished"):
        (tmp_path / left).write_text("half")
    with files.locked(path):
        assert names(tmp_path) == ["c1.pt.12345678.unfinished", "c[1].pt.lock"]
        with pytest.raises(BlockingIOError, match=r"c\[1\]\.pt is in use by another process"), files.locked(path):
            pass
        with files.locked(tmp_path / "other.pt"):
            pass
    assert names(tmp_path) == ["c1.pt.12345678.unfinished"]
    with pytest.raises(KeyError), files.locked(path):
        raise KeyError
    with files.locked(path):
        pass


def test_links_are_written_through_and_have_the_lock_of_their_file(tmp_path):
    kept, link = tmp_path / "kept.txt", tmp_path / "a" / "link.txt"
    link.parent.mkdir()
    link.symlink_to(kept)
    with files.locked(link) as path:
        assert path == link
        with pytest.raises(BlockingIOError), files.locked(kept):
            pass
        files.write(link, "new")
    assert (kept.read_text(), link.is_symlink(), names(link.parent)) == ("new", True, ["link.txt"])
    (tmp_path / "kept.txt.12345678.unfinished").write_text("half")
    with files.locked(link):
        assert not (tmp_path / "kept.txt.12345678.unfinished").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_or_a_folder_is_not_replaced(tmp_path, make):
    make(tmp_path / "a")
    with pytest.raises(FileExistsError, match=r"Not a regular file: '.*a'"):
        files.write(tmp_path / "a", "text")
    assert names(tmp_path) == ["a"] and not (tmp_path / "a").is_file()


def test_what_stands_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"file/a'$"):
        files.write(tmp_path / "file" / "a", "text")


def test_a_file_that_cannot_be_written_is_named_before_the_work(tmp_path):
    """A program that runs can be written by nobody, root included."""
    program = tmp_path / "program"
    shutil.copy(shutil.which("sleep"), program)
    running = subprocess.Popen([program, "60"])
    try:
        with pytest.raises(OSError, match=r"'.*program'"), files.locked(program):
            pytest.fail("it began")
    finally:
        running.kill()
        running.wait()
    assert names(tmp_path) == ["program"]


def test_a_trial_that_is_killed_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "unlink", lambda path: pytest.fail("it had a name"))
    files.usable(tmp_path)


HOLD = """import sys, time
from d2lcnn import files
with files.locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)"""


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    path = tmp_path / "c.pt"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError), files.locked(path):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with files.locked(path):
        pass
    assert names(tmp_path) == []


def test_only_one_of_many_holds_the_lock_at_a_time(tmp_path):
    """The lock file is removed while held; nobody may then hold the removed one and somebody else a new one."""
    inside, most, entered = [], [], []

    def work():
        for _ in range(200):
            try:
                with files.locked(tmp_path / "c.pt"):
                    inside.append(1)
                    most.append(len(inside))
                    entered.append(1)
                    inside.pop()
            except BlockingIOError:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(entered) > 1
    assert names(tmp_path) == []
