"""Cases of convolution arithmetic: the cells that are drawn, their kinds, and the output that is counted from them."""

from collections import Counter
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from d2lcnn import plots, shapes

pytestmark = pytest.mark.usefixtures("figures_closed")


def kinds(ax):
    return Counter(patch.get_gid() for patch in ax.patches)


def at(ax, kind):
    """Return the (row, column) of all cells of a kind."""
    return {(int(p.get_y() + 0.5), int(p.get_x() + 0.5)) for p in ax.patches if p.get_gid() == kind}


def test_cells_of_a_padded_strided_case_by_hand():
    """Case 7 of the guide: i=6, k=3, s=2, p=1; the last row and column of padding stay unread."""
    ax = plots.conv_case(6, 3, stride=2, padding=1, position=(1, 2), title="case 7")
    found = kinds(ax)
    assert found["output"] == 9
    assert found["unread"] == 8 + 7
    assert at(ax, "unread") == {(6, n) for n in range(-1, 7)} | {(n, 6) for n in range(-1, 7)}
    assert found["input"] == 36
    assert found["padding"] == 64 - 36 - 15
    assert at(ax, "tap") == set(product((1, 2, 3), (3, 4, 5)))
    assert ax.get_title() == "case 7"
    (frame,) = (p for p in ax.patches if p.get_gid() == "frame")
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((2.5, 0.5), 3, 3)


def test_output_has_as_many_cells_as_the_relations_say():
    for i, k, s, p, d in product((4, 7), (1, 3), (1, 2, 3), (0, 2), (1, 2)):
        options = {"stride": (s, 1), "padding": (p, 0), "dilation": (d, 1)}
        try:
            o = shapes.conv_output_size(i, k, s, p, d)
        except ValueError:
            with pytest.raises(ValueError, match="no window fits"):
                plots.conv_case((i, 2), (k, 1), **options)
            continue
        plt.close("all")
        assert kinds(plots.conv_case((i, 2), (k, 1), **options))["output"] == o * 2


def test_zero_insertion_draws_the_transposed_sizes():
    for i, k, s, p, extra in product((2, 3), (3, 4), (1, 2, 3), (0, 1, 2), (0, 1)):
        if extra >= s or (i, k, s, p, extra) == (2, 3, 1, 2, 0):  # the second has no output
            continue
        direct = shapes.transposed_as_direct(i, k, s, p, 1, extra)
        plt.close("all")
        found = kinds(plots.conv_case((1, i), (1, k), padding=(0, direct.p), zeros=(0, s - 1), extra=(0, extra)))
        assert found["input"] == i
        assert found["zero"] == direct.i - i
        assert found["output"] == shapes.conv_transpose_output_size(i, k, s, p, 1, extra)
        assert found["unread"] == 0


def test_stride_and_dilation_with_a_common_factor_leave_every_other_row_unread():
    ax = plots.conv_case((9, 1), (3, 1), stride=(2, 1), dilation=(2, 1))
    assert at(ax, "unread") == {(n, 0) for n in (1, 3, 5, 7)}
    assert at(ax, "tap") == {(0, 0), (2, 0), (4, 0)}
    ax = plots.conv_case((1, 15), (1, 3), stride=(1, 2), dilation=(1, 3), position=(0, 1))
    assert at(ax, "unread") == {(0, 1), (0, 13)}
    assert at(ax, "tap") == {(0, 2), (0, 5), (0, 8)}


def test_negative_padding_crosses_cells_out():
    ax = plots.conv_case((1, 7), (1, 3), padding=(0, -1))
    assert at(ax, "cropped") == {(0, 0), (0, 6)}
    assert at(ax, "tap") == {(0, 1), (0, 2), (0, 3)}
    assert kinds(ax)["output"] == 3


def test_numbers_stand_in_their_cells():
    values, output = np.arange(9).reshape(3, 3), [[1.25, 2], [3, 4]]
    ax = plots.conv_case(3, 2, zeros=0, values=values, output=output, fmt="{:.1f}")
    written = [t.get_text() for t in ax.texts if t.get_text() != "→"]
    assert written == [f"{v:.1f}" for v in range(9)] + ["1.2", "2.0", "3.0", "4.0"]
    ax = plots.conv_case(2, 1, zeros=1, padding=1, values=[[5, 6], [7, 8]])
    places = {t.get_text(): t.get_position() for t in ax.texts if t.get_text() in "5678"}
    assert places == {"5": (0, 0), "6": (2, 0), "7": (0, 2), "8": (2, 2)}


def test_window_and_output_of_a_case_that_is_not_square():
    """Kernel of 2 rows and 3 columns, dilated by (2, 1): the frame is 3 high and 3 wide, the taps are 2 x 3."""
    ax = plots.conv_case((5, 8), (2, 3), stride=(1, 2), dilation=(2, 1), position=(2, 1))
    assert at(ax, "tap") == set(product((2, 4), (2, 3, 4)))
    marks = {p.get_gid(): p for p in ax.patches if p.get_gid() in ("frame", "here")}
    assert (marks["frame"].get_xy(), marks["frame"].get_height(), marks["frame"].get_width()) == ((1.5, 1.5), 3, 3)
    corners = sorted(p.get_xy() for p in ax.patches if p.get_gid() == "output")
    (left, top), columns, rows = corners[0], len({x for x, _ in corners}), len({y for _, y in corners})
    assert (rows, columns) == (3, 3)
    assert marks["here"].get_xy() == (left + 1, top + 2)
    ax = plots.conv_case((5, 8), (4, 2), position=(0, 0))
    (frame,) = (p for p in ax.patches if p.get_gid() == "frame")
    assert (frame.get_height(), frame.get_width()) == (4, 2)


