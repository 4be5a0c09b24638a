"""Stills, the notebook figure and the command line of the explorer: no browser needed."""

import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from d2lcnn import explorer
from d2lcnn.__main__ import main
from d2lcnn.explorer import cli
from d2lcnn.explorer.draw import raster, stills
from d2lcnn.explorer.draw.canvas import STYLES
from d2lcnn.explorer.model import links, questions
from d2lcnn.explorer.model.links import operation

SVG = "{http://www.w3.org/2000/svg}"


def texts(source):
    return [t.text for t in ET.fromstring(source).iter(f"{SVG}text")]


@pytest.mark.parametrize("case", explorer.CASES, ids=lambda case: case.name)
def test_every_case_draws_its_cells_at_every_tenth_step(case):
    rows, cols = explorer.output_size(case.operation)
    for position in range(0, rows * cols, 10):
        found = stills.picture(case.operation, position)
        i, k = case.operation.i, case.operation.k
        real = i[0] * i[1] + rows * cols + (k[0] * k[1] if case.operation.mode in ("conv", "transposed") else 0)
        drawn = [style for style, *_ in found.boxes]
        assert drawn.count("main") == 1
        assert len(drawn) - drawn.count("pad") - drawn.count("lit-pad") == real
        inside = [x + side <= found.width and y + side <= found.height for _, x, y, side in found.boxes]
        assert all(inside)
        ET.fromstring(stills.svg(case.operation, position))


def test_the_window_of_a_step_is_lit():
    drawn = [style for style, *_ in stills.picture(operation(s=2, p=1), 0).boxes]
    # 4 inputs and 9 weights; 5 cells of padding
    assert drawn.count("lit") == 13 and drawn.count("lit-pad") == 5


def test_values_appear_as_the_steps_go_on():
    words = texts(stills.svg(operation(), 0))
    assert "12" in words and "17" not in words
    assert {"12", "17", "10"} <= set(texts(stills.svg(operation(), 3)))
    stamped = [
        texts(stills.svg(operation("transposed", i=2, k=2, s=2), n, x=[[1, 2], [3, 4]], w=[[5, 0], [0, 0]]))
        for n in (0, 3)
    ]
    assert "20" not in stamped[0] and {"5", "10", "15", "20"} <= set(stamped[1])


def test_unread_cells_are_hatched_and_cropped_ones_crossed():
    hatched = stills.picture(operation(i=6, k=3, s=2), 0)
    assert len(hatched.lines) == 3 * 11  # the last row and the last column of 6x6
    crossed = stills.picture(operation("transposed", i=3, k=3, p=1), 0)
    assert len(crossed.lines) == 2 * (25 - 9)
    assert len(stills.picture(operation("transposed", i=2, k=2, s=2, view="zeros"), 0).dots) == 9 - 4


def test_counting_map():
    words = texts(stills.svg(operation(i=5, k=3, p=1), 0, count=True))
    assert words.count("9") == 9 + 9 and words.count("4") == 4 + 4


def test_same_bytes_and_no_dependency():
    """A stored output is compared exactly: the SVG may depend on nothing but the setting."""
    code = (
        "import sys; from d2lcnn import explorer; lab = explorer.ConvLab(i=5, k=3, s=2, p=1); "
        "lab.html(live=False); "
        "bad = {'torch', 'matplotlib', 'PIL'} & set(sys.modules); print(bad or 'none', hash(lab.still()))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": "5"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    }
    assert len(runs) == 1 and runs.pop().startswith("none")


def test_png_and_gif():
    Image = pytest.importorskip("PIL.Image")
    still = Image.open(io.BytesIO(raster.png(operation(), 4, scale=1)))
    want = stills.picture(operation(), 4)
    assert still.size == (round(want.width), round(want.height))
    colours = {colour for _, colour in still.convert("RGB").getcolors(10**6)}
    assert (0xD6, 0xE7, 0xF2) in colours and (0xED, 0xBB, 0x96) in colours  # input and touched cell
    assert (0x22, 0x22, 0x22) in colours  # text
    assert still.convert("RGB").getpixel((0, 0)) == (255, 255, 255)  # behind the round corners of the card
    film = Image.open(io.BytesIO(raster.gif(operation(i=4), seconds=0.5)))
    assert film.n_frames == 4 and film.info["duration"] == 500 and film.info["loop"] == 0
    frames = []
    for n in range(4):
        film.seek(n)
        frames.append(film.convert("RGB").tobytes())
    assert len(set(frames)) == 4
    once = Image.open(io.BytesIO(raster.gif(operation(i=3), loop=False)))
    assert "loop" not in once.info
    with pytest.raises(ValueError, match="seconds"):
        raster.gif(operation(), seconds=0)


