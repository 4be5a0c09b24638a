"""The explorer's second part in chromium: matrices, three ways, gradients, questions, code to copy."""

import json
import re

import pytest
from explorer_fixture import lab_browser, lab_page, serve, show  # noqa: F401
from test_explorer_use import axe, cell, marks, numbers, settle, stepper, text

from d2lcnn.explorer.model import backward, links, matrices, questions, snippet, words
from d2lcnn.explorer.model.links import operation

pytestmark = pytest.mark.browser
BACK = '<conv-lab view="backward" i="5" k="3" s="2" p="1" pos="4"></conv-lab>'
THREE = '<conv-lab mode="transposed" view="three" i="3" k="3" s="2" p="1" pos="1"></conv-lab>'


def sheet(page, board):
    """Return the cells of a matrix that are lit, as [output row, output column, text]."""
    return page.eval_on_selector_all(
        f"conv-lab [data-board={board}] g.m.lit", "l => l.map(g => [+g.dataset.r, +g.dataset.c, g.textContent])"
    )


# ---- matrices


def test_a_row_of_c_and_a_column_of_im2col_are_lit_with_the_window(show):  # noqa: F811
    page = show('<conv-lab view="both" i="5" k="3" pos="4"></conv-lab>')
    kernel, window = ["0", "1", "2", "2", "2", "0", "0", "1", "2"], ["0", "1", "3", "1", "2", "2", "0", "0", "2"]
    assert sheet(page, "mat") == [[1, 1, v] for v in kernel]
    assert sheet(page, "col") == [[1, 1, v] for v in window]
    assert "Row 4 of C holds 9 weights and 16 zeros. It is column 4 of the im2col matrix." in text(page, ".live")
    band = "conv-lab [data-board=mat] .band"
    before = float(page.locator(band).get_attribute("y"))
    page.locator("conv-lab [data-go=fwd]").click()
    settle(page)
    assert float(page.locator(band).get_attribute("y")) == before + 24 and sheet(page, "mat")[0][:2] == [1, 2]
    cell(page, "in", 2, 2).hover()  # a column of C: all nine windows read the middle
    assert len({(r, c) for r, c, _ in sheet(page, "mat")}) == 9 and "Column 12 of C holds 9" in text(page, ".live")
    cell(page, "w", 0, 1).hover()  # one weight: nine places in C, a row of im2col
    assert [v for _, _, v in sheet(page, "mat")] == ["1"] * 9 and len(sheet(page, "col")) == 9
    cell(page, "mat", 2, 2).first.click()  # a cell of the matrix stands for its output
    settle(page)
    assert page.locator("conv-lab").get_attribute("pos") == "8" and marks(page, "out", "main") == [(2, 2)]


def test_cells_of_one_weight_share_their_colour(show):  # noqa: F811
    page = show('<conv-lab view="matrix" i="4" k="3"></conv-lab>')
    one = matrices.sheet(operation(i=4, k=3, view="matrix"), "mat")
    colour = "l => l.map(g => g.style.getPropertyValue('--h'))"
    found = page.eval_on_selector_all("conv-lab [data-board=mat] g.m", colour)
    kernel = page.eval_on_selector_all("conv-lab [data-board=w] [role=gridcell]", colour)
    assert len(set(kernel)) == 9
    assert found == [kernel[matrices.flat(link.weight, (3, 3))] for _, _, link in one.cells]


def test_a_matrix_too_large_is_said_and_a_large_one_scrolls_inside(show):  # noqa: F811
    page = show('<conv-lab view="matrix" i="9" k="3"></conv-lab>')
    assert text(page, "[data-board=mat] figcaption") == "C has 49 rows and 81 columns: at most 64 of each are drawn."
    assert page.locator("conv-lab [data-board=mat] svg").count() == 0
    stepper(page, "i", -1)
    settle(page)
    page.set_viewport_size({"width": 390, "height": 800})
    box = page.locator("conv-lab [data-board=mat] .scroll")
    assert box.evaluate("e => e.scrollWidth > e.clientWidth && e.scrollHeight > e.clientHeight")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert box.get_attribute("tabindex") == "0" and box.get_attribute("aria-label") == "C"
    page.locator("conv-lab .pos").fill("35")  # the last row comes into view by itself, the page stays where it is
    settle(page)
    lit = page.locator("conv-lab [data-board=mat] g.lit").first.bounding_box()
    frame = box.bounding_box()
    assert frame["y"] <= lit["y"] <= frame["y"] + frame["height"]
    assert frame["x"] <= lit["x"] <= frame["x"] + frame["width"]


