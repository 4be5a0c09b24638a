"""channel-lab and cone-lab in chromium: against their Python twins, mouse, touch, keyboard, themes, words, axe."""

import itertools
import re

import pytest
from explorer_fixture import lab_browser, lab_page, show  # noqa: F401
from test_explorer_use import axe, settle

from d2lcnn import explorer
from d2lcnn.explorer.model import channels, cone
from d2lcnn.explorer.model.channels import Channels

pytestmark = pytest.mark.browser
CHANNELS = '<channel-lab c-in="8" c-out="8" groups="2"></channel-lab>'
CONE = '<cone-lab layers="3,1,2;3,1,2" outputs="4"></cone-lab>'


def text(page, selector):
    return page.locator(selector).inner_text()


def cells(page, kind):
    """Return the names of the cells with a mark."""
    return page.eval_on_selector_all(f"g.{kind}[role=gridcell]", "l => l.map(g => g.dataset.f)")


def cell(page, name):
    return page.locator(f'g[data-f="{name}"]')


# ---- against the twins


def test_channels_agree_with_python(show):  # noqa: F811
    page = show(CHANNELS)
    sizes = itertools.product((0, 1, 4, 6, 16, 17), (1, 4, 9, 12), (1, 3, 12))
    asked = []
    for n, (c_in, c_out, k) in enumerate(sizes):
        asked += [Channels(c_in, c_out, k, g, 1 + n, 1 + 13 * n)
                  for g in [*channels.ways(Channels(c_in, c_out)), 3, "deep"]]  # fmt: skip
    got = page.evaluate(
        """all => { const C = customElements.get('channel-lab').core; return all.map(o => {
        const q = C.channels(o), bad = C.badChannels(q); if (bad) return {bad};
        const all = C.stages(q), range = n => [...Array(n).keys()];
        return {bad, ways: C.ways(q), way: C.way(q), stages: all, cost: C.cost(q),
          joined: all.map(s => range(s[1]).map(r => range(s[0]).map(c => C.joined(s, r, c)))),
          words: all.map(s => [[s[1] - 1, -1], [-1, 0], [0, s[0] - 1]].map(a => C.channelSays(s, ...a)))};
    }); }""",
        [{name.replace("_", "-"): str(value) for name, value in q._asdict().items()} for q in asked],
    )
    shown = 0
    for q, found in zip(asked, got, strict=True):
        bad = channels.problem(q)
        want = {"bad": bad}
        if bad is None:
            stages, shown = channels.stages(q), shown + 1
            want |= {
                "ways": [str(g) for g in channels.ways(q)],
                "way": channels.way(q),
                "stages": [list(stage) for stage in stages],
                "cost": channels.cost(q),
                "joined": [channels.joined(stage).tolist() for stage in stages],
                "words": [[channels.sentence(s, s.c_out - 1), channels.sentence(s, None, 0),
                           channels.sentence(s, 0, s.c_in - 1)] for s in stages],
            }  # fmt: skip
        assert found == want, q
    assert shown > 100 and len(asked) - shown > 100


