"""What only the book shows, written so that JupyterLab, Colab and GitHub show clean text.

Those know CommonMark and HTML, not MyST. So the markdown cells of notebooks hold plain text in four forms that the
build turns into directives, and HTML comments for what a notebook need not show.

- A cell that begins with ``**Exercise pooling-1. Three in a row.**`` becomes an exercise, to its end.
- ``<details><summary>Solution of pooling-1</summary>`` ... ``</details>`` becomes its solution, folded. Code cells
  tagged ``solution`` that follow belong into the same fold.
- ``<details><summary>Show the answer</summary>`` ... ``</details>`` becomes a fold of that name; so does ``Why``,
  prose behind a code cell that shows the answer already.
- A quotation that begins with ``> **Fine print.**`` becomes a box of that title.
- ``<!-- myst ... -->`` holds any other MyST: the build takes the comment signs away.

::

    <!-- myst (sec-pooling)= -->
    # Pooling

    $$ a = b $$ <!-- myst (eq-ab) -->

Tags of a `details` element, and comments that open a block, stand on lines of their own with a blank line behind
them: CommonMark takes a line that begins with one for HTML, up to the next blank line. A comment that is opened and
not closed in its cell, and a fold of another form, fail the build with a warning that names file and cell. So does a
stored traceback: the page would show an error, and paths of the machine that made it.
"""

import json
import re

from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

MYST = re.compile(r"<!--\s*myst\s+(.*?)\s*-->", re.DOTALL)
EXERCISE = re.compile(r"\A\*\*Exercise (?P<id>[\w-]+)\. (?P<title>.+?)\.\*\*\n\n(?P<body>.*)\Z", re.DOTALL)
FOLD = r"^<details><summary>{}</summary>\n\n(?P<body>.*?)\n\n</details>$"
SOLUTION = re.compile(FOLD.format(r"Solution of (?P<id>[\w-]+)"), re.DOTALL | re.MULTILINE)
ANSWER = re.compile(FOLD.format("(?P<title>Show the answer|Why)"), re.DOTALL | re.MULTILINE)
FINE_PRINT = re.compile(r"^> \*\*Fine print\.\*\* (?P<body>.*(?:\n>.*)*)", re.MULTILINE)
# What may be left over: a comment without its end, a form that was misspelt.
LEFT_OVER = re.compile(
    r"(?:<!--\s*(?:myst|/?\s*nb[-_ ]?only)\b|</?details\b|^\*\*Exercise [\w-]+\.|^> \*\*Fine)[^\n]*", re.MULTILINE
)


def _fine_print(match):
    body = re.sub(r"^> ?", "", match["body"], flags=re.MULTILINE)
    return f"::::{{admonition}} Fine print\n:class: fine-print\n\n{body}\n::::"


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
        Lines whose comment or fold could not be matched with an end or an opening.

    Examples
    --------
    >>> convert("<!-- myst (sec-a)= -->\\n# A")
    ('(sec-a)=\\n# A', [])
    >>> print(convert("**Exercise pooling-1. Three in a row.**\\n\\n*Class P.*")[0])
    ::::{exercise} Three in a row
    :label: ex-pooling-1
    <BLANKLINE>
    *Class P.*
    ::::
    >>> convert("<details><summary>Answer</summary>")[1]
    ['<details><summary>Answer</summary>']
    """
    # An unclosed comment would run on to the next one's end and swallow it.
    nested = [m.group(0).split("\n")[0] for m in MYST.finditer(text) if "<!--" in m.group(1)]
    text = MYST.sub(lambda match: match.group(1), text)
    text = SOLUTION.sub(r"::::{solution} ex-\g<id>\n:class: dropdown\n\n\g<body>\n::::", text)
    text = ANSWER.sub(r"::::{dropdown} \g<title>\n\n\g<body>\n::::", text)
    text = FINE_PRINT.sub(_fine_print, text)
    text = EXERCISE.sub(r"::::{exercise} \g<title>\n:label: ex-\g<id>\n\n\g<body>\n::::", text)
    return text, nested + LEFT_OVER.findall(text)


def _is_solution_code(cell):
    return cell.get("cell_type") == "code" and "solution" in cell["metadata"].get("tags", [])


def with_its_code(cells):
    """Put the code cells tagged ``solution`` into the fold of the solution before them (cells are converted)."""
    result = []
    for cell, following in zip(cells, [*cells[1:], {}], strict=True):
        if cell["cell_type"] == "markdown" and _is_solution_code(following):
            # the gated form: it begins in one cell and ends in another
            source = re.sub(r"^::::\{solution\} (.*\n.*\n)", r"::::{solution-start} \1::::\n", cell["source"])
            cell = {**cell, "source": source.removesuffix("\n::::")}
        result.append(cell)
        if _is_solution_code(cell) and not _is_solution_code(following):
            end = {"cell_type": "markdown", "id": f"{cell['id']}-end", "metadata": {}}
            result.append({**end, "source": "::::{solution-end}\n::::"})
    return result


def tracebacks(cell):
    """List the last lines of the tracebacks that a code cell stores, of errors and of printed ones.

    Examples
    --------
    >>> tracebacks({"outputs": [{"output_type": "error", "ename": "KeyError", "evalue": "3"}]})
    ['KeyError: 3']
    """
    found = []
    for output in cell.get("outputs", ()):
        if output["output_type"] == "error":
            found.append(f"{output['ename']}: {output['evalue']}")
        text = "".join(output.get("text", ""))
        if "Traceback (most recent call last)" in text:
            found.append(text.strip().rpartition("\n")[2])
    return found


def convert_notebook(source):
    """Convert every markdown cell of a notebook, and look for what no page may show.

    Parameters
    ----------
    source : str
        The notebook, JSON.

    Returns
    -------
    converted : str
        JSON again.
    problems : list of (int, str)
        Number of the cell, counted from 1, and what is wrong with it.
    """
    notebook, problems = json.loads(source), []
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "markdown":
            text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            cell["source"], found = convert(text)
            problems += [(number, f"markup without its other end: {line}") for line in found]
        problems += [(number, f"stores a traceback: {line}") for line in tracebacks(cell)]
    notebook["cells"] = with_its_code(notebook["cells"])
    return json.dumps(notebook), problems


def _source_read(app, docname, source):
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    source[0], problems = convert_notebook(source[0])
    for number, problem in problems:
        LOGGER.warning("cell %d: %s", number, problem, location=docname, type="nb_markup")


def setup(app):
    """Register the hook with Sphinx."""
    app.connect("source-read", _source_read)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
