"""A warning for each picture that a blind reader would get nothing from.

Sphinx falls back on the file's path where a picture has no alternative text:
read aloud, a row of letters. With ``-W`` the build stops there instead. Pictures
of code cells get theirs from the cell's metadata::

    {"mystnb": {"image": {"alt": "Left: a photograph of coins. Right: its vertical edges."}}}
"""

import re

from docutils import nodes
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE | re.DOTALL)
ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
PATH = re.compile(r"(?:\S*/)?[^\s/]+\.(?:png|svg|jpe?g|gif|webp)", re.IGNORECASE)


def is_real_alt(alt):
    """Whether an alternative text says something: not missing, not empty, not a path.

    Parameters
    ----------
    alt : str or None

    Returns
    -------
    bool

    Examples
    --------
    >>> is_real_alt("A kernel on a grid"), is_real_alt("../_images/3fa8.png"), is_real_alt(None)
    (True, False, False)
    """
    return bool(alt and alt.strip()) and PATH.fullmatch(alt.strip()) is None


def bad_html_images(html):
    """Find the <img> elements of raw HTML that lack a real alternative text.

    Parameters
    ----------
    html : str

    Returns
    -------
    list of str
        The elements.
    """
    bad = []
    for tag in IMG.findall(html):
        match = ALT.search(tag)
        if match is None or not is_real_alt(match.group(1) or match.group(2)):
            bad.append(tag)
    return bad


def _check(app, doctree, docname):
    if app.builder.format != "html":
        return
    for image in doctree.findall(nodes.image):
        if not is_real_alt(image.get("alt")):
            LOGGER.warning("picture without alternative text: %s", image.get("uri"), location=docname, type="alt_text")
    for raw in doctree.findall(nodes.raw):
        if "html" in raw.get("format", "").split():
            for tag in bad_html_images(raw.astext()):
                LOGGER.warning("picture without alternative text: %s", tag[:120], location=docname, type="alt_text")


def setup(app):
    """Register the check with Sphinx."""
    # Only then is it settled which of a cell's outputs (PNG, HTML, text) is shown.
    app.connect("doctree-resolved", _check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
