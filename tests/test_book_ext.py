"""The book's Sphinx hooks: by themselves, and in the build of a book in small."""

import doctest
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXT = ROOT / "book" / "_ext"
sys.path.insert(0, str(EXT))

import accessible_theme  # noqa: E402
import alt_text  # noqa: E402
import nb_markup  # noqa: E402
import offline_math  # noqa: E402


@pytest.mark.parametrize("name", ["site_address", "nb_markup", "alt_text", "accessible_theme"])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0 and result.failed == 0


# ---- MyST in comments


def test_comment_signs_are_taken_away():
    text = "<!-- myst (sec-a)= -->\n# A\n\n$$\nx\n$$ <!-- myst (eq-x) -->\n\nsee<!-- myst {eq}`eq-x` -->."
    assert nb_markup.convert(text) == ("(sec-a)=\n# A\n\n$$\nx\n$$ (eq-x)\n\nsee{eq}`eq-x`.", [])


def test_a_directive_over_several_lines():
    text = "<!-- myst\n:::{index} ! a, ! b\n:::\n-->\n\nX?"
    assert nb_markup.convert(text) == (":::{index} ! a, ! b\n:::\n\nX?", [])


def test_forms_of_plain_text_become_directives():
    forms = {
        "**Exercise a-b-1. Is it?.**\n\n*Class P.*\n\nSay.": (
            "::::{exercise} Is it?\n:label: ex-a-b-1\n\n*Class P.*\n\nSay.\n::::"
        ),
        "<details><summary>Solution of a-b-1</summary>\n\nYes.\n\nSo.\n\n</details>": (
            "::::{solution} ex-a-b-1\n:class: dropdown\n\nYes.\n\nSo.\n::::"
        ),
        "A\n\n<details><summary>Show the answer</summary>\n\nYes.\n\n</details>\n\nB": (
            "A\n\n::::{dropdown} Show the answer\n\nYes.\n::::\n\nB"
        ),
        "<details><summary>Why</summary>\n\nSo.\n\n</details>\n\nB": "::::{dropdown} Why\n\nSo.\n::::\n\nB",
        "A\n\n> **Fine print.** One\n> two.\n>\n> Three.\n\n> A quotation.": (
            "A\n\n::::{admonition} Fine print\n:class: fine-print\n\nOne\ntwo.\n\nThree.\n::::\n\n> A quotation."
        ),
    }
    for plain, directive in forms.items():
        assert nb_markup.convert(plain) == (directive, [])


def test_code_of_a_solution_goes_into_its_fold():
    solution = {"source": nb_markup.convert("<details><summary>Solution of a-1</summary>\n\nYes.\n\n</details>")[0]}
    text = {"cell_type": "markdown", "id": "m", "metadata": {}}
    code = {"cell_type": "code", "id": "c", "metadata": {"tags": ["solution"]}, "source": "1"}
    other = {**text, "source": "B"}
    found = nb_markup.with_its_code([{**text, **solution}, code, code, other, {**text, **solution}, other])
    assert [cell["source"] for cell in found] == [
        "::::{solution-start} ex-a-1\n:class: dropdown\n::::\n\nYes.", "1", "1", "::::{solution-end}\n::::", "B",
        solution["source"], "B",
    ]  # fmt: skip
    assert len({cell["id"] for cell in found}) == 3


def test_other_comments_stay():
    assert nb_markup.convert("<!-- mystery -->a<!-- a note -->") == ("<!-- mystery -->a<!-- a note -->", [])


@pytest.mark.parametrize(
    "text",
    [
        "<!-- myst (sec-a)=\n# A",
        "<!-- myst (sec-a)=\n# A\n<!-- myst ::: -->",
        "<details><summary>Show the answer</summary>\n\nonly here",
        "<details><summary>Show the answer</summary>\nno blank line\n\n</details>",
        "<details><summary>Answer</summary>\n\nanother name\n\n</details>",
        "lost\n\n</details>",
        "**Exercise a-1. A title.** and more",
        "> **Fine print**: a colon",
        "<!-- nb-only -->a<!-- /nb-only -->",
    ],
)
def test_a_comment_without_its_other_end_is_told(text):
    assert len(nb_markup.convert(text)[1]) >= 1


