"""The one form in which notebooks are stored: read, normalise, check. Nothing is executed here.

Normal form: format 4.5, one kernelspec, stable cell ids, only permitted metadata, no timings, execution counts
1..n, one output a stream, stdout before stderr, LF, one newline at the end.
"""

import hashlib
import json
import re
from pathlib import Path

import nbformat

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
IGNORE = "nbval-ignore-output"
PERMITTED_TAGS = frozenset({"remove-cell", "remove-input", "hide-input", "hide-output", IGNORE})
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


def source_hashes(notebook):
    """Hash, for every code cell, its source and those of the code cells before it.

    The setup cell (first, tagged ``remove-cell``) is left out: it holds the repository's address, which
    decides no output.
    """
    digest, hashes = hashlib.sha256(), {}
    for place, cell in enumerate(code_cells(notebook)):
        if place > 0 or "remove-cell" not in tags(cell):
            digest.update(cell.source.strip().encode() + b"\0")
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


def normalise(notebook):
    """Bring a notebook into the one form that is stored; cells that never ran stay without a count."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    give_ids(notebook)
    count = 0
    for cell in notebook.cells:
        cell.source = cell.source.rstrip()
        kept = {k: cell.metadata[k] for k in sorted(cell.metadata) if k in PERMITTED_METADATA}
        if cell.cell_type != "code" or IGNORE not in tags(cell):
            kept.pop("d2lcnn", None)
        cell.metadata = nbformat.from_dict({k: v for k, v in kept.items() if v})
        if cell.cell_type == "code":
            if cell.source:
                count += 1
                cell.execution_count = None if cell.get("execution_count") is None else count
            cell.outputs = tidy_outputs(cell.outputs, cell.execution_count)
    return notebook


def cell_problems(cell, expected):
    """Return what is wrong with one code cell; `expected` is its (count, source hash)."""
    count, digest = expected
    problems = [f"tag {tag!r} is not permitted" for tag in tags(cell) if tag not in PERMITTED_TAGS]
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
