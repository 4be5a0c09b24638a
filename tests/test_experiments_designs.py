"""Designs of one budget: rates chosen on validation images, inside of those tried, with other seeds."""

import numpy as np
import pytest

from d2lcnn import results
from d2lcnn.experiments import designs
from d2lcnn.experiments.settings import TUNING_SEED


@pytest.mark.parametrize("name", designs.DESIGNS)
def test_rates_were_chosen_on_validation_images_inside_of_those_tried(name):
    table, rates = results.read("designs_tuning"), designs.RATES[name]
    seen = table[table.metric == "validation_accuracy"]
    reached = {rate: np.mean(seen.value[seen.setting == f"{name}, lr={rate}"]) for rate in rates}
    assert designs.CHOSEN[name] == max(reached, key=reached.get)
    assert min(rates) < designs.CHOSEN[name] < max(rates)


def test_every_design_has_three_seeds_and_the_tuning_others():
    assert {s.seeds for s in designs.DESIGNS_EXPERIMENT.settings.values()} == {(0, 1, 2)}
    assert {s.seeds for s in designs.DESIGNS_TUNING.settings.values()} == {tuple(TUNING_SEED + n for n in range(3))}
