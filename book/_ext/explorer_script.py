"""The convolution explorer in pages: its script is copied from the package and loaded where it is used.

A page that holds a ``<conv-lab ...>`` element, written in Markdown or stored in a notebook's output, gets
``_static/conv-lab.js`` once, as a classic script: it works from file:// too, where browsers refuse modules.
"""

import shutil
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "d2lcnn" / "explorer" / "conv-lab.js"


def copy_script(app):
    """Put the script beside the book's other static files, before the first page is written."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SCRIPT, target / SCRIPT.name)


def add_script(app, pagename, templatename, context, doctree):
    """Load the script in pages that use the element."""
    if "<conv-lab" in context.get("body", ""):
        app.add_js_file(SCRIPT.name, loading_method="defer")


def setup(app):
    """Connect the hooks."""
    app.connect("builder-inited", copy_script)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
