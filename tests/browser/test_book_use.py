"""What readers do with the book: find their way, search, switch the mode, open and download chapters."""

import json
import re
import sys

import pytest
import yaml
from built_book import ROOT, settle

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from site_address import parse_address

pytestmark = pytest.mark.browser
CHAPTER = "notebooks/foundations/cross_correlation"


def configuration():
    return yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))


def address():
    return parse_address(configuration()["repository"]["url"])


def test_the_sidebar_is_numbered_by_part(visit):
    page = visit(f"{CHAPTER}.html")
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    captions = page.locator(".bd-docs-nav p.caption").all_inner_texts()
    assert captions == [part["caption"] for part in toc["parts"]]
    lists = page.locator(".bd-docs-nav p.caption + ul")
    number = 1
    for n, part in enumerate(toc["parts"]):
        titles = lists.nth(n).locator("> li > a").all_inner_texts()
        assert len(titles) == len(part["chapters"])
        for title in titles:
            if part.get("numbered"):
                assert title.startswith(f"{number}. ")
                number += 1
            else:
                assert not title[0].isdigit()
    assert number > 1


def test_the_chapter_one_reads_is_marked(visit):
    page = visit(f"{CHAPTER}.html")
    marked = page.locator(".bd-docs-nav a.current, .bd-docs-nav li.current > a")
    assert re.sub(r"\s+", " ", page.locator("h1:visible").inner_text()).startswith(marked.first.inner_text())


@pytest.mark.parametrize("by", ["http", "file"])
def test_the_first_page_leads_into_the_book(visit, by):
    page = visit("index.html", by=by, wait=lambda page: None)
    page.wait_for_url("**/book/index.html")
    settle(page)
    assert page.locator("h1:visible").inner_text()


@pytest.mark.parametrize("by", ["http", "file"])
def test_search_finds_a_word(visit, by):
    page = visit("search.html?q=cross-correlation", by=by)
    page.wait_for_selector("#search-results ul.search li a")
    found = page.eval_on_selector_all("#search-results li a", "l => l.map(a => a.href)")
    assert any(f"{CHAPTER}.html" in link for link in found)
    settle(page)


def test_search_does_not_find_what_is_not_there(visit):
    page = visit("search.html?q=qwertzuiop")
    page.wait_for_function("/did not match|no documents/i.test(document.querySelector('#search-results').innerText)")
    assert page.locator("#search-results li").count() == 0


def test_search_by_keyboard(visit):
    page = visit(f"{CHAPTER}.html")
    page.keyboard.press("Control+k")
    page.locator("dialog input[type=search], .search-button__search-container input").first.wait_for(state="visible")
    page.keyboard.type("padding")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=padding")
    page.wait_for_selector("#search-results li a")
    settle(page)


@pytest.mark.parametrize("by", ["http", "file"])
def test_the_mode_is_switched_and_remembered(visit, by):
    page = visit(f"{CHAPTER}.html", by=by, fresh=True)
    background = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for _ in range(3):
        page.locator(".article-header-buttons .theme-switch-button").click()
        mode = page.evaluate("document.documentElement.dataset.mode")
        seen[mode] = page.evaluate(background)
        if mode == "dark":
            page.reload()
            settle(page)
            assert page.evaluate("document.documentElement.dataset.theme") == "dark"
            assert page.evaluate(background) == seen["dark"]
    assert set(seen) == {"auto", "light", "dark"}
    assert seen["light"] == seen["auto"] != seen["dark"], "the system of the test is light"


def test_the_contents_open_on_a_phone(visit):
    page = visit(f"{CHAPTER}.html", width=390)
    link = page.get_by_role("link", name="Notation", exact=True).first
    assert not link.is_visible() or link.bounding_box()["x"] < 0
    page.locator("button.primary-toggle:visible").first.click()
    page.wait_for_timeout(400)
    page.locator("nav.bd-docs-nav:visible a", has_text="Notation").click()
    page.wait_for_url("**/notation.html")
    settle(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_solution_is_one_fold_with_text_and_code(visit, width):
    page = visit("notebooks/foundations/pooling.html", width=width)
    solution = page.locator(".solution.dropdown", has_text="Route a gradient")
    words, code = solution.get_by_text("Cut the matrix into blocks"), solution.locator("div.cell_input")
    assert not words.is_visible() and not code.is_visible()
    solution.locator("button.toggle-button").click()
    words.wait_for(state="visible")
    assert code.is_visible() and "def route(X, G)" in code.inner_text()
    assert "all public checks pass" in solution.locator("div.cell_output").inner_text()
    assert solution.locator("details").count() == 0, "a fold in the fold"


def test_a_prediction_and_the_cell_to_answer_in_are_closed(visit):
    page = visit("notebooks/foundations/pooling.html")
    for prompt, what in (
        ("Show the answer", "unchanged from 4 of 8 columns"),
        ("Why", "The share is"),
        ("Show the check", "4 kinds of pooling equal torch"),
        ("Show the stub for your answer", "pooling-3: not attempted yet"),
    ):
        fold = page.locator("details", has_text=what).filter(has_text=what).last
        hidden = fold.get_by_text(what).last
        assert not hidden.is_visible()
        summary = fold.locator("summary").first
        assert prompt in summary.inner_text()
        summary.click()
        hidden.wait_for(state="visible")


def test_fine_print_is_a_box(visit):
    page = visit("notebooks/foundations/pooling.html")
    box = page.locator("div.fine-print").last
    assert box.locator("p.admonition-title").inner_text() == "Fine print"
    assert "Consistency is not accuracy" in box.inner_text()


def test_buttons_lead_where_the_one_setting_says(visit, chapter):
    page = visit(f"{chapter}.html")
    links = page.eval_on_selector_all(".article-header-buttons a", "l => l.map(a => a.href)")
    here, branch = address(), configuration()["repository"]["branch"]
    repository = here.repository
    expected = [
        f"https://colab.research.google.com/github/{here.owner}/{here.name}/blob/{branch}/{chapter}.ipynb",
        repository,
        f"{repository}/edit/{branch}/{chapter}.ipynb",
    ]
    assert [link for link in expected if link not in links] == []
    assert any(link.startswith(f"{repository}/issues/new?") for link in links)
    assert any(link.endswith(f"/_sources/{chapter}.ipynb") for link in links)
    assert page.locator("link[rel=canonical]").get_attribute("href") == f"{here.site}{chapter}.html"
    assert page.locator("meta[property='og:url']").get_attribute("content") == f"{here.site}{chapter}.html"


def test_pages_that_are_no_notebooks_have_no_launch_button(visit):
    page = visit("book/notation.html")
    links = page.eval_on_selector_all(".article-header-buttons a", "l => l.map(a => a.href)")
    assert links and not [link for link in links if "colab" in link]


def test_the_download_is_the_stored_notebook(html, chapter):
    stored = (ROOT / f"{chapter}.ipynb").read_bytes()
    assert (html / "_sources" / f"{chapter}.ipynb").read_bytes() == stored
    assert json.loads(stored)["nbformat"] == 4


def test_the_sitemap_lists_every_page_at_the_site(html):
    places = re.findall(r"<loc>(.*?)</loc>", (html / "sitemap.xml").read_text("utf8"))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    pages = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    assert {f"{address().site}{page}.html" for page in pages} <= set(places)
    assert all(place.startswith(address().site) for place in places)
