"""Training in NumPy against training in torch, and what the experiment on both must hold."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from d2lcnn import networks, results, train
from d2lcnn.experiments import EXPERIMENTS, backpropagation, by_hand, run, runner
from d2lcnn.experiments.settings import Experiment, Setting


def rows_of_light(count, seed):
    """Images whose class is the place of a bright row."""
    y = np.arange(count) % 10
    x = np.random.default_rng(seed).integers(0, 60, (count, 1, 28, 28)).astype(np.uint8)
    x[np.arange(count), 0, 2 * y] = 255
    return SimpleNamespace(x=x, y=y)


def network(seed=0):
    return networks.create("lenet", seed=seed, activation="relu", pool="max")


@pytest.mark.parametrize("optimizer", ["sgd", "plain_sgd"])
def test_numpy_trains_as_torch_does(optimizer):
    images, held_back = rows_of_light(50, 0), rows_of_light(21, 1)
    options = {"epochs": 2, "lr": 0.05, "batch_size": 16, "optimizer": optimizer, "seed": 3}
    theirs = network()
    mine = by_hand.translate(theirs)
    expected = train.fit(theirs, images, held_back, **options).as_dict()
    history = by_hand.fit(mine, images, held_back, **options).as_dict()
    assert history.pop("core_seconds")[1] > 0
    expected.pop("core_seconds")
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-4, err_msg=name)
    for (layer, name), p in zip(mine.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(layer.weights[name], p.detach().numpy(), rtol=0, atol=1e-5)
    on_torch, on_numpy = train.evaluate(theirs, held_back), by_hand.evaluate(mine, held_back)
    assert on_numpy.loss == pytest.approx(on_torch.loss, rel=1e-5)
    np.testing.assert_array_equal(on_numpy.confusion, on_torch.confusion)


def test_losses_differ_by_rounding_only():
    images, options = rows_of_light(40, 0), {"epochs": 3, "lr": 0.05, "batch_size": 16, "seed": 1}
    single, double = (by_hand.loss_gaps(network(), images, 7, dtype, **options) for dtype in ("float32", "float64"))
    assert single.shape == double.shape == (7,)
    assert double.max() < 1e-12
    assert single.max() < 1e-4
    assert single.max() > double.max()


def test_what_it_cannot_do_is_said():
    with pytest.raises(ValueError, match="optimizer is 'adamw'; in NumPy there are sgd, plain_sgd"):
        by_hand.fit(by_hand.translate(network()), rows_of_light(10, 0), epochs=1, lr=0.1, optimizer="adamw")
    with pytest.raises(FloatingPointError, match="the loss became"), np.errstate(all="ignore"):
        by_hand.fit(by_hand.translate(network()), rows_of_light(40, 0), epochs=20, lr=1e6, batch_size=10)


def test_the_runner_measures_what_is_declared(monkeypatch, tmp_path):
    parts = SimpleNamespace(train=rows_of_light(40, 0), validation=rows_of_light(20, 1), test=rows_of_light(20, 2))
    monkeypatch.setattr(runner, "splits", lambda source, permuted: parts)
    fit = {"epochs": 1, "lr": 0.05, "batch_size": 10}
    toy = Experiment("toy", "?", {"by hand": Setting("lenet", fit, backpropagation.OPTIONS, engine="numpy", gaps=(1, 5),
                                                     seeds=(0,), curve=True)})
    table = results.read(run(toy, tmp_path, lambda line: None))
    assert table.metric.tolist() == toy.settings["by hand"].metrics(0)
    gaps = {m: v for m, v in zip(table.metric.tolist(), table.value.tolist(), strict=True) if "gap" in m}
    assert list(gaps) == ["loss_gap@1", "loss_gap@5", "loss_gap64@1", "loss_gap64@5"]
    for name, dtype in (("loss_gap", "float32"), ("loss_gap64", "float64")):
        each = by_hand.loss_gaps(network(), parts.train, 5, dtype, **fit)
        assert [gaps[f"{name}@1"], gaps[f"{name}@5"]] == [each[0], each.max()]


# ---- the stored results

def test_the_rate_was_chosen_on_validation_images():
    table = results.read("backpropagation_tuning")
    found = table[table.metric == "validation_accuracy"]
    best = found.setting[found.value.argmax()]
    assert best == f"torch, lr={backpropagation.CHOSEN}"
    assert min(backpropagation.RATES) < backpropagation.CHOSEN < max(backpropagation.RATES)


def test_both_follow_one_recipe():
    mine, theirs = (EXPERIMENTS["backpropagation"].settings[engine] for engine in ("numpy", "torch"))
    assert (mine.engine, theirs.engine) == ("numpy", "torch")
    assert replace(mine, engine="torch", gaps=()) == theirs


def test_goals_are_met():
    reached = {s.setting: s for s in results.summarise("backpropagation", "test_accuracy")}
    assert reached["numpy"].n == reached["torch"].n == 3
    assert reached["numpy"].min >= 0.85
    for digits, metric in ((1e-4, "loss_gap@10"), (1e-12, "loss_gap64@10")):
        assert results.summarise("backpropagation", metric)[0].max < digits
