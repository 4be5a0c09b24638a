"""Settings that all tests share, and images that the tests of commands do."""

import os
from types import SimpleNamespace

import hypothesis
import pytest

from d2lcnn import data

# The same examples in every run, so that a red build can be repeated; `HYPOTHESIS_PROFILE=search` draws new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=100)
hypothesis.settings.register_profile("search", deadline=None, database=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

os.environ["D2LCNN_PROGRESS"] = "off"  # a test that wants a file names one; none writes into the home folder


@pytest.fixture
def few_images(monkeypatch):
    """A subset cut to a few hundred images."""
    whole = data.fashion_mnist("subset")
    cut = SimpleNamespace(train=whole.train[:400], validation=whole.validation[:200], test=whole.test[:300])
    monkeypatch.setattr(data, "fashion_mnist", lambda source: cut)
    return cut


@pytest.fixture
def figures_closed():
    """Draw without a window, and leave neither figures nor settings behind."""
    import matplotlib.pyplot as plt

    with plt.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")
