"""The training loop against a loop written by hand, torch's own pieces, a killed run and two processes."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2lcnn import train


def make_images(count=96, seed=0, size=8):
    """Noise with a bright bar whose row is the class; uint8, four classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, count)
    x = rng.integers(0, 100, (count, 1, size, size)).astype(np.uint8)
    x[np.arange(count), 0, 2 * y] += 120
    return SimpleNamespace(x=x, y=y)


def make_net(seed=0, *, norm=False, dropout=0.0, deep=False):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        bn = [nn.BatchNorm2d(4)] if norm else []
        bn += [nn.Conv2d(4, 4, 3, padding=1)] if deep else []
        return nn.Sequential(nn.Conv2d(1, 4, 3), *bn, nn.ReLU(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(144, 4))


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


IMAGES, VALIDATION = make_images(), make_images(70, seed=1)


# ---- batches

def test_batches_hold_every_image_once_as_fractions_of_255():
    seen = list(train.batches(IMAGES, 40, rng=np.random.default_rng(3)))
    assert [len(y) for _, y in seen] == [40, 40, 16]
    order = np.random.default_rng(3).permutation(96)
    x, y = (torch.cat(t) for t in zip(*seen, strict=True))
    assert x.dtype == torch.float32
    assert y.dtype == torch.int64
    np.testing.assert_array_equal(np.round(x.numpy() * 255), IMAGES.x[order])
    np.testing.assert_array_equal(y, IMAGES.y[order])
    assert x.max() <= 1


def test_batches_without_rng_keep_order_and_floats_keep_values():
    images = SimpleNamespace(x=np.linspace(-3, 3, 5).reshape(5, 1, 1, 1), y=np.arange(5, dtype=np.uint8))
    (x, y), = train.batches(images, 10)
    np.testing.assert_array_equal(x.flatten(), images.x.flatten().astype(np.float32))
    assert y.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("count", "smallest", "sizes"),
                         [(9, 1, [4, 4, 1]), (9, 2, [4, 5]), (10, 2, [4, 4, 2]), (3, 4, [3]), (8, 4, [4, 4])])
def test_a_last_batch_that_is_too_small_joins_the_one_before(count, smallest, sizes):
    assert [len(y) for _, y in train.batches(make_images(count), 4, smallest=smallest)] == sizes


def test_batches_leave_read_only_images_alone():
    x = IMAGES.x.copy()
    x.flags.writeable = False
    before = x.copy()
    for batch, _ in train.batches(SimpleNamespace(x=x, y=IMAGES.y), 32):
        batch.zero_()
    np.testing.assert_array_equal(x, before)


def test_shift_moves_each_image_by_its_own_offset_and_fills_with_zeros():
    x = np.random.default_rng(0).integers(1, 255, (300, 2, 5, 6)).astype(np.uint8)
    moved = train.Augment(shift=1)(x, np.random.default_rng(0))
    assert moved.shape == x.shape
    assert moved.dtype == np.uint8
    padded, used = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), set()
    for n in range(len(x)):
        fits = [(dy, dx) for dy in range(3) for dx in range(3)
                if (padded[n, :, dy:dy + 5, dx:dx + 6] == moved[n]).all()]
        assert len(fits) == 1
        used.add(fits[0])
    assert len(used) == 9


