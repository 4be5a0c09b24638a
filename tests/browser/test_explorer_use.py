"""The explorer in chromium: every control by mouse, touch and keyboard alone; themes, languages, address, axe."""

import re

import pytest
from explorer_fixture import lab_browser, lab_page, serve, show  # noqa: F401

from d2lcnn import explorer
from d2lcnn.explorer.model.cases import INPUT, KERNEL, tiled
from d2lcnn.explorer.model.links import operation, values
from d2lcnn.explorer.model.words import number

pytestmark = pytest.mark.browser


def marks(page, board, kind):
    """Return the cells of a grid that carry a mark, as (row, column)."""
    found = page.eval_on_selector_all(
        f"conv-lab [data-board={board}] g.{kind}[role=gridcell]", "l => l.map(g => [+g.dataset.r, +g.dataset.c])"
    )
    return sorted(map(tuple, found))


def numbers(page, board, columns):
    """Return the texts of a grid's cells, row by row."""
    found = page.locator(f"conv-lab [data-board={board}] [role=gridcell] text").all_text_contents()
    return [found[n : n + columns] for n in range(0, len(found), columns)]


def cell(page, board, r, c):
    return page.locator(f'conv-lab [data-board={board}] [data-r="{r}"][data-c="{c}"]')


def text(page, selector):
    return page.locator(f"conv-lab {selector}").inner_text()


def stepper(page, letter, by, axis=0):
    page.locator(f'conv-lab [data-num={letter}] [data-ax="{axis}"] [data-by="{by}"]').click()


def settle(page):
    page.evaluate("() => new Promise(done => setTimeout(done, 30))")


def axe(page):
    from axe_playwright_python.sync_playwright import Axe

    options = {
        "preload": False,
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    }
    found = Axe().run(page, options=options).response
    assert len(found["passes"]) > 15
    return [(v["id"], n["target"]) for v in found["violations"] for n in v["nodes"]]


PLAIN = '<conv-lab mode="conv" i="5" k="3" s="2" p="1"></conv-lab>'


# ---- steps


def test_it_starts_paused_and_steps_forward_and_back(show):  # noqa: F811
    page = show(PLAIN)
    assert marks(page, "out", "main") == [(0, 0)] and text(page, "[data-go=play]") == "play"
    page.wait_for_timeout(1200)
    assert marks(page, "out", "main") == [(0, 0)]
    page.locator("conv-lab [data-go=fwd]").click()
    page.locator("conv-lab [data-go=fwd]").click()
    assert marks(page, "out", "main") == [(0, 2)] and numbers(page, "out", 3) == [["6", "17", "3"], [""] * 3, [""] * 3]
    page.locator("conv-lab [data-go=back]").click()
    assert marks(page, "out", "main") == [(0, 1)] and marks(page, "in", "lit") == [
        (r, c) for r in (0, 1) for c in (1, 2, 3)
    ]
    page.locator("conv-lab [data-go=first]").click()
    assert marks(page, "out", "main") == [(0, 0)] and page.locator("conv-lab [data-go=back]").is_disabled()


def test_play_runs_to_the_end_and_pauses(show):  # noqa: F811
    page = show('<conv-lab i="3" k="2" pos="1"></conv-lab>')
    page.locator("conv-lab [data-go=play]").click()
    assert text(page, "[data-go=play]") == "pause"
    page.wait_for_function("document.querySelector('conv-lab').getAttribute('pos') === '3'", timeout=5000)
    assert text(page, "[data-go=play]") == "play" and marks(page, "out", "main") == [(1, 1)]
    page.locator("conv-lab [data-go=play]").click()  # from the end it begins again
    settle(page)
    assert marks(page, "out", "main") == [(0, 0)]
    page.locator("conv-lab [data-go=play]").click()
    page.wait_for_timeout(1200)
    assert marks(page, "out", "main") == [(0, 0)]


