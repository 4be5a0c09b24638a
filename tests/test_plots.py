"""Drawings are tested for what they draw, since stored images are not compared: cells, numbers, frames, colours."""

import doctest
import importlib
import pkgutil

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from d2lcnn import plots

pytestmark = pytest.mark.usefixtures("figures_closed")


def numbers(ax):
    return [text.get_text() for text in ax.texts]


def test_grid_draws_each_cell_with_its_number_at_its_place():
    X = np.array([[1, 0, 2.5], [-3, 1, 0]])
    ax = plots.grid(X, title="X")
    assert numbers(ax) == ["1", "0", "2.5", "-3", "1", "0"]
    assert [text.get_position() for text in ax.texts][:4] == [(0, 0), (1, 0), (2, 0), (0, 1)]
    assert len(ax.patches) == 6
    assert ax.get_title() == "X"
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "row 0 is at the top"


def test_cells_lie_around_their_places_and_all_is_in_sight():
    ax = plots.grid(np.zeros((2, 3)))
    assert [(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in ax.patches] == [
        (j - 0.5, i - 0.5, 1, 1) for i in range(2) for j in range(3)]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left <= -0.5 and right >= 2.5 and bottom >= 1.5 and top <= -0.5
    assert right - left < 3.5 and bottom - top < 2.5  # and little else


@pytest.mark.parametrize("position", [(-1, 0), (2, 0), (3, 0), (0, -1), (0, 3), (0, 4)])
def test_a_position_outside_of_the_output_is_named(position):
    with pytest.raises(ValueError, match=r"position .* is outside the output of shape \(2, 3\)"):
        plots.correlation_step(np.zeros((3, 4)), np.ones((2, 2)), np.zeros((2, 3)), position)


def test_grid_tints_larger_numbers_more_and_leaves_nan_empty():
    ax = plots.grid([[0.0, 1.0, np.nan, -2.0]])
    light, middle, empty, strong = (sum(p.get_facecolor()[:3]) for p in ax.patches)
    assert strong < middle < light == empty
    assert numbers(ax) == ["0", "1", "-2"]


def test_grid_dashes_padding():
    ax = plots.grid(np.ones((4, 5)), padding=1)
    dashed = [p.get_xy() for p in ax.patches if p.get_linestyle() == "--"]
    assert len(dashed) == 4 * 5 - 2 * 3
    assert (0.5, 0.5) not in dashed


def test_window_frames_the_cells():
    ax = plots.grid(np.zeros((4, 4)))
    assert plots.window(ax, 1, 2, (3, 2), label="here") is ax
    frame = ax.patches[-1]
    assert (frame.get_xy(), frame.get_height(), frame.get_width()) == ((1.5, 0.5), 3, 2)
    assert to_hex(frame.get_edgecolor()).upper() == plots.PALETTE["kernel"]
    assert not frame.get_fill()
    assert numbers(ax)[-1] == "here"


def test_correlation_step_marks_window_and_output_of_the_position():
    X, K, Y = np.arange(12.0).reshape(3, 4), np.ones((2, 2)), np.zeros((2, 3))
    axes = plots.correlation_step(X, K, Y, (1, 2))
    assert [len(numbers(ax)) for ax in axes] == [12, 4, 6]
    assert axes[0].patches[-1].get_xy() == (1.5, 0.5)
    assert (axes[0].patches[-1].get_height(), axes[0].patches[-1].get_width()) == (2, 2)
    assert axes[2].patches[-1].get_xy() == (1.5, 0.5)
    assert to_hex(axes[2].patches[-1].get_edgecolor()).upper() == plots.PALETTE["highlight"]


def test_correlation_step_with_a_kernel_that_is_not_square():
    axes = plots.correlation_step(np.ones((4, 5)), np.ones((1, 3)), np.ones((4, 3)), (3, 0))
    frame, here = axes[0].patches[-1], axes[2].patches[-1]
    assert (frame.get_xy(), frame.get_height(), frame.get_width()) == ((-0.5, 2.5), 1, 3)
    assert (here.get_xy(), here.get_height(), here.get_width()) == ((-0.5, 2.5), 1, 1)
    assert [to_hex(ax.patches[0].get_facecolor()) for ax in axes] == [
        to_hex(plots.grid([[1]], colour=name).patches[0].get_facecolor()) for name in ("input", "kernel", "output")
    ]
    assert [ax.get_title() for ax in axes] == ["input X", "kernel K", "output Y"]


def test_grid_mixes_its_colour_with_white_and_greys_padding():
    """The largest number gets half of the colour, nothing and padding the least."""
    red, green, blue = (int(plots.PALETTE["output"][n : n + 2], 16) / 255 for n in (1, 3, 5))
    strongest, _, zero = plots.grid([[4, 1, 0]], colour="output").patches
    for share, cell in ((0.5, strongest), (0.08, zero)):
        mixed = [1 - share * (1 - channel) for channel in (red, green, blue)]
        np.testing.assert_allclose(cell.get_facecolor()[:3], mixed)
    corner = plots.grid(np.ones((3, 3)), padding=1).patches[0].get_facecolor()[:3]
    assert len(set(corner)) == 1


def test_a_signed_grid_tells_negative_numbers_by_their_colour():
    def faces(**options):
        return [to_hex(cell.get_facecolor()) for cell in plots.grid([[-3, 3, 0]], colour="output", **options).patches]

    plain, signed = faces(), faces(signed=True)
    assert plain[0] == plain[1] and signed[1:] == plain[1:], "only negative numbers change"
    assert signed[0] == to_hex(plots.grid([[3]], colour="highlight").patches[0].get_facecolor())
    padding = plots.grid(-np.ones((3, 3)), padding=1, signed=True).patches
    assert padding[0].get_facecolor() == plots.grid(np.zeros((3, 3)), padding=1).patches[0].get_facecolor()


def test_image_limits_and_middle_grey():
    for values, options, expected in (
        ([-1.0, 3.0], {"signed": True}, (-3, 3)),
        ([-3.0, 1.0], {"signed": True}, (-3, 3)),
        ([2.0, 3.0], {"signed": True}, (-3, 3)),
        ([-1.0, 3.0], {}, (-1, 3)),
        ([0.2, 0.4], {"limits": (0, 1)}, (0, 1)),
        ([0.2, 0.4], {"limits": (-2, 1), "signed": True}, (-2, 2)),
    ):
        assert plots.image(np.array([values]), **options).images[0].get_clim() == expected


def test_image_shows_the_values_with_row_0_at_the_top():
    X = np.arange(6.0).reshape(2, 3)
    ax = plots.image(X, title="X")
    np.testing.assert_array_equal(ax.images[0].get_array(), X)
    assert ax.get_ylim() == (1.5, -0.5) and ax.get_title() == "X"


def test_images_share_their_settings():
    axes = plots.images([np.array([[-1.0]]), np.array([[0.5]])], signed=True, limits=(-2, 1))
    assert [ax.images[0].get_clim() for ax in axes] == [(-2, 2)] * 2
    assert [float(ax.images[0].get_array()[0, 0]) for ax in axes] == [-1, 0.5]


def test_images_puts_them_in_rows():
    axes = plots.images([np.zeros((2, 2))] * 5, list("abcde"), columns=3)
    assert [ax.get_title() for ax in axes] == list("abcde")
    rows = {round(ax.get_subplotspec().rowspan.start) for ax in axes}
    assert rows == {0, 1}
    assert sum(ax.get_visible() for ax in axes[0].figure.axes) == 5


ONE = {
    "architecture": lambda ax: plots.architecture([((1, 2, 2), "a")], ax=ax),
    "cone": lambda ax: plots.cone([(3, 1, 1, 1)], 5, ax=ax),
    "confusion_matrix": lambda ax: plots.confusion_matrix(np.eye(2), "ab", ax=ax),
    "conv_case": lambda ax: plots.conv_case(3, 2, ax=ax),
    "coverage": lambda ax: plots.coverage([1, 2], ax=ax),
    "grid": lambda ax: plots.grid([[1]], ax=ax),
    "image": lambda ax: plots.image([[1]], ax=ax),
    "kernel_boxes": lambda ax: plots.kernel_boxes(2, 1, 2, ax=ax),
    "learning_curves": lambda ax: plots.learning_curves(
        {"epoch": [1], "train_accuracy": [0.5], "validation_accuracy": [0.5]}, ax=ax),
    "roofline": lambda ax: plots.roofline({}, peak=1, bandwidth=1, ax=ax),
    "spread_curves": lambda ax: plots.spread_curves({"a": ([1], [[1]])}, xlabel="n", ax=ax),
    "spread_dots": lambda ax: plots.spread_dots(["a"], [[1]], ax=ax),
}  # fmt: skip
SEVERAL = {
    "conv_cases": (2, lambda axes: plots.conv_cases([{"i": 3, "k": 2}] * 2, axes=axes)),
    "correlation_step": (3, lambda axes: plots.correlation_step([[1, 2]], [[1]], [[1, 2]], (0, 0), axes=axes)),
    "images": (2, lambda axes: plots.images([np.eye(2)] * 2, axes=axes)),
}


def test_every_drawing_function_is_here():
    others = {"PALETTE", "SERIES", "use_style", "window"}  # a window marks a drawing that is there
    assert {*ONE, *SEVERAL} == {*plots.__all__} - others


@pytest.mark.parametrize("name", ONE)
def test_one_panel_goes_to_given_axes_or_a_new_figure(name):
    figure, (given, current) = plt.subplots(1, 2)
    plt.sca(current)
    assert ONE[name](given) is given
    assert plt.get_fignums() == [figure.number]
    new = ONE[name](None)
    assert new.figure is not figure and not current.has_data() and not current.patches


@pytest.mark.parametrize("name", SEVERAL)
def test_several_panels_go_to_given_axes_or_a_new_figure(name):
    count, draw = SEVERAL[name]
    figure, given = plt.subplots(1, count)
    assert list(draw(given)) == list(given)
    assert plt.get_fignums() == [figure.number]
    assert [ax.figure is figure for ax in draw(None)] == [False] * count
    with pytest.raises(ValueError, match=f"{count + 1} axes for {count} panels"):
        draw(plt.subplots(count + 1)[1])


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(plots.__path__)])
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(f"d2lcnn.plots.{name}")).failed == 0