def test_cones_agree_with_python(show):  # noqa: F811
    page = show(CONE)
    layers = list(itertools.product((0, 1, 2, 3, 9), (1, 2, 3), (1, 2, 4, 10)))
    asked = [cone.stack([], 3), cone.stack([3] * 7, 3), cone.stack([3], 10)]
    asked += [cone.stack([layers[(n * a + 5) % len(layers)] for a in range(1, 1 + n % 4)] or [3], 1 + n % 5)
              for n in range(300)]  # fmt: skip
    got = page.evaluate(
        """all => { const C = customElements.get('cone-lab').core; return all.map(o => {
        const q = C.stack(o), bad = C.badStack(q); if (bad) return {bad};
        const m = C.cone(q), top = q.layers.length, mid = l => Math.floor(m.n[l] / 2);
        return {bad, n: m.n, size: m.size, jump: m.jump, field: C.field(m),
          paths: C.paths(m, top, 0), up: C.paths(m, 0, mid(0)),
          words: [C.coneSays(m, top, q.o - 1), C.coneSays(m, 0, mid(0)), C.coneSays(m, 1, mid(1))]};
    }); }""",
        [{"layers": ";".join(",".join(map(str, x)) for x in q.layers), "outputs": str(q.outputs)} for q in asked],
    )
    shown = 0
    for q, found in zip(asked, got, strict=True):
        bad = cone.problem(q)
        if not q.layers:  # no layers at all: an attribute without a number in it
            assert "layer 1: k must be" in found["bad"] and bad
            continue
        want = {"bad": bad}
        if bad is None:
            shown += 1
            n, top, fields = cone.lengths(q), len(q.layers), cone.fields(q)
            want |= {
                "n": n,
                "size": [field.size for field in fields],
                "jump": [field.jump for field in fields],
                "field": cone.formula(q),
                "paths": [p.tolist() for p in cone.paths(q, top, 0)],
                "up": [p.tolist() for p in cone.paths(q, 0, n[0] // 2)],
                "words": [cone.sentence(q, top, q.outputs - 1), cone.sentence(q, 0, n[0] // 2),
                          cone.sentence(q, 1, n[1] // 2)],
            }  # fmt: skip
        assert found == want, q
    assert 100 < shown < 300


# ---- channels in use


def test_one_slider_from_dense_to_pointwise(show):  # noqa: F811
    page = show(CHANNELS)
    slide = page.locator("[type=range]")
    assert text(page, ".way") == "grouped, g = 2" and "= 288" in text(page, ".formula")
    slide.focus()
    page.keyboard.press("Home")
    seen = []
    for _ in range(6):
        settle(page)
        count = re.search(r"= (\d+)\n", text(page, ".formula"))[1]
        joined = page.locator("g[role=gridcell]:not(.off)").count() - page.locator("g[data-f*='-1']").count()
        seen.append((slide.get_attribute("aria-valuetext"), int(count), joined))
        page.keyboard.press("ArrowRight")
    assert seen == [("dense", 576, 64), ("grouped, g = 2", 288, 32), ("grouped, g = 4", 144, 16), ("depthwise", 72, 8),
                    ("depthwise, then pointwise", 136, 8 + 64), ("pointwise", 64, 64)]  # fmt: skip
    assert page.locator("channel-lab").get_attribute("groups") == "pointwise"


def test_touching_a_channel_lights_what_it_joins(show):  # noqa: F811
    page = show(CHANNELS)
    assert cells(page, "main") == ["0,0,-1"]
    assert text(page, ".live").startswith("Output channel 0 reads input channels 0 to 3")
    cell(page, "0,-1,5").hover()
    assert set(cells(page, "lit")) == {f"0,{r},5" for r in range(4, 8)} | {f"0,{r},-1" for r in range(4, 8)}
    assert text(page, ".live") == "Input channel 5 feeds output channels 4 to 7."
    cell(page, "0,4,7").click()
    page.locator("h1").hover()
    assert cells(page, "main") == ["0,4,7"] and set(cells(page, "lit")) == {"0,4,-1", "0,-1,7"}
    cell(page, "0,0,7").hover()
    assert cells(page, "lit") == [] and "reads input channels 0 to 3" in text(page, ".live")


def test_numbers_of_channels_can_be_typed(show):  # noqa: F811
    page = show(CHANNELS)
    page.locator("[data-f=h]").fill("20")
    page.keyboard.press("Enter")
    settle(page)
    assert "288 · 20 · 8 = 46080" in text(page, ".formula")
    page.locator("[data-f=c-in]").fill("9")
    page.keyboard.press("Enter")
    settle(page)
    assert "must divide c_in = 9" in text(page, ".bad") and page.locator("svg").count() == 0
    assert page.evaluate("document.querySelector('channel-lab').shadowRoot.activeElement.dataset.f") == "c-in"
    page.locator("[data-f=c-in]").fill("4")
    page.keyboard.press("Enter")
    settle(page)
    assert not page.locator(".bad").is_visible() and page.locator("g[data-f='0,-1,3']").count() == 1


# ---- the cone in use


def test_the_cone_is_stepped_through_and_shows_its_holes(show):  # noqa: F811
    page = show(CONE)
    assert cells(page, "main") == ["2,0"] and page.locator("[data-f='-1']").is_disabled()
    assert text(page, ".live").endswith("reached are 5 of them, by 9 paths. Never: 1, 3, 5, 7.")
    assert page.locator("g.off.lit text").all_text_contents() == ["0"] * 4
    page.locator("[data-f='1']").click()
    page.locator("[data-f='1']").click()
    settle(page)
    assert cells(page, "main") == ["2,2"] and page.locator("cone-lab").get_attribute("pos") == "2"
    page.locator("[data-f='1']").click()
    settle(page)
    assert page.locator("[data-f='1']").is_disabled()
    cell(page, "0,4").click()
    assert text(page, ".live") == "Input 4 is read by outputs 0, 2, by 5 paths."
    assert set(cells(page, "lit")) >= {"2,0", "2,2"} and "2,1" not in cells(page, "lit")


def test_layers_are_changed_added_and_removed(show):  # noqa: F811
    page = show(CONE)
    page.locator("[data-f='1.2']").fill("1")
    page.keyboard.press("Enter")
    settle(page)
    assert page.locator("cone-lab").get_attribute("layers") == "3,1,2;3,1,1" and "Never" not in text(page, ".live")
    page.locator("[data-f=more]").click()
    settle(page)
    assert text(page, ".formula").endswith("= 9") and page.locator("[role=group][aria-label='layer 3']").count() == 1
    page.locator("[data-f='0.x']").click()
    settle(page)
    assert page.locator("cone-lab").get_attribute("layers") == "3,1,1;3,1,1"
    page.locator("[data-f='1.x']").click()
    settle(page)
    assert page.locator("[data-f='0.x']").is_disabled()
    page.locator("[data-f='0.1']").fill("")
    page.keyboard.press("Enter")
    settle(page)
    assert text(page, ".bad") == "layer 1: s must be a whole number from 1 to 9."


def test_a_change_from_outside_lets_go_of_what_is_gone(show):  # noqa: F811
    page = show(CONE + CHANNELS)
    cell(page, "0,11").click()
    page.evaluate("document.querySelector('cone-lab').setAttribute('layers', '2')")
    cell(page, "0,7,7").click()
    page.evaluate("document.querySelector('channel-lab').setAttribute('c-in', '4')")
    settle(page)
    assert cells(page, "main") == ["1,0", "0,0,-1"]


# ---- for everybody


@pytest.mark.parametrize(("tag", "walk"), [
    (CHANNELS, "0,0,-1 ArrowRight 0,0,0 ArrowDown 0,1,0 ArrowUp 0,0,0 ArrowUp 0,-1,0 ArrowRight 0,-1,1"),
    (CONE, "2,0 ArrowRight 2,1 ArrowDown 1,3 ArrowLeft 1,2 ArrowDown 0,4 ArrowUp 1,2"),
], ids=["channels", "cone"])  # fmt: skip
def test_keyboard_alone(show, tag, walk):  # noqa: F811
    page = show(tag)
    where = "document.querySelector('channel-lab, cone-lab').shadowRoot.activeElement?.dataset.f"
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        at = page.evaluate(where)
        if at is None:
            break
        seen.append(at)
    start, *steps = walk.split()
    inputs = {CHANNELS: ["c-in", "c-out", "k", "h", "w", "groups"],
              CONE: ["0.0", "0.1", "0.2", "0.x", "1.0", "1.1", "1.2", "1.x", "more", "outputs", "1"]}[tag]  # fmt: skip
    assert seen == [*inputs, start]  # every control, and the grid as one stop
    cell(page, start).focus()
    for key, want in zip(steps[::2], steps[1::2], strict=True):
        page.keyboard.press(key)
        settle(page)
        assert page.evaluate(where) == want and cells(page, "main") == [want], key
        assert page.locator("g[tabindex='0']").count() == 1


def test_touch_at_390_pixels(lab_browser, show, tmp_path):  # noqa: F811
    show(CHANNELS + '<cone-lab layers="3,2;3,2;3,2" outputs="3"></cone-lab>')
    context = lab_browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    cell(page, "0,6,-1").tap()
    assert page.locator("channel-lab .live").inner_text().startswith("Output channel 6")
    page.locator("cone-lab [data-f='1']").tap()
    settle(page)
    assert page.locator("cone-lab").get_attribute("pos") == "1"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390  # wide grids scroll by themselves
    boxes = page.eval_on_selector_all(
        "channel-lab, cone-lab",
        """l => l.flatMap(e => [...e.shadowRoot.querySelectorAll('button, input, g[role=gridcell] rect')])
             .map(e => e.getBoundingClientRect()).map(b => [b.width, b.height])""",
    )
    assert len(boxes) > 100 and all(w >= 24 and h >= 24 for w, h in boxes)
    context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1100), ("dark", 390)])
def test_axe_finds_nothing(show, theme, width):  # noqa: F811
    more = '<channel-lab groups="separable" c-in="4"></channel-lab><cone-lab layers="0"></cone-lab>'
    page = show(CHANNELS + CONE + more, theme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    assert axe(page) == []


def test_chinese_by_the_language_of_the_page(show):  # noqa: F811
    page = show(CHANNELS + CONE, lang="zh-CN")
    shown = page.locator("channel-lab .lab").inner_text() + page.locator("cone-lab .lab").inner_text()
    assert "输出通道 0 读取输入通道 0 到 3" in shown and "从不到达：1、3、5、7" in shown
    assert set(re.findall(r"[A-Za-z_]{2,}", shown)) <= {"c_in", "c_out", "jump"}
    page = show('<channel-lab groups="3"></channel-lab><cone-lab layers="3,1,1;3,0,1"></cone-lab>', lang="zh")
    assert "须整除" in page.locator("channel-lab .bad").inner_text()
    assert page.locator("cone-lab .bad").inner_text() == "第 2 层: s 必须是 1 到 9 的整数。"


def test_colours_follow_the_theme_and_patterns_do_not_need_them(show):  # noqa: F811
    page = show(CONE, theme="dark")
    assert cell(page, "2,0").locator("text").evaluate("e => getComputedStyle(e).fill") == "rgb(206, 214, 221)"
    page.wait_for_timeout(300)
    look = "e => { const s = getComputedStyle(e); return [parseFloat(s.strokeWidth), s.strokeDasharray !== 'none'] }"
    main, lit, hole, off = (page.locator(f"{which} rect").first.evaluate(look)
                            for which in ("g.main", "g.lit:not(.off)", "g.off.lit", "g.off:not(.lit)"))  # fmt: skip
    assert main[0] > lit[0] > off[0] and (main[1], lit[1], hole[1], off[1]) == (False, False, True, True)


def test_the_picture_stands_until_the_scripts_are_there(lab_page, tmp_path):  # noqa: F811
    body = explorer.ChannelLab().html(live=False) + explorer.ConeLab().html(live=False)
    (tmp_path / "a.html").write_text("<!doctype html>" + body, "utf8")
    lab_page.goto((tmp_path / "a.html").as_uri())
    assert lab_page.locator("img").evaluate_all("l => l.filter(e => e.checkVisibility()).length") == 2
    lab_page.add_script_tag(content=explorer.script("stack-lab"))  # alone it waits for the first
    assert lab_page.locator("img >> nth=0").is_visible()
    lab_page.add_script_tag(content=explorer.script())
    lab_page.add_script_tag(content=explorer.script("stack-lab"))
    lab_page.add_script_tag(content=explorer.script("stack-lab"))  # as a second output of a notebook does
    assert not lab_page.locator("img >> nth=0").is_visible() and lab_page.locator("svg[role=grid]").count() == 2


# ---- the code between element and widget, with a model that only remembers

MODEL = """code => { globalThis.model = { data: {}, calls: {}, saved: 0, get(n) { return this.data[n]; },
  set(n, v) { this.data[n] = v; (this.calls["change:" + n] ?? []).forEach(f => f()); },
  save_changes() { this.saved++; },
  on(e, f) { (this.calls[e] ??= []).push(f); }, off(e, f) { this.calls[e] = this.calls[e].filter(g => g !== f); } };
  Object.assign(model.data, code[1]);
  const address = URL.createObjectURL(new Blob([code[0]], { type: "text/javascript" }));
  const el = document.querySelector("#here");
  return import(address).then(m => { globalThis.leave = m.default.render({ model, el }); }); }"""


@pytest.mark.parametrize("figure", [explorer.ConvLab(i=5, k=3, predict="size"), explorer.ConeLab([(3, 1, 2)])],
                         ids=["conv", "cone"])  # fmt: skip
def test_a_widget_sends_and_takes(lab_page, figure):  # noqa: F811
    pytest.importorskip("anywidget")
    page, widget = lab_page, figure.widget()
    empty = {"body": "<!doctype html><div id=here></div>", "content_type": "text/html"}
    page.route("http://127.0.0.1/", lambda route: route.fulfill(**empty))
    page.goto("http://127.0.0.1/")
    state = {name: value for name, value in widget.get_state().items() if isinstance(value, (str, list))}
    page.evaluate(MODEL, [widget._esm, state])
    lab = page.locator("#here > *")
    get = lambda name: page.evaluate("n => model.get(n)", name)  # noqa: E731
    if figure.tag == "cone-lab":
        lab.locator("[data-f=more]").click()
        settle(page)
        assert get("layers") == "3,1,2;3,1,1" and get("pos") == "0"
        page.evaluate("model.set('outputs', '2')")
        settle(page)
        assert lab.locator("g[data-f^='2,']").count() == 2
    else:
        lab.locator("[data-num=k] [data-ax='0'] [data-by='-1']").click()
        lab.locator(".ans").fill("4")
        settle(page)
        page.evaluate("model.set('pos', '0')")  # Python's answer to a pos that was taken away, while somebody types
        settle(page)
        lab.locator(".ans").press("Enter")
        settle(page)
        assert (get("k"), get("answer"), get("right")) == ("2", [4, 4], True)
        page.evaluate("model.set('s', '2')")
        settle(page)
        assert lab.get_attribute("s") == "2" and "/ 2⌋" in lab.locator(".formula").text_content()
    saved = page.evaluate("model.saved")
    page.wait_for_timeout(200)
    assert page.evaluate("model.saved") == saved > 0  # no echo goes round and round
    page.evaluate("leave()")
    page.evaluate("model.set('pos', '1')")
    assert lab.get_attribute("pos") in (None, "0")  # left alone
