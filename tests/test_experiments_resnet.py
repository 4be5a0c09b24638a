"""The ResNet experiment: rates chosen on validation images; plain and residual networks differ in one addition."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from d2lcnn import networks, results
from d2lcnn.experiments.settings import TUNING_SEED

resnet = importlib.import_module("d2lcnn.experiments.resnet")


@pytest.mark.parametrize("name", resnet.CHOSEN)
def test_rates_were_chosen_on_validation_images(name):
    values = {s.setting: s.mean for s in results.summarise("resnet_tuning", "validation_accuracy")}
    *_, rates = resnet.NETS[name]
    tried = [values[f"{name}, lr={rate}"] for rate in rates]
    assert rates[int(np.argmax(tried))] == resnet.CHOSEN[name]
    assert resnet.RESNET.settings[name].recipe.lr == resnet.CHOSEN[name]


def test_the_seed_of_the_choice_is_none_of_the_results():
    assert {s for setting in resnet.RESNET_TUNING.settings.values() for s in setting.seeds} == {TUNING_SEED}
    assert all(TUNING_SEED not in setting.seeds for setting in resnet.RESNET.settings.values())
    assert not any(setting.tested for setting in resnet.RESNET_TUNING.settings.values())


@pytest.mark.parametrize("depth", resnet.DEPTHS)
def test_plain_and_residual_differ_in_the_addition_alone(depth):
    plain, residual = (resnet.RESNET.settings[f"{kind}, {depth} layers"] for kind in ("plain", "residual"))
    assert replace(plain.recipe, lr=1.0) == replace(residual.recipe, lr=1.0)
    assert {k for k in plain.options if plain.options[k] != residual.options[k]} == {"residual"}
    first, second = (networks.create(s.network, seed=0, **s.options).state_dict() for s in (plain, residual))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[k], second[k]) for k in first)


def test_the_file_says_the_same_of_both():
    table = results.read("resnet")
    for depth in resnet.DEPTHS:
        costs = [{(int(r.params), int(r.macs), int(r.epochs), int(r.train_images)) for r in table
                  if r.setting == f"{kind}, {depth} layers"} for kind in ("plain", "residual")]
        assert costs[0] == costs[1]
        assert len(costs[0]) == 1
