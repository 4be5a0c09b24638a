"""The GoogLeNet experiment: rates chosen on validation images, and networks that differ in one path each."""

import numpy as np
import pytest

from d2lcnn import results
from d2lcnn.experiments import googlenet


@pytest.mark.parametrize("name", googlenet.RATES)
def test_rates_were_chosen_on_validation_images(name):
    values = {s.setting: s.mean for s in results.summarise("googlenet_tuning", "validation_accuracy")}
    tried = [values[f"{name}, lr={rate}"] for rate in googlenet.RATES[name]]
    assert googlenet.CHOSEN[name] == googlenet.RATES[name][int(np.argmax(tried))]


def test_each_variant_leaves_out_one_path_and_changes_nothing_else():
    settings = googlenet.GOOGLENET.settings
    assert all(settings[f"without {path}"].options == {"without": (path,)} for path in googlenet.PATHS)
    nets = [s for s in settings.values() if s.network == "googlenet_small"]
    assert len(nets) == 5 and len({(s.recipe, s.images, s.seeds) for s in nets}) == 1
    assert {s.recipe.epochs for s in settings.values()} == {4}
