"""The cone of a stack: the cells it fills are those that a gradient reaches, at the places that `shapes` gives."""

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgb

from d2lcnn import plots
from d2lcnn.plots.fields import cone
from d2lcnn.shapes import receptive_field

STACKS = [
    ([(3, 1, 1, 1)] * 3, 12),
    ([(3, 2, 1, 1), (3, 1, 0, 2), (2, 2, 0, 1)], 24),
    ([(3, 1, 0, 2), (3, 1, 0, 2)], 13),  # reads every second pixel only
    ([(2, 3, 0, 1), (1, 2, 0, 1), (2, 1, 1, 1)], 20),
]


@pytest.fixture(autouse=True)
def clean_up():
    with mpl.rc_context():
        yield
    plt.close("all")


def cells(ax, kind, row):
    """Middles of the cells of a kind in a row."""
    found = [p for p in ax.patches if p.get_gid() == kind and round(p.get_y() + p.get_height() / 2) == row]
    return sorted(round(p.get_x() + p.get_width() / 2, 6) for p in found)


def gradient(windows, size, output):
    x = torch.ones(1, 1, size, dtype=torch.float64, requires_grad=True)
    y = x
    for k, s, p, d in windows:
        y = F.conv1d(y, torch.ones(1, 1, k, dtype=torch.float64), stride=s, padding=p, dilation=d)
    return torch.autograd.grad(y[0, 0, output], x)[0][0, 0].numpy(), y.shape[2]


@pytest.mark.parametrize(("windows", "size"), STACKS)
def test_filled_pixels_are_where_the_gradient_is_not_zero(windows, size):
    count = gradient(windows, size, 0)[1]
    for output in range(count):
        ax = cone(windows, size, output=output)
        assert cells(ax, "seen", 0) == list(np.nonzero(gradient(windows, size, output)[0])[0])
        assert len(cells(ax, "seen", 0)) + len(cells(ax, "unseen", 0)) == size
        assert len(cells(ax, "seen", len(windows)) + cells(ax, "unseen", len(windows))) == count
        assert len(cells(ax, "seen", len(windows))) == 1
        plt.close("all")


@pytest.mark.parametrize(("windows", "size"), STACKS)
def test_cells_stand_over_the_middle_of_their_field(windows, size):
    ax = cone(windows, size)
    for row in range(1, len(windows) + 1):
        field = receptive_field(windows[:row])
        places = sorted(cells(ax, "seen", row) + cells(ax, "unseen", row))
        expected = [field.start + j * field.jump + (field.size - 1) / 2 for j in range(len(places))]
        assert places == expected
    (cross,) = [line for line in ax.lines if line.get_gid() == "centre"]
    assert [cross.get_xdata()[0]] == cells(ax, "seen", len(windows))


def test_padding_is_drawn_where_it_is_read():
    ax = cone([(3, 1, 1, 1), (3, 1, 1, 1)], 5, output=0)
    assert cells(ax, "padding", 1) == [-1]
    assert cells(ax, "padding", 0) == [-1]  # not -2: the padding of layer 1 reads nothing
    ax = cone([(3, 1, 1, 1), (3, 1, 1, 1)], 5, output=4)
    assert cells(ax, "padding", 1) == [5]
    assert cells(ax, "padding", 0) == [5]
    assert not cells(cone([(3, 1, 1, 1), (3, 1, 1, 1)], 5, output=2), "padding", 0)


def test_every_tap_has_a_line():
    plots.use_style()  # its cycle of line styles must not reach the paths
    ax = cone([(3, 1, 0, 1), (2, 1, 0, 1)], 6, output=1)
    ends = sorted(tuple(line.get_xdata()) for line in ax.lines if line.get_gid() == "path")
    assert {(line.get_linestyle(), line.get_marker()) for line in ax.lines} == {("-", "None"), ("None", "x")}
    assert ends == sorted([(1, 2), (2, 2), (3, 2), (2, 3), (3, 3), (4, 3), (2, 2.5), (3, 2.5)])


def test_axes_labels_and_name():
    assert plots.cone is cone
    given = plt.subplots()[1]
    assert cone([(3, 1, 0, 1)], 5, ax=given, labels=["a", "b"]) is given
    assert [text.get_text() for text in given.texts] == ["a", "b"]
    assert cone([(3, 1, 0, 1)], 5).texts[1].get_text() == "layer 1: k=3, s=1, p=0, d=1"


def test_colours_say_what_is_pixel_output_padding_path_and_centre():
    ax = cone([(3, 1, 1, 1), (3, 1, 1, 1)], 5, output=0)
    looks = {}
    for cell in ax.patches:
        row = round(cell.get_y() + cell.get_height() / 2)
        key = (cell.get_gid(), row > 0)
        looks.setdefault(key, set()).add((to_hex(cell.get_facecolor()), to_hex(cell.get_edgecolor()).upper()))
    palette = {name: code.upper() for name, code in plots.PALETTE.items()}
    assert {edge for _, edge in looks["seen", False]} == {palette["input"]}
    assert {edge for _, edge in looks["seen", True]} == {palette["output"]}
    for kind in ("unseen", "padding"):
        assert looks[kind, True] == looks[kind, False] == {("#ffffff", palette["padding"])}
    blue, green = (to_rgb(next(iter(looks["seen", above]))[0]) for above in (False, True))
    assert blue.index(max(blue)) == 2 and green.index(max(green)) == 1
    dashes = {cell.get_gid(): cell.get_linestyle() for cell in ax.patches}
    assert dashes == {"padding": "--", "seen": "solid", "unseen": "solid"}
    lines = {line.get_gid(): to_hex(line.get_color()).upper() for line in ax.lines}
    assert lines == {"path": palette["kernel"], "centre": palette["highlight"]}


@pytest.mark.parametrize(("arguments", "options", "message"), [
    (([], 5), {}, "windows is empty"),
    (([(3, 1, 0, 1)], 5), {"output": 3}, "output 3 is not one of the 3 cells"),
    (([(7, 1, 0, 1)], 5), {}, r"spans 7 \(k=7, d=1\) but the padded input has 5"),
    (([(3, 0, 0, 1)], 5), {}, "s must be at least 1, not 0"),
    (([(3, 1, 0, 1)], 5), {"labels": ["one"]}, "1 labels for 2 rows"),
    (([(3.5, 1, 0, 1)], 5), {}, "k must be an integer, not 3.5"),
    (([(3, 1, 0, 1)], 5.0), {}, "size must be an integer, not 5.0"),
])
def test_bad_arguments_are_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        cone(*arguments, **options)
