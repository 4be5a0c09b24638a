"""Whatever stands in an attribute or an address, the figures say what is wrong, at once, and go on."""

import pytest
from explorer_fixture import lab_browser, lab_page, show  # noqa: F401

pytestmark = pytest.mark.browser

# names that every object of JavaScript has
INHERITED = ("constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "__defineGetter__")
TAGS = {
    "conv-lab": '<conv-lab i="5" k="3"></conv-lab>',
    "channel-lab": '<channel-lab groups="2"></channel-lab>',
    "cone-lab": '<cone-lab layers="3;3"></cone-lab>',
}
# set an attribute, wait for the figure; return milliseconds, what it complains of and how many cells it draws
SET = """([tag, name, value]) => new Promise(done => {
    const e = document.querySelector(tag), start = performance.now();
    e.setAttribute(name, value);
    const seen = s => [...e.shadowRoot.querySelectorAll(s)].filter(c => c.checkVisibility());
    setTimeout(() => done([performance.now() - start, seen(".bad").map(b => b.textContent).join(),
                           seen("[role=gridcell]").length]));
})"""


def put(page, tag, name, value):
    """Set an attribute; return (milliseconds, complaint, number of cells), having seen that one of the two is there."""
    took, bad, cells = page.evaluate(SET, [tag, name, value])
    assert bool(bad) != bool(cells), (tag, name, value[:40], bad, cells)  # a sentence or a picture, never nothing
    return took, bad, cells


@pytest.mark.parametrize("tag", TAGS)
def test_names_that_every_object_has_are_no_values(show, tag):  # noqa: F811
    page = show(TAGS[tag])
    usual = page.locator("[role=gridcell]").count()
    for name in page.evaluate("t => customElements.get(t).observedAttributes", tag):
        before = page.locator(tag).get_attribute(name)
        for word in INHERITED:
            _, bad, cells = put(page, tag, name, word)
            assert name in bad.replace("_", "-") or (name == "layers" and "layer 1: k" in bad) or cells == usual
        page.evaluate("([t, n, v]) => v === null ? document.querySelector(t).removeAttribute(n)"
                      " : document.querySelector(t).setAttribute(n, v)", [tag, name, before])  # fmt: skip
    page.wait_for_function("n => document.querySelector('main > :last-child').shadowRoot"
                           ".querySelectorAll('[role=gridcell]').length === n", arg=usual)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_unknown_word_is_named(show, lang):  # noqa: F811
    page = show(TAGS["conv-lab"] + TAGS["channel-lab"], lang=lang)
    for word in ("constructor", "deconv", "$0 $1 @"):
        said = put(page, "conv-lab", "mode", word)[1]
        assert said == {"en": f"mode must be one of conv, transposed, max, avg, got {word}.",
                        "zh": f"mode 必须是 conv、transposed、max、avg 之一，而不是 {word}。"}[lang]  # fmt: skip
        assert "c_in = 8" in put(page, "channel-lab", "groups", word)[1]


def test_a_question_that_does_not_exist_is_none(show):  # noqa: F811
    page = show(TAGS["conv-lab"])
    for word in (*INHERITED, "colour"):
        put(page, "conv-lab", "predict", word)
        assert page.locator("conv-lab .ask").is_hidden() and page.locator("conv-lab .sum").is_visible()
        assert page.locator("conv-lab [data-at=predict]").input_value() == ""


@pytest.mark.parametrize("word", INHERITED)
def test_addresses_with_such_names(show, word):  # noqa: F811
    page = show("<conv-lab url presets></conv-lab>")
    for name in ("mode", "view", "predict", "i", "x", "pos", "case"):
        page.evaluate("h => { location.hash = h }", f"{name}={word}")
        page.wait_for_timeout(30)
        shown = [page.locator(f"conv-lab {part}").is_visible() for part in (".bad", ".boards")]
        assert shown == ([True, False] if name in ("mode", "i") else [False, True]), name
        page.evaluate("location.hash = 'case=6'")
        output = "document.querySelector('conv-lab').shadowRoot.querySelector('[data-board=out] figcaption')"
        page.wait_for_function(f"{output}.textContent === 'output 3 × 3'")


@pytest.mark.parametrize("value", ["17", "99999999", "9999999999", "9" * 400])
@pytest.mark.parametrize(("tag", "attribute", "said"), [
    ("conv-lab", "i", "i = {} is too large to draw: the limit is 16."),
    ("conv-lab", "output-padding", "output_padding = {} is too large to draw: the limit is 5."),
    ("channel-lab", "c-in", "c_in must be a whole number from 1 to 16."),
    ("channel-lab", "c-out", "c_out must be a whole number from 1 to 16."),
    ("cone-lab", "outputs", "outputs must be a whole number from 1 to 9."),
    ("cone-lab", "layers", "layer 1: k must be a whole number from 1 to 9."),
], ids=lambda part: part if "lab" in part or "-" in part else "")  # fmt: skip
def test_limits_are_checked_before_any_work(show, tag, attribute, said, value):  # noqa: F811
    page = show(TAGS[tag])
    if attribute == "output-padding":
        put(page, tag, "mode", "transposed")
    took, bad, _ = put(page, tag, attribute, value)
    assert bad == said.format(value if len(value) < 11 else "Infinity") and took < 1000


def test_very_many_layers_are_refused_at_once(show):  # noqa: F811
    page = show(TAGS["cone-lab"])
    took, bad, _ = put(page, "cone-lab", "layers", ";".join(["3"] * 200_000))
    assert bad == "layers must be a whole number from 1 to 6." and took < 1000
    assert page.locator("cone-lab input").count() < 30


def test_the_reader_gets_back_from_a_number_beyond_the_limit(show):  # noqa: F811
    page = show(TAGS["channel-lab"])
    page.locator("[data-f=c-in]").fill("9999999999")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('channel-lab').shadowRoot.querySelector('.bad').checkVisibility()")
    assert page.locator("[type=range]").is_disabled()
    page.locator("[data-f=c-in]").fill("4")
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('channel-lab').shadowRoot.querySelector('.bad').checkVisibility()")
    assert page.locator("[type=range]").is_enabled() and page.locator("g[data-f='0,-1,3']").count() == 1