def test_style_gives_each_series_its_own_colour_line_and_marker():
    plots.use_style()
    _, ax = plt.subplots()
    lines = [ax.plot([0, n])[0] for n in range(len(plots.SERIES))]
    for line, series in zip(lines, plots.SERIES, strict=True):
        assert (line.get_color(), line.get_marker()) == (series["color"], series["marker"])
    assert len({line.get_marker() for line in lines}) == len(lines)
    assert plt.rcParams["image.cmap"] == "gray"


def test_importing_plots_changes_no_setting():
    assert plt.rcParams["svg.hashsalt"] is None
    assert plt.rcParams["image.cmap"] == "viridis"


def contrast(one, two):
    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_numbers_can_be_read_on_the_strongest_tint():
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for text."""
    for name in ("input", "kernel", "output", "padding", "highlight", "extra"):
        ax = plots.grid([[1.0]], colour=name)
        assert contrast(to_hex(ax.patches[-1].get_facecolor()), plots.PALETTE["ink"]) >= 4.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plots.grid(np.zeros(3)), "X has 1 axes"),
        (lambda: plots.grid(np.zeros((2, 2)), colour="mauve"), "'mauve'"),
        (lambda: plots.image(np.zeros((2, 2, 4))), r"\(2, 2, 4\)"),
        (lambda: plots.grid(np.zeros((2, 2)), padding=-1), "padding must be at least 0, not -1"),
        (lambda: plots.window(plt.subplots()[1], 0, 0, (1, 1), colour="mauve"), "'mauve'"),
        (lambda: plots.images([]), "pictures is empty"),
        (lambda: plots.images([np.zeros((2, 2))], ["a", "b"]), "2 titles for 1 pictures"),
        (lambda: plots.correlation_step(np.zeros((3, 3)), np.zeros((2, 2)), np.zeros((2, 2)), (2, 0)), r"\(2, 0\)"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
