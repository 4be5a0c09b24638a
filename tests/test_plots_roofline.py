"""The roofline: the roof is where it must be, points and labels where they are said to be."""

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from d2lcnn import plots


@pytest.fixture(autouse=True)
def clean_up():
    with mpl.rc_context():
        yield
    plt.close("all")


MEASURED = {"one": {"thin": (0.5, 2.0), "thick": (50.0, 30.0)}, "other": {"thin": (0.5, 4.0)}}


def test_the_roof_rises_with_the_bandwidth_and_ends_at_the_peak():
    ax = plots.roofline(MEASURED, peak=60, bandwidth=10)
    x, y = ax.lines[0].get_data()
    assert x.tolist() == [0.25, 6, 100]
    assert y.tolist() == [2.5, 60, 60]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_points_and_one_label_a_layer_at_the_highest():
    ax = plots.roofline(MEASURED, peak=60, bandwidth=10)
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0.5, 2], [50, 30]])
    np.testing.assert_array_equal(ax.lines[2].get_xydata(), [[0.5, 4]])
    assert {t.get_text(): t.xy for t in ax.texts} == {"thin": (0.5, 4.0), "thick": (50.0, 30.0)}
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["one", "other"]
    joined = sorted(line.get_xydata().tolist() for line in ax.lines[3:])
    assert joined == [[[0.5, 2], [0.5, 4]], [[50, 30]]]
    looks = [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in ax.lines[1:3]]
    assert looks == [(series["color"], series["marker"], "None") for series in plots.SERIES[:2]]


def test_draws_where_it_is_told():
    ax = plt.figure().add_subplot()
    assert plots.roofline({}, peak=1, bandwidth=1, ax=ax) is ax


@pytest.mark.parametrize(("series", "peak", "message"), [
    ({str(n): {} for n in range(9)}, 1, "9 series"),
    ({"one": {"a": (0, 1)}}, 1, "must be positive"),
    ({}, 0, "must be positive"),
])
def test_refuses_what_it_cannot_draw(series, peak, message):
    with pytest.raises(ValueError, match=message):
        plots.roofline(series, peak=peak, bandwidth=1)
