"""Checkpoints: continued to the bit, by their own run alone, one process at a time; and runs of several processes."""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from training import IMAGES, VALIDATION, make_net, stopped_after, weights

from d2lcnn import files, train

RUN = {"epochs": 3, "lr": 0.1, "batch_size": 16, "augment": train.Augment(shift=1), "optimizer": "adamw"}


def test_a_finished_run_is_read_back_not_repeated(tmp_path):
    net, again = make_net(norm=True), make_net(1, norm=True)
    history = train.fit(net, IMAGES, VALIDATION, checkpoint=tmp_path / "run" / "c.pt", **RUN)
    repeated = train.fit(again, IMAGES, VALIDATION, checkpoint=tmp_path / "run" / "c.pt", **RUN)
    assert repeated == history
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values(), strict=True))
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["c.pt"]


@pytest.mark.parametrize(("change", "named"), [({"lr": 0.2}, "lr was 0.1, is 0.2"), ({"seed": 3}, "seed was 0, is 3"),
                                               ({"augment": None}, "augment was Augment"),
                                               ({"train": VALIDATION}, "train images was"),
                                               ({"validation": IMAGES}, r"validation images was none, is \(96, 1, 8"),
                                               ({"weight_decay": 0.1}, "weight_decay was 0.0, is 0.1")])
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, named):
    train.fit(make_net(), IMAGES, checkpoint=tmp_path / "c.pt", **RUN)
    with pytest.raises(ValueError, match=named):
        train.fit(make_net(), **{"train": IMAGES, "checkpoint": tmp_path / "c.pt", **RUN, **change})


@pytest.mark.parametrize(("other", "said"), [
    (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 4)),
     r"part 2 of the network was ReLU\(inplace=False\), is Tanh\(\)"),
    (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 4).requires_grad_(False)),
     r"part 3 of the network \(Linear\(in_features=8.*\)\): its code or contents have changed"),
    (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU().eval(), nn.Linear(8, 4)),
     r"part 2 of the network was ReLU\(inplace=False\), is ReLU\(inplace=False\) in evaluation mode"),
    (lambda: nn.Sequential(*[nn.Identity() for _ in range(22)]),
     "part 0 of the network was Flatten.*; and 20 more differences"),
])
def test_a_checkpoint_of_another_network_is_refused_in_words(tmp_path, other, said):
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 4))
    train.fit(net, IMAGES, checkpoint=tmp_path / "c.pt", epochs=1, lr=0.1)
    fresh = other()
    before = [value.clone() for value in fresh.state_dict().values()]
    parameters = list(fresh.parameters()) or [nn.Parameter(torch.zeros(1))]
    fresh.parameters = lambda recurse=True: iter(parameters)
    with pytest.raises(ValueError, match=f"belongs to another run: .*{said}"):
        train.fit(fresh, IMAGES, checkpoint=tmp_path / "c.pt", epochs=1, lr=0.1)
    assert all(map(torch.equal, before, fresh.state_dict().values()))


def test_images_that_differ_in_one_byte_or_label_are_others(tmp_path):
    run = functools.partial(train.fit, checkpoint=tmp_path / "c.pt", epochs=1, lr=0.1)
    run(make_net(), IMAGES, VALIDATION)
    x, y = VALIDATION.x.copy(), IMAGES.y.copy()
    x[-1, 0, -1, -1] ^= 1
    y[-1] ^= 1
    with pytest.raises(ValueError, match=r"run: validation images \(.*\): its code or contents have changed. Name"):
        run(make_net(), IMAGES, SimpleNamespace(x=x, y=VALIDATION.y))
    with pytest.raises(ValueError, match=r"run: train images .*: its code or contents have changed. Name"):
        run(make_net(), SimpleNamespace(x=IMAGES.x, y=y), VALIDATION)


@pytest.mark.parametrize("change", [{"optimizer": "sgd"}, {"optimizer": "adamw"}, {"channels_last": True}])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_run_stopped_and_continued_equals_an_unbroken_one_to_the_bit(tmp_path, change, dropout):
    """Without dropout the optimizer's momentum is all that a careless restart loses; with it, the masks as well."""
    run, nets = RUN | {"lr": 0.01} | change, [make_net(norm=True, dropout=dropout) for _ in range(3)]
    with stopped_after(2):
        train.fit(nets[0], IMAGES, VALIDATION, checkpoint=tmp_path / "c.pt", **run)
    torch.manual_seed(99)
    continued = train.fit(nets[1], IMAGES, VALIDATION, checkpoint=tmp_path / "c.pt", **run).as_dict()
    whole = train.fit(nets[2], IMAGES, VALIDATION, **run).as_dict()
    assert torch.equal(weights(nets[1]), weights(nets[2]))
    assert torch.equal(nets[1][1].running_var, nets[2][1].running_var)
    assert continued.pop("core_seconds")[-1] > 0 < len(whole.pop("core_seconds"))
    assert continued == whole


