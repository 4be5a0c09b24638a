"""Training in NumPy against training in torch, and what the experiment on both must hold."""

from dataclasses import replace

import numpy as np
import pytest
from toy_images import light, rows_of_light

from d2lcnn import networks, results, train
from d2lcnn.experiments import CURVE, EXPERIMENTS, Classifier, Experiment, backpropagation, by_hand, run
from d2lcnn.experiments.backpropagation import InNumPy, LossGaps
from d2lcnn.train import Recipe


def network(seed=0):
    return networks.create("lenet", seed=seed, activation="relu", pool="max")


@pytest.mark.parametrize("optimizer", ["sgd", "plain_sgd"])
def test_numpy_trains_as_torch_does(optimizer):
    images, held_back = rows_of_light(50, 0), rows_of_light(21, 1)
    recipe = Recipe(2, 0.05, 16, optimizer, seed=3)
    theirs = network()
    mine = by_hand.translate(theirs)
    expected = train.fit(theirs, images, held_back, recipe).as_dict()
    history = by_hand.fit(mine, images, held_back, recipe).as_dict()
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
    images, recipe = rows_of_light(40, 0), Recipe(3, 0.05, 16, seed=1)
    single, double = (by_hand.loss_gaps(network(), images, 7, dtype, recipe) for dtype in ("float32", "float64"))
    assert single.shape == double.shape == (7,)
    assert double.max() < 1e-12
    assert single.max() < 1e-4
    assert single.max() > double.max()


def test_what_it_cannot_do_is_said():
    with pytest.raises(ValueError, match="optimizer is 'adamw'; in NumPy there are sgd, plain_sgd"):
        by_hand.fit(by_hand.translate(network()), rows_of_light(10, 0), None, Recipe(1, 0.1, optimizer="adamw"))
    with pytest.raises(ValueError, match=r"weight_decay=0\.1.* nothing more"):
        by_hand.fit(by_hand.translate(network()), rows_of_light(10, 0), None, Recipe(1, 0.1, weight_decay=0.1))
    with pytest.raises(FloatingPointError, match="the loss became"), np.errstate(all="ignore"):
        by_hand.fit(by_hand.translate(network()), rows_of_light(40, 0), None, Recipe(20, 1e6, 10))


def test_the_runner_measures_what_is_declared(tmp_path):
    recipe = Recipe(1, 0.05, 10)
    setting = InNumPy("lenet", recipe, {"activation": "relu", "pool": "max"}, light, seeds=(2,), curve=CURVE,
                      probes=(LossGaps((1, 5)),))
    table = results.read(run(Experiment("toy", "?", {"by hand": setting}), tmp_path, lambda line: None))
    assert table.metric.tolist() == setting.metrics(2)
    values = dict(zip(table.metric.tolist(), table.value.tolist(), strict=True))
    for name, dtype in (("loss_gap", "float32"), ("loss_gap64", "float64")):
        each = by_hand.loss_gaps(network(2), light(2).train, 5, dtype, replace(recipe, seed=2))
        assert [values[f"{name}@1"], values[f"{name}@5"]] == [each[0], each.max()]
    mine = by_hand.translate(network(2))
    history = by_hand.fit(mine, light(2).train, None, replace(recipe, seed=2))
    assert values["train_accuracy"] == history.train_accuracy[-1]
    assert values["test_loss"] == by_hand.evaluate(mine, light(2).test).loss


# ---- the stored results

def test_the_rate_was_chosen_on_validation_images():
    table = results.read("backpropagation_tuning")
    found = table[table.metric == "validation_accuracy"]
    best = found.setting[found.value.argmax()]
    assert best == f"torch, lr={backpropagation.CHOSEN}"
    assert min(backpropagation.RATES) < backpropagation.CHOSEN < max(backpropagation.RATES)


def test_both_follow_one_recipe():
    mine, theirs = (EXPERIMENTS["backpropagation"].settings[engine] for engine in ("numpy", "torch"))
    assert (type(mine), type(theirs)) == (InNumPy, Classifier)
    assert Classifier(**vars(mine) | {"probes": ()}) == theirs


def test_goals_are_met():
    reached = {s.setting: s for s in results.summarise("backpropagation", "test_accuracy")}
    assert reached["numpy"].n == reached["torch"].n == 3
    assert reached["numpy"].min >= 0.85
    for digits, metric in ((1e-4, "loss_gap@10"), (1e-12, "loss_gap64@10")):
        assert results.summarise("backpropagation", metric)[0].max < digits