def test_position_slider(show):  # noqa: F811
    page = show(PLAIN)
    slider = page.locator("conv-lab .pos")
    slider.focus()
    page.keyboard.press("End")
    settle(page)
    assert marks(page, "out", "main") == [(2, 2)] and slider.get_attribute("aria-valuetext") == "output row 2, column 2"
    y = values(operation(s=2, p=1), tiled(INPUT, (5, 5)), tiled(KERNEL, (3, 3)))
    assert numbers(page, "out", 3) == [[f"{v:.0f}" for v in row] for row in y]


# ---- touching cells


def test_pointing_lights_both_ways(show):  # noqa: F811
    page = show(PLAIN)
    cell(page, "in", 1, 1).hover()
    assert marks(page, "out", "lit") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert marks(page, "w", "lit") == [(0, 0), (0, 2), (2, 0), (2, 2)]
    assert "read 4 times, by output rows 0 to 1" in text(page, ".live")
    cell(page, "w", 1, 1).hover()
    assert len(marks(page, "out", "lit")) == 9
    assert marks(page, "in", "lit") == [(r, c) for r in (0, 2, 4) for c in (0, 2, 4)]
    cell(page, "out", 2, 2).hover()
    assert text(page, ".sum").endswith("= 4") and numbers(page, "out", 3)[2][2] == "4"
    page.locator("h1").hover()
    assert marks(page, "out", "main") == [(0, 0)] and numbers(page, "out", 3)[2][2] == ""


def test_a_click_stays_and_escape_lets_go(show):  # noqa: F811
    page = show(PLAIN)
    cell(page, "in", 4, 4).click()
    page.locator("h1").hover()
    assert marks(page, "in", "main") == [(4, 4)] and marks(page, "out", "lit") == [(2, 2)]
    page.keyboard.press("Escape")
    assert marks(page, "in", "main") == [] and marks(page, "out", "main") == [(0, 0)]
    cell(page, "out", 1, 2).click()
    assert page.locator("conv-lab").get_attribute("pos") == "5"


def test_touch_at_390_pixels(lab_browser, show, tmp_path):  # noqa: F811
    show(PLAIN + '<conv-lab mode="transposed" i="12" k="3" s="2"></conv-lab>')
    context = lab_browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.locator('conv-lab >> nth=0 >> [data-board=in] [data-r="0"][data-c="0"]').tap()
    assert page.locator("conv-lab >> nth=0 >> .live").inner_text().startswith("Input row 0, column 0 is read 1 times")
    page.locator("conv-lab >> nth=0 >> [data-num=k] [data-ax='0'] [data-by='1']").tap()
    settle(page)
    assert page.locator("conv-lab").first.get_attribute("k") == "4"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390  # wide grids scroll by themselves
    boxes = page.eval_on_selector_all(
        "conv-lab button, conv-lab input, conv-lab select, conv-lab g[role=gridcell] rect",
        "l => l.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect()).map(b => [b.width, b.height])",
    )
    boxes = [box for box in boxes if box[0]]
    assert len(boxes) > 200 and all(w >= 24 and h >= 24 for w, h in boxes)
    context.close()


# ---- keyboard alone


def test_everything_is_reached_and_moved_by_keyboard(show):  # noqa: F811
    page = show('<conv-lab mode="transposed" i="3" k="3" s="2" p="1" presets></conv-lab>')
    where = """() => { const e = document.querySelector('conv-lab').shadowRoot.activeElement; return !e ? null :
        e.dataset.at || e.dataset.go || (e.dataset.r ? e.closest('figure').dataset.board : '') || e.className ||
        (e.closest('[data-num]') ? e.closest('[data-num]').dataset.num + (e.dataset.by || '') : 'case') }"""
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(where)
        if at is None:
            break
        seen.append(at)
    numbers_ = [f"{letter}{part}" for letter in "ikspda" for part in ("-1", "", "1")]
    # each grid is one stop. At the first step "back" and "first" are switched off, and as the last cell touched is
    # an output, there is no number to change
    assert seen == [
        "case",
        "mode",
        "view",
        "predict",
        *numbers_,
        "rect",
        "in",
        "w",
        "out",
        "play",
        "fwd",
        "pos",
        "count",
        "copy",
        "slide",
    ]


