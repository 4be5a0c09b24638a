"""The experiment on the number of feature maps: nets of equal work, a control with as much to read, rates inside."""

import numpy as np
import pytest
import torch

from d2lcnn import results
from d2lcnn.experiments import maps
from d2lcnn.experiments.settings import TUNING_SEED
from d2lcnn.summary import summarize


def middle_macs(name):
    """Multiply-adds of the convolutions behind the first, which grow with the square of the maps."""
    table = summarize(maps.maps_net(**maps.NETS[name]), (1, 28, 28))
    return sum([row.macs for row in table if row.kind == "Conv2d"][1:])


@pytest.mark.parametrize("name", maps.EQUAL_WORK)
def test_equal_work_is_equal(name):
    assert middle_macs(name) == middle_macs("16 maps") == 2 * 196 * 9 * 16**2


def test_twice_the_maps_are_four_times_the_work():
    work = [middle_macs(f"{m} maps") for m in maps.MAPS]
    assert work == [work[0] * 4**n for n in range(len(work))]


def test_the_control_reads_as_many_numbers_from_one_map():
    whole, many = (maps.maps_net(**maps.NETS[name]) for name in ("1 map, whole", "16 maps"))
    assert whole[-1].in_features == many[-1].in_features == 784
    assert {m.out_channels for m in whole.modules() if isinstance(m, torch.nn.Conv2d)} == {1}


@pytest.mark.parametrize("name", maps.NETS)
def test_rates_were_chosen_on_validation_images_inside_of_those_tried(name):
    table, rates = results.read("maps_tuning"), (*maps.RATES, *maps.FURTHER.get(name, ()))
    seen = table[table.metric == "validation_accuracy"]
    reached = {rate: np.mean(seen.value[seen.setting == f"{name}, lr={rate}"]) for rate in rates}
    assert maps.CHOSEN[name] == max(reached, key=reached.get)
    assert min(rates) < maps.CHOSEN[name] < max(rates)


def test_every_setting_has_three_seeds_and_the_tuning_others():
    assert {s.seeds for s in maps.MAPS_EXPERIMENT.settings.values()} == {(0, 1, 2)}
    assert {s.seeds for s in maps.MAPS_TUNING.settings.values()} == {tuple(TUNING_SEED + n for n in range(3))}


@pytest.mark.parametrize("options, message", [
    ({"maps": 0}, "maps must be at least 1, not 0"),
    ({"maps": 2, "side": 9}, "side is 9, which does not divide 28"),
    ({"maps": 2, "side": 14, "grid": 4}, "grid is 4, which does not divide 14"),
    ({"maps": 2, "depth": 1.5}, "depth must be an integer, not 1.5"),
])  # fmt: skip
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        maps.maps_net(**options)
