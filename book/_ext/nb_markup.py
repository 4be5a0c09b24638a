"""MyST in notebooks that only the book shows, and text that only the notebook shows.

JupyterLab and Colab cannot render MyST, but they hide HTML comments. So in a
markdown cell of a notebook

- ``<!-- myst ... -->`` holds MyST source: the build takes the comment signs away;
- what stands between ``<!-- nb-only -->`` and ``<!-- /nb-only -->`` is dropped by the build.

::

    <!-- myst (sec-pooling)= -->
    # Pooling

    $$ a = b $$ <!-- myst (eq-ab) -->

    <!-- myst :::{exercise} Max pooling
    :label: ex-max
    -->
    <!-- nb-only -->**Exercise.** <!-- /nb-only -->Is max pooling linear?
    <!-- myst ::: -->

A comment that is opened and not closed in its cell, and a lone closing one,
fail the build with a warning that names file and cell.
"""

import json
import re

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

MYST = re.compile(r"<!--\s*myst\s+(.*?)\s*-->", re.DOTALL)
NB_ONLY = re.compile(r"<!--\s*nb-only\s*-->.*?<!--\s*/nb-only\s*-->[ \t]*\n?", re.DOTALL)
# What may be left over: an opening without its end, an end without an opening, a misspelt keyword.
LEFT_OVER = re.compile(r"<!--\s*(?:myst\b|/?\s*nb[-_ ]?only\b)[^\n]*", re.IGNORECASE)


def convert(text):
    """Turn the text of a markdown cell into what the book shows.

    Parameters
    ----------
    text : str
        Source of the cell.

    Returns
    -------
    converted : str
    problems : list of str
        Lines whose comment could not be matched with an end or an opening.

    Examples
    --------
    >>> convert("<!-- myst (sec-a)= -->\\n# A<!-- nb-only --> (notebook)<!-- /nb-only -->")
    ('(sec-a)=\\n# A', [])
    >>> convert("<!-- nb-only -->never closed")[1]
    ['<!-- nb-only -->never closed']
    """
    # An unclosed comment would run on to the next one's end and swallow it.
    nested = [m.group(0).split("\n")[0] for m in MYST.finditer(text) if "<!--" in m.group(1)]
    nested += [m.group(0).split("\n")[0] for m in NB_ONLY.finditer(text) if len(re.findall("nb-only", m.group(0))) != 2]
    converted = MYST.sub(lambda match: match.group(1), NB_ONLY.sub("", text))
    return converted, nested + LEFT_OVER.findall(converted)


def convert_notebook(source):
    """Convert every markdown cell of a notebook.

    Parameters
    ----------
    source : str
        The notebook, JSON.

    Returns
    -------
    converted : str
        JSON again.
    problems : list of (int, str)
        Number of the cell, counted from 1, and the offending line.
    """
    notebook, problems = json.loads(source), []
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "markdown":
            text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            cell["source"], found = convert(text)
            problems += [(number, line) for line in found]
    return json.dumps(notebook), problems


def _source_read(app, docname, source):
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    source[0], problems = convert_notebook(source[0])
    for number, line in problems:
        LOGGER.warning("cell %d: comment without its other end: %s", number, line, location=docname, type="nb_markup")


def setup(app):
    """Register the hook with Sphinx."""
    app.connect("source-read", _source_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
