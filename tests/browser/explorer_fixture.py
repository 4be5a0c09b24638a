"""A page of chromium for the explorer's tests: the script alone, with every complaint collected."""

import functools
import http.server
import threading
from pathlib import Path

import pytest

from d2lcnn import explorer


def put_scripts(folder):
    """Write both scripts, minified as pages get them."""
    for name in ("conv-lab", "stack-lab"):
        (Path(folder) / f"{name}.js").write_text(explorer.script(name), "utf8")



@pytest.fixture
def lab_browser(chromium):
    """The one browser of the session: two of them in a process are more than Playwright's sync interface allows."""
    return chromium


@pytest.fixture
def lab_page(lab_browser):
    """A fresh page; at the end of the test nothing may have been logged as an error or asked of another host."""
    context = lab_browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(LOCAL) else complaints.append(r.url))
    yield page
    context.close()
    assert not complaints, complaints


HTML = """<!doctype html><html lang="{lang}"{theme}><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>The explorer</title><link rel="icon" href="data:,">
<style>body{{margin:8px;background:#fff;color:#222}}
html[data-theme=dark]{{color-scheme:dark}}html[data-theme=dark] body{{background:#14181e;color:#ced6dd}}</style>
<main><h1>The explorer</h1>{body}</main>
<script src="conv-lab.js"></script><script src="stack-lab.js"></script></html>"""
LOCAL = ("http://127.0.0.1", "file:", "data:")


@pytest.fixture
def show(lab_page, tmp_path):
    """Open a page with the given tags from file:// and return it."""

    def write(body, lang="en", theme=""):
        path = tmp_path / "page.html"
        put_scripts(tmp_path)
        chosen = f' data-theme="{theme}"' if theme else ""
        path.write_text(HTML.format(body=body, lang=lang, theme=chosen), "utf8")
        lab_page.goto(path.as_uri())
        return lab_page

    return write


@pytest.fixture(scope="session")
def serve():
    """Serve a folder on 127.0.0.1 and return its address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
