"""What the tests of the built book share: a browser, the book over http and as files, and a visit that keeps a log."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest
from built_book import HTML, settle, toc_pages

CHROMIUM = Path("/usr/bin/chromium")
# no-sandbox: containers run as root; the others keep chromium itself from asking its maker's hosts.
FLAGS = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
         "disable-component-update", "disable-sync"]  # fmt: skip


def absent(reason):
    """Skip where a tool is missing, but fail in CI, where a skipped check would go unseen."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_generate_tests(metafunc):
    """Run a test that takes ``name`` for each page, and one that takes ``chapter`` for each notebook."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", toc_pages())
    if "chapter" in metafunc.fixturenames:
        metafunc.parametrize("chapter", [page for page in toc_pages() if page.startswith("notebooks/")])


@pytest.fixture(scope="session")
def html():
    """Folder of the built book."""
    if not (HTML / "searchindex.js").is_file():
        absent(f"no book in {HTML}: make pages")
    return HTML


@pytest.fixture(scope="session")
def chromium():
    """A running browser."""
    if not CHROMIUM.exists():
        absent(f"no browser at {CHROMIUM}: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[f"--{flag}" for flag in FLAGS])
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def served(html):
    """Address of the book on a local server."""
    handler = functools.partial(_Quiet, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="session")
def addresses(html, served):
    """Both ways to read the book."""
    return {"http": served, "file": html.as_uri()}


@pytest.fixture(scope="session")
def reader(chromium):
    """A profile that all tests share, so that scripts and fonts are loaded once."""
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def visit(chromium, reader, addresses):
    """Open pages; after the test no console may have complained, no request failed or left this machine."""
    opened, complaints = [], []

    def tell(wrong, what):
        if wrong:
            complaints.append(what)

    def listen(page):
        here = (*addresses.values(), "data:")
        page.on("console", lambda m: tell(m.type in ("error", "warning"), m.text))
        page.on("pageerror", lambda error: tell(True, f"page error: {error}"))
        # a page that is left while it loads aborts its requests
        page.on("requestfailed", lambda r: tell(r.failure != "net::ERR_ABORTED", f"failed: {r.url}"))
        page.on("response", lambda r: tell(r.status >= 400, f"{r.status}: {r.url}"))
        page.on("request", lambda r: tell(not r.url.startswith(here), f"another host: {r.url}"))

    def go(path, by="http", theme="light", width=1280, wait=settle, fresh=False):
        # fresh: a profile of its own, for tests that leave something in it
        page = (chromium.new_context() if fresh else reader).new_page()
        page.set_default_timeout(20_000)
        opened.append(page.context if fresh else page)
        page.set_viewport_size({"width": width, "height": 900})
        # Reduced motion: a colour measured in the middle of its transition is neither mode's.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        listen(page)
        page.goto(f"{addresses[by]}/{path}", wait_until="load")
        wait(page)
        return page

    yield go
    for page in opened:
        page.close()
    assert complaints == []
