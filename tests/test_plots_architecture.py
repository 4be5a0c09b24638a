"""The drawing of a network: blocks sized by shape, labels, arrows, rows."""

from itertools import pairwise
from math import sqrt

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Annotation

from d2lcnn import plots

STAGES = [
    ((1, 28, 28), "input", "input"),
    ((16, 28, 14), "conv 5 × 5\npad 2"),
    ((4, 7, 7), "pool", "padding"),
    ((100,), "dense", "extra"),
    ((25,), "dense", "extra"),
]


pytestmark = pytest.mark.usefixtures("figures_closed")


def fronts(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def tops(ax):
    return [patch.get_xy() for patch in ax.patches if isinstance(patch, Polygon)][::2]


def words(ax):
    return [text.get_text() for text in ax.texts if not isinstance(text, Annotation)]


def arrows(ax):
    return [text for text in ax.texts if isinstance(text, Annotation)]


def test_blocks_grow_with_the_root_of_their_shape():
    ax = plots.architecture(STAGES)
    heights = [face.get_height() for face in fronts(ax)]
    widths = [face.get_width() for face in fronts(ax)]
    assert heights[0] == heights[1] == pytest.approx(2 * heights[2]), "28 rows and 7 rows"
    assert widths[1] == pytest.approx(4 * widths[0]) and widths[1] == pytest.approx(2 * widths[2]), "16, 1 and 4 maps"
    assert heights[3] == pytest.approx(2 * heights[4]) and widths[3] == widths[4], "100 and 25 units"


def test_depth_stands_for_the_columns():
    corners = tops(plots.architecture(STAGES))
    rises = [corner[:, 1].max() - corner[:, 1].min() for corner in corners]
    assert rises[1] == pytest.approx(rises[0] / sqrt(2)), "14 columns of 28"


def test_a_sequence_is_a_map_of_one_row():
    ax = plots.architecture([((8, 64), "sequence"), ((8, 64, 64), "maps")])
    flat, full = fronts(ax)
    assert flat.get_height() < full.get_height() / 10
    rises = [corner[:, 1].max() - corner[:, 1].min() for corner in tops(ax)]
    assert rises[0] == pytest.approx(rises[1]), "64 places and 64 columns"


def test_shapes_and_labels_stand_below_their_blocks():
    ax = plots.architecture(STAGES)
    assert words(ax)[:4] == ["1 × 28 × 28", "input", "16 × 28 × 14", "conv 5 × 5\npad 2"]
    texts = [text for text in ax.texts if not isinstance(text, Annotation)]
    for face, text in zip(fronts(ax), texts[::2], strict=True):
        assert text.get_position()[1] < face.get_y()
        assert abs(text.get_position()[0] - face.get_x() - face.get_width() / 2) < 0.3


def test_blocks_stand_in_order_and_do_not_touch():
    ax = plots.architecture(STAGES)
    corners = tops(ax)
    for before, behind in pairwise(corners):
        assert before[:, 0].max() < behind[:, 0].min()
    assert corners[-1][:, 0].max() < ax.get_xlim()[1]


def test_an_arrow_leads_from_each_block_to_the_next():
    ax = plots.architecture(STAGES)
    assert len(arrows(ax)) == len(STAGES) - 1
    first = arrows(ax)[0]
    assert first.xyann[0] == pytest.approx(tops(ax)[0][:, 0].max()), "it starts at the end of the first block"
    assert first.xy[0] == pytest.approx(fronts(ax)[1].get_x()), "and ends at the second"


def test_rows_wrap_and_all_is_inside():
    ax = plots.architecture(STAGES, per_row=2)
    middles = [face.get_y() + face.get_height() / 2 for face in fronts(ax)]
    assert middles[0] == pytest.approx(middles[1]) and middles[2] == pytest.approx(middles[3])
    assert middles[0] > middles[2] > middles[4]
    assert fronts(ax)[2].get_x() < fronts(ax)[1].get_x(), "a new row begins at the left"
    assert len(arrows(ax)) == len(STAGES) - 1
    low, high = ax.get_ylim()
    assert low < min(t.get_position()[1] for t in ax.texts) and max(c[:, 1].max() for c in tops(ax)) < high


def test_colours_come_from_the_palette():
    ax = plots.architecture(STAGES)
    edges = [to_hex(face.get_edgecolor()).upper() for face in fronts(ax)]
    assert edges == [plots.PALETTE[name].upper() for name in ("input", "output", "padding", "extra", "extra")]


def test_draws_on_given_axes_and_returns_them():
    _, given = plt.subplots()
    assert plots.architecture(STAGES, ax=given) is given
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("stages, options, message", [
    ([], {}, "stages is empty"),
    ([((0, 3, 3), "a")], {}, "shape must be at least 1, not 0"),
    ([((1, 2, 3, 4), "a")], {}, r"not \(1, 2, 3, 4\)"),
    ([((2.5,), "a")], {}, "shape must be an integer, not 2.5"),
    ([((1,), "a", "mauve")], {}, "'mauve'"),
    ([((1,), "a")], {"per_row": 0}, "per_row must be at least 1, not 0"),
])  # fmt: skip
def test_refuses(stages, options, message):
    with pytest.raises(ValueError, match=message):
        plots.architecture(stages, **options)