def test_a_png_without_its_fonts_is_an_error_not_a_picture_without_text(monkeypatch, tmp_path):
    import matplotlib

    monkeypatch.setattr(matplotlib, "get_data_path", lambda: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="font is missing"):
        raster.png(operation())


def test_the_png_is_the_svg(tmp_path):
    """Whatever the SVG says is drawn: a cell's colour stands where its box is, at any scale."""
    Image = pytest.importorskip("PIL.Image")
    found = stills.picture(operation(s=2, p=1), 4)
    for scale in (1, 2):
        image = Image.open(io.BytesIO(raster.draw(found, scale))).convert("RGB")
        for style, x, y, side in found.boxes:
            corner = image.getpixel((round(scale * (x + side - 5)), round(scale * (y + side - 5))))
            assert "#" + "".join(f"{v:02x}" for v in corner) == STYLES[style][3], style


def test_impossible_settings_are_not_drawn():
    for draw in (stills.svg, raster.png, raster.gif):
        with pytest.raises(ValueError, match="spans 5"):
            draw(operation(i=3, k=5))
    with pytest.raises(ValueError, match="position"):
        stills.svg(operation(), 9)

# ---- the second part: matrices, gradients, questions


@pytest.mark.parametrize("view", links.VIEWS)
@pytest.mark.parametrize("mode", links.MODES)
def test_every_view_of_every_mode_is_drawn_inside_its_card(mode, view):
    for one in (operation(mode, (3, 4), 2, 1, view=view), operation(mode, 5, 3, 2, 1, view=view)):
        found = stills.picture(one, 1)
        assert all(x + side <= found.width and y + side <= found.height for _, x, y, side in found.boxes)
        assert all(max(a, c) <= found.width and max(b, d) <= found.height for a, b, c, d in found.lines)
        ET.fromstring(stills.svg(one, 1))


def test_a_row_of_the_matrix_and_a_column_of_im2col_are_lit_with_the_window():
    one = operation(view="both")
    drawn = [style for style, *_ in stills.picture(one, 4).boxes]
    assert sum(style.startswith("lit-weight") for style in drawn) == 9 + 9
    assert sum(style.startswith("weight") for style in drawn) == 8 * 9 + 8 * 9
    colours = {style.removeprefix("lit-") for style in drawn if "weight" in style}
    assert len(colours) == 9
    words = texts(stills.svg(one, 4))
    assert "C 9×25" in words and "im2col 9×9" in words
    large = texts(stills.svg(operation(i=9, view="matrix"), 0))
    assert "C 49×81" not in large and any("at most 64" in line for line in large)


def test_three_ways_in_one_still():
    one = operation("transposed", i=3, k=3, s=2, p=1, view="three")
    words = texts(stills.svg(one, 0))
    assert {"Cᵀ 25×9", "over inserted zeros: input 3×3", "kernel (turned) 3×3"} <= set(words)
    assert "176 by zero" in " ".join(words)
    assert len(stills.picture(one, 0).dots) == 25 - 9


def test_gradients_and_ties_in_a_still():
    one = operation(i=3, k=2, view="backward")
    words = texts(stills.svg(one, 0))
    assert {"dY 2×2", "dX 3×3", "dW 2×2, db = 4"} <= set(words)
    tied = stills.picture(operation("max", i=3, k=2, s=1, view="backward"), 0, x=[[5, 5], [5, 5]])
    drawn = [style for style, *_ in tied.boxes]
    # the touched dY and the first maximum; three more maxima; dX where the gradient arrives
    assert (drawn.count("main"), drawn.count("tie"), drawn.count("lit")) == (2, 3, 1)