# ---- what is not finite is not written

def test_an_epoch_that_diverged_is_not_written(tmp_path):
    path, broken = tmp_path / "c.pt", SimpleNamespace(x=np.full((4, 1, 8, 8), np.nan), y=np.zeros(4, int))
    with pytest.raises(FloatingPointError, match="the validation loss became nan"):
        train.fit(make_net(), IMAGES, broken, checkpoint=path, epochs=1, lr=0.1)
    assert not path.exists()

    def late(progress):
        return 1e-45 if progress < 0.5 else 1.0

    bright = SimpleNamespace(x=IMAGES.x * 1e4, y=IMAGES.y)
    with pytest.raises(FloatingPointError, match=r"the weight .* after epoch 2"):
        train.fit(make_net(), bright, checkpoint=path, epochs=2, lr=3e38, batch_size=96, schedule=late)
    state = torch.load(path, weights_only=True)
    assert state["history"]["epoch"] == [1]
    assert all(torch.isfinite(value).all() for value in state["net"].values())


# ---- damaged files, and what is no file

@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "c.pt"
    train.fit(make_net(), IMAGES, checkpoint=path, epochs=1, lr=0.1)
    return path.read_bytes()


def refused(path, data, said="is damaged, or no checkpoint of train.fit"):
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"{path.name}.* {said}.*Name another file, or delete") as caught:
        train.checkpoint.load(path, make_net(), None, None, {})
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


@given(st.data())
@settings(max_examples=40)
def test_flipped_bytes_are_found_wherever_they_are(written, tmp_path_factory, data):
    damaged = bytearray(written)
    for place in data.draw(st.sets(st.integers(0, len(written) - 1), min_size=1, max_size=400)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    refused(tmp_path_factory.mktemp("flipped") / "c.pt", bytes(damaged))


@given(st.data())
@settings(max_examples=40)
def test_a_file_that_was_cut_is_found(written, tmp_path_factory, data):
    refused(tmp_path_factory.mktemp("cut") / "c.pt", written[: data.draw(st.integers(0, len(written) - 1))])


def test_foreign_files_are_refused(tmp_path, written):
    torch.save({"net": {}}, tmp_path / "theirs.pt")
    refused(tmp_path / "c.pt", (tmp_path / "theirs.pt").read_bytes())
    refused(tmp_path / "c.pt", b"setting,seed,metric,value\n" * 10)
    text = b"no archive at all, with a checksum that is right"
    refused(tmp_path / "c.pt", text + train.checkpoint._digest(text))


def test_a_checkpoint_is_read_without_running_what_is_in_it(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.History, "as_dict", lambda self: Harm())
        train.fit(make_net(), IMAGES, checkpoint=tmp_path / "c.pt", epochs=1, lr=0.1)
    with pytest.raises(ValueError, match=r"c.pt \(.* bytes\) is damaged, or no checkpoint of train.fit"):
        train.fit(make_net(), IMAGES, checkpoint=tmp_path / "c.pt", epochs=1, lr=0.1)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)])
def test_what_is_no_file_is_refused_and_does_not_hang(tmp_path, make):
    make(tmp_path / "c.pt")
    with pytest.raises(ValueError, match=r"c\.pt is no file but a folder, pipe, device or broken link"):
        train.fit(make_net(), IMAGES, checkpoint=tmp_path / "c.pt", epochs=1, lr=0.1)


def test_a_full_disk_keeps_the_checkpoint_before_and_names_it(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    with stopped_after(1):
        train.fit(make_net(), IMAGES, checkpoint=path, epochs=2, lr=0.1)
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(train.checkpoint, "write", lambda path, data: (
        monkeypatch.setattr(files.os, "fsync", full), files.write(path, data)))
    with pytest.raises(OSError, match=r"No space left on device: '.*c\.pt'"):
        train.fit(make_net(), IMAGES, checkpoint=path, epochs=2, lr=0.1)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]


def test_a_folder_that_cannot_be_written_in_is_found_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        train.fit(make_net(), SimpleNamespace(x=IMAGES.x, y=IMAGES.y), checkpoint=tmp_path / "file" / "c.pt", **RUN)


