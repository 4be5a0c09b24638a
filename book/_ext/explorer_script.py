"""The explorer in pages: its scripts are written beside the book's static files and loaded where they are used.

A page that holds a ``<conv-lab ...>`` element, written in Markdown or stored in a notebook's output, gets
``_static/conv-lab.js`` once, as a classic script: it works from file:// too, where browsers refuse modules. A page
with ``<channel-lab ...>`` or ``<cone-lab ...>`` gets ``_static/stack-lab.js`` after it, which stands on the first.
"""

from pathlib import Path

from d2lcnn.explorer import script

SCRIPTS = ("conv-lab", "stack-lab")
STACKED = ("<channel-lab", "<cone-lab")


def scripts(body):
    """Name the scripts that the HTML of a page needs, in the order of loading."""
    if any(tag in body for tag in STACKED):
        return SCRIPTS
    return SCRIPTS[:1] if "<conv-lab" in body else ()


def write_scripts(app):
    """Put the scripts beside the book's other static files, before the first page is written."""
    if app.builder.format == "html":
        target = Path(app.outdir) / "_static"
        target.mkdir(parents=True, exist_ok=True)
        for name in SCRIPTS:
            (target / f"{name}.js").write_text(script(name), encoding="utf-8")


def add_scripts(app, pagename, templatename, context, doctree):
    """Load the scripts in pages that use their elements."""
    # of two files with the same priority the one added first comes first
    for name in scripts(context.get("body", "")):
        app.add_js_file(f"{name}.js", loading_method="defer")


def setup(app):
    """Connect the hooks."""
    app.connect("builder-inited", write_scripts)
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
