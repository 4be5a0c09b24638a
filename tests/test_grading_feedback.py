"""A student's page: what it says, what it keeps back, and that nothing a student wrote is more than text."""

import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graded import absent, case, exercise, ran, result, written
from hypothesis import given
from hypothesis import strategies as st

from d2lcnn.grading import feedback, marks

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
         "--disable-component-update"]
EVIL = "</code></pre><script>document.title='owned'</script><img src=x onerror=alert(1)>\"' onload='x&lt;{style}"


class Page(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def private(student="anna"):
    """Return a result in which everything that a student may not read begins with SECRET."""
    made = result(student, (5, 0, 0), notes=["SECRET note"], seed="SECRETseed")
    made["exercises"][0] = exercise("cross-correlation-4", 5, "def two_passes(X):\n\treturn X < 1 & X\n",
                                    [case("book example", True), case("hidden case 1", True, hidden=True)])
    made["exercises"][1] = exercise("pooling-2", 0, "def median_pool(X):\n    return X", flags=["SECRET flag"], cases=[
        case("book example", False, "is 3, and 4 was expected"), case("a row", True),
        *(case(f"SECRET {n}", n < 4, f"SECRET input {n}", hidden=True) for n in range(6))])
    made["exercises"][2] |= {"state": "stopped", "why": "more than 10 seconds", "cases": []}
    return made


def test_the_page_says_points_verdicts_and_what_was_seen():
    page = Page(feedback.page("First homework", private()))
    for words in ("anna: 5 of 10 points", "1. Title of cross-correlation-4 5 of 5 points: passed",
                  "2. Title of pooling-2 0 of 4 points: not every check passes", "passed a row",
                  "failed book example: is 3, and 4 was expected", "4 of 6 hidden cases pass.",
                  "1 of 1 hidden cases pass.", "0 of 1 points: stopped more than 10 seconds",
                  "Your code of two_passes def two_passes(X): return X < 1 & X"):
        assert words in page.text, words
    assert "def two_passes(X):\n\treturn X < 1 & X\n" in "".join(page.texts)
    assert page.open == []


def test_what_is_the_instructors_stays_with_the_instructor():
    assert "SECRET" not in feedback.page("First homework", private())
    odd = private()
    odd["exercises"][1]["cases"][-1]["hidden"] = None  # neither: kept back
    assert "SECRET" not in feedback.page("First homework", odd)


def test_a_page_for_each_result(tmp_path, capsys):
    files = written(tmp_path, private(), absent("ben"), absent("carl", "unreadable", "it is no JSON"),
                    result("dora", sandbox="none"))
    assert ran(feedback, files.assignment, files.results, "--out", tmp_path / "back") == 0
    pages = {path.stem: Page(path.read_text("utf8")).text for path in (tmp_path / "back").iterdir()}
    assert [*sorted(pages)] == ["anna", "ben", "carl", "dora"] and "4 pages" in capsys.readouterr().out
    assert "ben: 0 of 10 points nothing was handed in" in pages["ben"] and "it is no JSON" in pages["carl"]
    assert "without a sandbox" in pages["dora"] and "without a sandbox" not in pages["anna"]
    again = {path.stem: path.read_bytes() for path in (tmp_path / "back").iterdir()}
    ran(feedback, files.assignment, files.results, "--out", tmp_path / "back")
    assert again == {path.stem: path.read_bytes() for path in (tmp_path / "back").iterdir()}


def infected(text):
    """Return a result in which every text is this one."""
    made = private() | {"student": text, "submission": text, "why": text, "state": "unreadable"}
    for each in made["exercises"]:
        each |= {"title": text, "name": text, "why": text, "state": text, "code": text}
        each["cases"] = [{"name": text, "hidden": False, "passed": False, "seen": text}]
    return made


def same_page(text):
    clean, page = (Page(feedback.page(each, infected(each))) for each in ("x", text))
    assert page.tags == clean.tags and page.open == []
    assert [name for name, _ in page.attributes] == [name for name, _ in clean.attributes]
    return page


def test_html_in_any_text_stays_text():
    page = same_page(EVIL)
    assert "".join(page.texts).count(EVIL) >= 14


@given(st.text(st.one_of(st.sampled_from("<>&\"'/=-![]{}`\0\n\r\ud800\u202e"), st.characters()), min_size=1,
               max_size=30))
def test_no_text_changes_the_page(text):
    page = same_page(text)
    feedback.page(text, infected(text)).encode()
    assert marks.plain(text) in "".join(page.texts)


def test_code_that_looks_like_another_is_seen():
    page = Page(feedback.page("x", result("anna", codes=("a\u202e = 1\0\x1b[2J", "", ""))))
    assert "a<U+202E> = 1\ufffd\ufffd[2J" in page.text


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no browser at {CHROMIUM}: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser(chromium, tmp_path, scheme):
    from axe_playwright_python.sync_playwright import Axe

    evil = private()
    evil["exercises"][1] |= {"title": EVIL, "why": EVIL + "long" * 100, "code": EVIL + "long" * 100}
    (tmp_path / "anna.html").write_text(feedback.page(EVIL, evil), "utf8")
    requests, wrong = [], []
    # scripts of the page stay forbidden by its own policy; axe is put in beside them
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "anna.html").as_uri())
    assert requests == [(tmp_path / "anna.html").as_uri()] and wrong == []
    assert page.title() == f"{EVIL}: anna" and page.locator("script, img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 23, 23)"}[scheme]
    found = Axe().run(page, options={"preload": False}).response
    assert found["passes"] and [(each["id"], each["help"]) for each in found["violations"]] == []
    context.close()
