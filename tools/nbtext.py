"""Print a notebook as plain text: cells, tags, outputs; a picture is one line with its hash.

git uses it to show readable differences (`make setup`; .gitattributes names the filter). Standard library
only, because git starts it for every version of every notebook it compares.
"""

import base64
import binascii
import hashlib
import json
import sys
from pathlib import Path

LONGEST = 500  # characters of one line of output; of a longer one the end is named by its hash


def joined(value):
    """Return text that the notebook format stores as one string or as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def fingerprint(value):
    """Return the size and the hash of something too long, or too binary, to show."""
    try:
        data = base64.b64decode(value.encode(), validate=True) if value.isascii() else value.encode()
    except binascii.Error:
        data = value.encode()
    return f"[{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:12]}]"


def text_lines(text):
    """Yield the lines of a text output, so that a difference shows the line that changed."""
    for line in text.splitlines():
        yield line if len(line) <= LONGEST else line[: LONGEST // 2] + fingerprint(line)


def said(metadata):
    """Return metadata as text to put behind a heading."""
    return " " + json.dumps(metadata, sort_keys=True, ensure_ascii=False) if metadata else ""


def output_lines(output):
    """Yield the lines of one output."""
    kind = output["output_type"]
    if kind == "stream":
        yield f">>> {output['name']}"
        yield from text_lines(joined(output["text"]))
    elif kind == "error":
        yield f">>> error {output['ename']}: {output['evalue']}"
    else:
        for mime, value in sorted(output["data"].items()):
            text = joined(value) if isinstance(value, (str, list)) else json.dumps(value, sort_keys=True)
            if mime.startswith("text/"):
                yield f">>> {mime}{said(output.get('metadata'))}"
                yield from text_lines(text)
            else:
                yield f">>> {mime} {fingerprint(''.join(text.split()))}{said(output.get('metadata'))}"


def metadata_lines(metadata):
    """Yield a line for each entry, so that a difference shows the one that changed."""
    for key, value in sorted(metadata.items()):
        yield f"{key}:{said(value) or ' ' + json.dumps(value)}"


def cell_lines(cell):
    """Yield the lines of one cell: head, metadata, source, outputs."""
    count = cell.get("execution_count")
    yield ""
    yield " ".join(["-----", cell["cell_type"], cell.get("id", ""), *([f"[{count}]"] if count is not None else [])])
    yield from metadata_lines(cell.get("metadata", {}))
    yield from joined(cell["source"]).splitlines()
    for output in cell.get("outputs", []):
        yield from output_lines(output)


def main(argv=None):
    """Print the notebook named on the command line; return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        print("usage: nbtext.py NOTEBOOK", file=sys.stderr)
        return 2
    text = Path(arguments[0]).read_bytes().decode("utf8")
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
    except (ValueError, KeyError):  # a broken notebook, or a merge conflict: show it as it is
        sys.stdout.write(text)
        return 0
    sys.stdout.reconfigure(encoding="utf8", newline="\n")
    print(*metadata_lines(notebook.get("metadata", {})), sep="\n")
    for cell in cells:
        print(*cell_lines(cell), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
