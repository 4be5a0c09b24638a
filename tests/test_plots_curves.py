"""Curves, bars and confusion matrices: what is drawn is what was handed in."""

from types import SimpleNamespace

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from d2lcnn.plots import PALETTE, curves


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


RUN = {"epoch": [1, 2, 3], "train_loss": [3, 2, 1], "validation_loss": [3, 2.5, 2],
       "train_accuracy": [0.5, 0.6, 0.9], "validation_accuracy": [0.5, 0.7, 0.8]}


@pytest.mark.parametrize("quantity", ["loss", "accuracy"])
def test_learning_curves_draw_both_parts(quantity):
    axes = plt.subplots()[1]
    for history in (RUN, SimpleNamespace(**RUN)):
        axes.clear()
        assert curves.learning_curves(history, quantity=quantity, ax=axes) is axes
        for line, part in zip(axes.lines, ("train", "validation"), strict=True):
            np.testing.assert_array_equal(line.get_xydata(), np.c_[RUN["epoch"], RUN[f"{part}_{quantity}"]])
            assert line.get_label() == part
        looks = [(to_hex(line.get_color()).upper(), line.get_linestyle(), line.get_marker()) for line in axes.lines]
        assert looks == [(PALETTE["input"], "-", "o"), (PALETTE["highlight"], "--", "s")], "training, validation"
        assert quantity in axes.get_ylabel()


def test_series_differ_by_more_than_colour():
    ax = curves.spread_curves({str(n): ([1, 2], np.full((2, 2), n)) for n in range(6)}, xlabel="n")
    for looks in ([to_hex(line.get_color()) for line in ax.lines], [line.get_linestyle() for line in ax.lines][:4],
                  [line.get_marker() for line in ax.lines]):
        assert len(set(looks)) == len(looks)


def test_spread_is_mean_and_range_over_seeds():
    values = np.array([[0.7, 0.8, 0.9], [0.9, 0.8, 1.0], [0.5, 0.2, 0.5]])  # mean and median differ
    ax = curves.spread_curves({"cnn": ([1000, 5000, 10000], values)}, xlabel="images", log_x=True)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.7, 0.6, 0.8])
    corners = ax.collections[0].get_paths()[0].vertices
    for x, low, high in zip((1000, 5000, 10000), values.min(0), values.max(0), strict=True):
        ys = corners[corners[:, 0] == x][:, 1]
        assert (ys.min(), ys.max()) == (low, high)
    assert to_hex(ax.collections[0].get_facecolor()[0]) == to_hex(ax.lines[0].get_color())
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1,000", "5,000", "10,000"]
    assert ax.get_xscale() == "log"


def test_points_may_have_different_numbers_of_seeds():
    ax = curves.spread_curves({"cnn": ([1, 2], [[0.6, 0.7, 1.1], [0.5, 0.7]])}, xlabel="images")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.8, 0.6])


def test_dots_show_means_and_every_seed():
    ax = curves.spread_dots(["mlp", "cnn"], [[0.84, 0.86, 0.79], [0.9, 0.92]])
    seeds, means = ax.lines[::2], ax.lines[1::2]
    assert [line.get_xydata().tolist() for line in seeds] == [[[0.84, 0], [0.86, 0], [0.79, 0]], [[0.9, 1], [0.92, 1]]]
    np.testing.assert_allclose([line.get_xdata()[0] for line in means], [0.83, 0.91])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["mlp", "cnn"]
    assert [t.get_text() for t in ax.texts] == ["0.830", "0.910"]
    assert [t.xy for t in ax.texts] == [(0.86, 0), (0.92, 1)], "to the right of the best seed"
    assert {to_hex(line.get_color()).upper() for line in seeds} == {PALETTE["input"]}
    assert {to_hex(line.get_color()).upper() for line in means} == {PALETTE["highlight"]}
    assert {line.get_marker() for line in seeds} == {"o"} and {line.get_marker() for line in means} == {"|"}
    assert ax.yaxis_inverted()


def test_confusion_matrix_writes_counts_in_their_cells():
    counts = np.array([[90, 10], [40, 60]])
    ax = curves.confusion_matrix(counts, ["shirt", "coat"])
    assert {t.get_position(): int(t.get_text()) for t in ax.texts} == {(0, 0): 90, (1, 0): 10, (0, 1): 40, (1, 1): 60}
    np.testing.assert_allclose(ax.images[0].get_array(), np.sqrt(counts / 100))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shirt", "coat"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    colours = {t.get_position(): to_hex(t.get_color()) for t in ax.texts}
    assert colours[0, 0] == colours[1, 1] == "#ffffff", "white on the dark cells"
    assert colours[1, 0] == colours[0, 1] == PALETTE["ink"]
    assert ax.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize(("draw", "message"), [
    (lambda: curves.learning_curves(RUN, quantity="speed"), "no quantity is named 'speed'"),
    (lambda: curves.learning_curves(RUN | {"epoch": [1]}), "train_accuracy has 3 values for 1 epochs"),
    (lambda: curves.spread_curves({"cnn": ([1], [[0.5, 0.6]])}, xlabel="n"), "series 'cnn' has 2 points for 1 places"),
    (lambda: curves.spread_curves(dict.fromkeys("abcdefg", ([1], [[1.0]])), xlabel="n"), "7 series cannot be told"),
    (lambda: curves.spread_dots(["a"], []), "1 names for 0 settings"),
    (lambda: curves.confusion_matrix(np.eye(3), ["a", "b"]), r"counts has shape \(3, 3\), but there are 2 classes"),
])
def test_errors_name_the_argument(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