def test_only_markdown_cells_change_and_the_cell_is_named():
    source = "<!-- myst (a)= -->"
    markdown = [source, "\n</details>"]
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source},
        {"cell_type": "markdown", "metadata": {}, "source": markdown},
    ]
    converted, problems = nb_markup.convert_notebook(json.dumps({"cells": cells}))
    assert [cell["source"] for cell in json.loads(converted)["cells"]] == [source, "(a)=\n</details>"]
    assert problems == [(2, "markup without its other end: </details>")]


PRINTED = "Traceback (most recent call last):\n  File \"a.py\", line 1\nZeroDivisionError: division by zero\n"


@pytest.mark.parametrize(("output", "line"), [
    ({"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}, "KeyError: 'x'"),
    ({"output_type": "stream", "name": "stdout", "text": PRINTED}, "ZeroDivisionError: division by zero"),
    ({"output_type": "stream", "name": "stderr", "text": PRINTED.splitlines(True)},
     "ZeroDivisionError: division by zero"),
])
def test_a_stored_traceback_is_found(output, line):
    quiet = {"cell_type": "code", "id": "a", "metadata": {}, "source": "1", "outputs": [
        {"output_type": "stream", "name": "stdout", "text": "ZeroDivisionError: division by zero\n"}]}
    loud = {**quiet, "id": "b", "outputs": [*quiet["outputs"], output]}
    _, problems = nb_markup.convert_notebook(json.dumps({"cells": [quiet, loud]}))
    assert problems == [(2, f"stores a traceback: {line}")]


# ---- alternative texts


@pytest.mark.parametrize("alt", [None, "", "  ", "a.png", "../_images/9f.svg", "_images/x y/b.JPG".replace(" ", "")])
def test_no_alternative_text(alt):
    assert not alt_text.is_real_alt(alt)


@pytest.mark.parametrize("alt", ["Coins, and their vertical edges", "What a.png shows", "edges"])
def test_an_alternative_text(alt):
    assert alt_text.is_real_alt(alt)


def test_pictures_in_raw_html():
    good = "<img src='a.png' alt='A kernel on a grid'>"
    bad = ['<img src="a.png">', '<IMG alt="" src="a.png">', '<img\nsrc="a.png" alt="a.png">']
    assert alt_text.bad_html_images(good + "".join(bad)) == bad


# ---- MathJax


def test_the_package_still_has_the_files_of_mathjax(tmp_path):
    offline_math.copy_mathjax(offline_math.mathjax_folder(), tmp_path)
    script = (tmp_path / "tex-chtml.js").read_text("utf8")
    assert '"3.2.2"' in script
    assert len(list(tmp_path.glob("output/chtml/fonts/woff-v2/*.woff"))) > 20
    assert 1e6 < sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 4e6


def test_a_missing_file_of_mathjax_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="tex-chtml"):
        offline_math.copy_mathjax(tmp_path, tmp_path / "out")


# ---- mends of the theme


def test_roles_of_a_bibliography():
    entry = '<div role="list" class="citation-list">\n<div class="citation" id="a" role="doc-biblioentry">'
    assert accessible_theme.mend_body(entry) == '<div class="citation-list">\n<div class="citation" id="a">'
    assert accessible_theme.mend_body('<ul role="list">') == '<ul role="list">'


def test_the_first_page_is_found_by_machines_and_without_redirects():
    page = accessible_theme.redirect_page("book/index.html", "A book", "https://ann.github.io/book/")
    assert '<html lang="en">' in page and "<title>A book</title>" in page
    assert page.count("book/index.html") == 3 and 'href="https://ann.github.io/book/book/index.html"' in page


# ---- all together, as the build calls them

CONF = """
project, html_title, root_doc = "p", "A book", "book/index"
extensions = ["myst_nb", "sphinx_exercise", "sphinx_togglebutton", "site_address"]
extensions += ["offline_math", "nb_markup", "alt_text", "accessible_theme"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "colon_fence"]
html_theme_options = {}
from site_address import parse_address
def setup(app):
    # the theme of the test has no such option, so it is set as late as the theme's check allows
    app.connect("config-inited", lambda app, config: config.html_theme_options.update(
        repository_url="https://github.com/ann/book"), priority=100)
    app.connect("builder-inited", lambda app: app.config.html_theme_options.clear())
"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # 1x1
)


def notebook(*markdown, alt):
    mystnb = {"mystnb": {"image": {"alt": alt}}} if alt else {}
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL}}
    cells = [{"cell_type": "markdown", "id": f"m{n}", "metadata": {}, "source": s} for n, s in enumerate(markdown)]
    mystnb["tags"] = ["solution"] if "Solution" in markdown[-1] else []
    code = {"cell_type": "code", "id": "c", "metadata": mystnb, "source": "1", "execution_count": 1}
    code["outputs"] = [output]
    language = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    return json.dumps({"cells": [*cells, code], "metadata": language, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder and warnings of a small book: one faultless notebook, one with an error of each kind."""
    root = tmp_path_factory.mktemp("book")
    (root / "conf.py").write_text(CONF)
    (root / "book").mkdir()
    (root / "book" / "index.md").write_text("# Home\n\n```{toctree}\n../good\n../bad\n```\n\nFormula $x$.\n")
    good = [
        "<!-- myst (sec-a)= -->\n# Good\n\n$$\nx\n$$ <!-- myst (eq-a) -->",
        "See<!-- myst {eq}`eq-a` -->.",
        "**Exercise small-1. One.**\n\nHow many?",
        "<details><summary>Solution of small-1</summary>\n\nAs many.\n\n</details>",
    ]
    (root / "good.ipynb").write_text(notebook(*good, alt="One grey pixel"))
    bad = json.loads(notebook("# Bad", "<details>open", '<img src="x.png">', alt=None))
    error = {"output_type": "error", "ename": "KeyError", "evalue": "3", "traceback": ["KeyError: 3"]}
    bad["cells"][-1]["outputs"].append(error)
    (root / "bad.ipynb").write_text(json.dumps(bad))
    out = root / "out"
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html", str(root), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(EXT), "NO_COLOR": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    return out, run.stderr.splitlines()


def test_a_faultless_notebook_gives_no_warning(built):
    out, warnings = built
    assert not [line for line in warnings if "good" in line]
    page = (out / "good.html").read_text("utf8")
    assert 'id="equation-eq-a"' in page and 'id="sec-a"' in page and "(1)" in page
    (fold,) = re.findall(r'<div class="[^"]*solution dropdown[^"]*".*', page, re.DOTALL)
    assert 0 < fold.find("As many.") < fold.find('class="cell') and "One" in page
    assert "details>" not in page and "myst" not in page.split("<body>")[1].split("sphinxsidebar")[0]
    assert 'alt="One grey pixel"' in page


def test_each_error_is_a_warning_that_names_page_and_cell(built):
    warnings = [line for line in built[1] if "bad" in line]
    assert len(warnings) == 4, warnings
    assert "cell 2" in warnings[0] and "<details>open" in warnings[0]
    assert "cell 4: stores a traceback: KeyError: 3" in warnings[1]
    assert sum("without alternative text" in line for line in warnings) == 2


def test_the_build_ships_mathjax_and_asks_nobody_else(built):
    out, _ = built
    assert (out / "_static" / "mathjax" / "tex-chtml.js").is_file()
    page = (out / "book" / "index.html").read_text("utf8")
    assert 'src="../_static/mathjax/tex-chtml.js"' in page and "cdn." not in page


def test_the_build_derives_the_address(built):
    out, _ = built
    assert '<link rel="canonical" href="https://ann.github.io/book/good.html"' in (out / "good.html").read_text("utf8")
    assert 'url=book/index.html' in (out / "index.html").read_text("utf8")
