"""Execute notebooks and store them so that a second run changes nothing.

    python tools/execute_notebooks.py FILE...              execute, normalise, store
    python tools/execute_notebooks.py --no-exec FILE...    normalise and store
    python tools/execute_notebooks.py --check FILE...      change nothing; exit 1 and name what is wrong

What a processor or a clock decides (timings, trained float32 numbers) stands in cells tagged
``nbval-ignore-output``. Their stored outputs are kept as long as the code that leads to them is the
same: each carries in ``metadata.d2lcnn.source`` a hash of its own source and of every code cell before
it. ``--refresh`` takes new outputs all the same, for instance after a change in the package.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from notebook_form import IGNORE, check, code_cells, dumps, give_ids, normalise, read, recorded, source_hashes, tags

ENVIRONMENT = {
    "PYTHONHASHSEED": "0",  # sets print in one order
    "SOURCE_DATE_EPOCH": "0",  # matplotlib writes no date
    "OMP_NUM_THREADS": "1",  # the number of threads changes the last digits
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "D2LCNN_STORED": "1",  # the explorer's script stays out of stored outputs: pages of the book load it themselves
    "D2LCNN_PROGRESS": "off",  # the book's solutions are no progress of whoever runs this
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning of the debugger on stderr
}


class OwnKernelManager(AsyncKernelManager):
    """Starts this interpreter: no folder is searched for a "python3" of another environment."""

    def __init__(self, **options):
        super().__init__(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), **options)


def run(notebook, folder, timeout):
    """Execute all cells in a kernel of this interpreter, started in `folder`."""
    NotebookClient(
        notebook, timeout=timeout, record_timing=False, coalesce_streams=True, store_widget_state=False,
        kernel_name="python3", kernel_manager_class=OwnKernelManager,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],  # ipykernel warns of TCP on each start
    ).execute()  # fmt: skip


def execute(path, *, timeout=300, refresh=False):
    """Return the executed, normalised notebook of `path`; the file is not touched.

    Raises
    ------
    RuntimeError
        If a cell raises, takes longer than `timeout` seconds or kills the kernel; the message names
        notebook and cell.
    """
    notebook = read(path)
    give_ids(notebook)
    hashes = source_hashes(notebook)
    kept = {
        cell["id"]: cell.outputs
        for cell in code_cells(notebook)
        if IGNORE in tags(cell) and cell.outputs and not refresh and recorded(cell) == hashes[cell["id"]]
    }
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        run(notebook, Path(path).parent, timeout)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise RuntimeError(f"{path}: {where_it_stopped(notebook)}: {short(error)}") from error
    for cell in code_cells(notebook):
        cell.outputs = kept.get(cell["id"], cell.outputs)
        if IGNORE in tags(cell):
            cell.metadata["d2lcnn"] = {"source": hashes[cell["id"]]}
    return normalise(notebook)


def where_it_stopped(notebook):
    """Name the last cell that was begun, and quote its first line."""
    begun = [(i, c) for i, c in enumerate(notebook.cells, 1) if c.cell_type == "code" and c.source.strip()]
    place, cell = next(
        ((i, c) for i, c in begun if any(o.output_type == "error" for o in c.outputs)),
        next(((i, c) for i, c in begun if c.execution_count is None), begun[-1]),
    )
    return f"cell {place} ({cell['id']}, {cell.source.strip().splitlines()[0]!r})"


def short(error):
    """Return the error itself, without the traceback."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"


def store(path, notebook):
    """Write a notebook if it changed, at once or not at all; return whether it changed."""
    path, new = Path(path), dumps(notebook)
    if path.read_bytes() == new:
        return False
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(new)
    os.replace(beside, path)
    return True


def main(argv=None):
    """Run the command line; return the exit code."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="report what is wrong, change nothing")
    parser.add_argument("--no-exec", action="store_true", help="bring into normal form without running")
    parser.add_argument("--refresh", action="store_true", help=f"new outputs also for cells tagged {IGNORE}")
    parser.add_argument("--timeout", type=int, default=300, help="seconds a cell may take")
    options = parser.parse_args(argv)
    os.environ.update(ENVIRONMENT)
    os.environ.pop("MPLBACKEND", None)  # another backend than the kernel's would store no figure
    failures = 0
    for path in options.files:
        try:
            if options.check:
                problems = check(path)
                print(*problems, sep="\n", end="\n" if problems else "")
                failures += len(problems)
                continue
            began = time.perf_counter()
            if options.no_exec:
                notebook = normalise(read(path))
            else:
                notebook = execute(path, timeout=options.timeout, refresh=options.refresh)
            changed = "changed" if store(path, notebook) else "unchanged"
            print(f"{path}: {changed}, {time.perf_counter() - began:.1f} s")
        except (RuntimeError, ValueError, OSError, nbformat.ValidationError) as error:
            print(error if str(path) in str(error) else f"{path}: {error}", file=sys.stderr)
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
