"""What training may end with besides the last weights; classes that weigh more; batches with equal classes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from training import IMAGES, VALIDATION, make_images, make_net, stopped_after, weights

from d2lcnn import train
from d2lcnn.train.batches import balanced_weights

OPTIONS = {"lr": 0.1, "batch_size": 40, "schedule": "constant", "seed": 5}
UNEQUAL = SimpleNamespace(x=IMAGES.x, y=np.where(np.arange(96) < 80, 0, IMAGES.y))
# labels that training cannot agree with: the better it learns, the worse it gets
WRONG = SimpleNamespace(x=VALIDATION.x, y=(VALIDATION.y + 1) % 4)


def states_after(steps, **options):
    """Return the state of a net after each step: one step an epoch, all images in a batch."""
    return [fitted(epochs, batch_size=96, **options).state_dict() for epochs in range(1, steps + 1)]


def fitted(epochs, validation=None, **options):
    net = make_net(norm=True)
    train.fit(net, IMAGES, validation, epochs=epochs, **{**OPTIONS, **options})
    return net


def same(net, state):
    for name, value in net.state_dict().items():
        torch.testing.assert_close(value, state[name], msg=name)


def test_the_average_forgets_as_its_definition_says():
    first, *others = states_after(4)
    average = first
    for state in others:
        average = {name: 0.7 * average[name] + 0.3 * value if value.is_floating_point() else value
                   for name, value in state.items()}
    same(fitted(4, batch_size=96, ema=0.7), {**average, "1.num_batches_tracked": torch.tensor(4)})


def test_validation_measures_the_average():
    net = make_net(norm=True)
    history = train.fit(net, IMAGES, VALIDATION, epochs=2, ema=0.9, **OPTIONS)
    assert history.validation_loss[-1] == pytest.approx(train.evaluate(net, VALIDATION).loss)
    plain = train.fit(make_net(norm=True), IMAGES, VALIDATION, epochs=2, **OPTIONS)
    assert plain.train_loss == history.train_loss
    assert plain.validation_loss != history.validation_loss


def test_patience_gives_back_the_best_epoch():
    net = make_net(norm=True)
    history = train.fit(net, IMAGES, WRONG, epochs=30, patience=3, **OPTIONS)
    assert len(history) == history.best + 3 < 30
    assert history.best == int(np.argmin(history.validation_loss)) + 1
    same(net, fitted(history.best).state_dict())
    assert train.evaluate(net, WRONG).loss == pytest.approx(min(history.validation_loss))


def test_patience_that_never_runs_out_trains_all_epochs_and_still_gives_back_the_best():
    net = make_net(norm=True)
    history = train.fit(net, IMAGES, WRONG, epochs=4, patience=9, **OPTIONS)
    assert len(history) == 4
    same(net, fitted(history.best).state_dict())


@pytest.mark.parametrize("options", [{"ema": 0.8}, {"patience": 2}, {"ema": 0.8, "patience": 2}])
@pytest.mark.parametrize("done", [1, 3])
def test_a_resumed_run_ends_as_an_unbroken_one(tmp_path, options, done):
    whole, resumed, path = make_net(norm=True), make_net(norm=True), tmp_path / "run.pt"
    history = train.fit(whole, IMAGES, WRONG, epochs=8, **OPTIONS, **options)
    with stopped_after(done):
        train.fit(make_net(norm=True), IMAGES, WRONG, epochs=8, checkpoint=path, **OPTIONS, **options)
    for _ in range(2):  # a finished run is found finished
        again = train.fit(resumed, IMAGES, WRONG, epochs=8, checkpoint=path, **OPTIONS, **options)
        assert again.validation_loss == history.validation_loss
        assert all(torch.equal(a, b) for a, b in zip(resumed.state_dict().values(), whole.state_dict().values(),
                                                     strict=True))


def test_class_weights_are_torchs():
    for asked, weight in (((1.0, 2.0, 0.0, 3.0), torch.tensor([1.0, 2.0, 0.0, 3.0])),
                          ("balanced", torch.tensor(96 / (4 * np.bincount(UNEQUAL.y)), dtype=torch.float32))):
        net, by_hand = make_net(), make_net()
        train.fit(net, UNEQUAL, epochs=1, class_weights=asked, **{**OPTIONS, "batch_size": 96}, optimizer="plain_sgd",
                  label_smoothing=0.1)
        logits = by_hand(torch.from_numpy(UNEQUAL.x).float() / 255)
        labels = torch.from_numpy(UNEQUAL.y)
        loss = F.cross_entropy(logits, labels, weight, reduction="sum", label_smoothing=0.1) / 96
        loss.backward()
        with torch.no_grad():
            for p in by_hand.parameters():
                p -= 0.1 * p.grad
        torch.testing.assert_close(weights(net), weights(by_hand), rtol=1e-4, atol=1e-6)


def test_balanced_weights_make_classes_count_alike():
    labels = np.repeat([0, 2, 3], [10, 5, 1])
    weight = balanced_weights(labels)
    assert weight[1] == 0
    np.testing.assert_allclose([weight[c] * (labels == c).sum() for c in (0, 2, 3)], 16 / 3)
    assert weight[labels].mean() == pytest.approx(1)


def test_a_class_without_training_images_has_no_weight_and_no_harm():
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 6))
    history = train.fit(net, UNEQUAL, epochs=1, class_weights="balanced", **OPTIONS)
    assert np.isfinite(history.train_loss).all()


def test_balanced_sampling_draws_classes_equally_often():
    images = make_images(4000)
    rare = SimpleNamespace(x=images.x, y=np.where(np.arange(4000) < 3600, 0, images.y))
    seen = [y for _, y in train.batches(rare, 500, rng=np.random.default_rng(0), balanced=True)]
    counts = np.bincount(torch.cat(seen))
    assert counts.sum() == 4000
    assert (abs(counts - 1000) < 5 * np.sqrt(750)).all()
    with pytest.raises(ValueError, match="balanced draws random numbers: hand in rng"):
        next(train.batches(rare, 500, balanced=True))


def test_sampling_changes_what_is_learnt_and_seeds_decide():
    nets = [make_net() for _ in range(3)]
    for net, options in zip(nets, ({}, {"sampling": "balanced"}, {"sampling": "balanced"}), strict=True):
        train.fit(net, UNEQUAL, epochs=1, **OPTIONS, **options)
    assert torch.equal(weights(nets[1]), weights(nets[2]))
    assert not torch.equal(weights(nets[0]), weights(nets[1]))
