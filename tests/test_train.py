"""The training loop against a loop written by hand and torch's own pieces."""

import doctest
import importlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from training import IMAGES, VALIDATION, make_images, make_net, weights

from d2lcnn import train

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


# ---- fit

@pytest.mark.parametrize(("optimizer", "reference"), [
    ("sgd", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("plain_sgd", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.01)),
    ("adam", lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.01)),
    ("adamw", lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.01)),
])
def test_fit_is_the_loop_one_would_write_by_hand(optimizer, reference):
    net, by_hand = make_net(), make_net()
    history = train.fit(net, IMAGES, VALIDATION, epochs=2, lr=0.1, batch_size=40, optimizer=optimizer, seed=5,
                        schedule=lambda progress: 1 - progress, weight_decay=0.01, label_smoothing=0.2,
                        augment=train.Augment(shift=1, flip=True))
    opt, step, losses = reference(by_hand.parameters()), 0, []
    for epoch in (1, 2):
        rng = np.random.default_rng([5, epoch])
        rng.integers(2**62)  # the seed of dropout
        order, total = rng.permutation(96), 0.0
        for start in (0, 40, 80):
            index = order[start:start + 40]
            for group in opt.param_groups:
                group["lr"] = 0.1 * (1 - step / 6)
            changed = train.Augment(shift=1, flip=True)(IMAGES.x[index], rng)
            logits = by_hand(torch.from_numpy(changed.copy()).float() / 255)
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
    ({"optimizer": "adamax"}, ValueError, "optimizer is 'adamax'"),
    ({"sampling": "even"}, ValueError, "sampling is 'even'; it may be shuffled or balanced"),
    ({"class_weights": "even"}, ValueError, "class_weights must be 'balanced' or a number for each class, not 'even'"),
    ({"class_weights": (1, -1, 1)}, ValueError, r"class_weights must be numbers of 0 or more, .* not \(1, -1, 1\)"),
    ({"class_weights": (0.0,) * 4}, ValueError, "class_weights must be numbers of 0 or more, not all 0"),
    ({"class_weights": (1, 1)}, ValueError, "class_weights has 2 numbers, but the network has 4 classes"),
    ({"ema": 1.0}, ValueError, r"ema must lie in \[0, 1\), not 1.0"),
    ({"patience": -1}, ValueError, "patience must be at least 0, not -1"),
    ({"patience": 2}, ValueError, "patience is 2, but there are no validation images"),
    ({"schedule": "step"}, ValueError, "schedule is 'step'"),
    ({"label_smoothing": 1.0}, ValueError, "label_smoothing must lie in"),
    ({"weight_decay": -0.1}, ValueError, "weight_decay must be 0 or more"),
    ({"augment": "flip"}, TypeError, "augment must be a function"),
    ({"device": "tpu"}, ValueError, "device is 'tpu'"),
    ({"train": np.zeros(3)}, TypeError, "train must have arrays x and y"),
    ({"train": SimpleNamespace(x=np.zeros((2, 1, 2, 2)), y=np.zeros(3, int))}, ValueError, "one label for each image"),
    ({"train": SimpleNamespace(x=np.zeros((2, 1, 2, 2), np.int32), y=np.zeros(2, int))}, TypeError, "uint8 or floats"),
    ({"train": SimpleNamespace(x=np.zeros((2, 1, 2, 2)), y=np.array([0, -1]))}, ValueError, "holds the label -1"),
    ({"device": "cuda"}, ValueError, "device is 'cuda', and torch .* finds none here"),
    ({"recipe": {"epochs": 1}}, TypeError, "recipe must be a Recipe, not {'epochs': 1}"),
    ({"validation": SimpleNamespace(x=np.zeros((1, 1, 2, 2)), y=np.zeros(1))}, TypeError, "validation.y must hold int"),
])
def test_errors_name_the_argument(monkeypatch, change, error, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    arguments = {"train": IMAGES, "epochs": 1, "lr": 0.1} | change
    with pytest.raises(error, match=message):
        train.fit(make_net(), **arguments)


def test_batches_name_the_argument():
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        next(train.batches(IMAGES, 0))
    with pytest.raises(ValueError, match="hand in rng"):
        next(train.batches(IMAGES, 4, augment=train.Augment()))


def test_a_loss_that_is_not_finite_stops_the_run():
    with pytest.raises(FloatingPointError, match=r"the loss became (nan|inf) in epoch \d, step \d+ \(lr=1e\+20"):
        train.fit(make_net(), IMAGES, epochs=3, lr=1e20, batch_size=16, schedule="constant")
    broken = SimpleNamespace(x=np.full((4, 1, 8, 8), np.nan), y=np.zeros(4, int))
    with pytest.raises(FloatingPointError, match="the loss became nan in epoch 1, step 1"):
        train.fit(make_net(), broken, epochs=1, lr=0.1)
    with pytest.raises(FloatingPointError, match="the validation loss became nan after epoch 1"):
        train.fit(make_net(), IMAGES, broken, epochs=1, lr=0.1)


def test_a_last_step_that_spoils_the_weights_is_found_without_validation():
    with pytest.raises(FloatingPointError, match=r"the weight 0\.weight became (nan|-?inf) after epoch 1"):
        train.fit(make_net(), SimpleNamespace(x=IMAGES.x * 1e4, y=IMAGES.y), epochs=1, lr=3e38, schedule="constant")


# ---- recipes

@given(st.permutations(["batch_size", "optimizer", "weight_decay", "seed", "lr", "epochs"]), st.integers(0, 6))
@settings(max_examples=10)
def test_a_recipe_and_options_in_its_place_do_the_same(names, cut):
    values = {"batch_size": 30, "optimizer": "adamw", "weight_decay": 0.1, "seed": 4, "lr": 0.01, "epochs": 1}
    base = train.Recipe(**{"epochs": 9, "lr": 0.5} | {name: values[name] for name in names[:cut]})
    net, other = make_net(), make_net()
    assert train.fit(net, IMAGES, **values).train_loss == train.fit(
        other, IMAGES, None, base, **{name: values[name] for name in values if values[name] != getattr(base, name)}
    ).train_loss
    assert torch.equal(weights(net), weights(other))


# ---- modes

def frozen_inside():
    net = make_net(norm=True, dropout=0.2)
    net[1].eval()
    return net


def modes(net):
    return [module.training for module in net.modules()]


def test_a_part_in_evaluation_mode_stays_so_through_all_epochs():
    net, seen = frozen_inside(), []
    before = {name: value.clone() for name, value in net[1].named_buffers()}
    net[1].register_forward_hook(lambda module, *_: seen.append(module.training))
    first = modes(net)
    train.fit(net, IMAGES, VALIDATION, epochs=2, lr=0.1)
    assert seen and not any(seen)
    assert modes(net) == first == [True, True, False, True, True, True, True]
    assert all(torch.equal(value, before[name]) for name, value in net[1].named_buffers())
    train.evaluate(net, VALIDATION)
    assert modes(net) == first


def test_a_network_in_evaluation_mode_as_a_whole_is_trained_and_put_back():
    net, other = make_net(norm=True, dropout=0.2), make_net(norm=True, dropout=0.2).eval()
    for each in (net, other):
        train.fit(each, IMAGES, VALIDATION, epochs=2, lr=0.1)
    assert torch.equal(weights(net), weights(other))
    assert int(other[1].num_batches_tracked) == 2
    assert modes(other) == [False] * 7
    net[0].train()
    with pytest.raises(FloatingPointError):
        train.fit(other, IMAGES, epochs=1, lr=1e30, batch_size=8)
    assert modes(other) == [False] * 7


# ---- examples

@pytest.mark.parametrize("name", ["recipe", "modes", "names", "train.batches", "train.identity", "train.loop"])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"d2lcnn.{name}"))
    assert result.failed == 0 and result.attempted > 0
