"""The one form in which notebooks are stored: read, normalise, check. Nothing is executed here.

Normal form: format 4.5, one kernelspec, stable cell ids, only permitted metadata, no timings, execution counts
1..n, one output a stream, stdout before stderr, LF, one newline at the end, the setup cell that of all chapters. What
a notebook folds follows from its tags alone: the metadata that JupyterLab and Colab read are derived from them, and so
are the book's prompts.
"""

import ast
import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from setup_cell import SETUP_CELL

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
IGNORE = "nbval-ignore-output"


class Fold(NamedTuple):
    """What notebooks fold for a tag, and what the book's fold of the whole cell says."""

    source: bool
    outputs: bool
    prompt: str = ""


FOLDS = {
    "remove-cell": Fold(True, False),
    "remove-input": Fold(True, False),
    "hide-input": Fold(True, False),
    "hide-output": Fold(False, True),
    # The book folds these as they are tagged `hide-cell` too ...
    "answer": Fold(True, True, "the answer"),
    "check": Fold(True, True, "the check"),
    "attempt": Fold(False, False, "the stub for your answer"),  # readers of the notebook write in it
    # ... and these with the solution's text: book/_ext/nb_markup.py.
    "solution": Fold(True, True),
}
WHOLE = frozenset(tag for tag, fold in FOLDS.items() if fold.prompt)
PERMITTED_TAGS = frozenset({*FOLDS, "hide-cell", IGNORE})
PERMITTED_METADATA = frozenset({"tags", "mystnb", "d2lcnn"})
# Paths that only one machine has; warnings and tracebacks print them.
MACHINE_PATH = re.compile(
    r"(?<![\w./:-])(?:/(?:home|root|Users|tmp|work|opt|usr|var|mnt|private|content)/[\w.@-]+|[A-Z]:\\+\w+)"
    r"|site-packages|ipykernel_\d+"
)


def read(path):
    """Read a notebook of format 4 as it is: no validation, which would invent random cell ids."""
    text = Path(path).read_bytes().decode("utf8")
    if json.loads(text).get("nbformat") != 4:
        raise ValueError(f"{path} is not a notebook of format 4")
    return nbformat.v4.reads(text)


def dumps(notebook):
    """Return the bytes that are stored: LF, one newline at the end."""
    nbformat.validate(notebook)
    return (nbformat.writes(notebook, version=4).rstrip("\n") + "\n").encode("utf8")


def code_cells(notebook):
    """Return the code cells with something in them."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def tags(cell):
    """Return the tags of a cell as a list."""
    return list(cell.metadata.get("tags", []))


def _meaning(node):
    """Return a tree of Python as nested tuples: what the code says, not how it is laid out."""
    if isinstance(node, ast.AST):
        fields = ((name, _meaning(value)) for name, value in ast.iter_fields(node) if name != "kind")
        # versions of Python differ in which empty fields a node has
        return (type(node).__name__, *(pair for pair in fields if pair[1] not in (None, ())))
    return tuple(map(_meaning, node)) if isinstance(node, list) else repr(node) if node is not None else None


def source_hashes(notebook):
    """Hash, for every code cell, its code and that of the code cells before it.

    Layout and comments do not count: a line that is broken differently makes no stored number old. The setup cell
    (first, tagged ``remove-cell``) is left out: it holds the repository's address, which decides no output. So are
    the readers' own cells, tagged ``attempt``.
    """
    digest, hashes = hashlib.sha256(), {}
    for cell in code_cells(notebook):
        if not is_setup(notebook, cell) and "attempt" not in tags(cell):
            try:
                meaning = repr(_meaning(ast.parse(cell.source)))
            except SyntaxError:  # told by the check; a line of IPython, for instance
                meaning = cell.source.strip()
            digest.update(meaning.encode() + b"\0")
        hashes[cell["id"]] = digest.hexdigest()[:16]
    return hashes


def recorded(cell):
    """Return the hash of the code that made an ignored cell's outputs, or None."""
    return cell.metadata.get("d2lcnn", {}).get("source")


def give_ids(notebook):
    """Keep cell ids; make a missing or repeated one from the cell's source."""
    seen = set()
    for cell in notebook.cells:
        name = cell.get("id")
        if not name or name in seen:
            digest, length = hashlib.sha256(cell.source.encode()).hexdigest(), 8
            while digest[:length] in seen and length < 64:
                length += 1
            name = digest[:length]
            copies = 1
            while name in seen:  # the same source more often than a hash has prefixes
                copies, name = copies + 1, f"{digest[:8]}-{copies}"
        cell["id"] = name
        seen.add(name)


def tidy_outputs(outputs, count):
    """Merge streams of one name, put stdout before stderr, drop what differs from run to run."""
    streams, tidied = {}, []
    for output in outputs:
        if output.output_type == "stream":
            if output.name in streams:
                streams[output.name].text += output.text
                continue
            streams[output.name] = output
        if output.output_type == "execute_result":
            output.execution_count = count
        if "data" in output:
            output.metadata = nbformat.from_dict({k: v for k, v in output.metadata.items() if v})
            if "image/png" in output.data:
                output.data["image/png"] = "".join(output.data["image/png"].split()) + "\n"
        tidied.append(output)
    if len(streams) == 2:  # which of the two comes first is a matter of timing
        first = min(tidied.index(stream) for stream in streams.values())
        rest = [output for output in tidied if output.output_type != "stream"]
        tidied = [*rest[:first], streams["stdout"], streams["stderr"], *rest[first:]]
    return tidied