def test_numbers_in_the_matrix_follow_the_kernel(show):  # noqa: F811
    page = show('<conv-lab view="both" i="4" k="2"></conv-lab>')
    cell(page, "w", 0, 0).focus()
    page.keyboard.press("7")
    settle(page)
    page.locator("h1").hover()
    assert [v for _, _, v in sheet(page, "mat")].count("7") == 9
    cell(page, "in", 0, 0).focus()
    page.keyboard.press("5")
    settle(page)
    assert sheet(page, "col") == [[0, 0, "5"]]


def test_three_ways_at_once(show):  # noqa: F811
    page = show(THREE)
    one = operation("transposed", i=3, k=3, s=2, p=1, view="three")
    assert text(page, ".ways") == matrices.ways_sentence(one)
    assert marks(page, "zin", "main") == [(0, 1)] and len(sheet(page, "mat")) == len(marks(page, "out", "lit"))
    assert text(page, "[data-board=wz] figcaption").startswith("kernel, turned")
    # a row of the transpose, a window over the inserted zeros, the inputs that stamp it
    cell(page, "out", 2, 2).hover()
    y = links.values(one, *questions.numbers(one)[:2])
    assert text(page, ".sum").endswith(f"= {words.number(y[2, 2])}")
    assert {(r, c) for r, c, _ in sheet(page, "mat")} == {(2, 2)}
    assert page.locator("conv-lab [data-board=zin] g.lit").count() == 9
    assert marks(page, "zin", "lit") == marks(page, "in", "lit")
    cell(page, "zin", 2, 2).click()
    page.keyboard.press("9")  # the same input, wherever it is touched
    settle(page)
    assert numbers(page, "in", 3)[2][2] == "9"
    shown = page.locator("conv-lab [data-board=mat] svg > text").all_text_contents()
    assert shown[25:] == [v for row in numbers(page, "in", 3) for v in row]
    x = questions.numbers(one, x=[[3, 3, 2], [0, 0, 1], [3, 1, 9]])[0]
    assert shown[:25] == [words.number(v) for v in links.values(one, x, questions.numbers(one)[1]).ravel()]


# ---- backward


@pytest.mark.parametrize("mode", links.MODES)
def test_gradients_in_the_same_grids(show, mode):  # noqa: F811
    page = show(f'<conv-lab mode="{mode}" view="backward" i="4,5" k="2,3" s="1" p="1,0"></conv-lab>')
    one = operation(mode, (4, 5), (2, 3), 1, (1, 0), view="backward")
    x, w, g = questions.numbers(one)
    found = backward.gradients(one, x, w, g)
    assert numbers(page, "dx", 5) == [[words.number(v) for v in row] for row in found.x]
    assert numbers(page, "out", g.shape[1]) == [[words.number(v) for v in row] for row in g]
    assert text(page, "[data-board=out] figcaption").startswith("output gradient dY")
    if w is None:
        assert not page.locator("conv-lab [data-board=dw]").is_visible()
    else:
        assert numbers(page, "dw", 3) == [[words.number(v) for v in row] for row in found.w]
        assert text(page, "[data-board=dw] figcaption") == f"dW 2 × 3, db = {words.number(found.b)}"


