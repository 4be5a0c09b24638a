"""Channels and the cone: their numbers against torch and against gradients; stills, notebook figures, command line."""

import io
import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from d2lcnn import explorer, shapes
from d2lcnn.__main__ import main
from d2lcnn.explorer.draw import stacks
from d2lcnn.explorer.figures import script
from d2lcnn.explorer.model import channels, cone
from d2lcnn.explorer.model.channels import Channels

# ---- channels


def layers(torch, q):
    conv = torch.nn.Conv2d
    if q.groups == "separable":
        return [conv(q.c_in, q.c_in, q.k, groups=q.c_in, bias=False), conv(q.c_in, q.c_out, 1, bias=False)]
    k, groups = (1, 1) if q.groups == "pointwise" else (q.k, q.groups)
    return [conv(q.c_in, q.c_out, k, groups=groups, bias=False)]


def test_parameters_and_connections_equal_torch():
    torch = pytest.importorskip("torch")
    tried = 0
    for c_in, c_out, k in itertools.product((1, 2, 6, 8), (1, 3, 8, 12), (1, 3)):
        for groups in channels.ways(Channels(c_in, c_out)):
            q = Channels(c_in, c_out, k, groups, 5, 7)
            stack = layers(torch, q)
            assert channels.parameters(q) == sum(layer.weight.numel() for layer in stack)
            assert channels.multiply_adds(q) == channels.parameters(q) * 35
            for stage, layer in zip(channels.stages(q), stack, strict=True):
                with torch.no_grad():
                    layer.weight.fill_(1.0)
                    one = torch.eye(stage.c_in)[:, :, None, None].expand(-1, -1, k, k)
                    reads = layer(one)[:, :, 0, 0].T > 0  # an image in one input channel at a time
                assert np.array_equal(reads.numpy(), channels.joined(stage)), q
                tried += 1
    assert tried > 100


def test_ways_go_from_dense_to_pointwise():
    assert channels.ways(Channels(8, 12)) == [1, 2, 4, "separable", "pointwise"]
    said = [channels.way(Channels(8, 8, groups=g)) for g in channels.ways(Channels(8, 8))]
    assert said == ["dense", "grouped, g = 2", "grouped, g = 4", "depthwise", "depthwise, then pointwise", "pointwise"]


def test_impossible_channels_are_a_sentence():
    for q, said in (
        (Channels(groups=3), "groups must divide c_in = 8 and c_out = 8"),
        (Channels(groups=0), "groups must divide"),
        (Channels(groups="deep"), "groups must divide"),
        (Channels(c_in=17), "c_in must be a whole number from 1 to 16"),
        (Channels(k=0), "k must be"),
        (Channels(c_in=10**10, groups=10**10), "c_in must be"),  # before anything is counted
    ):
        assert channels.problem(q).startswith(said)
        with pytest.raises(ValueError, match=re.escape(said)):
            stacks.channel_picture(q)
    lab = explorer.ChannelLab(groups=3)
    assert "<img" not in lab.html(live=False) and "must divide" in lab.html(live=False)
    for wrong, said in ((dict(c_out=2.5), "c_out must be an integer, not 2.5"), (dict(groups="deep"), "groups must")):
        with pytest.raises(ValueError, match=re.escape(said)):
            explorer.ChannelLab(**wrong)


def test_sentences_of_channels():
    stage = channels.Stage(6, 4, 3, 2)
    assert channels.sentence(stage, 3) == "Output channel 3 reads input channels 3 to 5: 3 · 3² = 27 weights."
    assert channels.sentence(stage, 3, 0).endswith(" = 27 weights. Input channel 0 feeds output channels 0 to 1.")


# ---- the cone

RESTS = ([], [(3, 1, 2)], [(2, 2), 3], [(1, 3), (3, 1, 3), (2, 1, 1)])
STACKS = [
    cone.stack([layer, *rest], 1 + (n + m) % 3)
    for n, layer in enumerate(itertools.product((1, 2, 3), (1, 2, 3), (1, 2, 3)))
    for m, rest in enumerate(RESTS)
]


def test_paths_are_gradients_of_layers_of_ones():
    torch = pytest.importorskip("torch")
    assert len(STACKS) > 100
    for q in STACKS:
        x = torch.ones(1, 1, cone.lengths(q)[0], dtype=torch.float64, requires_grad=True)
        values = [x]
        for k, s, d in q.layers:
            values.append(
                torch.nn.functional.conv1d(
                    values[-1], torch.ones(1, 1, k, dtype=torch.float64), stride=s, dilation=d
                )
            )
        assert [v.shape[-1] for v in values] == cone.lengths(q)
        top = len(q.layers)
        for unit in range(q.outputs):
            grads = torch.autograd.grad(values[-1][0, 0, unit], values, retain_graph=True)
            assert [g[0, 0].tolist() for g in grads] == [p.tolist() for p in cone.paths(q, top, unit)]
            found = cone.coverage(q, top, unit)
            field = shapes.receptive_field([shapes.Window(k, s, 0, d) for k, s, d in q.layers])
            assert (found.first, found.last) == (unit * field.jump, unit * field.jump + field.size - 1)
            read = grads[0][0, 0].numpy().nonzero()[0].tolist()
            assert found.reached == read and found.first == read[0] and found.last == read[-1]
            assert sorted(found.reached + found.holes) == list(range(found.first, found.last + 1))
        middle = cone.lengths(q)[0] // 2
        up = cone.paths(q, 0, middle)[-1].tolist()
        assert up == [int(cone.paths(q, top, unit)[0][middle]) for unit in range(q.outputs)]


