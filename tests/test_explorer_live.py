"""Live widgets without a browser: traits both ways, as messages carry them; and what is said without anywidget."""

import subprocess
import sys

import pytest

from d2lcnn import check, explorer
from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.explorer.model.channels import parameters

anywidget = pytest.importorskip("anywidget")
traitlets = pytest.importorskip("traitlets")


def from_reader(widget, **attributes):
    """Deliver what the page sends: attributes as text, or None for one that was taken away."""
    widget.set_state(attributes)


def test_a_widget_begins_as_its_figure():
    given = {"view": "zeros", "x": [[1, -2], [0.5]], "pos": 3, "count": True}
    figure = explorer.ConvLab("transposed", (2, 3), 3, 2, 1, 1, (1, 0), **given)
    widget = figure.widget()
    assert isinstance(widget, anywidget.AnyWidget)
    sent = widget.get_state()
    assert sent["_tag"] == "conv-lab" and set(figure.attributes()) <= set(sent["_names"])
    for name, text in figure.attributes().items():
        assert sent[name.replace("-", "_")] == text
    assert widget.figure.attributes() == figure.attributes()
    assert explorer.script() in widget._esm and "export default" in widget._esm


def test_the_page_knows_every_trait_by_the_name_of_its_attribute():
    for figure in (explorer.ConvLab(), explorer.ChannelLab(), explorer.ConeLab()):
        widget = figure.widget()
        assert [name.replace("-", "_") for name in widget._names] == [*figure.parameters]
        assert {name for name in widget.trait_names(sync=True) if name in figure.parameters} == {*figure.parameters}
        assert set(figure.attributes()) <= set(widget._names)


def test_python_moves_the_figure():
    widget = explorer.ConvLab(i=5, k=3).widget()
    heard = []
    widget.observe(lambda change: heard.append((change["old"], change["new"])), "s")
    widget.s = 2
    widget.p = (1, 0)
    widget.count = True
    widget.x = [[1, 2], [3, 4.5]]
    assert heard == [((1, 1), (2, 2))]
    want = {"s": "2", "p": "1,0", "count": "", "x": "1 2/3 4.5"}
    assert {name: widget.get_state(name)[name] for name in want} == want
    assert explorer.output_size(widget.figure.shown) == (3, 2)


def test_the_reader_moves_python():
    widget = explorer.ConvLab(i=5, k=3, pos=8).widget()
    heard = []
    widget.observe(lambda change: heard.append(change["new"]), "k")
    from_reader(widget, k="2,2", s="3,3", pos=None, mode="max", w="1 0/0 1", count="")
    assert (widget.k, widget.s, widget.pos, widget.mode, widget.count) == ((2, 2), (3, 3), 0, "max", True)
    assert widget.w == [[1, 0], [0, 1]] and heard == [(2, 2)]
    from_reader(widget, predict="size", view="backward", g="1 2/3 4")
    assert (widget.predict, widget.view, widget.g) == ("size", "backward", [[1, 2], [3, 4]])
    from_reader(widget, count=None, output_padding=None, s=None)
    assert widget.count is False and widget.output_padding == (0, 0) and widget.s is None
    assert widget.figure.shown.s == (2, 2)  # pooling steps by its window unless told


def test_what_is_no_number_is_none_and_an_impossible_setting_is_explained():
    widget = explorer.ConvLab(i=5, k=3).widget()
    from_reader(widget, k="NaN,NaN")
    assert widget.k is None
    with pytest.raises(ValueError, match="k must be"):
        _ = widget.figure
    from_reader(widget, mode="constructor", x="1 a", pos="9" * 5000)
    assert widget.mode is None and widget.x is None and widget.pos is None
    from_reader(widget, mode=None, x=None, pos=None)
    from_reader(widget, k="7,7")
    assert "spans 7" in widget.figure.problem


def test_a_step_beyond_the_last_is_the_last():
    widget = explorer.ConvLab(i=5, k=3, pos=8).widget()
    from_reader(widget, k="4,4")
    assert widget.figure.pos == 3
    cone = explorer.ConeLab(outputs=5, pos=4).widget()
    from_reader(cone, outputs="2")
    assert cone.figure.pos == 1


def test_channels_and_cone():
    widget = explorer.ChannelLab(c_in=8, groups=2).widget()
    from_reader(widget, groups="separable", c_in="4")
    assert widget.groups == "separable" and parameters(widget.figure.shown) == 4 * 9 + 4 * 8
    widget.groups = 4
    assert widget.get_state("groups") == {"groups": "4"}
    from_reader(widget, groups="2")
    assert widget.groups == 2
    cone = explorer.ConeLab([3, (3, 2)]).widget()
    from_reader(cone, layers="3,1,2;3,1,2;2,1,1")
    assert cone.layers == ((3, 1, 2), (3, 1, 2), (2, 1, 1))
    cone.layers = [5]
    assert cone.get_state("layers") == {"layers": "5,1,1"}
    from_reader(cone, layers="3,1,NaN")
    assert cone.layers is None


@pytest.mark.parametrize(("figure", "name", "wrong"), [
    (explorer.ConvLab(), "k", "three"), (explorer.ConvLab(), "k", (1, 2, 3)), (explorer.ConvLab(), "k", 2.5),
    (explorer.ConvLab(), "count", 1), (explorer.ConvLab(), "x", 3), (explorer.ConvLab(), "mode", 1),
    (explorer.ChannelLab(), "groups", "deep"), (explorer.ChannelLab(), "c_in", 1.5),
    (explorer.ConeLab(), "layers", "3;3"),
])  # fmt: skip
def test_wrong_values_are_refused(figure, name, wrong):
    widget = figure.widget()
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=f"'{name}' trait"):
        setattr(widget, name, wrong)
    assert getattr(widget, name) == before


def exercise(expected, wrong):
    cases, mistakes = (Case("the size"),), (Mistake("m", wrong, "Count the windows, not the cells."),)
    return Exercise("pooling-99", "pooling", "value", "P", 5, 1, 1, cases, oracle=lambda: expected, mistakes=mistakes)


def test_check_takes_what_was_predicted():
    widget = explorer.ConvLab(i=5, k=3, s=2).widget()
    spec = exercise((2, 2), (5, 5))
    assert check.run(spec, widget).status == "not attempted"
    from_reader(widget, answer=[2, 2], right=True)
    assert check.run(spec, widget).status == "passed" and widget.right is True
    from_reader(widget, answer=[5, 5], right=False)
    assert check.run(spec, widget).hint == "Count the windows, not the cells."
    assert check.run(exercise([(0, 0), (0, 1)], 0), [[0, 0], [0, 1]]).status == "passed"  # the line to copy


def test_without_anywidget_the_error_says_what_to_install():
    code = """
import sys
sys.modules["anywidget"] = None
from d2lcnn import explorer
explorer.ConvLab()._repr_html_()
try:
    explorer.ConvLab().widget()
except ImportError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert 'pip install "d2lcnn[widget]"' in said
