"""Links of the built book, read from its files: every page and anchor exists, nothing is loaded from elsewhere."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from built_book import toc_pages

pytestmark = pytest.mark.browser

# What a page loads by itself (a link to click on may lead anywhere).
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
LOADED_LINKS = {"stylesheet", "preload", "icon", "shortcut icon", "modulepreload", "preconnect", "dns-prefetch"}


class Page(HTMLParser):
    """Anchors, links and loaded addresses of one page."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors |= {attrs[key] for key in ("id", "name") if attrs.get(key)}
        if tag in ("a", "area") and attrs.get("href"):
            self.links.append(attrs["href"])
        if tag in LOADED and attrs.get(LOADED[tag]):
            self.loaded.append(attrs[LOADED[tag]])
        if tag == "link" and attrs.get("rel") in LOADED_LINKS:
            self.loaded.append(attrs["href"])


@pytest.fixture(scope="session")
def parsed(html):
    files = [path for path in html.rglob("*.html") if "_static" not in path.parts and "_sources" not in path.parts]
    return {path.resolve(): Page(path.read_text("utf8")) for path in files}


def broken(path, page, parsed):
    """Yield the links inside the book that lead nowhere."""
    for link in page.links + page.loaded:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target = target / "index.html"
        anchor = unquote(parts.fragment)
        if not target.exists() or (
            target in parsed and anchor and "=" not in anchor and anchor not in parsed[target].anchors
        ):
            yield link


def test_the_pages_are_those_of_the_toc(html, parsed):
    names = {str(path.relative_to(html.resolve()).with_suffix("")) for path in parsed}
    assert names == {*toc_pages(), "index"}


def test_every_link_inside_the_book_leads_somewhere(html, parsed, name):
    path = (html / f"{name}.html").resolve()
    assert len(parsed[path].links) > 5
    assert list(broken(path, parsed[path], parsed)) == []


def test_a_broken_link_is_found(html, parsed):
    path = (html / "book" / "index.html").resolve()
    page = Page('<a href="nowhere.html">a</a><a href="#no-anchor">b</a><a href="preface.html">c</a><img src="x.png">')
    assert list(broken(path, page, parsed)) == ["nowhere.html", "#no-anchor", "x.png"]


def test_no_page_loads_from_another_host(parsed):
    foreign = {address for page in parsed.values() for address in page.loaded if urlsplit(address).netloc}
    assert foreign == set()


def test_style_sheets_load_from_no_other_host(html):
    for sheet in html.rglob("*.css"):
        foreign = re.findall(r"(?:url\(\s*['\"]?|@import\s+['\"])(?:https?:)?//[^)'\"]+", sheet.read_text("utf8"))
        assert foreign == [], sheet
