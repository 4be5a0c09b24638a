"""The AlexNet experiment: rates chosen on validation images, and settings that differ in one thing each."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from d2lcnn import results
from d2lcnn.experiments.images import SUBSET

alexnet = importlib.import_module("d2lcnn.experiments.alexnet")
TRIED = {arm: (rates, alexnet.CHOSEN[arm]) for arm, (_, _, rates) in alexnet.ARMS.items()}
TRIED |= {f"few images, {m}": (alexnet.FEW_RATES, lr) for m, lr in alexnet.FEW_CHOSEN.items()}


@pytest.mark.parametrize("name", TRIED)
def test_rates_were_chosen_on_validation_images(name):
    values = {s.setting: s.mean for s in results.summarise("alexnet_tuning", "validation_accuracy")}
    rates, chosen = TRIED[name]
    assert rates[int(np.argmax([values[f"{name}, lr={rate}"] for rate in rates]))] == chosen


@pytest.mark.parametrize("arm", ["linear", "mlp", "ReLU", "tanh", "sigmoid, weights times 4"])
def test_rates_of_the_race_lie_between_others(arm):
    rates, chosen = TRIED[arm]
    assert min(rates) < chosen < max(rates)


def test_the_activations_differ_in_activation_weights_and_rate_alone():
    race = {name: alexnet.ALEXNET.settings[name] for name in alexnet.ARMS}
    assert len({replace(s.recipe, lr=1.0) for s in race.values()}) == 1
    assert {(s.images, s.seeds) for s in race.values()} == {(SUBSET, (0, 1, 2))}
    nets = [s for s in race.values() if s.network == "alexnet_small"]
    assert {s.options["dropout"] for s in nets} == {0.0}
    assert {frozenset(s.options) - {"gain"} for s in nets} == {frozenset({"activation", "dropout"})}


def test_dropout_and_augmentation_are_switched_one_by_one():
    def switches(name):
        setting = alexnet.ALEXNET.settings[f"few images, {name}"]
        rest = replace(setting.recipe, augment=None, lr=1.0)
        return setting.options["dropout"] > 0, setting.recipe.augment is not None, rest, setting.images

    plain = switches("plain")
    assert plain[:2] == (False, False)
    assert switches("dropout") == (True, False, *plain[2:])
    assert switches("augmentation") == (False, True, *plain[2:])
    assert switches("both") == (True, True, *plain[2:])
