"""The AlexNet experiment: rates chosen on validation images, and settings that differ in one thing each."""

import importlib

import numpy as np
import pytest

from d2lcnn import results

alexnet = importlib.import_module("d2lcnn.experiments.alexnet")


@pytest.mark.parametrize("arm", alexnet.ARMS)
def test_rates_were_chosen_on_validation_images(arm):
    values = {s.setting: s.mean for s in results.summarise("alexnet_tuning", "validation_accuracy")}
    tried = [values[f"{arm}, lr={rate}"] for rate in alexnet.ARMS[arm][2]]
    assert alexnet.ARMS[arm][2][int(np.argmax(tried))] == alexnet.CHOSEN[arm]


def test_the_activations_differ_in_activation_and_weights_alone():
    few = {name: s for name, s in alexnet.ALEXNET.settings.items() if s.network == "alexnet_small" and s.images == alexnet.SOME}
    assert set(few) == {"ReLU", "tanh", "sigmoid", "sigmoid, weights times 4"}
    assert len({str({k: v for k, v in s.fit.items() if k != "lr"}) for s in few.values()}) == 1
    assert {frozenset(s.options) - {"gain"} for s in few.values()} == {frozenset({"activation", "dropout"})}


def test_dropout_and_augmentation_are_switched_one_by_one():
    def switches(name):
        setting = alexnet.ALEXNET.settings[f"few images, {name}"]
        rest = {k: v for k, v in setting.fit.items() if k != "augment"}
        return setting.options["dropout"] > 0, "augment" in setting.fit, str(rest), setting.images

    plain = switches("plain")
    assert plain[:2] == (False, False)
    assert switches("dropout") == (True, False, *plain[2:])
    assert switches("augmentation") == (False, True, *plain[2:])