def test_flip_mirrors_about_half_and_all_channels_together():
    x = np.random.default_rng(0).random((400, 3, 4, 4))
    out = train.Augment(flip=True)(x, np.random.default_rng(0))
    kept, mirrored = (out == x).all((1, 2, 3)), (out == x[..., ::-1]).all((1, 2, 3))
    assert (kept ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


# ---- schedules and optimizers

def rates(recipe, steps):
    return [recipe.learning_rate(step, steps) for step in range(steps)]


def test_cosine_is_torchs_cosine():
    parameter = nn.Parameter(torch.zeros(1))
    opt = torch.optim.SGD([parameter], 0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 50)
    theirs = []
    for _ in range(50):
        theirs.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    np.testing.assert_allclose(rates(train.Recipe(1, 0.3, schedule="cosine"), 50), theirs, atol=1e-12)


def test_onecycle_rises_linearly_to_the_peak_and_falls():
    r = np.array(rates(train.Recipe(1, 0.5, schedule="onecycle"), 1000))
    assert r[0] == pytest.approx(0.02)
    assert r.argmax() == 300
    assert r[300] == 0.5
    np.testing.assert_allclose(np.diff(r[:301]), (0.5 - 0.02) / 300)
    assert (np.diff(r[300:]) < 0).all()
    assert r[-1] < 1e-5


@pytest.mark.parametrize(("optimizer", "reference"), [
    ("sgd", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("plain_sgd", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.01)),
    ("adamw", lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.01)),
])
def test_fit_is_the_loop_one_would_write_by_hand(optimizer, reference):
    net, by_hand = make_net(), make_net()
    history = train.fit(net, IMAGES, VALIDATION, epochs=2, lr=0.1, batch_size=40, optimizer=optimizer, seed=5,
                        schedule=lambda progress: 1 - progress, weight_decay=0.01, label_smoothing=0.2)
    opt, step, losses = reference(by_hand.parameters()), 0, []
    for epoch in (1, 2):
        rng = np.random.default_rng([5, epoch])
        rng.integers(2**62)  # the seed of dropout
        order, total = rng.permutation(96), 0.0
        for start in (0, 40, 80):
            index = order[start:start + 40]
            for group in opt.param_groups:
                group["lr"] = 0.1 * (1 - step / 6)
            logits = by_hand(torch.from_numpy(IMAGES.x[index]).float() / 255)
            loss = F.cross_entropy(logits, torch.from_numpy(IMAGES.y[index]), label_smoothing=0.2)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total, step = total + loss.item() * len(index), step + 1
        losses.append(total / 96)
    torch.testing.assert_close(weights(net), weights(by_hand), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-5)
    assert history.epoch == [1, 2]
    assert history.validation_accuracy[1] == train.evaluate(net, VALIDATION).accuracy
    assert history.validation_loss[1] == pytest.approx(train.evaluate(net, VALIDATION).loss)
    assert 0 < history.core_seconds[0] < history.core_seconds[1]


def test_it_learns_and_history_prints():
    net = make_net(norm=True)
    history = train.fit(net, IMAGES, VALIDATION, epochs=6, lr=0.1, batch_size=16,
                        augment=train.Augment(flip=True))
    assert train.evaluate(net, VALIDATION).accuracy > 0.9
    assert str(history).count("\n") == 6
    assert net.training


def test_a_last_batch_of_one_image_does_not_stop_batch_norm():
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, 4))
    train.fit(net, make_images(41), epochs=1, lr=0.1, batch_size=20)
    assert int(net[2].num_batches_tracked) == 2


def test_without_validation_its_columns_are_nan():
    history = train.fit(make_net(), IMAGES, epochs=1, lr=0.1)
    assert np.isnan(history.validation_loss + history.validation_accuracy).all()


# ---- evaluate

def test_evaluate_weighs_by_image_and_counts_confusions():
    net = make_net(norm=True)
    with torch.no_grad():
        net.eval()
        logits = net(torch.from_numpy(VALIDATION.x).float() / 255)
    predicted, y = logits.argmax(1).numpy(), VALIDATION.y
    net.train()
    metrics = train.evaluate(net, VALIDATION, batch_size=64)  # 64 and 6: a mean over batches would differ
    assert metrics.count == 70
    assert metrics.accuracy == (predicted == y).mean()
    assert metrics.loss == pytest.approx(F.cross_entropy(logits, torch.from_numpy(y)).item(), rel=1e-6)
    expected = np.zeros((4, 4), int)
    np.add.at(expected, (y, predicted), 1)
    np.testing.assert_array_equal(metrics.confusion, expected)
    assert net.training
    train.evaluate(net.eval(), VALIDATION)
    assert not net.training


