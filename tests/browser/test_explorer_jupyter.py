"""The explorer in a live JupyterLab: a run cell is interactive; a stored, untrusted output shows its picture."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from explorer_fixture import lab_browser  # noqa: F401
from nbformat.v4 import new_code_cell, new_notebook, new_output

from d2lcnn import explorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CELL = "from d2lcnn import explorer\nexplorer.ConvLab(i=5, k=3, s=2, p=1)"


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
    return folder


@pytest.fixture(scope="module")
def lab(notebooks):
    """Start JupyterLab on a free port, with a token and no settings of the person who runs the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    home = notebooks.parent / f"{notebooks.name}-home"
    environment = {k: v for k, v in os.environ.items() if k != "D2LCNN_STORED" and not k.startswith("JUPYTER")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
               f"--ServerApp.port={port}", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={notebooks}"]  # fmt: skip
    log = open(notebooks.parent / f"{notebooks.name}.log", "w+b")  # noqa: SIM115
    server = subprocess.Popen(command, env=environment | {"HOME": str(home)}, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5).close()
            break
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                server.kill()
                pytest.fail(f"JupyterLab did not start: {log.read().decode()[-2000:]}")
            time.sleep(0.5)
    yield lambda name: f"{address}/lab/tree/{name}?token={token}"
    server.terminate()
    server.wait(timeout=30)
    log.close()


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
