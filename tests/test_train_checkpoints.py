"""Checkpoints: continued to the bit, by their own run alone, by one process at a time; runs of several processes."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from training import IMAGES, VALIDATION, make_net

from d2lcnn import train

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
                                               ({"train": VALIDATION}, "train images was")])
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, named):
    train.fit(make_net(), IMAGES, checkpoint=tmp_path / "c.pt", **RUN)
    with pytest.raises(ValueError, match=named):
        train.fit(make_net(), **{"train": IMAGES, "checkpoint": tmp_path / "c.pt", **RUN, **change})


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
