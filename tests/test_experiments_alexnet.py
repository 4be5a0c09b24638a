"""The AlexNet experiment: rates chosen on validation images, and settings that differ in one thing each."""

import importlib

import numpy as np
import pytest

from d2lcnn import results

alexnet = importlib.import_module("d2lcnn.experiments.alexnet")


@pytest.mark.parametrize("arm", alexnet.ARMS | alexnet.LONGER_ARMS)
def test_rates_were_chosen_on_validation_images(arm):
    values = {s.setting: s.mean for s in results.summarise("alexnet_tuning", "validation_accuracy")}
    rates = (alexnet.ARMS | alexnet.LONGER_ARMS)[arm][-1]
    tried = [values[f"{arm}, lr={rate}"] for rate in rates]
    assert rates[int(np.argmax(tried))] == alexnet.CHOSEN[arm]


@pytest.mark.parametrize("arm", alexnet.LONGER_ARMS)
def test_rates_of_the_longer_race_lie_between_others(arm):
    assert alexnet.CHOSEN[arm] in alexnet.LONGER_ARMS[arm][1][1:-1]


def test_the_activations_differ_in_activation_and_weights_alone():
    race = {name: s for name, s in alexnet.ALEXNET.settings.items() if s.images == alexnet.SOME}
    race = {name: s for name, s in race.items() if s.network == "alexnet_small"}
    assert set(race) == {"ReLU", "tanh", "sigmoid", "sigmoid, weights times 4"}
    assert len({str({k: v for k, v in s.fit.items() if k != "lr"}) for s in race.values()}) == 1
    assert {frozenset(s.options) - {"gain"} for s in race.values()} == {frozenset({"activation", "dropout"})}


@pytest.mark.parametrize("name", alexnet.LONGER_ARMS)
def test_the_longer_race_differs_in_images_epochs_and_rate_alone(name):
    short, longer = (alexnet.ALEXNET.settings[n] for n in (alexnet.LONGER_ARMS[name][0], name))
    assert (longer.network, longer.options, longer.images) == (short.network, short.options, None)
    assert {k for k in short.fit if longer.fit[k] != short.fit[k]} <= {"epochs", "lr"}
    assert longer.fit["epochs"] == 4


def test_dropout_and_augmentation_are_switched_one_by_one():
    def switches(name):
        setting = alexnet.ALEXNET.settings[f"few images, {name}"]
        rest = {k: v for k, v in setting.fit.items() if k != "augment"}
        return setting.options["dropout"] > 0, "augment" in setting.fit, str(rest), setting.images

    plain = switches("plain")
    assert plain[:2] == (False, False)
    assert switches("dropout") == (True, False, *plain[2:])
    assert switches("augmentation") == (False, True, *plain[2:])
