"""Every page of the book in chromium: nothing complains, nothing asks another host, nothing is cut off."""

import sys

import pytest
from built_book import ROOT, settle

sys.path.insert(0, str(ROOT / "tools"))
from form_contract import NOT_YET_REVISED

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# Measuring contrast letter by letter takes minutes on long pages. Where it is not the point, what is alike
# on every page is left out: coloured code (all of its colours have a test of their own), typeset formulas,
# and all but the first description of a function on the API page.
ALIKE = ["div.highlight", "mjx-container", "dl.py ~ dl.py", "#genindextable"]


def axe(page, **options):
    """Return the violations of WCAG 2.1 A and AA that axe finds, as (rule, element, what axe says)."""
    from axe_playwright_python.sync_playwright import Axe

    context = options.pop("context", None)
    # preload: axe would fetch the style sheets by script, which browsers refuse to file://
    options = {"preload": False, "runOnly": {"type": "tag", "values": WCAG}, **options}
    found = Axe().run(page, context=context, options=options).response
    assert found["passes"]
    return [
        (violation["id"], node["target"], (node["any"] + node["all"] + node["none"])[0]["message"])
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def formulas(page):
    return page.evaluate(
        "() => [document.querySelectorAll('.math').length, document.querySelectorAll('.math mjx-container').length,"
        " document.querySelectorAll('mjx-merror, [data-mjx-error]').length]"
    )


def check_formulas(page):
    written, typeset, errors = formulas(page)
    assert typeset == written
    assert errors == 0


def bad_alts(page):
    """Pictures in the text without alternative text, or with a path in its place."""
    return page.eval_on_selector_all(
        "img", "l => l.filter(i => !i.alt.trim() || /\\.(png|svg|jpe?g|gif|webp)$/i.test(i.alt)).map(i => i.src)"
    )


def overflow(page):
    """By how many pixels the page is wider than the window, and what sticks out."""
    return page.evaluate(
        """() => {
            const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
            const out = wide > 0 ? [...document.querySelectorAll('main *')]
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
                .map(e => `${e.tagName}.${e.className}`) : [];
            return [wide, out];
        }"""
    )


def wider_than_column(page):
    """Tables and formulas that a reader would have to scroll sideways."""
    return page.evaluate(
        """() => {
            const column = document.querySelector('article.bd-article')
                ?? document.querySelector('main');
            const right = column.getBoundingClientRect().right - parseFloat(getComputedStyle(column).paddingRight);
            const inside = e => e.querySelector(':scope mjx-math, :scope table') ?? e;
            return [...column.querySelectorAll('table, mjx-container[display="true"]')].filter(e => e.offsetParent)
                .filter(e => inside(e).getBoundingClientRect().right > right + 1)
                .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
        }"""
    )


def test_every_page_is_whole_from_a_server_in_light(visit, name):
    page = visit(f"{name}.html")
    check_formulas(page)
    assert bad_alts(page) == []
    assert page.locator("h1:visible").count() == 1
    assert overflow(page) == [0, []]
    if name.rpartition("/")[2] not in NOT_YET_REVISED:
        assert wider_than_column(page) == []
    assert axe(page, context={"exclude": ALIKE}) == []
    page.set_viewport_size({"width": 390, "height": 900})
    settle(page)
    assert overflow(page) == [0, []]


def test_every_page_is_whole_from_a_file_in_dark(visit, name):
    page = visit(f"{name}.html", by="file", theme="dark", width=390)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    check_formulas(page)
    assert overflow(page) == [0, []]
    # of what axe looks at, only colours depend on the mode
    assert axe(page, context={"exclude": ALIKE}, runOnly=["color-contrast"]) == []


def test_what_is_wider_than_the_column_is_found(visit):
    page = visit("book/notation.html")
    assert wider_than_column(page) == []
    page.evaluate(
        """async () => {
            const wide = 'wide'.repeat(60), article = document.querySelector('article.bd-article');
            article.insertAdjacentHTML('beforeend', `<div class="pst-scrollable-table-container"><table><tr><td>${wide}
                </td></tr></table></div><div class="math">\\\\[ ${wide.split('').join('+')} \\\\]</div>`);
            await MathJax.typesetPromise([article]);
        }"""
    )
    found = wider_than_column(page)
    assert len(found) == 2 and found[0].startswith("TABLE wide") and found[1].startswith("MJX-CONTAINER")


# One page of each kind in full: prose with cards, and a chapter with code, output, figures, formulas, exercises.
FULL = ["book/index", "notebooks/foundations/cross_correlation"]


@pytest.mark.parametrize("by", ["http", "file"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", FULL)
def test_both_kinds_of_page_in_full(visit, kind, theme, width, by):
    page = visit(f"{kind}.html", by=by, theme=theme, width=width)
    check_formulas(page)
    assert overflow(page) == [0, []]
    if by == "http":  # from a file the elements and their styles are the same, only their loading differs
        assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_code_has_contrast(visit, theme):
    page = visit(f"{FULL[1]}.html", theme=theme)
    tokens = page.evaluate(
        """() => {
            const sheets = [...document.styleSheets].filter(s => s.href?.includes('pygments'));
            const selectors = sheets.flatMap(s => [...s.cssRules]).map(rule => rule.selectorText ?? '');
            const names = selectors.flatMap(s => [...s.matchAll(/\\.highlight \\.([a-z0-9]+)/g)].map(m => m[1]));
            const box = document.querySelector('.cell_input .highlight pre');
            const tokens = [...new Set(names)].filter(n => !['ll', 'hll', 'linenos', 'w', 'esc'].includes(n));
            box.innerHTML = tokens.map(n => `<span class="${n}">token</span>`).join('\\n');
            return tokens;
        }"""
    )
    assert len(tokens) > 40
    assert axe(page, context={"include": [[".cell_input .highlight pre"]]}, runOnly=["color-contrast"]) == []


def test_a_figure_of_a_cell_is_a_white_card_in_dark_mode(visit):
    page = visit(f"{FULL[1]}.html", theme="dark")
    style = "i => (s => [s.filter, s.backgroundColor])(getComputedStyle(i))"
    styles = page.eval_on_selector_all(".cell_output img", f"l => l.map({style})")
    assert len(styles) >= 3
    assert all(found == ["none", "rgb(255, 255, 255)"] for found in styles), styles


def test_focus_is_seen(visit):
    page = visit(f"{FULL[0]}.html")
    for _ in range(4):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        assert outline[0] == "solid" and outline[1] >= 2
