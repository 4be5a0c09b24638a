"""A chapter in JupyterLab, which knows no MyST: clean text, closed folds, room for an answer."""

import re
import shutil

import pytest
from built_book import ROOT
from jupyter_server import jupyterlab

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHAPTER = "pooling.ipynb"


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A page of JupyterLab with every cell of a stored chapter rendered."""
    folder = tmp_path_factory.mktemp("chapter")
    shutil.copy(ROOT / "notebooks" / "foundations" / CHAPTER, folder)
    with jupyterlab(folder) as address:
        context = chromium.new_context(viewport={"width": 1200, "height": 1000})
        page = context.new_page()
        page.goto(address(CHAPTER))
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=90_000)
        page.get_by_text("Where it comes from, where it leads").last.wait_for(timeout=90_000)
        yield page
        context.close()


def below(page, text):
    """Cells from the one with that text on, as locators."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    for n in range(cells.count()):
        cell = cells.nth(n)
        if text in cell.inner_text():
            return [cells.nth(m) for m in range(n, min(n + 4, cells.count()))]
    pytest.fail(f"no cell shows {text!r}")


def is_closed(cell):
    """Neither code nor output of the cell is seen."""
    return not cell.locator(".jp-CodeMirrorEditor, .cm-content").is_visible() and not any(
        output.is_visible() for output in cell.locator(".jp-OutputArea-output").all()
    )


def test_text_shows_no_markup(lab):
    for cell in lab.locator(".jp-Notebook .jp-MarkdownCell").all():
        shown = re.sub(r"\$[^$]*\$", "", cell.inner_text())
        assert not re.search(r"\*\*|:::|<!--|-->|\{(?:cite|index|eq|solution|exercise)\}", shown), shown[:200]


def test_an_exercise_has_an_open_cell_and_a_closed_solution(lab):
    statement, room, solution, code = below(lab, "Exercise pooling-3. Route a gradient.")
    assert statement.locator("strong").first.inner_text() == "Exercise pooling-3. Route a gradient."
    assert "Class P, 15 minutes, difficulty 2, 3 points." in statement.inner_text()
    assert "def route(X, G):" in room.locator(".cm-content").inner_text()
    assert "pooling-3: not attempted yet" in room.inner_text()
    fold = solution.locator("details")
    assert "Cut the matrix" not in fold.inner_text()
    assert is_closed(code)
    fold.locator("summary").click()
    assert "Cut the matrix" in fold.inner_text()


def test_a_prediction_is_closed(lab):
    question, answer, prose, _ = below(lab, "Predict. From which share of all starting columns")
    assert is_closed(answer)
    assert prose.locator("details summary").first.inner_text() == "Why"
    assert "The other half are exaggerated" not in question.inner_text()


def test_the_setup_cell_is_folded(lab):
    setup = lab.locator(".jp-Notebook .jp-CodeCell").first
    assert is_closed(setup)