@pytest.mark.parametrize("what", ["size", "reads", "feeds", "value"])
def test_a_question_is_not_answered_by_its_still(what):
    one = operation(s=2, p=1, view="both")
    kernel = [[3, 5, 7], [11, 97, 13], [17, 19, 23]]
    found = stills.picture(one, 4, w=kernel, predict=what)
    words = [entry[2] for entry in found.texts]
    asked = f"{links.values(one, questions.numbers(one)[0], kernel)[1, 1]:.0f}"
    titles = [word for word in words if word.startswith("output ") and "×" in word]
    assert len(titles) == (what != "size")
    assert not any(word.startswith(("C ", "im2col")) for word in words)
    styles = [style for style, *_ in found.boxes]
    assert styles.count("main") == (what != "size")
    assert styles.count("lit") == (18 if what == "value" else 0)
    assert (asked in words) == (what == "reads")
    lab = explorer.ConvLab(s=2, p=1, predict=what, pos=4)
    assert lab.alternative().endswith(("columns.", "Enter.", "column 1?"))
    assert lab.attributes()["predict"] == what
    with pytest.raises(ValueError, match="predict"):
        stills.picture(one, predict="colour")


def test_the_notebook_figure_has_the_new_arguments(monkeypatch):
    monkeypatch.setenv("D2LCNN_STORED", "1")
    lab = explorer.ConvLab("max", i=4, k=2, view="backward", g=[[1, -2]], pos=1)
    assert lab.attributes() == {
        "mode": "max", "i": "4", "k": "2", "s": "2", "p": "0", "view": "backward", "g": "1 -2", "pos": "1"}  # fmt: skip
    assert lab.alternative().startswith("Max pooling, i = 4, k = 2, s = 2, p = 0, backward pass. The gradient -2")
    assert lab._repr_png_()[:4] == b"\x89PNG"
    both = explorer.ConvLab(view="both")
    assert both.alternative().endswith("It is column 0 of the im2col matrix.")
    with pytest.raises(ValueError, match="predict"):
        explorer.ConvLab(predict="colour")
    with pytest.raises(ValueError, match="position"):
        explorer.ConvLab(predict="feeds", pos=25)
    assert explorer.ConvLab(predict="feeds", pos=24).shown.i == (5, 5)


# ---- the notebook figure


def test_output_in_a_stored_notebook(monkeypatch):
    monkeypatch.setenv("D2LCNN_STORED", "1")
    html = explorer.ConvLab(i=5, k=3, s=2, p=1)._repr_html_()
    assert "<script" not in html and len(html) < 15_000
    assert html.startswith('<conv-lab mode="conv" i="5" k="3" s="2" p="1"><img src="data:image/svg+xml;base64,')
    alt = re.search('alt="([^"]*)"', html)[1]
    assert alt.startswith("Convolution, i = 5") and alt in re.search("<p>(.*)</p>", html)[1]


def test_a_stored_output_has_a_png_for_the_pdf(monkeypatch):
    monkeypatch.setenv("D2LCNN_STORED", "1")
    assert explorer.ConvLab()._repr_png_()[:4] == b"\x89PNG"
    assert explorer.ConvLab(i=2, k=5)._repr_png_() is None
    monkeypatch.delenv("D2LCNN_STORED")
    assert explorer.ConvLab()._repr_png_() is None


def test_output_in_a_live_notebook(monkeypatch):
    monkeypatch.delenv("D2LCNN_STORED", raising=False)
    html = explorer.ConvLab()._repr_html_()
    assert html.count("<script data-conv-lab>") == html.count("</script>") == 1
    assert explorer.script() in html


def test_attributes_say_everything_that_is_unusual():
    lab = explorer.ConvLab(
        "transposed", (2, 3), 3, 2, 1, 2, (1, 0), view="zeros", x=[[1, -2], [0.5]], pos=3, count=True, presets=True
    )
    assert lab.attributes() == {
        "mode": "transposed",
        "i": "2,3",
        "k": "3",
        "s": "2",
        "p": "1",
        "d": "2",
        "output-padding": "1,0",
        "view": "zeros",
        "x": "1 -2/0.5",
        "pos": "3",
        "count": "",
        "presets": "",
    }
    assert repr(explorer.ConvLab(i=4)) == 'ConvLab(mode="conv", i="4", k="3", s="1", p="0")'


def test_an_impossible_setting_is_a_sentence():
    lab = explorer.ConvLab(i=2, k=5)
    assert "spans 5" in lab.html(live=False) and "<img" not in lab.html(live=False)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="mode"):
        explorer.ConvLab("deconv")
    with pytest.raises(ValueError, match="position"):
        explorer.ConvLab(pos=9)


# ---- the command line


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("gif", b"GIF8")])
def test_export(tmp_path, capsys, kind, start):
    out = tmp_path / f"a.{kind}"
    assert main(["explorer", "export", "--case", "1", "--format", kind, "--out", str(out)]) == 0
    assert out.read_bytes().startswith(start) and str(out) in capsys.readouterr().out