def test_colours_and_lines_tell_the_kinds_of_cells_apart():
    ax = plots.conv_case((1, 3), (1, 2), padding=(0, 1), zeros=(0, 1), stride=(1, 3))
    cropped = plots.conv_case((1, 7), (1, 3), padding=(0, -1))
    looks = {p.get_gid(): (to_rgb(p.get_facecolor()), p.get_linestyle(), bool(p.get_hatch()))
             for p in (*cropped.patches, *ax.patches)}  # fmt: skip
    assert {kind: look[1:] for kind, look in looks.items()} == {
        "input": ("solid", False), "output": ("solid", False), "zero": (":", False), "padding": ("--", False),
        "cropped": (":", True), "unread": ("solid", True), "tap": ("solid", False), "frame": ("solid", False),
        "here": ("solid", False),
    }  # fmt: skip
    faces = {kind: look[0] for kind, look in looks.items()}
    assert faces["zero"] == faces["padding"] == faces["cropped"] == (1, 1, 1)
    assert faces["input"].index(max(faces["input"])) == 2 and faces["output"].index(max(faces["output"])) == 1
    assert len(set(faces["unread"])) == 1 and faces["unread"] != (1, 1, 1)
    assert to_hex(faces["tap"]).upper() == plots.PALETTE["kernel"]
    edges = {p.get_gid(): to_hex(p.get_edgecolor()).upper() for p in ax.patches}
    assert (edges["frame"], edges["here"]) == (plots.PALETTE["kernel"], plots.PALETTE["highlight"])
    assert edges["input"] == edges["output"] == plots.PALETTE["padding"]


def test_cases_on_given_axes_share_one_scale_too():
    _, given = plt.subplots(2)
    axes = plots.conv_cases([{"i": 3, "k": 3}, {"i": 7, "k": 3}], axes=given)
    assert list(axes) == list(given)
    assert np.ptp(axes[0].get_xlim()) == pytest.approx(np.ptp(axes[1].get_xlim()))


def test_cases_share_one_scale():
    axes = plots.conv_cases([{"i": 4, "k": 3}, {"i": 6, "k": 3, "padding": 1}, {"i": (1, 5), "k": (1, 2)}], columns=2)
    assert len(axes) == 3
    assert len({round(np.ptp(ax.get_xlim()), 6) for ax in axes}) == 1
    for ax in axes:
        (right, left), (top, bottom) = sorted(ax.get_xlim())[::-1], sorted(ax.get_ylim())
        for patch in ax.patches:
            assert left <= patch.get_x() < patch.get_x() + patch.get_width() <= right
            assert top <= patch.get_y() < patch.get_y() + patch.get_height() <= bottom
    assert sum(ax.get_visible() for ax in axes[0].figure.axes) == 3


@pytest.mark.parametrize(("call", "words"), [
    (lambda: plots.conv_case(3, 4), "no window fits: kernel 4 with dilation 1 on 3 cells"),
    (lambda: plots.conv_case(3, 4, padding=-3), "on 0 cells"),
    (lambda: plots.conv_case(0, 1), "i must be at least 1, not 0"),
    (lambda: plots.conv_case(3, (1, 1, 1)), r"k must be an integer or 2 of them, not \(1, 1, 1\)"),
    (lambda: plots.conv_case(3, 1.5), "k must be an integer, not 1.5"),
    (lambda: plots.conv_case(3, 2, position=(2, 0)), r"position \(2, 0\) is outside the output of shape \(2, 2\)"),
    (lambda: plots.conv_case(3, 2, values=np.zeros((2, 2))), r"values has shape \(2, 2\), expected \(3, 3\)"),
    (lambda: plots.conv_case(3, 2, output=np.zeros(4)), r"output has shape \(4,\), expected \(2, 2\)"),
    (lambda: plots.conv_cases([]), "cases is empty"),
    (lambda: plots.conv_cases([{"i": 3, "k": 1}] * 2, axes=plt.subplots(3)[1]), "3 axes for 2 panels"),
])  # fmt: skip
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_output_stands_beside_the_middle_of_the_input_and_all_is_in_sight():
    ax = plots.conv_case(7, 3, padding=(1, 0), title="a case")
    boxes = {kind: [p.get_extents().transformed(ax.transData.inverted()) for p in ax.patches if p.get_gid() == kind]
             for kind in ("input", "padding", "output")}
    reads, output = boxes["input"] + boxes["padding"], boxes["output"]
    middles = [(min(b.y0 for b in part) + max(b.y1 for b in part)) / 2 for part in (reads, output)]
    assert middles[0] == pytest.approx(middles[1])
    assert max(b.x1 for b in reads) < min(b.x0 for b in output)  # an arrow between them, in the middle too
    (arrow,) = (text for text in ax.texts if text.get_text() == "→")
    assert (arrow.get_ha(), arrow.get_va()) == ("center", "center")
    assert arrow.get_position() == pytest.approx(
        ((max(b.x1 for b in reads) + min(b.x0 for b in output)) / 2, middles[0]))
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    every = reads + output
    assert left < min(b.x0 for b in every) and right > max(b.x1 for b in every)
    assert top < min(b.y0 for b in every) and bottom > max(b.y1 for b in every)
    assert right - left < 7 + 5 + 3 and bottom - top < 9 + 1
