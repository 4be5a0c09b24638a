"""The form of a chapter as far as a program can judge it: markup, folds, widths, what readers see at first sight.

Each rule takes a `Chapter` and returns its problems as lines; none is fine. The rules of `SECOND_EDITION` do not yet
hold for the chapters named in `NOT_YET_REVISED`; whoever revises one takes it off that list.
"""

import re

from exercise_contract import EXERCISE
from markdown_it import MarkdownIt
from nb_markup import convert
from notebook_form import tags

CODE_WIDTH, OUTPUT_WIDTH = 76, 80  # characters; the column of the book shows 80 at 1280 pixels
FIGURES = 4
LONG_CELL = 12  # lines
TRUE_LINES = 6  # lines with "True" that a reader sees; agreement is checked in folded cells
INDEX_ENTRIES = 3

NOT_YET_REVISED = {
    "convolution_arithmetic",
    "receptive_fields",
    "convolution_as_matrix",
    "im2col_and_fast_convolution",
    "backpropagation",
    "transposed_convolution",
    "dilated",
    "separable",
    "locally_connected_and_dense",
    "gated",
    "sequences",
    "alexnet",
    "vgg",
    "nin",
    "googlenet",
    "resnet",
    "compared",
}

PREDICTION = re.compile(r"\*Predict\b[^*\n]*\*")
ANSWER = "<summary>Show the answer</summary>"
MATH = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
PLAIN = MarkdownIt("commonmark").enable("table")


def markup_is_closed(chapter):
    """Comments, folds and colon fences open and close within one cell; no directive in backticks."""
    problems = []
    for cell in chapter.markdown:
        text, left_over = convert(cell.source)
        problems += [f"cell {cell['id']}: without its other end, or of no known form: {line}" for line in left_over]
        if cell.source.count("<!--") != cell.source.count("-->"):
            problems.append(f"cell {cell['id']}: a comment is opened or closed once too often")
        fences = []
        for colons, rest in re.findall(r"^(:{3,})[ \t]*(.*)$", text, re.MULTILINE):
            if rest:
                fences.append(colons)
            elif fences and fences[-1] == colons:
                fences.pop()
            else:
                problems.append(f"cell {cell['id']}: '{colons}' closes nothing")
        problems += [f"cell {cell['id']}: '{colons}' is not closed" for colons in fences]
        if re.search(r"^\s*[`~]{3,}\s*\{", cell.source, re.MULTILINE):
            problems.append(f"cell {cell['id']}: a directive in backticks; write colons in a comment")
    return problems


def raw_markup(source):
    """Return what a plain notebook would show of a cell's markup instead of rendering it."""
    raw = []
    tokens = PLAIN.parse(MATH.sub("x", source))  # notebooks take formulas out before they render
    for token in [inner for outer in tokens for inner in (outer, *(outer.children or ()))]:
        if token.type == "html_block":  # nothing inside is rendered, so only tags, comments and words may stand there
            shown = re.sub(r"<[^>]+>", "", COMMENT.sub("", token.content))
            raw += re.findall(r"[^\n]*(?:[*_`\[\]]|:::)[^\n]*", shown)
        elif token.type == "text":
            raw += re.findall(r"\*\*|:{3,}|<!--|-->|\{[\w:]+\}", token.content)
    return raw


def plain_notebooks_show_clean_text(chapter):
    """JupyterLab, Colab and GitHub, which know CommonMark and no MyST, show no raw markup."""
    return [
        f"cell {cell['id']}: a plain notebook shows {raw!r}; a comment or tag needs a line of its own, then a blank one"
        for cell in chapter.markdown
        for raw in raw_markup(cell.source)
    ]


def has_index_entries(chapter):
    """Three main entries of the index or more: what people type who look for this chapter."""
    entries = [x for line in re.findall(r"\{index\}([^\n]*)", chapter.sources) for x in line.split(",") if "!" in x]
    if len(entries) < INDEX_ENTRIES:
        return [f"{len(entries)} main entries of the index ('! max pooling'), expected {INDEX_ENTRIES} or more"]
    return []


def printed(cell):
    """Return the lines of text that a cell stores where readers see them: not what a picture or table replaces."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        rich = any(kind in data for kind in ("image/png", "text/html"))
        texts.append(output.get("text") or data.get("text/markdown") or ("" if rich else data.get("text/plain", "")))
    return "\n".join(texts).splitlines()


def fits_the_page(chapter):
    """No line of code is wider than 76 characters, no line of output wider than 80."""
    problems = []
    for cell in chapter.code[1:]:
        for what, lines, width in (
            ("code", cell.source.splitlines(), CODE_WIDTH),
            ("output", printed(cell), OUTPUT_WIDTH),
        ):
            for line in lines:
                if len(line) > width:
                    problems.append(f"cell {cell['id']}: {len(line)} characters of {what}, {width} fit: {line.strip()}")
    return problems


def predictions_are_closed(chapter):
    """What readers are asked to predict is folded away below the question."""
    problems, cells = [], chapter.notebook.cells
    for place, cell in enumerate(cells):
        asked = [] if cell.cell_type == "code" or EXERCISE.match(cell.source) else PREDICTION.findall(cell.source)
        if not asked:
            continue
        behind = []
        for following in cells[place + 1 :]:
            behind.append(following)
            if following.cell_type == "markdown":
                break
        folded = any("answer" in tags(x) for x in behind) or ANSWER in cell.source
        if not folded and not (behind and ANSWER in behind[-1].source):
            problems.append(f"cell {cell['id']}: {asked[-1]} is answered in the open")
    return problems


def agreement_is_folded(chapter):
    """At most six lines with "True" are seen; others stand in cells tagged `check`."""
    lines = [line for cell in chapter.shown for line in printed(cell) if re.search(r"\bTrue\b", line)]
    return [f"{len(lines)} lines with 'True' are seen, {TRUE_LINES} are the most"] * (len(lines) > TRUE_LINES)


def cells_are_small(chapter):
    """More than half of the cells have less than 12 lines."""
    lengths = [len(cell.source.splitlines()) for cell in chapter.shown]
    if 2 * sum(length < LONG_CELL for length in lengths) <= len(lengths):
        return [f"half of the code cells or more have {LONG_CELL} lines or more"]
    return []


def has_the_figures(chapter):
    """Four cells with a figure or more."""
    drawn = len(chapter.figures)
    return [f"{drawn} cells with a figure, expected {FIGURES} or more"] * (drawn < FIGURES)


def hints_are_offered(chapter):
    """The text says once how to ask for a hint."""
    said = any("check.hint(" in cell.source for cell in chapter.markdown)
    return [] if said else ["no text says that check.hint gives hints after two failed tries"]


RULES = (markup_is_closed, plain_notebooks_show_clean_text, has_index_entries)
SECOND_EDITION = (fits_the_page, predictions_are_closed, agreement_is_folded, cells_are_small, has_the_figures,
                  hints_are_offered)
