"""The contract of a chapter as far as a program can judge it.

    python tools/chapter_contract.py notebooks/foundations/padding.ipynb

Each rule takes a `Chapter` and returns its problems as lines; none is fine. Whether a chapter is good, people
decide; these rules keep out what they should not have to look for.
"""

import ast
import importlib.util
import re
import sys
from pathlib import Path

import exercise_contract
import form_contract
import yaml
from exercise_contract import Chapter, statements
from nb_markup import convert
from new_chapter import LAST_SECTIONS, MARKER, ROOT
from notebook_form import IGNORE, MACHINE_PATH, check, read, tags
from setup_cell import SETUP_CELL

from d2lcnn import exercises

WORDS = (1800, 4500)  # of prose, solutions not counted; STYLE asks for 2,000 to 4,000
CODE_CELLS = (15, 40)
LONGEST_CELL = 40  # lines
SHORTEST_ALT = 20  # characters
IMPORTS = {"d2lcnn", "numpy", "torch", "matplotlib", "skimage", "scipy"} | set(sys.stdlib_module_names)
UNFINISHED = re.compile(rf"\b(?:TODO|FIXME|XXX|TBD|{MARKER}|[Ll]orem ipsum)\b")
# "Goodfellow et al. 2016, chapter 9" cites a book; our own chapters are linked, their numbers may change.
CHAPTER_NUMBER = re.compile(r"(?<!\d{4}, )\bchapters? \d+", re.IGNORECASE)
DIGITS = re.compile(r"(?<![\w.])\d*\.\d+(?:[eE][+-]?\d+)?")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def book_text(cell):
    """Return what the book shows of a text cell, without blocks of code."""
    return re.sub(r"^(`{3,}|~{3,}).*?^\1", "", convert(cell.source)[0], flags=re.DOTALL | re.MULTILINE)


def headings(chapter):
    """Return (level, title) of every heading, in order."""
    lines = [line for cell in chapter.markdown for line in book_text(cell).splitlines()]
    return [(len(m[1]), m[2].strip()) for line in lines if (m := re.match(r"(#{1,6}) +(.+)", line))]