def test_layers_may_be_said_in_several_ways():
    want = ((3, 1, 1), (3, 2, 1), (5, 1, 2))
    assert cone.stack([3, (3, 2), (5, 1, 2)]).layers == want
    assert cone.stack([(3,), shapes.Window(3, 2, 1), shapes.Window(5, d=2)]).layers == want
    for wrong in ([()], ["3"], [(1, 2, 3, 4)], [2.5], [(3, None)], [shapes.Window("3")]):
        with pytest.raises(ValueError, match="layers"):
            cone.stack(wrong)
    with pytest.raises(ValueError, match="outputs"):
        explorer.ConeLab(outputs=1.5)
    with pytest.raises(ValueError, match="pos must be at most 2, not 3"):
        explorer.ConeLab(pos=3)


def test_impossible_stacks_are_a_sentence():
    for q, said in (
        (cone.stack([]), "layers must be a whole number from 1 to 6."),
        (cone.stack([3] * 7), "layers must be"),
        (cone.stack([3, (0, 1, 1)]), "layer 2: k must be a whole number from 1 to 9."),
        (cone.stack([3], 10), "outputs must be"),
        (cone.stack([(9, 9, 9)] * 2), "The input would be"),
        (cone.stack([10**12], 10**9), "outputs must be"),
    ):
        assert cone.problem(q).startswith(said)
        assert said in explorer.ConeLab(q.layers, q.outputs).alternative()


def test_sentences_of_the_cone():
    q = cone.stack([(1, 3), (1, 2)], 2)
    assert cone.sentence(q, 0, 1) == "Input 1 is never read."
    assert cone.sentence(q, 0, 6) == "Input 6 is read by outputs 1, by 1 paths."
    assert cone.sentence(q, 1, 2).startswith("layer 1, unit 2: promised are inputs 6 to 6, r = 1; reached are 1")


# ---- stills, notebooks, command line


def test_stills_draw_every_cell():
    styles = [style for style, *_ in stacks.channel_picture(Channels(8, 8, 3, 2)).boxes]
    assert len(styles) == 64 + 16 and styles.count("pad") == 32 and styles.count("main") == 1
    assert styles.count("lit") == 4 + 4 and styles.count("w") == 32 - 4
    q = cone.stack([(3, 1, 2), (3, 1, 2)], 2)
    styles = [style for style, *_ in stacks.cone_picture(q, 1).boxes]
    assert len(styles) == sum(cone.lengths(q)) and styles.count("lit-pad") == 4 and styles.count("lit") == 5 + 3
    for figure in (explorer.ChannelLab(4, 6, 3, "separable"), explorer.ConeLab([(3, 1, 2)] * 2)):
        assert ET.fromstring(figure.still()).get("aria-label") == figure.title()
        picture = figure.picture()
        assert all(x + side <= picture.width and y + side <= picture.height for _, x, y, side in picture.boxes)


@pytest.mark.parametrize("figure", [explorer.ChannelLab(groups=2), explorer.ConeLab([(3, 1, 2)] * 2, 4, 1)],
                         ids=["channels", "cone"])  # fmt: skip
def test_output_in_a_notebook(figure, monkeypatch):
    monkeypatch.setenv("D2LCNN_STORED", "1")
    stored = figure._repr_html_()
    assert "<script" not in stored and len(stored) < 15_000 and stored == figure._repr_html_()
    alt = re.search('alt="([^"]*)"', stored)[1]
    assert alt in re.search("<p>(.*)</p>", stored)[1] and figure._repr_png_()[:4] == b"\x89PNG"
    monkeypatch.delenv("D2LCNN_STORED")
    live = figure._repr_html_()
    assert live.index("<script data-conv-lab>") < live.index("<script data-stack-lab>")
    assert script("stack-lab") in live and figure._repr_png_() is None


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("gif", b"GIF8")])
@pytest.mark.parametrize(("command", "frames"), [(["channels", "--c-in", "4", "--c-out", "4"], 5),
                                                 (["cone", "--layers", "3,1,2;3", "--outputs", "2"], 2)])  # fmt: skip
def test_export(tmp_path, capsys, command, frames, kind, start):
    out = tmp_path / f"a.{kind}"
    assert main(["explorer", *command, "--format", kind, "--out", str(out)]) == 0
    assert out.read_bytes().startswith(start) and str(out) in capsys.readouterr().out
    if kind == "gif":
        assert pytest.importorskip("PIL.Image").open(io.BytesIO(out.read_bytes())).n_frames == frames


@pytest.mark.parametrize(("wrong", "said"), [
    (["channels", "--groups", "3"], "must divide"),
    (["channels", "--groups", "three"], "argument --groups"),
    (["cone", "--layers", "3,a"], "argument --layers"),
    (["cone", "--pos", "9"], "pos must be at most 2, not 9"),
    (["cone", "--layers", "9,9,9;9,9,9"], "only 64 are drawn"),
    (["channels", "--c-in", "9999999999", "--format", "gif"], "c_in must be a whole number from 1 to 16"),
    (["cone", "--outputs", "9999999999", "--format", "gif"], "outputs must be a whole number from 1 to 9"),
])  # fmt: skip
def test_export_says_what_is_wrong(wrong, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["explorer", *wrong])
    except SystemExit as stop:  # from argparse
        code = stop.code
    assert code == 2 and said in capsys.readouterr().err and not list(tmp_path.iterdir())