def test_the_output_gradient_can_be_changed(show):  # noqa: F811
    page = show(BACK)
    cell(page, "out", 1, 1).focus()
    page.keyboard.press("4")
    page.keyboard.press("-")
    settle(page)
    assert page.locator("conv-lab").get_attribute("g") == "1 2 -1/0 -4 3/2 -1 1"
    one = operation(s=2, p=1, view="backward")
    x, w, g = questions.numbers(one, g=[[1, 2, -1], [0, -4, 3], [2, -1, 1]])
    found = backward.gradients(one, x, w, g)
    assert numbers(page, "dx", 5) == [[words.number(v) for v in row] for row in found.x]
    assert text(page, "[data-board=dw] figcaption").endswith("db = 3")
    cell(page, "dx", 1, 1).hover()
    assert text(page, ".sum") == backward.total(one, x, w, g, "in", (1, 1))
    assert marks(page, "out", "lit") == [(0, 0), (0, 1), (1, 0), (1, 1)] and marks(page, "dx", "main") == [(1, 1)]
    cell(page, "dw", 0, 2).click()
    assert text(page, ".live") == backward.sentence(one, x, w, g, "w", (0, 2))
    page.keyboard.press("9")  # a gradient is a result: typing does not change it
    settle(page)
    assert page.locator("conv-lab").get_attribute("w") is None
    page.keyboard.press("ArrowLeft")
    assert marks(page, "dw", "main") == [(0, 1)]


def test_a_maximum_takes_all_and_ties_are_shown(show):  # noqa: F811
    page = show('<conv-lab mode="max" view="backward" i="3" k="2" s="1" x="5 5 0/5 5 0/0 0 0"></conv-lab>')
    assert marks(page, "in", "main") == [(0, 0)] and marks(page, "in", "tie") == [(0, 1), (1, 0), (1, 1)]
    assert marks(page, "dx", "lit") == [(0, 0)] and "the first of 4 equal maxima" in text(page, ".live")
    cell(page, "in", 1, 1).focus()
    page.keyboard.press("9")
    settle(page)
    assert numbers(page, "dx", 3) == [["0", "0", "0"], ["0", "4", "0"], ["0", "0", "0"]]
    assert text(page, ".sum") == "1 + 2 + 0 + 1 = 4" and len(marks(page, "out", "lit")) == 4
    page.locator("conv-lab .count").check()
    settle(page)
    assert numbers(page, "dx", 3)[1] == ["0", "4", "0"]


# ---- questions


def listen(page):
    page.evaluate("window.told = []; addEventListener('answer', e => told.push(e.detail))")


def test_the_size_is_predicted_by_keyboard_alone(show):  # noqa: F811
    page = show('<conv-lab predict="size" i="7" k="3" s="2" p="1" presets></conv-lab>')
    listen(page)
    shown = text(page, ".lab")
    assert "What is the size of the output?" in shown and "o =" not in shown and "Output row" not in shown
    for board in ("out", "mat", "col", "dx"):
        assert not page.locator(f"conv-lab [data-board={board}]").is_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.querySelector('conv-lab').shadowRoot.activeElement?.className") == "ans":
            break
    page.keyboard.press("Enter")  # nothing typed yet: nothing happens
    assert page.evaluate("told") == [] and text(page, ".verdict") == ""
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    settle(page)
    assert text(page, ".verdict") == "Not quite. The answer is 4 × 4."
    assert page.evaluate("told") == [{"ask": "size", "answer": [3, 3], "right": False}]
    assert text(page, "[role=status] code") == "answer = [3,3]"
    assert page.locator("conv-lab [data-board=out]").is_visible() and text(page, ".formula").endswith("= 4")
    assert not page.locator("conv-lab .ask").is_visible()
    stepper(page, "i", 1)  # the next question
    settle(page)
    assert page.locator("conv-lab .ask").is_visible() and text(page, ".verdict") == ""
    page.locator("conv-lab .ans").fill("4 x 4")
    page.locator("conv-lab .ask button").click()
    settle(page)
    assert text(page, ".verdict").startswith("Right.") and page.evaluate("told")[1]["right"]