# ---- randomness

def test_global_generators_are_untouched_and_seeds_decide():
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - the old global state is what must not change
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002

    def trained(seed):
        net = make_net(dropout=0.5)
        train.fit(net, IMAGES, epochs=1, lr=0.1, seed=seed, augment=train.Augment(shift=1, flip=True))
        return weights(net)

    first, again, other = trained(0), trained(0), trained(1)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_bf16_and_channels_last_train_to_nearly_the_same_weights():
    nets = {}
    for name, options in {"plain": {}, "bf16": {"bf16": True}, "last": {"channels_last": True}}.items():
        nets[name] = make_net(deep=True)
        train.fit(nets[name], IMAGES, VALIDATION, epochs=1, lr=0.05, batch_size=32, **options)
        assert all(p.dtype == torch.float32 and p.is_contiguous() for p in nets[name].parameters())
    torch.testing.assert_close(weights(nets["last"]), weights(nets["plain"]), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(weights(nets["bf16"]), weights(nets["plain"]), rtol=0, atol=0.01)
    assert not torch.equal(weights(nets["bf16"]), weights(nets["plain"]))


# ---- errors

@pytest.mark.parametrize(("change", "error", "message"), [
    ({"epochs": 0}, ValueError, "epochs must be at least 1, not 0"),
    ({"lr": -1.0}, ValueError, "lr must be positive, not -1.0"),
    ({"batch_size": 2.5}, ValueError, "batch_size must be an integer"),
    ({"optimizer": "adam"}, ValueError, "optimizer is 'adam'"),
    ({"schedule": "step"}, ValueError, "schedule is 'step'"),
    ({"label_smoothing": 1.0}, ValueError, "label_smoothing must lie in"),
    ({"weight_decay": -0.1}, ValueError, "weight_decay must be 0 or more"),
    ({"augment": "flip"}, TypeError, "augment must be a function"),
    ({"device": "tpu"}, ValueError, "device is 'tpu'"),
    ({"train": np.zeros(3)}, TypeError, "train must have arrays x and y"),
    ({"train": SimpleNamespace(x=np.zeros((2, 1, 2, 2)), y=np.zeros(3, int))}, ValueError, "one label for each image"),
    ({"train": SimpleNamespace(x=np.zeros((2, 1, 2, 2), np.int32), y=np.zeros(2, int))}, TypeError, "uint8 or floats"),
    ({"validation": SimpleNamespace(x=np.zeros((1, 1, 2, 2)), y=np.zeros(1))}, TypeError, "validation.y must hold int"),
])
def test_errors_name_the_argument(change, error, message):
    arguments = {"train": IMAGES, "epochs": 1, "lr": 0.1} | change
    with pytest.raises(error, match=message):
        train.fit(make_net(), **arguments)


def test_other_errors_name_the_argument():
    with pytest.raises(ValueError, match="shift must be at least 0, not -1"):
        train.Augment(shift=-1)
    with pytest.raises(ValueError, match="batch_size must be 1 or more, not 0"):
        next(train.batches(IMAGES, 0))
    with pytest.raises(ValueError, match="hand in rng"):
        next(train.batches(IMAGES, 4, augment=train.Augment()))


def test_a_loss_that_is_not_finite_stops_the_run():
    with pytest.raises(FloatingPointError, match=r"the loss became (nan|inf) in epoch \d, step \d+ \(lr=1e\+20"):
        train.fit(make_net(), IMAGES, epochs=3, lr=1e20, batch_size=16, schedule="constant")
    broken = SimpleNamespace(x=np.full((4, 1, 8, 8), np.nan), y=np.zeros(4, int))
    with pytest.raises(FloatingPointError, match="nan in epoch 1, step 1"):
        train.fit(make_net(), broken, epochs=1, lr=0.1)


# ---- checkpoints

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
from test_train import IMAGES, VALIDATION, make_net
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