def test_arrow_keys_walk_the_grid(show):  # noqa: F811
    page = show(PLAIN)
    cell(page, "out", 0, 0).focus()
    walk = "ArrowRight 0 1, ArrowDown 1 1, End 1 2, ArrowRight 1 2, Home 1 0, ArrowUp 0 0, Control+End 2 2"
    for step in [*walk.split(", "), "Control+Home 0 0", "ArrowLeft 0 0"]:
        key, *place = step.split()
        want = tuple(map(int, place))
        page.keyboard.press(key)
        settle(page)
        assert marks(page, "out", "main") == [want], key
        stops = page.locator("conv-lab [data-board=out] [tabindex='0']")
        assert stops.count() == 1 and stops.get_attribute("aria-selected") == "true"
        assert page.evaluate("document.querySelector('conv-lab').shadowRoot.activeElement.dataset.r") == str(want[0])
    cell(page, "w", 0, 0).focus()
    page.keyboard.press("ArrowDown")
    assert marks(page, "w", "main") == [(1, 0)] and text(page, ".live").startswith("Weight row 1, column 0")


def test_arrows_follow_the_eye_on_a_turned_kernel(show):  # noqa: F811
    page = show('<conv-lab mode="transposed" view="zeros" i="2" k="3"></conv-lab>')
    cell(page, "w", 2, 2).focus()  # stands in the upper left corner
    page.keyboard.press("ArrowRight")
    assert marks(page, "w", "main") == [(2, 1)]
    page.keyboard.press("Home")
    assert marks(page, "w", "main") == [(2, 2)]


# ---- numbers


def test_numbers_can_be_changed(show):  # noqa: F811
    page = show(PLAIN)
    cell(page, "in", 0, 0).focus()
    page.keyboard.press("9")
    settle(page)
    assert numbers(page, "in", 5)[0][0] == "9" and page.locator("conv-lab").get_attribute("x").startswith("9 3 2 1 0/")
    assert numbers(page, "out", 3)[0][0] == "18"  # 6 + (9 - 3)·2
    page.keyboard.press("-")
    settle(page)
    assert numbers(page, "in", 5)[0][0] == "-9" and numbers(page, "out", 3)[0][0] == "-18"
    page.keyboard.press("Enter")
    page.keyboard.type("0.25")
    page.keyboard.press("Enter")
    settle(page)
    assert numbers(page, "in", 5)[0][0] == "0.25" and marks(page, "in", "main") == [(0, 0)]
    cell(page, "w", 1, 1).focus()
    page.keyboard.press("7")
    settle(page)
    assert page.locator("conv-lab").get_attribute("w") == "0 1 2/2 7 0/0 1 2"
    page.locator("conv-lab [data-go=first]").click(force=True)
    cell(page, "out", 0, 0).click()
    assert "0.25·7" in text(page, ".sum") and page.locator("conv-lab .val").is_disabled()


def test_size_formula_with_numbers(show):  # noqa: F811
    page = show(PLAIN)
    assert text(page, ".formula") == "o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 = ⌊(5 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 3"
    page.locator("conv-lab .rect").check()
    stepper(page, "i", 1, axis=1)
    settle(page)
    assert text(page, ".formula").splitlines()[1].startswith("columns: o = ") and text(page, ".formula").endswith("= 3")
    assert "input 5 × 6" in text(page, "[data-board=in] figcaption")
    page.locator("conv-lab .rect").uncheck()
    settle(page)
    assert "input 5 × 5" in text(page, "[data-board=in] figcaption")