@pytest.mark.parametrize(("what", "board"), [("reads", "in"), ("feeds", "out")])
def test_cells_are_marked_by_keyboard(show, what, board):  # noqa: F811
    tag = f'<conv-lab predict="{what}" i="5" k="3" s="2" p="1" pos="6" view="both"></conv-lab>'
    page, one = show(tag), operation(s=2, p=1, view="both")
    listen(page)
    want = questions.answer(one, what, 6)
    assert text(page, ".q") == questions.question(one, what, 6)
    assert not page.locator("conv-lab figure:not([hidden]) g.lit").count()
    assert not page.locator("conv-lab .live").is_visible()
    assert not page.locator("conv-lab [data-board=mat]").is_visible()
    asked = ("out", divmod(6, 3)) if what == "reads" else ("in", divmod(6, 5))
    assert marks(page, asked[0], "main") == [asked[1]]
    at = (0, 0)
    cell(page, board, 0, 0).focus()
    for r, c in want:
        for key, n in (("ArrowDown", r - at[0]), ("ArrowRight", c - at[1]), ("ArrowLeft", at[1] - c)):
            for _ in range(n):
                page.keyboard.press(key)
        page.keyboard.press("Enter" if r % 2 else " ")
        at = (r, c)
    assert marks(page, board, "pick") == want and "your marks" in text(page, ".legend")
    selected = page.locator(f"conv-lab [data-board={board}] [aria-selected=true]")
    assert selected.count() == len(want)
    assert page.locator("conv-lab").get_attribute("pos") == "6"  # walking the grid does not ask something else
    page.locator("conv-lab .ask button").press("Enter")
    settle(page)
    told = page.evaluate("told")
    assert told == [{"ask": what, "answer": [list(c) for c in want], "right": True}]
    assert text(page, ".verdict").startswith(f"Right. {len(want)} of {len(want)} found, 0 too many.")
    assert json.loads(text(page, "[role=status] code").removeprefix("answer = ")) == told[0]["answer"]


def test_a_wrong_mark_is_counted_and_everything_shown(show):  # noqa: F811
    page = show('<conv-lab predict="reads" i="4" k="2"></conv-lab>')
    listen(page)
    for r, c in ((0, 0), (3, 3), (2, 2)):
        cell(page, "in", r, c).click()
    cell(page, "in", 2, 2).click()  # taken back
    page.locator("conv-lab .ask button").click()
    settle(page)
    assert text(page, ".verdict").startswith("Not quite. 1 of 4 found, 1 too many. Output row 0, column 0 reads")
    assert page.evaluate("told")[0]["answer"] == [[0, 0], [3, 3]]
    assert len(marks(page, "in", "lit")) == 4 and marks(page, "in", "pick") == [(0, 0), (3, 3)]
    page.locator("conv-lab [data-go=fwd]").click()
    settle(page)
    assert marks(page, "in", "pick") == [] and "column 1 read" in text(page, ".q")


def test_a_value_is_hidden_until_it_is_answered(show):  # noqa: F811
    page = show('<conv-lab predict="value" i="4" k="3" pos="1"></conv-lab>')
    listen(page)
    assert numbers(page, "out", 2) == [["12", ""], ["", ""]] and len(marks(page, "in", "lit")) == 9
    label = cell(page, "out", 0, 1).get_attribute("aria-label")
    assert label == "output row 0, column 1: not computed yet"
    cell(page, "out", 0, 1).focus()
    assert numbers(page, "out", 2)[0][1] == "" and not page.locator("conv-lab .sum").is_visible()
    page.locator("conv-lab .ans").fill("12,0")
    page.locator("conv-lab .ans").press("Enter")
    settle(page)
    assert text(page, ".verdict") == "Right. The answer is 12." and numbers(page, "out", 2)[0][1] == "12"
    assert page.evaluate("told") == [{"ask": "value", "answer": 12, "right": True}]


def test_a_value_of_the_gradient_is_asked_in_the_backward_view(show):  # noqa: F811
    page = show('<conv-lab predict="value" view="backward" i="3" k="2" pos="4"></conv-lab>')
    assert text(page, ".q") == "What is dX at row 1, column 1?"
    assert not page.locator("conv-lab [data-board=dx]").is_visible()
    page.locator("conv-lab .ans").fill("6")
    page.locator("conv-lab .ans").press("Enter")
    settle(page)
    assert text(page, ".verdict").startswith("Right.") and marks(page, "dx", "main") == [(1, 1)]


def test_questions_can_be_chosen(show):  # noqa: F811
    page = show('<conv-lab i="4" k="3"></conv-lab>')
    page.locator("conv-lab [data-at=predict]").select_option("value")
    settle(page)
    assert page.locator("conv-lab .ask").is_visible()
    page.locator("conv-lab [data-at=predict]").select_option("")
    settle(page)
    assert page.locator("conv-lab").get_attribute("predict") is None
    assert not page.locator("conv-lab .ask").is_visible() and "Its value is 12" in text(page, ".live")


