"""Modules that are loaded at their first use."""

import doctest
import subprocess
import sys

import pytest

from d2lcnn import later
from d2lcnn.later import Later


def test_examples_in_docstrings():
    assert doctest.testmod(later) == (0, 2)


def test_it_gives_what_the_module_has_and_takes_nothing(monkeypatch):
    import colorsys

    stand = Later("colorsys")
    assert stand.rgb_to_hsv is colorsys.rgb_to_hsv
    monkeypatch.setattr(colorsys, "ONE_THIRD", 3)
    assert stand.ONE_THIRD == 3
    with pytest.raises(AttributeError):  # it would be seen here and not by others
        stand.ONE_THIRD = 4


def test_nothing_is_loaded_before_and_what_is_missing_is_named():
    code = ("import sys\nfrom d2lcnn.later import Later\nstand = Later('colorsys')\n"
            "assert 'colorsys' not in sys.modules\nstand.ONE_THIRD\nassert 'colorsys' in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = Later("no_such_module").something


@pytest.mark.parametrize(("module", "name"), [("gated", "Stack"), ("gated", "Block"), ("sequences", "SequenceNet")])
def test_networks_of_an_experiment_are_at_hand_beside_it(module, name):
    experiment = getattr(__import__("d2lcnn.experiments", fromlist=[module]), module)
    assert getattr(experiment, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = experiment.Nothing