def folded(cell):
    """Return the metadata of a code cell with what follows from its tags: folds, and the book's prompt."""
    kept = {k: v for k, v in cell.metadata.items() if k in PERMITTED_METADATA}
    kept["mystnb"] = {k: v for k, v in kept.get("mystnb", {}).items() if not k.startswith("code_prompt_")}
    folds = [FOLDS[tag] for tag in tags(cell) if tag in FOLDS]
    hidden = {
        "outputs_hidden": any(fold.outputs for fold in folds),
        "source_hidden": any(fold.source for fold in folds),
    }
    kept["jupyter"] = {name: True for name, value in hidden.items() if value}
    kept["cellView"] = "form" if hidden["source_hidden"] else ""  # Colab's word for a folded cell
    for fold in folds:
        if fold.prompt:
            kept["mystnb"] |= {f"code_prompt_{verb}": f"{verb.title()} {fold.prompt}" for verb in ("hide", "show")}
    return kept


def is_setup(notebook, cell):
    """Tell whether a cell is the setup cell: the first code cell, if it is tagged ``remove-cell``."""
    return "remove-cell" in tags(cell) and cell is next(iter(code_cells(notebook)), None)


def normalise(notebook):
    """Bring a notebook into the one form that is stored; cells that never ran stay without a count."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    give_ids(notebook)
    count = 0
    for cell in notebook.cells:
        cell.source = SETUP_CELL if is_setup(notebook, cell) else cell.source.rstrip()
        code = cell.cell_type == "code"
        kept = folded(cell) if code else {k: v for k, v in cell.metadata.items() if k in PERMITTED_METADATA}
        if not code or IGNORE not in tags(cell):
            kept.pop("d2lcnn", None)
        cell.metadata = nbformat.from_dict({k: kept[k] for k in sorted(kept) if kept[k]})
        if code:
            if cell.source:
                count += 1
                cell.execution_count = None if cell.get("execution_count") is None else count
            cell.outputs = tidy_outputs(cell.outputs, cell.execution_count)
    return notebook


def cell_problems(cell, expected):
    """Return what is wrong with one code cell; `expected` is its (count, source hash)."""
    count, digest = expected
    problems = [f"tag {tag!r} is not permitted" for tag in tags(cell) if tag not in PERMITTED_TAGS]
    whole = WHOLE & set(tags(cell))
    if len(whole) != ("hide-cell" in tags(cell)):
        problems.append(f"the tag hide-cell and one of {', '.join(sorted(WHOLE))} belong together: {tags(cell)}")
    if re.search(r"#\s*(NBVAL_|PYTEST_VALIDATE_)", cell.source):
        problems.append("a comment steers nbval; use a tag, comments show in the book")
    if cell.source.rstrip().endswith(";"):
        problems.append("ends in ';', which nbval does not honour; end in plt.show() or assign to _")
    if cell.execution_count is None:
        return [*problems, "not executed"]
    if cell.execution_count != count:
        problems.append(f"execution count {cell.execution_count}, expected {count}")
    if IGNORE in tags(cell):
        if not cell.outputs:
            problems.append(f"tagged {IGNORE} but no output is stored")
        elif recorded(cell) != digest:
            problems.append("its stored output is older than the code that leads to it")
    for output in cell.outputs:
        if output.output_type == "error":
            problems.append(f"stores an error: {output.ename}: {output.evalue}")
        if "image/svg+xml" in output.get("data", {}):
            problems.append("stores an SVG figure; figures are PNG")
        texts = [output.get("text", ""), *(v for k, v in output.get("data", {}).items() if k[:5] == "text/")]
        if path := MACHINE_PATH.search("\n".join(texts)):
            problems.append(f"prints a path of a machine: {path[0]!r}")
    return problems


def check(path):
    """Return what is wrong with a stored notebook, one line a problem; nothing is executed."""
    stored = Path(path).read_bytes()
    notebook = read(path)
    empty = [c for c in notebook.cells if c.cell_type == "code" and not c.source.strip()]
    problems = ["an empty code cell"] * bool(empty)
    missing_ids = [c for c in notebook.cells if not c.get("id")]
    give_ids(notebook)
    hashes = source_hashes(notebook)
    for count, cell in enumerate(code_cells(notebook), 1):
        found = cell_problems(cell, (count, hashes[cell["id"]]))
        problems += [f"cell {notebook.cells.index(cell) + 1} ({cell['id']}): {problem}" for problem in found]
    for cell in notebook.cells:
        if cell.cell_type != "code" and tags(cell):
            problems.append(f"cell {cell['id']}: a tag on a text cell does nothing")
    if missing_ids or dumps(normalise(notebook)) != stored:
        problems.append("not in normal form (run tools/execute_notebooks.py --no-exec)")
    return [f"{path}: {problem}" for problem in problems]