def test_counting_map(show):  # noqa: F811
    page = show('<conv-lab i="5" k="3" p="1"></conv-lab>')
    page.locator("conv-lab .count").check()
    settle(page)
    assert numbers(page, "in", 5) == [
        ["4", "6", "6", "6", "4"],
        *[["6", "9", "9", "9", "6"]] * 3,
        ["4", "6", "6", "6", "4"],
    ]
    page.locator("conv-lab [data-at=mode]").select_option("transposed")
    stepper(page, "s", 1)
    stepper(page, "p", -1)
    settle(page)
    assert numbers(page, "out", 11)[0] == ["1", "1", "2", "1", "2", "1", "2", "1", "2", "1", "1"]  # the checkerboard


# ---- modes and settings


def test_modes_and_views(show):  # noqa: F811
    page = show('<conv-lab i="3" k="2"></conv-lab>')
    mode, view = page.locator("conv-lab [data-at=mode]"), page.locator("conv-lab [data-at=view]")
    offered = "l => l.map(o => o.value)"
    assert view.locator("option").evaluate_all(offered) == ["stamp", "matrix", "im2col", "both", "backward"]
    assert not page.locator("conv-lab [data-num=a]").is_visible()
    mode.select_option("transposed")
    settle(page)
    assert view.locator("option").evaluate_all(offered) == ["stamp", "zeros", "matrix", "three", "backward"]
    assert marks(page, "in", "main") == [(0, 0)] and len(marks(page, "out", "lit")) == 4
    stepper(page, "s", 1)
    view.select_option("zeros")
    settle(page)
    assert page.locator("conv-lab [data-board=in] g.zero").count() == 16 and "turned" in text(
        page, "[data-board=w] figcaption"
    )
    mode.select_option("max")
    settle(page)
    assert not page.locator("conv-lab [data-board=w]").is_visible() and text(page, ".sum") == "max(3, 3, 0, 0) = 3"
    mode.select_option("avg")
    settle(page)
    assert text(page, ".sum") == "(3 + 3 + 0 + 0) / 4 = 1.5" and not page.locator("conv-lab [data-num=d]").is_visible()


def test_stamps_add_up(show):  # noqa: F811
    page = show('<conv-lab mode="transposed" i="2" k="2" s="2" x="1 2/3 4" w="5 0/0 0"></conv-lab>')
    assert numbers(page, "out", 4)[0] == ["5", "0", "0", "0"]
    page.locator("conv-lab [data-go=fwd]").click()
    settle(page)
    assert numbers(page, "out", 4)[0] == ["5", "0", "10", "0"]
    page.locator("conv-lab .pos").fill("3")
    settle(page)
    assert numbers(page, "out", 4)[2] == ["15", "0", "20", "0"]


def test_impossible_settings_are_explained(show):  # noqa: F811
    page = show(PLAIN)
    for _ in range(6):
        stepper(page, "d", 1)
        settle(page)
    assert "spans 11 cells" in text(page, ".bad") and not page.locator("conv-lab .boards").is_visible()
    for wrong, said in (("i", "whole number"), ("s", "at least 1")):
        page.evaluate("n => document.querySelector('conv-lab').setAttribute(n, n === 'i' ? 'five' : '0')", wrong)
        settle(page)
        assert said in text(page, ".bad")
        page.evaluate("n => document.querySelector('conv-lab').removeAttribute(n)", wrong)
    page.locator("conv-lab [data-num=d] [data-ax='0'] input").fill("1")
    page.keyboard.press("Enter")
    settle(page)
    assert not page.locator("conv-lab .bad").is_visible() and page.locator("conv-lab .boards").is_visible()


