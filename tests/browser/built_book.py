"""Facts about the built book that several test files need."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"


def toc_pages():
    """Return the pages of _toc.yml and those that Sphinx adds, without ".html", in the order of the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *chapters, "search", "genindex", "py-modindex"]


def settle(page):
    """Wait until formulas are typeset and the theme has done its work."""
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.wait_for_function("document.readyState === 'complete'")
    page.wait_for_timeout(50)