# ---- code


def test_the_code_is_shown_and_copied(lab_browser, show, tmp_path, serve):  # noqa: F811
    show(BACK)
    context = lab_browser.new_context()
    page, address = context.new_page(), serve(tmp_path)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page.goto(f"{address}/page.html")
    page.locator("conv-lab .copy").press("Enter")
    page.wait_for_function("document.querySelector('conv-lab').shadowRoot.querySelector('.copied').textContent")
    want = snippet.code(operation(s=2, p=1, view="backward"))
    assert page.locator("conv-lab .code").input_value() == want
    assert page.evaluate("navigator.clipboard.readText()") == want and text(page, ".copied") == "Copied."
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no') } }")
    page.locator("conv-lab [data-at=view]").select_option("stamp")
    settle(page)
    page.locator("conv-lab .copy").click()
    said = "document.querySelector('conv-lab').shadowRoot.querySelector('.copied').textContent"
    page.wait_for_function(f"{said}[0] == 'S'")
    box = page.locator("conv-lab .code")
    assert box.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)") == snippet.code(operation(s=2, p=1))
    context.close()


# ---- for everyone


NEW = {
    "both": '<conv-lab view="both" i="4" k="2" pos="4"></conv-lab>',
    "three": '<conv-lab mode="transposed" view="three" i="2" k="3" s="2"></conv-lab>',
    "backward": '<conv-lab view="backward" i="3" k="2" p="1"></conv-lab>',
    "max": '<conv-lab mode="max" view="backward" i="4" k="2" s="1"></conv-lab>',
    "reads": '<conv-lab predict="reads" i="3" k="2"></conv-lab>',
    "size": '<conv-lab predict="size" i="5" k="3"></conv-lab>',
}


@pytest.mark.parametrize(("theme", "width"), [("light", 1100), ("dark", 390)])
def test_axe_finds_nothing_in_the_new_views(show, theme, width):  # noqa: F811
    page = show("".join(NEW.values()), theme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    page.locator("conv-lab .copy").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(page) == []


def test_targets_are_large_enough_to_touch(lab_browser, show, tmp_path):  # noqa: F811
    show("".join(NEW.values()))
    context = lab_browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    boxes = page.eval_on_selector_all(
        "conv-lab button, conv-lab input, conv-lab select, conv-lab g[role=gridcell] rect",
        "l => l.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect()).map(b => [b.width, b.height])",
    )
    boxes = [box for box in boxes if box[0]]
    assert len(boxes) > 250 and all(w >= 24 and h >= 24 for w, h in boxes)
    page.locator('conv-lab >> nth=4 >> [data-board=in] [data-r="1"][data-c="1"]').tap()
    assert page.locator('conv-lab >> nth=4 >> [data-board=in] .pick').count() == 1
    context.close()


def test_new_words_are_chinese_on_a_chinese_page(show):  # noqa: F811
    page = show("".join(NEW.values()), lang="zh")
    for n in range(len(NEW)):
        shown = page.locator("conv-lab").nth(n).locator(".lab").inner_text()
        allowed = {"output_padding", "PyTorch", "im", "col", "dX", "dY", "dW", "db"}
        assert set(re.findall(r"[A-Za-z_]{2,}", shown)) <= allowed
    page.locator("conv-lab >> nth=5 >> .ans").fill("5")
    page.locator("conv-lab >> nth=5 >> .ans").press("Enter")
    settle(page)
    assert page.locator("conv-lab >> nth=5 >> .verdict").inner_text() == "不对。答案是 3 × 3。"


def test_the_views_live_in_the_address(show):  # noqa: F811
    page = show('<a href="#mode=max&view=backward&i=4&k=2&s=1&g=5&predict=value">a</a><conv-lab url></conv-lab>')
    page.locator("a").click()
    settle(page)
    lab = page.locator("conv-lab")
    assert [lab.get_attribute(n) for n in ("mode", "view", "g", "predict")] == ["max", "backward", "5", "value"]
    page.locator("conv-lab [data-at=predict]").select_option("")
    page.wait_for_function("location.hash.includes('view=backward') && !location.hash.includes('predict')")
    assert numbers(page, "out", 3)[0][0] == "5"