def test_sizes_that_the_stride_forgets(show):  # noqa: F811
    page = show('<conv-lab i="5" k="3" s="2" p="0"></conv-lab>')
    slide = page.locator("conv-lab .slide")
    assert text(page, ".groups li.now") == "i=5 i=6 → o=2"
    slide.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert page.locator("conv-lab").get_attribute("i") == "6" and text(page, ".groups b.now") == "i=6"
    assert "5, 6 all give o = 2" in text(page, ".lostline") and "hatched" in text(page, ".legend")
    hatched = page.eval_on_selector_all(
        "conv-lab [data-board=in] [role=gridcell] path", "l => l.filter(p => p.checkVisibility()).length"
    )
    assert hatched == 11
    page.locator("conv-lab [data-at=mode]").select_option("transposed")
    settle(page)
    slide.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert (
        page.locator("conv-lab").get_attribute("output-padding") == "1" and text(page, ".groups li.now") == "a=1 → o=14"
    )
    assert "takes 13, 14 all to 6; output_padding = 1 asks for o = 14" in text(page, ".lostline")


@pytest.mark.parametrize("case", explorer.CASES, ids=lambda case: case.name)
def test_presets_give_the_sizes_of_the_guide(show, case):  # noqa: F811
    page = show("<conv-lab presets></conv-lab>")
    page.locator("conv-lab [data-case]").select_option(str(case.number))
    settle(page)
    rows, cols = explorer.output_size(case.operation)
    assert text(page, "[data-board=out] figcaption") == f"output {rows} × {cols}"
    page.locator("conv-lab .pos").fill(str(rows * cols - 1))
    settle(page)
    w = None if case.operation.mode in ("max", "avg") else tiled(KERNEL, case.operation.k)
    y = values(case.operation, tiled(INPUT, case.operation.i), w)
    assert numbers(page, "out", cols) == [[number(v) for v in row] for row in y]
    assert page.locator("conv-lab [data-case]").input_value() == str(case.number)


# ---- where it lives


def test_state_is_in_the_address(lab_page, serve, tmp_path):  # noqa: F811
    from explorer_fixture import HTML, put_scripts

    put_scripts(tmp_path)
    body = '<a href="#case=7">7</a><conv-lab url presets></conv-lab>'
    (tmp_path / "a.html").write_text(HTML.format(body=body, lang="en", theme=""), "utf8")
    page, address = lab_page, serve(tmp_path) + "/a.html"
    page.goto(address)
    page.wait_for_timeout(300)
    assert page.url == address  # nothing is written on arrival
    stepper(page, "s", 1)
    cell(page, "in", 0, 0).focus()
    page.keyboard.press("8")
    page.wait_for_function("location.hash.includes('x=8')")
    assert "s=2" in page.url
    copied = page.url
    page.goto("about:blank")
    page.goto(copied)
    assert numbers(page, "in", 5)[0][0] == "8" and page.locator("conv-lab").get_attribute("s") == "2"
    page.locator("a").click()
    settle(page)
    assert text(page, "[data-board=in] figcaption") == "input 6 × 6" and numbers(page, "in", 6)[0][0] == "3"
    page.goto("about:blank")
    page.goto(address + "#case=15")
    settle(page)
    assert text(page, "[data-board=out] figcaption") == "output 6 × 6"


def test_state_is_in_the_address_of_a_file(show):  # noqa: F811
    page = show("<conv-lab url></conv-lab>")
    stepper(page, "k", 1)
    page.wait_for_function("location.hash.includes('k=4')")


def test_several_on_one_page_defined_once(show):  # noqa: F811
    page = show(PLAIN * 2 + explorer.ConvLab(i=4)._repr_html_() * 2)  # as two live outputs beside a page's own script
    assert page.locator("conv-lab").count() == 4
    labels = [page.locator(f"conv-lab >> nth={n} >> [data-board=in] figcaption").inner_text() for n in range(4)]
    assert labels == ["input 5 × 5"] * 2 + ["input 4 × 4"] * 2
    stepper_of_third = page.locator("conv-lab >> nth=2 >> [data-num=i] [data-ax='0'] [data-by='1']")
    stepper_of_third.click()
    settle(page)
    assert [page.locator("conv-lab").nth(n).get_attribute("i") for n in range(4)] == ["5", "5", "5", "4"]


