"""Begin a chapter: skeleton notebook, line in the table of contents, exercise specs.

    python tools/new_chapter.py foundations/padding "Padding" [--after cross_correlation]

The chapter goes to the end of its part, or behind the chapter named with ``--after``. A skeleton does not
pass the tests: every text in it begins with the words that tests/test_chapters.py refuses.
"""

import argparse
import io
import re
import sys
from pathlib import Path

import nbformat
from notebook_form import dumps, normalise
from ruamel.yaml import YAML
from setup_cell import SETUP_CELL

ROOT = Path(__file__).resolve().parent.parent
MARKER = "TO WRITE"
# Folder of a part, and its caption in the table of contents, in the order of the book.
PARTS = {
    "foundations": "I. From pixels to convolutions",
    "arithmetic": "II. Arithmetic and implementation",
    "variants": "III. The family of convolutions",
    "networks": "IV. Networks",
    "training": "V. Training convolutional networks",
    "beyond": "VI. Beyond classification",
}
LAST_SECTIONS = ("Pitfalls", "What to remember", "Exercises", "Where it comes from, where it leads")


OPENING = """\
# {title}

<!-- myst
:::{{index}} ! {marker}, ! three terms, ! that people type
:::
-->

{marker}: the problem, in the reader's terms, in one paragraph.

At the end you will be able to

- {marker}: a goal that a test could ask for;
- {marker}: a second one;
- {marker}: a third one."""

SECTIONS = (
    ("The smallest example", "by hand first, then in the loop that is the definition"),
    ("The derivation", "the shapes at every step; the result in a box or a table"),
    ("The library's function", "shown by its source where it teaches; equal to the loop and to torch"),
    ("On real images", "a question, the prediction asked of the reader, the experiment, what it does not show"),
)

EXERCISE = """\
**Exercise {id}. {marker}.**

*Class {cls}, 10 minutes, difficulty 1, 1 point.*

{marker}: what is given, what is asked, what is checked."""

SOLUTION = """\
<details><summary>Solution of {id}</summary>

{marker}: the explanation, not only the code.

</details>"""

SPECS = '''\
"""{marker}: the exercises of the chapter "{title}"."""

from d2lcnn.exercises import Exercise

# Two or more need a check: kind "function" or "value", with cases, an oracle and the known mistakes.
EXERCISES = [
{rows}
]
'''
SPEC = '    Exercise("{id}", "{slug}", kind="open", cls="{cls}", minutes=10, difficulty=1, points=1),'


def exercises(slug):
    """Return (id, class) of a skeleton's five exercises; odd ones are for practice."""
    return [(f"{slug.replace('_', '-')}-{n}", "P" if n % 2 else "A") for n in range(1, 6)]


def skeleton(slug, title):
    """Return the notebook with the sections of a chapter and nothing in them."""
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    setup = code(SETUP_CELL, metadata={"tags": ["remove-cell"]})
    cells = [markdown(OPENING.format(title=title, marker=MARKER)), setup]
    for name, what in SECTIONS:
        cells += [markdown(f"## {name}\n\n{MARKER}: {what}."), code(f"# {MARKER}")]
    pitfalls, remember, heading, sources = LAST_SECTIONS
    cells += [
        markdown(f"## {pitfalls}\n\n{MARKER}: the two or three mistakes people make here, each triggered below."),
        code(f"# {MARKER}"),
        markdown(f"## {remember}\n\n- {MARKER}: five lines at most."),
        markdown(f"## {heading}"),
    ]
    for name, cls in exercises(slug):
        cells.append(markdown(EXERCISE.format(id=name, cls=cls, marker=MARKER)))
        if cls == "P":
            cells.append(markdown(SOLUTION.format(id=name, marker=MARKER)))
    cells.append(markdown(f"## {sources}\n\n{MARKER}: the primary sources; links to the chapters that follow."))
    for cell in cells:
        cell.pop("id")  # random; normalise makes one from the source
    notebook = nbformat.v4.new_notebook()
    notebook.cells = cells
    return normalise(notebook)


def specs(slug, title):
    """Return the source of the chapter's module of exercise specs."""
    rows = "\n".join(SPEC.format(id=name, slug=slug, cls=cls) for name, cls in exercises(slug))
    return SPECS.format(title=title, rows=rows, marker=MARKER)


def add_to_toc(toc, part, slug, after=None):
    """Return the text of the table of contents with one more chapter, comments kept.

    Raises
    ------
    ValueError
        If `after` is missing from the part.
    """
    layout = YAML()
    layout.indent(sequence=4, offset=2)
    layout.width = 1000
    table, text = layout.load(toc), io.StringIO()
    chapters = chapters_of(table["parts"], part)
    files = [entry["file"] for entry in chapters]
    if after is None:
        at = len(files)
    elif f"notebooks/{part}/{after}" in files:
        at = files.index(f"notebooks/{part}/{after}") + 1
    else:
        raise ValueError(f"--after {after}: part {part!r} of _toc.yml has no such chapter")
    chapters.insert(at, {"file": f"notebooks/{part}/{slug}"})
    layout.dump(table, text)
    return text.getvalue()


def chapters_of(parts, part):
    """Return the chapters of a part, putting the part in its place among `parts` if it is not there."""
    captions, order = [entry["caption"] for entry in parts], list(PARTS.values())
    if PARTS[part] not in captions:
        place = order.index(PARTS[part])
        later = [n for n, caption in enumerate(captions) if caption in order[place:]]
        earlier = [n + 1 for n, caption in enumerate(captions) if caption in order[:place]]
        at = min(later) if later else max(earlier, default=len(parts))
        parts.insert(at, {"caption": PARTS[part], "numbered": True, "chapters": []})
        captions.insert(at, PARTS[part])
    return parts[captions.index(PARTS[part])]["chapters"]


def create(name, title, *, after=None, root=ROOT):
    """Write the three files of a new chapter; nothing is written if one of them cannot be.

    Returns
    -------
    list of Path
        The notebook, the table of contents, the module of exercise specs.
    """
    match = re.fullmatch(r"([a-z]+)/([a-z][a-z0-9_]*)", name)
    if match is None or match[1] not in PARTS:
        raise ValueError(f"name is {name!r}; it must be part/slug, the part one of {', '.join(PARTS)}")
    part, slug = match.groups()
    notebook = root / "notebooks" / part / f"{slug}.ipynb"
    module = root / "d2lcnn" / "exercises" / f"{slug}.py"
    for path in (notebook, module):
        if path.exists():
            raise ValueError(f"{path.relative_to(root)} exists already")
    table = root / "_toc.yml"
    toc = add_to_toc(table.read_text("utf8"), part, slug, after)
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_bytes(dumps(skeleton(slug, title)))
    module.write_text(specs(slug, title), "utf8")
    table.write_text(toc, "utf8")
    return [notebook, table, module]


def main(argv=None):
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="part/slug, for instance foundations/padding")
    parser.add_argument("title", help="title of the chapter")
    parser.add_argument("--after", metavar="SLUG", help="put it behind this chapter of the same part")
    options = parser.parse_args(argv)
    try:
        written = create(options.name, options.title, after=options.after)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("written:", *(path.relative_to(ROOT) for path in written))
    print(f"next: fill what says {MARKER!r}, then make run NB={written[0].relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
