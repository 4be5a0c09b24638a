"""The experiment on norms: what is built, what a failed run counts as, rates inside."""

import math

import numpy as np
import pytest
import torch
from toy_images import rows_of_light

from d2lcnn import results
from d2lcnn.data import Splits
from d2lcnn.experiments import EXPERIMENTS, normalisation
from d2lcnn.experiments.nets.normalisation import Unsteady
from d2lcnn.experiments.settings import TUNING_SEED
from d2lcnn.train import Recipe


def kinds(net):
    return [type(layer).__name__ for layer in net]


@pytest.mark.parametrize(("options", "first"), [
    ({}, ["Conv2d", "BatchNorm2d", "ReLU", "Conv2d"]),
    ({"relu_first": True}, ["Conv2d", "ReLU", "BatchNorm2d", "Conv2d"]),
    ({"norm": None}, ["Conv2d", "ReLU", "Conv2d"]),
    ({"norm": "unsteady batch"}, ["Conv2d", "BatchNorm2d", "Unsteady", "ReLU", "Conv2d"]),
    ({"drop": "blocks", "p": 0.2}, ["Conv2d", "BatchNorm2d", "ReLU", "Dropout", "Conv2d"]),
    ({"drop": "maps of blocks", "p": 0.2}, ["Conv2d", "BatchNorm2d", "ReLU", "Dropout2d", "Conv2d"]),
])  # fmt: skip
def test_a_block_has_its_parts_in_order(options, first):
    assert kinds(normalisation.normed(**options))[: len(first)] == first


@pytest.mark.parametrize(("drop", "last"), [
    ("head", ["ReLU", "Flatten", "Dropout", "Linear"]),
    ("maps of the last block", ["ReLU", "Dropout2d", "Flatten", "Linear"]),
])  # fmt: skip
def test_late_dropout_stands_once_behind_the_last_norm(drop, last):
    net = normalisation.normed(drop=drop, p=0.3)
    assert kinds(net)[-4:] == last
    assert [layer.p for layer in net if "Dropout" in type(layer).__name__] == [0.3]


def test_nets_that_differ_in_dropout_begin_alike():
    plain, late = (normalisation.normed(drop=drop, p=0.5, seed=3) for drop in (None, "blocks"))
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), late.parameters(), strict=True))


@pytest.mark.parametrize(("name", "rooms"), [("group", 4), ("layer", 1), ("instance", 16)])
def test_norms_of_one_image_are_group_norms(name, rooms):
    (layer,) = normalisation.norm_layers(name, 16)
    assert (layer.num_groups, layer.num_channels) == (rooms, 16)


@pytest.mark.parametrize(("build", "message"), [
    (lambda: normalisation.normed("weight"), "norm is 'weight'; it may be None, 'batch'"),
    (lambda: normalisation.normed(drop="heads"), "no place of dropout is named 'heads'"),
])  # fmt: skip
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_unsteady_spoils_what_batch_norm_did():
    layer, x = Unsteady(), torch.randn(64, 500, 4, 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        y = layer.train()(x)
    shift, stretch = y.mean((0, 2, 3)), y.std((0, 2, 3))
    assert 0.25 < shift.std() < 0.33  # uniform in -0.5 to 0.5: 1 / sqrt(12)
    assert 0.4 < shift.abs().max() < 0.65
    assert 1.0 < stretch.mean() < 1.25
    assert torch.equal(layer.eval()(x), x * 1.125)


def toy(seed, budget):
    return Splits(*(rows_of_light(20, n) for n in (0, 1, 2)))


def test_a_run_that_diverges_counts_as_chance():
    arm = normalisation.OrChance(normalisation.normed, Recipe(20, 1e9, batch_size=4), {"norm": None}, toy, tested=False)
    values, shared = arm.measure(0)
    assert values == {"train_accuracy": 0.1, "validation_accuracy": 0.1, "validation_loss": math.log(10)}
    assert set(values) == set(arm.metrics(0))
    assert shared["params"] == 29_738


# ---- the stored results

@pytest.mark.parametrize("arm", normalisation.ARMS)
def test_rates_were_chosen_on_validation_images_inside_of_those_tried(arm):
    table = results.read("normalisation_tuning")
    table = table[table.metric == "validation_accuracy"]
    here = table[[name.rpartition(", lr=")[0] == arm for name in table.setting]]
    reached = {float(name.rpartition("=")[2]): here.value[here.setting == name] for name in set(here.setting)}
    assert {len(seeds) for seeds in reached.values()} == {3}
    mean = {lr: np.mean(seeds) for lr, seeds in reached.items()}
    assert mean[normalisation.CHOSEN[arm]] == max(mean.values())
    assert min(mean) < normalisation.CHOSEN[arm] < max(mean)


def test_every_setting_has_three_seeds_and_the_tuning_others():
    final, tuning = (EXPERIMENTS[name].settings.values() for name in ("normalisation", "normalisation_tuning"))
    assert {s.seeds for s in final} == {(0, 1, 2)}
    assert {s.seeds for s in tuning} == {tuple(TUNING_SEED + n for n in range(3))}
    assert {*EXPERIMENTS["normalisation"].settings} == {*normalisation.ARMS}