def section(chapter, title):
    """Return the text of the section of that title, up to the next heading of the same level."""
    text = "\n\n".join(book_text(cell) for cell in chapter.markdown)
    match = re.search(rf"^## +{re.escape(title)}\s*$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return match[1].strip() if match else ""


def items(text):
    """Count the entries of the lists in a text."""
    return len(re.findall(r"^(?:[-*+]|\d+[.)]) ", text, re.MULTILINE))


def begins_with_the_setup_cell(chapter):
    """The first code cell is the setup cell, hidden."""
    if not chapter.code or chapter.code[0].source != SETUP_CELL:
        return ["the first code cell is not SETUP_CELL (run tools/execute_notebooks.py --no-exec)"]
    if tags(chapter.code[0]) != ["remove-cell"]:
        return [f"the setup cell has the tags {tags(chapter.code[0])}, expected ['remove-cell']"]
    return []


def has_the_sections(chapter):
    """One title, three to five goals, then sections, the last four being the ones of every chapter."""
    titles = headings(chapter)
    problems = []
    if [level for level, _ in titles].count(1) != 1 or not titles or titles[0][0] != 1:
        problems.append("expected one title ('# ...') and at the top")
    opening = re.split(r"^## ", "\n\n".join(book_text(c) for c in chapter.markdown), maxsplit=1, flags=re.MULTILINE)[0]
    if not 3 <= items(opening) <= 5:
        problems.append(f"{items(opening)} learning goals listed before the first section, expected 3 to 5")
    sections = [title for level, title in titles if level == 2]
    if tuple(sections[-4:]) != LAST_SECTIONS:
        problems.append(f"the last sections are {sections[-4:]}, expected {list(LAST_SECTIONS)}")
    elif len(sections) < 7:
        problems.append(f"{len(sections) - 4} sections before the last four, expected 3 or more")
    remember = section(chapter, LAST_SECTIONS[1])
    lines = items(remember) or len([block for block in remember.split("\n\n") if block.strip()])
    if not 1 <= lines <= 5:
        problems.append(f"{LAST_SECTIONS[1]!r} has {lines} lines, expected 1 to 5")
    if not section(chapter, LAST_SECTIONS[3]):
        problems.append(f"{LAST_SECTIONS[3]!r} is empty")
    return problems


def count_words(chapter):
    """Count the words of prose: no code, formulas, addresses, solutions."""
    text = "\n\n".join(book_text(cell) for cell in chapter.markdown)
    text = re.sub(r"^(:{3,})\{solution.*?^\1\s*$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>|`[^`\n]*`", " ", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|^:.*$|\{[\w:]+\}", " ", text, flags=re.MULTILINE)
    return len(re.findall(r"[^\W\d_][\w'’-]*", text))


def has_the_length(chapter):
    """Enough prose and code, not too much of either, in cells that are not too long."""
    problems = []
    words = count_words(chapter)
    if not WORDS[0] <= words <= WORDS[1]:
        problems.append(f"{words} words of prose, expected {WORDS[0]} to {WORDS[1]}")
    lengths = [len(cell.source.splitlines()) for cell in chapter.shown]
    if not CODE_CELLS[0] <= len(lengths) <= CODE_CELLS[1]:
        problems.append(f"{len(lengths)} code cells to be seen, expected {CODE_CELLS[0]} to {CODE_CELLS[1]}")
    problems += [f"a code cell of {n} lines; {LONGEST_CELL} is the most" for n in lengths if n > LONGEST_CELL]
    return problems


def figures_have_alt_text(chapter):
    """Each figure has an alternative text in the cell's metadata."""
    problems = []
    for cell in chapter.figures:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if len(alt.strip()) < SHORTEST_ALT:
            problems.append(f"cell {cell['id']}: a figure without metadata.mystnb.image.alt that says what is there")
    return problems


def code_is_portable(chapter):
    """Plain Python that imports what the book names, without paths, path tricks or styles of its own."""
    problems = []
    for cell in chapter.code:
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            problems.append(f"cell {cell['id']}: not plain Python: {error.msg}")
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "." * node.level] if isinstance(node, ast.ImportFrom) else []
            problems += [f"cell {cell['id']}: imports {n}" for n in names if n.split(".")[0] not in IMPORTS]
        tricks = re.findall(r"sys\.path|PYTHONPATH|rcParams|plt\.style", cell.source)
        problems += [f"cell {cell['id']}: {trick} is not for chapters" for trick in tricks]
        if path := MACHINE_PATH.search(cell.source):
            problems.append(f"cell {cell['id']}: names a path of a machine: {path[0]!r}")
    return problems


def prints(cell):
    """Tell whether a cell stores text of its own; the name of a figure is none."""
    texts = [output.get("text", output.get("data", {}).get("text/plain", "")) for output in cell.outputs]
    return any(text.strip() and not text.startswith("<Figure") for text in texts)


def outputs_survive_another_processor(chapter):
    """No number with eight digits or more; what is not compared is bounded by a compared cell behind it."""
    problems = []
    for place, cell in enumerate(chapter.code):
        for output in cell.outputs:
            texts = [output.get("text", ""), *(v for k, v in output.get("data", {}).items() if k[:5] == "text/")]
            for number in DIGITS.findall("\n".join(texts)):
                if len(re.split("[eE]", number)[0].replace(".", "").lstrip("0")) >= 8:
                    problems.append(f"cell {cell['id']}: prints {number}; round it")
        if IGNORE in tags(cell):
            following = chapter.code[place + 1] if place + 1 < len(chapter.code) else None
            if following is None or {IGNORE, "attempt"} & set(tags(following)) or not prints(following):
                problems.append(f"cell {cell['id']}: tagged {IGNORE}, but the next cell prints no compared claim")
    return problems


def text_is_finished(chapter):
    """No reminder to write something, no chapter by its number, no link into the void."""
    problems = [f"unfinished: {word!r}" for word in UNFINISHED.findall(chapter.sources)]
    for cell in chapter.markdown:
        problems += [f"cell {cell['id']}: {n!r}; link it by name" for n in CHAPTER_NUMBER.findall(cell.source)]
        for target in LINK.findall(re.sub(r"`[^`\n]*`", "", cell.source)):
            path = target.split("#")[0]
            if path and not re.match(r"[a-z]+:", path) and not (chapter.path.parent / path).exists():
                problems.append(f"cell {cell['id']}: a link to {path}, which does not exist")
    return problems


RULES = (
    begins_with_the_setup_cell,
    has_the_sections,
    has_the_length,
    figures_have_alt_text,
    code_is_portable,
    outputs_survive_another_processor,
    text_is_finished,
    *form_contract.RULES,
    *exercise_contract.RULES,
)


def chapter_files(root=ROOT):
    """Return the notebooks of all chapters; notebooks/assignments/ holds none."""
    folder = root / "notebooks"
    apart = {".ipynb_checkpoints", "assignments"}
    return sorted(p for p in folder.rglob("*.ipynb") if not apart & set(p.relative_to(folder).parts))


def toc_problems(root=ROOT):
    """Compare the table of contents with the files: each names what the other has, once."""
    table = yaml.safe_load((root / "_toc.yml").read_text("utf8"))
    named = [entry["file"] for part in table["parts"] for entry in part["chapters"] if "file" in entry]
    named = [name.removesuffix(".ipynb").removesuffix(".md") for name in [*named, table["root"]]]
    there = [path.relative_to(root).with_suffix("").as_posix() for path in chapter_files(root)]
    problems = [f"_toc.yml names {name} twice" for name in sorted({n for n in named if named.count(n) > 1})]
    problems += [f"{name}.ipynb is not in _toc.yml" for name in there if name not in named]
    for name in named:
        if not any((root / f"{name}{suffix}").exists() for suffix in (".ipynb", ".md")):
            problems.append(f"_toc.yml names {name}, which does not exist")
    return problems


def load(path):
    """Return the chapter stored at `path` with its specs (none if its module is missing)."""
    known = importlib.util.find_spec(f"d2lcnn.exercises.{path.stem}") is not None
    specs = tuple(exercises.chapter(path.stem)) if known else ()
    return Chapter(path, read(path), specs)


def problems(chapter):
    """Return all problems of a chapter that is stored, as lines."""
    stored = [line.removeprefix(f"{chapter.path}: ") for line in check(chapter.path)]
    rules = RULES if chapter.path.stem in form_contract.NOT_YET_REVISED else (*RULES, *form_contract.SECOND_EDITION)
    return stored + [problem for rule in rules for problem in rule(chapter)]


def main(argv=None):
    """Report the problems of the notebooks named on the command line; return the exit code."""
    failures = 0
    for path in map(Path, sys.argv[1:] if argv is None else argv):
        chapter = load(path)
        found = problems(chapter)
        counts = count_words(chapter), len(chapter.shown), len(statements(chapter))
        print(f"{path}: {counts[0]} words, {counts[1]} code cells, {counts[2]} exercises")
        print(*(f"{path}: {problem}" for problem in found), sep="\n", end="\n" if found else "")
        failures += len(found)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