def test_the_options_of_an_animation_arrive(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    films = []
    for number, more in enumerate(([], ["--seconds", "0.25"], ["--once"], ["--seconds", "0.25", "--once"])):
        out = tmp_path / f"{number}.gif"
        assert main(["explorer", "export", "--i", "4", "--format", "gif", "--out", str(out), *more]) == 0
        films.append(Image.open(out))
    assert [film.info["duration"] for film in films] == [1000, 250, 1000, 250]
    assert ["loop" in film.info for film in films] == [True, True, False, False]
    assert len({film.n_frames for film in films}) == 1


def test_export_of_own_sizes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (
        main(
            [
                "explorer",
                "export",
                "--mode",
                "transposed",
                "--i",
                "2,3",
                "--k",
                "3",
                "--s",
                "2",
                "--view",
                "zeros",
                "--pos",
                "5",
            ]
        )
        == 0
    )
    assert (tmp_path / "conv-lab-transposed.svg").read_text("utf8") == stills.svg(
        operation("transposed", i=(2, 3), s=2, view="zeros"), 5
    )
    assert main(["explorer", "export", "--case", "15", "--view", "stamp"]) == 0
    case = explorer.CASES[14].operation
    assert (tmp_path / "conv-lab-case-15.svg").read_text("utf8") == stills.svg(
        operation("transposed", case.i, case.k, case.s, case.p, case.d, case.output_padding), 8
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--case", "20"], "invalid choice"),
        (["--case", "1", "--i", "7"], "not both"),
        (["--i", "3", "--k", "5"], "spans 5"),
        (["--i", "1,2,3"], "rows,columns"),
        (["--pos", "99"], "position"),
        (["--i", "0"], "at least 1"),
        (["--i", "9999999999", "--format", "gif"], "too large to draw"),
        (["--view", "spiral"], "argument --view: view must be one of stamp"),
        (["--x", "1 a"], "argument --x"),
        (["--format", "gif", "--seconds", "inf"], "seconds must be positive"),
    ],
)
def test_export_says_what_is_wrong(wrong, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["explorer", "export", *wrong])
    except SystemExit as stop:  # from argparse
        code = stop.code
    assert code == 2
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(("out", "said"), [
    ("nowhere/a.svg", "No such file or directory"), ("file/a.svg", "Not a directory"), ("folder", "Not a regular file"),
    (".", "Not a regular file"), ("a" * 300, "File name too long"),
])  # fmt: skip
@pytest.mark.parametrize("command", ["export", "channels", "cone"])
def test_export_into_a_place_that_cannot_be_written_is_one_line(command, out, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    assert main(["explorer", command, "--out", out]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and said in error
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize("broken", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["stop", "full"])
def test_a_cut_export_leaves_what_was_there(broken, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.png").write_bytes(b"an older picture")

    def stop(*_):
        raise broken

    monkeypatch.setattr(os, "fsync", stop)  # all has been written by then, under another name
    assert main(["explorer", "export", "--format", "png", "--out", str(tmp_path / "a.png")]) in (2, 130)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"an older picture"]
    assert "No space left" in capsys.readouterr().err or isinstance(broken, KeyboardInterrupt)


def test_every_parameter_arrives_from_the_command_line(tmp_path):
    """Whatever the table declares is an option, and draws what the figure draws."""
    given = {
        "export": dict(mode="max", i=(4, 5), k=(2, 3), s=1, p=(1, 0), d=(1, 2), view="backward", x=[[1, -2.5]],
                       g=[[0.25]], pos=2, count=True),
        "channels": dict(c_in=4, c_out=6, k=5, groups=2, h=7, w=9),
        "cone": dict(layers=[(3, 1, 2), (2, 2)], outputs=4, pos=3),
    }  # fmt: skip
    for command, (kind, _) in cli.COMMANDS.items():
        figure, out = kind(**given[command]), tmp_path / f"{command}.svg"
        said = figure.attributes()
        assert {name.replace("-", "_") for name in said} == {*given[command]}
        options = [part for name, text in said.items() for part in (f"--{name}", text) if part]
        assert main(["explorer", command, *options, "--out", str(out)]) == 0
        assert out.read_text("utf8") == figure.still()


def test_cases_are_listed(capsys):
    assert main(["explorer", "cases"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 19
