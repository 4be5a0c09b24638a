"""The drawing of a layer's kernels as boxes: how many sheets, of which size, in which shade, with which captions."""

import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.text import Annotation

from d2lcnn import plots

pytestmark = pytest.mark.usefixtures("figures_closed")


def sheets(ax, kind):
    return [patch for patch in ax.patches if patch.get_gid() == kind]


def words(ax):
    return [text.get_text() for text in ax.texts if not isinstance(text, Annotation)]


LAYERS = [(3, 2, 3, 5, 0), (1, 4, 1, 3, 0), (4, 1, 3, 4, 1), (2, 3, 2, 6, 2)]


@pytest.mark.parametrize("c_in, c_out, k, i, padding", LAYERS)
def test_sheets_are_those_of_the_layer(c_in, c_out, k, i, padding):
    layer = torch.nn.Conv2d(c_in, c_out, k, padding=padding)
    channels, rows, _ = layer(torch.zeros(1, c_in, i, i)).shape[1:]
    ax = plots.kernel_boxes(c_in, c_out, k, i=i, padding=padding)
    count = {kind: len(sheets(ax, kind)) for kind in ("input", "kernel", "output")}
    assert count == {"input": c_in, "kernel": layer.weight.shape[:2].numel(), "output": channels}
    for kind, side in (("input", i), ("kernel", layer.weight.shape[2]), ("output", rows)):
        assert {(sheet.get_width(), sheet.get_height()) for sheet in sheets(ax, kind)} == {(side, side)}
    assert words(ax)[0] == f"input\n{c_in} × {i} × {i}"
    assert words(ax)[1].endswith(f"of {c_in} × {k} × {k}")
    assert words(ax)[2] == f"output\n{channels} × {rows} × {rows}"


def test_a_slice_has_the_shade_of_the_channel_it_reads():
    ax = plots.kernel_boxes(3, 2, 3)
    darkness = [[3 - sum(s.get_facecolor()[:3]) for s in sheets(ax, kind)] for kind in ("input", "kernel")]
    assert darkness[0] == sorted(darkness[0], reverse=True), "the back is darker, and drawn first"
    assert darkness[1][:3] == darkness[1][3:] == sorted(darkness[1][:3], reverse=True)
    fronts = [max(sheets(ax, kind)[:3], key=lambda s: s.get_zorder()) for kind in ("input", "kernel")]
    assert fronts == [sheets(ax, "input")[2], sheets(ax, "kernel")[2]]


def test_each_kernel_stands_beside_its_output():
    ax = plots.kernel_boxes(2, 3, 2)
    kernels, outputs = sheets(ax, "kernel"), sheets(ax, "output")
    for n, output in enumerate(outputs):
        back, front = kernels[2 * n], kernels[2 * n + 1]
        middle = (front.get_y() + back.get_y() + back.get_height()) / 2
        assert middle == pytest.approx(output.get_y() + output.get_height() / 2)
        assert back.get_x() + back.get_width() < output.get_x()
    assert len([t for t in ax.texts if isinstance(t, Annotation)]) == 6


def test_sheets_of_different_kernels_do_not_touch_and_all_is_inside():
    ax = plots.kernel_boxes(4, 3, 1, i=4)
    kernels = sheets(ax, "kernel")
    for n in (0, 1):
        assert kernels[4 * n + 3].get_y() > kernels[4 * n + 4].get_y() + kernels[4 * n + 4].get_height()
    low, high = ax.get_ylim()
    assert all(low < p.get_y() and p.get_y() + p.get_height() < high for p in ax.patches)


def test_colours_come_from_the_palette():
    ax = plots.kernel_boxes(2, 2, 2)
    for kind in ("input", "kernel", "output"):
        assert {to_hex(s.get_edgecolor()).upper() for s in sheets(ax, kind)} == {plots.PALETTE[kind]}


@pytest.mark.parametrize("options, message", [
    ((0, 1, 1), "c_in must be at least 1, not 0"),
    ((1, 1.5, 1), "c_out must be an integer, not 1.5"),
    ((1, 1, 6), "6"),
])  # fmt: skip
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        plots.kernel_boxes(*options)