def test_one_run_at_a_time(tmp_path):
    path = tmp_path / "c.pt"
    (tmp_path / "c.pt.0123abcd.unfinished").write_text("left by a killed run")
    inside, go_on = threading.Event(), threading.Event()

    def wait(x, rng):
        inside.set()
        assert go_on.wait(60)
        return x

    net = make_net()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.loop, "identify", lambda *run: {})  # an Event is nothing that can be described
        first = threading.Thread(target=train.fit, args=(net, IMAGES),
                                 kwargs={"checkpoint": path, "epochs": 1, "lr": 0.1, "augment": wait})
        first.start()
        try:
            assert inside.wait(60)
            with pytest.raises(BlockingIOError, match=r"c\.pt is in use by another process"):
                train.fit(make_net(), IMAGES, checkpoint=path, epochs=1, lr=0.1)
        finally:
            go_on.set()
            first.join()
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]


# ---- killed for real

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import torch
from training import IMAGES, VALIDATION, make_net
from d2lcnn import train
torch.set_num_threads(1)
net = make_net(norm={norm}, dropout={dropout})
history = train.fit(net, IMAGES, VALIDATION, epochs={epochs}, lr=0.05, batch_size=20, optimizer={optimizer!r},
                    augment=train.Augment(shift=1, flip=True), checkpoint={checkpoint!r}, **{more})
import os
if os.environ.get("RANK", "0") == "0":
    torch.save([net.state_dict(), history.as_dict()], {out!r})
"""


def write_script(tmp_path, name, *, checkpoint=None, epochs=40, norm=True, dropout=0.3, optimizer="sgd", more="{}"):
    path, out = tmp_path / f"{name}.py", str(tmp_path / f"{name}.pt")
    path.write_text(SCRIPT.format(tests=os.path.dirname(__file__), checkpoint=checkpoint and str(checkpoint), out=out,
                                  epochs=epochs, norm=norm, dropout=dropout, optimizer=optimizer, more=more))
    return str(path), out


@pytest.mark.slow
def test_a_run_killed_and_continued_equals_an_unbroken_one_to_the_bit(tmp_path):
    checkpoint = tmp_path / "c.pt"
    broken, broken_out = write_script(tmp_path, "broken", checkpoint=checkpoint)
    whole, whole_out = write_script(tmp_path, "whole")
    process = subprocess.Popen([sys.executable, broken])
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if checkpoint.exists() and len(torch.load(checkpoint, weights_only=True)["history"]["epoch"]) >= 3:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it had finished: nothing was tested"
    done = torch.load(checkpoint, weights_only=True)["history"]["epoch"]
    assert 3 <= len(done) < 40
    for script in (broken, whole):
        subprocess.run([sys.executable, script], check=True)
    (state, history), (expected, reference) = (torch.load(out, weights_only=True) for out in (broken_out, whole_out))
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[key], expected[key]) for key in state)
    assert {k: v for k, v in history.items() if k != "core_seconds"} == \
        {k: v for k, v in reference.items() if k != "core_seconds"}


# ---- several processes

def torchrun(script):
    subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script],
                   check=True, capture_output=True, text=True, timeout=300, env=os.environ | {"OMP_NUM_THREADS": "1"})


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_up_to_rounding(tmp_path):
    """Without batch norm and dropout; 96 images in batches of 20 leave an uneven rest of 16, 70 validate unevenly."""
    results = []
    for name, run in (("one", lambda script: subprocess.run([sys.executable, script], check=True)), ("two", torchrun)):
        script, out = write_script(tmp_path, name, epochs=4, norm=False, dropout=0.0,
                                   checkpoint=tmp_path / f"{name}.ckpt", more="{'label_smoothing': 0.1}")
        run(script)
        results.append(torch.load(out, weights_only=True))
    (one, history), (two, shared) = results
    for key in one:
        torch.testing.assert_close(two[key], one[key], rtol=1e-4, atol=1e-6)
    for column in ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy"):
        np.testing.assert_allclose(shared[column], history[column], rtol=1e-5)
    assert torch.load(tmp_path / "two.ckpt", weights_only=True)["identity"]["processes"] == "2"


@pytest.mark.slow
def test_two_processes_normalise_each_part_by_itself(tmp_path):
    """What the docstring of fit warns of: with batch norm the two differ by more than rounding, and still learn."""
    nets, accuracies = [], []
    for name, run in (("one", lambda script: subprocess.run([sys.executable, script], check=True)), ("two", torchrun)):
        script, out = write_script(tmp_path, name, epochs=8, norm=True, dropout=0.0)
        run(script)
        state, history = torch.load(out, weights_only=True)
        nets.append(state["0.weight"])
        accuracies.append(history["validation_accuracy"][-1])
    assert (nets[0] - nets[1]).abs().max() > 1e-4
    assert min(accuracies) > 0.9
