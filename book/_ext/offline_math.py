"""MathJax from the pip package, so that pages need no other host.

``sphinx-mathjax-offline`` holds the ``es5`` folder of ``mathjax@3.2.2`` as npm
publishes it, 24 MB. Its own Sphinx extension would copy all of it; this one
copies the 2.5 MB that formulas on these pages can ask for.
"""

import shutil
from importlib.metadata import distribution
from pathlib import Path

# Component that reads TeX and writes HTML; its fonts; TeX packages that are
# loaded on first use (\boldsymbol, \cancel ...); MathML for screen readers; the menu.
FILES = (
    "tex-chtml.js",
    "output/chtml/fonts/woff-v2",
    "input/tex/extensions",
    "a11y/assistive-mml.js",
    "ui/menu.js",
)


def mathjax_folder():
    """Folder of MathJax in the installed package.

    Returns
    -------
    pathlib.Path
    """
    package = distribution("sphinx-mathjax-offline")
    return Path(package.locate_file("sphinx-mathjax-offline/static/mathjax"))


def copy_mathjax(source, target, names=FILES):
    """Copy files and folders of MathJax, keeping their places.

    Parameters
    ----------
    source, target : pathlib.Path
        MathJax's folder, and the folder to fill.
    names : iterable of str
        Paths inside `source`.

    Raises
    ------
    FileNotFoundError
        If `source` lacks one of `names`: another release of the package, maybe.
    """
    for name in names:
        origin, goal = Path(source, name), Path(target, name)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, goal, dirs_exist_ok=True)
        elif origin.is_file():
            shutil.copyfile(origin, goal)
        else:
            raise FileNotFoundError(f"sphinx-mathjax-offline has no {name!r} in {source}")


def _point_at_copy(app, config):
    config.mathjax_path = "mathjax/tex-chtml.js"


def _copy(app, exception):
    if exception is None and app.builder.format == "html":
        copy_mathjax(mathjax_folder(), Path(app.outdir, "_static", "mathjax"))


def setup(app):
    """Register the hooks with Sphinx."""
    app.connect("config-inited", _point_at_copy)
    app.connect("build-finished", _copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
