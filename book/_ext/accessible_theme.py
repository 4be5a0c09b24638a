"""Mends of built pages that no option of the theme and no style sheet reaches.

Each one answers a finding of the browser tests (``tests/browser``) or of axe.
"""

import re
from pathlib import Path

# docutils marks each entry of a bibliography with a role that ARIA 1.2 calls
# deprecated, inside a "list" that then has no list item.
BIBLIOGRAPHY_ROLES = re.compile(r' role="list"(?= class="citation-list")| role="doc-biblioentry"(?=>)')

# sphinx-external-toc writes a redirect without language and title at the root.
REDIRECT = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={target}">
<link rel="icon" href="_static/favicon.svg">
<link rel="canonical" href="{site}{target}">
</head>
<body><p><a href="{target}">{title}</a></p></body>
</html>
"""


def mend_body(html):
    """Correct the roles of a bibliography.

    Parameters
    ----------
    html : str
        Body of a page.

    Returns
    -------
    str

    Examples
    --------
    >>> mend_body('<div class="citation" id="a" role="doc-biblioentry">')
    '<div class="citation" id="a">'
    """
    return BIBLIOGRAPHY_ROLES.sub("", html)


def redirect_page(target, title, site, language="en"):
    """Write the page at the root of the site, which leads to the book's first page.

    Parameters
    ----------
    target : str
        Relative address of the first page.
    title, site, language : str
        Title of the book, address of the site with a slash at the end, language code.

    Returns
    -------
    str
    """
    return REDIRECT.format(target=target, title=title, site=site, language=language)


def _mend(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = mend_body(context["body"])
    if pagename == "search":
        app.add_js_file("scripts/file_search.js")


def _redirect(app, exception):
    root = app.config.root_doc
    if exception is None and app.builder.name == "html" and root != "index":
        page = redirect_page(f"{root}.html", app.config.html_title, app.config.html_baseurl, app.config.language)
        Path(app.outdir, "index.html").write_text(page, "utf-8")


def setup(app):
    """Register the hooks with Sphinx."""
    app.connect("html-page-context", _mend)
    # after sphinx-external-toc's own, which has the default priority of 500
    app.connect("build-finished", _redirect, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