def test_removed_while_playing_it_stops(show):  # noqa: F811
    page = show(PLAIN)
    page.locator("conv-lab [data-go=play]").click()
    before, after = page.evaluate("""async () => { const e = document.querySelector('conv-lab');
        e.remove(); const before = e.getAttribute('pos'); await new Promise(r => setTimeout(r, 1200));
        return [before, e.getAttribute('pos')] }""")
    assert before == after


def test_chinese_by_the_language_of_the_page(show):  # noqa: F811
    page = show(PLAIN, lang="zh-CN")
    assert text(page, "[data-go=play]") == "播放" and text(page, ".live").startswith("输出第 0 行第 0 列读取")
    shown = page.locator("conv-lab .lab").inner_text()
    # nothing but names of arguments and letters of formulas stays English
    assert set(re.findall(r"[A-Za-z_]{2,}", shown)) <= {"output_padding", "PyTorch", "im", "col", "dY"}
    page = show("<conv-lab i='2' k='4'></conv-lab>", lang="zh")
    assert "卷积核跨 4 格" in text(page, ".bad")


def test_reduced_motion_switches_transitions_off(lab_browser, show, tmp_path):  # noqa: F811
    show(PLAIN)
    found = []
    for wish in ("reduce", "no-preference"):
        context = lab_browser.new_context(reduced_motion=wish)
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        found.append(cell(page, "in", 0, 0).locator("rect").evaluate("e => getComputedStyle(e).transitionDuration"))
        context.close()
    assert found[0] == "0s" and found[1] != "0s"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("tag", [
    '<conv-lab presets url i="6" k="3" s="2"></conv-lab>',
    '<conv-lab mode="transposed" view="zeros" i="3" k="3" s="2" output-padding="1" count></conv-lab>',
    '<conv-lab mode="max" i="4,6" k="2"></conv-lab>',
    '<conv-lab i="2" k="5"></conv-lab>',
], ids=["conv", "zeros", "max", "impossible"])  # fmt: skip
def test_axe_finds_nothing(show, theme, width, tag):  # noqa: F811
    page = show(tag, theme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    assert axe(page) == []


def test_colours_follow_the_theme_and_patterns_do_not_need_them(show):  # noqa: F811
    page = show('<conv-lab i="6" k="3" s="2" p="1"></conv-lab>', theme="dark")
    ink = cell(page, "in", 0, 0).locator("text").evaluate("e => getComputedStyle(e).fill")
    assert ink == "rgb(206, 214, 221)"
    look = "e => { const s = getComputedStyle(e); return [parseFloat(s.strokeWidth), s.strokeDasharray] }"
    page.wait_for_timeout(300)
    main, lit, plain, padding = (
        page.locator(f"conv-lab {which} rect").first.evaluate(look)
        for which in (
            "[data-board=out] g.main",
            "[data-board=in] g.real.lit",
            "[data-board=in] g.real:not(.lit)",
            "g.pad:not(.lit)",
        )
    )
    assert main[0] > lit[0] > plain[0] and plain[1] == "none" and padding[1] != "none"


def test_the_picture_stands_until_the_script_is_there(lab_page, tmp_path):  # noqa: F811
    (tmp_path / "a.html").write_text("<!doctype html>" + explorer.ConvLab().html(live=False), "utf8")
    lab_page.goto((tmp_path / "a.html").as_uri())
    width = lab_page.locator("img").evaluate("async e => { await e.decode(); return e.naturalWidth }")
    assert width > 300 and lab_page.locator("p").is_visible()
    lab_page.add_script_tag(content=explorer.script())
    assert not lab_page.locator("img").is_visible() and lab_page.locator("conv-lab .boards").is_visible()
