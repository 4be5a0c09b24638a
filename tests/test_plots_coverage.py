"""The coverage map: a hole for each pixel without a path, a stronger tint for more paths."""

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from d2lcnn import plots
from d2lcnn.shapes import path_counts


@pytest.fixture(autouse=True)
def clean_up():
    yield
    plt.close("all")


def kinds(ax):
    return [cell.get_gid() for cell in ax.patches]


def test_holes_are_the_pixels_without_a_path():
    row = np.array(path_counts([(3, 1, 0, 2), (3, 1, 0, 3)]))
    ax = plots.coverage(np.outer(row, row))
    assert kinds(ax) == ["seen" if a * b else "hole" for a in row for b in row]
    assert len(set(kinds(ax))) == 2
    assert {bool(cell.get_hatch()) == (cell.get_gid() == "hole") for cell in ax.patches} == {True}


def test_cells_stand_in_their_row_and_column():
    ax = plots.coverage([[1, 0, 3], [0, 2, 0]], title="paths")
    places = [(cell.get_y() + 0.5, cell.get_x() + 0.5) for cell in ax.patches]
    assert places == [(i, j) for i in range(2) for j in range(3)]
    assert [text.get_text() for text in ax.texts] == ["1", "0", "3", "0", "2", "0"]
    assert ax.get_title() == "paths"
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.6, 2.6), (1.6, -0.6)), "row 0 is at the top, and all is in sight"


def test_more_paths_are_darker():
    ax = plots.coverage([1, 2, 10, 1000])
    darkness = [-sum(cell.get_facecolor()[:3]) for cell in ax.patches]
    assert darkness == sorted(darkness)
    assert len(set(darkness)) == 4


def test_large_maps_have_a_dot_in_the_middle_and_no_numbers():
    ax = plots.coverage(np.ones((11, 13)))
    assert not ax.texts
    (dot,) = [line for line in ax.lines if line.get_gid() == "centre"]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (6, 5)
    assert not plots.coverage(np.ones((10, 13)), ax=plt.subplots()[1]).lines, "an even side has no middle cell"
    assert len(plots.coverage(np.ones((1, 12)), ax=plt.subplots()[1], numbers=True).texts) == 12


def test_draws_on_given_axes_and_maps_without_paths():
    given = plt.subplots()[1]
    assert plots.coverage([[0, 0]], ax=given) is given
    assert kinds(given) == ["hole", "hole"]


@pytest.mark.parametrize(("counts", "message"), [
    (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
    ([], "no empty one"),
    ([1, -2], "counts holds -2"),
])
def test_bad_counts_are_named(counts, message):
    with pytest.raises(ValueError, match=message):
        plots.coverage(counts)
