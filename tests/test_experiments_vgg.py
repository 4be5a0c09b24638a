"""The experiment on VGG's stacks: rates chosen on validation images, and settings that differ in what they say."""

import pytest
from torch import nn

from d2lcnn import networks, results
from d2lcnn.experiments import vgg
from d2lcnn.experiments.settings import TUNING_SEED
from d2lcnn.summary import summarize


@pytest.mark.parametrize("name", vgg.NETS)
def test_rates_were_chosen_on_validation_images_inside_of_those_tried(name):
    table, rates = results.read("vgg_tuning"), vgg.NETS[name][2]
    reached = {rate: float(table.value[(table.setting == f"{name}, lr={rate}")
                                       & (table.metric == "validation_accuracy")][0]) for rate in rates}
    assert vgg.CHOSEN[name] == max(reached, key=reached.get)
    assert min(rates) < vgg.CHOSEN[name] < max(rates)


def stack_weights(name):
    """Weights of the convolutions in the stacks: those that keep the number of maps."""
    network, options, _ = vgg.NETS[name]
    convolutions = [m for m in networks.create(network, seed=0, **options).modules() if isinstance(m, nn.Conv2d)]
    return sum(m.weight.numel() for m in convolutions if m.in_channels == m.out_channels)


def test_stacks_have_the_weights_that_the_chapter_says():
    three, one, narrow = (stack_weights(n) for n in ("three 3x3", "one 7x7", "one 7x7, narrow"))
    assert three * 49 == one * 27
    assert three < narrow < 1.03 * three
    assert stack_weights("three 3x3, linear") == three


def test_linear_stacks_have_one_rectifier_each_like_the_7x7_that_they_replace():
    kinds = {}
    for name in ("three 3x3", "three 3x3, linear", "one 7x7"):
        network, options, _ = vgg.NETS[name]
        kinds[name] = [type(m) for m in networks.create(network, seed=0, **options).modules()]
    convolutions = {name: found.count(nn.Conv2d) for name, found in kinds.items()}
    rectifiers = {name: found.count(nn.ReLU) for name, found in kinds.items()}
    assert convolutions["three 3x3"] == convolutions["three 3x3, linear"] > convolutions["one 7x7"]
    assert rectifiers["three 3x3"] - convolutions["three 3x3"] == rectifiers["one 7x7"] - convolutions["one 7x7"]
    assert rectifiers["three 3x3, linear"] == rectifiers["one 7x7"]


def test_all_see_the_same_pixels():
    tables = [summarize(networks.create(network, seed=0, **options), (1, 28, 28))
              for network, options, _ in vgg.NETS.values() if network == "vgg_small"]
    assert len(tables) == 6
    assert len({tuple(x.receptive_field for x in table if x.kind == "MaxPool2d") for table in tables}) == 1


def test_every_setting_has_three_seeds_that_the_tuning_did_not_use():
    for experiment, tuned in ((vgg.VGG, False), (vgg.VGG_TUNING, True)):
        for setting in experiment.settings.values():
            assert (TUNING_SEED in setting.seeds) == tuned
            assert len(setting.seeds) == (1 if tuned else 3)


@pytest.mark.parametrize("name", [n for n in vgg.NETS if n not in ("mlp", "linear")])
def test_every_network_beats_both_baselines_with_every_seed(name):
    reached = {s.setting: s for s in results.summarise("vgg", "test_accuracy")}
    assert reached[name].min > max(reached["mlp"].max, reached["linear"].max)
