"""The explorer in a live JupyterLab: a run cell is interactive; a stored, untrusted output shows its picture;
a live widget and Python follow each other.
"""

import nbformat
import pytest
from explorer_fixture import lab_browser  # noqa: F401
from jupyter_server import jupyterlab
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from d2lcnn import explorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CELL = "from d2lcnn import explorer\nexplorer.ConvLab(i=5, k=3, s=2, p=1)"

WIDGET = [
    "from d2lcnn import explorer\nlab = explorer.ConvLab(i=5, k=3, predict='size').widget()\nlab",
    "lab.s, lab.p = 2, 1",
    "print('Python has', lab.k, lab.s, lab.answer, lab.right)",
    "cone = explorer.ConeLab([(3, 1, 2), (3, 1, 2)]).widget()\ncone",
    "cone.pos = 2\nprint('stack', cone.layers)",
]


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """Two notebooks: one to be run, one as it is stored in the repository."""
    folder = tmp_path_factory.mktemp("lab")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [new_code_cell(CELL), new_code_cell("explorer.ConvLab('transposed', 3, 3, 2, 1, output_padding=1)")]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "live.ipynb")
    html = explorer.ConvLab(i=5, k=3, s=2, p=1).html(live=False)
    output = new_output("execute_result", data={"text/html": html, "text/plain": "ConvLab"}, execution_count=1)
    cells = [new_code_cell(CELL, outputs=[output], execution_count=1)]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "stored.ipynb")
    cells = [new_code_cell(source) for source in WIDGET]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "widget.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(notebooks):
    with jupyterlab(notebooks) as address:
        yield address


@pytest.fixture
def page(lab_browser):  # noqa: F811
    context = lab_browser.new_context(viewport={"width": 1300, "height": 1200})
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and "conv-lab" in m.text else None)
    yield page
    context.close()
    assert errors == []


def test_a_run_cell_is_interactive(lab, page):
    page.goto(lab("live.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=90_000)
    figures = page.locator(".jp-OutputArea-output conv-lab")
    for _ in range(8):  # JupyterLab drops a run that is asked for before its kernel answers
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(8000)
        if figures.count() > 1:
            break
    page.wait_for_function("[...document.querySelectorAll('conv-lab')].filter(e => e.shadowRoot).length >= 2")
    assert figures.nth(0).locator("[data-board=out] figcaption").inner_text() == "output 3 × 3"
    assert figures.nth(1).locator("[data-board=out] figcaption").inner_text() == "output 6 × 6"
    figures.nth(0).locator("[data-go=fwd]").click()
    assert "column 1 reads" in figures.nth(0).locator(".live").inner_text()
    # keys belong to the figure, not to the notebook: a digit changes a number, no cell becomes a heading
    corner = figures.nth(0).locator('[data-board=in] [data-r="0"][data-c="0"]')
    corner.click()
    page.keyboard.press("7")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(300)
    assert corner.locator("text").text_content() == "7"
    assert figures.nth(0).locator("[data-board=in] g.main").get_attribute("data-r") == "1"
    assert page.locator(".jp-Notebook h1").count() == 0


def test_a_stored_untrusted_output_shows_picture_and_sentence(lab, page):
    page.goto(lab("stored.ipynb"))
    picture = page.locator(".jp-OutputArea-output img")
    picture.wait_for(timeout=90_000)
    assert picture.evaluate("async e => { await e.decode(); return e.naturalWidth }") > 300
    assert picture.get_attribute("alt").startswith("Convolution, i = 5")
    assert "Output row 0, column 0 reads" in page.locator(".jp-OutputArea-output p").inner_text()
    assert page.locator("conv-lab").evaluate_all("l => l.filter(e => e.shadowRoot).length") == 0


def run_cell(page, n, ready):
    """Run a cell until `ready` holds in the page: JupyterLab drops a run asked for before its kernel answers."""
    for _ in range(8):
        page.locator(".jp-Notebook .jp-CodeCell").nth(n).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        try:
            page.wait_for_function(ready, timeout=20_000)
            return
        except PlaywrightTimeout:
            continue
    pytest.fail(f"cell {n}: {page.locator('.jp-OutputArea-output').all_inner_texts()}")


def test_a_widget_and_python_follow_each_other(lab, page):
    pytest.importorskip("anywidget")
    page.set_default_timeout(90_000)
    page.goto(lab("widget.ipynb"))
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    figure, cone = (page.locator(f".jp-OutputArea-output {tag}") for tag in ("conv-lab", "cone-lab"))
    run_cell(page, 0, "(f => f?.shadowRoot && f.getAttribute('i') === '5')(document.querySelector('conv-lab'))")
    run_cell(page, 1, "document.querySelector('conv-lab').getAttribute('s') === '2'")  # Python moves the figure
    assert "− 1) / 2⌋ + 1" in figure.locator(".formula").text_content()
    figure.locator("[data-num=k] [data-ax='0'] [data-by='-1']").click()  # the reader moves Python
    page.wait_for_function("document.querySelector('conv-lab').getAttribute('k') === '2'")
    page.wait_for_timeout(2000)  # until Python has answered
    figure.locator(".ans").fill("3")
    figure.locator(".ask button").click()
    page.wait_for_function(
        "document.querySelector('conv-lab').shadowRoot.querySelector('.verdict').textContent", timeout=15_000
    )
    run_cell(page, 2, "document.body.innerText.includes('Python has (2, 2) (2, 2) [3, 3] True')")
    run_cell(page, 3, "document.querySelector('cone-lab')?.shadowRoot")
    cone.locator("[data-f='0.2']").fill("1")
    cone.locator("[data-f='0.2']").press("Enter")
    run_cell(page, 4, "document.querySelector('cone-lab').getAttribute('pos') === '2'")
    page.get_by_text("stack ((3, 1, 1), (3, 1, 2))", exact=True).wait_for()
    assert cone.locator("g.main").get_attribute("data-f") == "2,2"
