"""Write the statements of all exercises into the package; with --check, only compare.

    python tools/statements.py [--check]

The chapters are the source. `d2lcnn/exercises/statements.json` is what an installed package lists and hands out.
"""

import argparse
import ast
import json
import re
import sys
from itertools import takewhile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from exercise_contract import FACTS  # noqa: E402
from nb_markup import EXERCISE, MYST  # noqa: E402
from notebook_form import read, tags  # noqa: E402
from site_address import parse_address  # noqa: E402

TARGET = ROOT / "d2lcnn" / "exercises" / "statements.json"
INDEX = re.compile(r"\{index\} (.*)")
LINK = re.compile(r"\]\((?!https?:|#)(?P<path>[^)#]+)\.ipynb(?P<rest>#[^)]*)?\)")


def chapters(root=ROOT):
    """Return the notebooks of the book in its order."""
    table = yaml.safe_load((root / "_toc.yml").read_text("utf8"))
    files = [entry["file"] for part in table["parts"] for entry in part["chapters"]]
    return [root / f"{file}.ipynb" for file in files if file.startswith("notebooks/")]


def plain(text, path, root=ROOT):
    """Return a statement's text for elsewhere: without what only the book shows, links to the site."""
    site = parse_address(yaml.safe_load((root / "_config.yml").read_text("utf8"))["repository"]["url"]).site
    folder = path.parent

    def linked(match):
        target = (folder / match["path"]).resolve().relative_to(root.resolve())
        return f"]({site.rstrip('/')}/{target.as_posix()}.html{match['rest'] or ''})"

    return LINK.sub(linked, FACTS.sub("", MYST.sub("", text))).strip()


def imports(cells):
    """Return, by the name that it binds, each import of a chapter as a line."""
    found = {}
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
                one = type(node)(**{name: getattr(node, name) for name in node._fields} | {"names": [alias]})
                found.setdefault(alias.asname or alias.name.partition(".")[0], ast.unparse(one))
    return found


def complete(code, known):
    """Return code below the imports that it lacks: it must run where no other cell of its chapter has."""
    tree = ast.parse(code)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = {alias.asname or alias.name.partition(".")[0] for node in ast.walk(tree)
             if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
    lines = [known[name] for name in sorted((names - bound) & {*known})]
    return "\n".join([*lines, *[""] * bool(lines), code]) if code else ""


def of_chapter(path, root=ROOT):
    """Yield the statements of a chapter as dictionaries."""
    cells = read(path).cells
    title = cells[0].source.partition("\n")[0].removeprefix("# ")
    index = INDEX.search("\n".join(cell.source for cell in cells[:2]))
    topics = [entry.strip().removeprefix("! ") for entry in index[1].split(", ")] if index else []
    known = imports(cells)
    for number, cell in enumerate(cells):
        match = EXERCISE.match(cell.source) if cell.cell_type == "markdown" else None
        if not match:
            continue
        behind = list(takewhile(lambda other: other.cell_type == "code", cells[number + 1:]))
        attempts = [other.source for other in behind if "attempt" in tags(other)]
        stub = "\n".join(attempts).partition(f"check.{match['id'].replace('-', '_')}(")[0].rstrip()
        own = [other for other in behind if not {"attempt", "solution", "answer"} & {*tags(other)}]
        until = takewhile(lambda other: not (other.cell_type == "markdown" and EXERCISE.match(other.source)),
                          cells[number + 1:])
        solved = [other.source for other in until if other.cell_type == "code" and "solution" in tags(other)]
        yield {"id": match["id"], "title": match["title"], "text": plain(match["body"], path, root), "stub": stub,
               "given": [complete(other.source, known) for other in own], "solution": solved, "chapter": title,
               "topics": topics}


def text(root=ROOT):
    """Return what the file has to hold."""
    found = [statement for path in chapters(root) for statement in of_chapter(path, root)]
    return json.dumps({fields["id"]: fields for fields in found}, ensure_ascii=False, indent=1) + "\n"


def main(argv=None):
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; 1 if the chapters have changed")
    wanted = text()
    if parser.parse_args(argv).check:
        if TARGET.is_file() and TARGET.read_text("utf8") == wanted:
            return 0
        print(f"{TARGET.relative_to(ROOT)} is older than the chapters: run python tools/statements.py", file=sys.stderr)
        return 1
    TARGET.write_text(wanted, "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
