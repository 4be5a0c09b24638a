"""Write the list of chapters in README.md from _toc.yml; with --check, say whether it is up to date.

    python tools/readme_chapters.py [--check]

The list stands between the two marker lines; titles are the first headings of the notebooks.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- chapters: written by tools/readme_chapters.py -->", "<!-- /chapters -->"


def title(notebook):
    """Return the first heading of a notebook."""
    for cell in json.loads(notebook.read_text("utf8"))["cells"]:
        heading = re.search(r"^# +(.+)$", "".join(cell["source"]), re.MULTILINE)
        if cell["cell_type"] == "markdown" and heading:
            return heading[1].strip()
    raise ValueError(f"{notebook} has no heading")


def chapter_list(root=ROOT):
    """Return the Markdown list: one heading a part, chapters numbered through."""
    lines, number = [], 0
    for part in yaml.safe_load((root / "_toc.yml").read_text("utf8"))["parts"]:
        chapters = [entry["file"] for entry in part["chapters"] if entry["file"].startswith("notebooks/")]
        if not chapters:
            continue
        lines += [f"**{part['caption']}**", ""]
        for file in chapters:
            number += 1
            path = f"{file.removesuffix('.ipynb')}.ipynb"
            lines.append(f"{number}. [{title(root / path)}]({path})")
        lines.append("")
    return "\n".join(lines).rstrip()


def updated(readme, chapters):
    """Return the README's text with the list put between the markers."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise ValueError(f"README.md must hold the lines {BEGIN!r} and {END!r}, once each, in this order")
    head, tail = readme[: readme.index(BEGIN)], readme[readme.index(END) :]
    return f"{head}{BEGIN}\n\n{chapters}\n\n{tail}"


def main(argv=None, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if the list is stale")
    options = parser.parse_args(argv)
    path = root / "README.md"
    text = path.read_text("utf8")
    new = updated(text, chapter_list(root))
    if options.check:
        sys.exit(0 if new == text else "README.md: the list of chapters is stale; run python tools/readme_chapters.py")
    path.write_text(new, "utf8")


if __name__ == "__main__":
    main()
