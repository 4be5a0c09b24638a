"""The explorer inside the built book: over http and from file://, both themes, a phone, axe."""

import os
from pathlib import Path

import pytest
from explorer_fixture import lab_browser, lab_page, serve  # noqa: F401

pytestmark = pytest.mark.browser
BOOK = Path(__file__).resolve().parents[2] / "_build" / "html"


@pytest.fixture(params=["http", "file"])
def address(request, serve):  # noqa: F811
    if not (BOOK / "book" / "explorer.html").exists():
        if os.environ.get("CI"):
            pytest.fail(f"{BOOK} holds no built book")
        pytest.skip("the book is not built: make book")
    return BOOK.as_uri() if request.param == "file" else serve(BOOK)


def ready(page):
    page.wait_for_function("document.querySelector('conv-lab').shadowRoot !== null")


def test_page_is_alive_and_loads_the_script_once(address, lab_page):  # noqa: F811
    lab_page.goto(f"{address}/book/explorer.html")
    ready(lab_page)
    assert lab_page.locator("script[src*='conv-lab.js']").count() == 1
    assert lab_page.locator("conv-lab [data-board=out] figcaption").inner_text() == "output 3 × 3"
    lab_page.locator("conv-lab [data-go=fwd]").click()
    assert "row 1, column 2" in lab_page.locator("conv-lab .live").inner_text()


# a link has done its work when the address has changed and the figure stands in view: a busy machine takes a while
TURNED = """() => { window.turned = false;
                    addEventListener('hashchange', () => { window.turned = true; }, {once: true}); }"""
IN_VIEW = """() => { const top = document.querySelector('conv-lab').getBoundingClientRect().top;
                     return window.turned && -5 < top && top < 200; }"""


def test_every_link_of_the_page_sets_the_figure(address, lab_page):  # noqa: F811
    lab_page.goto(f"{address}/book/explorer.html")
    ready(lab_page)
    links = lab_page.locator("article a[href^='#case='], article a[href^='#mode=']")
    assert links.count() == 41
    seen = set()
    for n in range(links.count()):
        lab_page.evaluate(TURNED)
        links.nth(n).click()
        lab_page.wait_for_function(IN_VIEW)
        assert lab_page.locator("conv-lab .bad").is_hidden()
        figure = lab_page.locator("conv-lab")
        names = ["mode", "view", "i", "k", "s", "p", "d", "output-padding", "predict"]
        seen.add(tuple(figure.get_attribute(name) for name in names))
    assert len(seen) == 38  # cases 7 and 15 are linked twice; 17 has the sizes of 6


def test_a_link_counts_when_the_figure_writes_its_address_at_that_moment(address, lab_page):  # noqa: F811
    lab_page.goto(f"{address}/book/explorer.html#case=1")
    ready(lab_page)
    lab_page.locator("conv-lab [data-num=i] [data-by='1']").first.click()
    lab_page.wait_for_function("location.hash.startsWith('#mode=')")
    # the event of a followed link comes later than the link; the figure's timer may fire between the two
    lab_page.evaluate("""() => { const old = location.hash; location.hash = '#case=9';
                                 history.replaceState(null, '', old); }""")
    lab_page.wait_for_function("document.querySelector('conv-lab').getAttribute('mode') === 'transposed'")


@pytest.mark.parametrize("place", ["book/explorer", "notebooks/foundations/padding_and_stride"])
def test_it_follows_the_theme_of_the_book(address, lab_page, place):  # noqa: F811
    lab_page.goto(f"{address}/{place}.html")
    ready(lab_page)
    ink = "document.querySelector('conv-lab').shadowRoot.querySelector('[data-board=in] .real text')"
    found = []
    for theme in ("light", "dark"):
        lab_page.evaluate("t => { document.documentElement.dataset.theme = t; }", theme)
        found.append(lab_page.evaluate(f"getComputedStyle({ink}).fill"))
        body = lab_page.evaluate("getComputedStyle(document.body).color")
        assert found[-1] == body
    assert found[0] != found[1]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_figure(address, lab_page, theme, width):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    lab_page.set_viewport_size({"width": width, "height": 900})
    lab_page.goto(f"{address}/book/explorer.html#case=15")
    ready(lab_page)
    lab_page.evaluate("t => { document.documentElement.dataset.theme = t; }", theme)
    lab_page.wait_for_timeout(400)
    assert lab_page.evaluate("document.documentElement.scrollWidth") <= width
    # no preload: axe itself would ask for the style sheets, which file:// forbids
    found = Axe().run(lab_page, context="conv-lab", options={"preload": False}).response
    assert found["violations"] == [] and len(found["passes"]) > 10


def test_pages_without_the_figure_do_not_load_its_script(address, lab_page):  # noqa: F811
    lab_page.goto(f"{address}/book/notation.html")
    assert lab_page.locator("script").count() > 3 and lab_page.locator("script[src*='conv-lab']").count() == 0


def test_the_second_script_is_loaded_only_where_it_is_used(address, lab_page):  # noqa: F811
    for place, used in (("notebooks/foundations/padding_and_stride", 0), ("book/explorer", 1)):
        lab_page.goto(f"{address}/{place}.html")
        ready(lab_page)
        assert lab_page.locator("script[src*='stack-lab']").count() == used
