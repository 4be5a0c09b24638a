"""The first code cell of every chapter and of every hand-out: the package, where it is not installed yet."""

import re
from importlib import metadata

from d2lcnn import __version__

__all__ = ["origin", "release", "requirement", "setup_cell"]

TEMPLATE = '''\
import importlib.util
import os
import shutil
import subprocess
import sys

# One thread, before NumPy loads its libraries: the number of threads changes the last digits.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


class Unavailable(Exception):
    def _render_traceback_(self):  # Jupyter's name: one line in place of a traceback
        return [f"{self}"]


if importlib.util.find_spec("d2lcnn") is None:  # on Colab, for instance
    package = "REQUIREMENT"
    command = [sys.executable, "-m", "pip", "install", "-q", package]
    if sys.platform == "linux" and not shutil.which("nvidia-smi"):  # no GPU: torch without CUDA
        command += ["--extra-index-url", "https://download.pytorch.org/whl/cpu"]
    if subprocess.run(command, capture_output=True).returncode:
        raise Unavailable(f'd2lcnn is missing; to install it needs a network, git and: pip install "{package}"')
    importlib.invalidate_caches()

from d2lcnn import plots

plots.use_style()'''


def release(version):
    """Return what a notebook installs: the tag of its release, or "main" while its version ends in ``.devN``.

    Parameters
    ----------
    version : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the version is neither.

    Examples
    --------
    >>> release("1.2.0"), release("1.3.0.dev0")
    ('v1.2.0', 'main')
    """
    if re.fullmatch(r"[0-9.]+\.dev[0-9]+", version):
        return "main"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?", version):
        return f"v{version}"
    raise ValueError(f"version is {version!r}; a release is such as 1.2.0 or 1.2.0rc1, what leads to it 1.2.0.dev0")


def requirement(address, version):
    """Return what pip installs for a notebook.

    Parameters
    ----------
    address : str
        Of the repository.
    version : str
        Of the package that the notebook belongs to.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        As `release`.

    Examples
    --------
    >>> requirement("https://example.org/x", "1.0")
    'd2lcnn[torch] @ git+https://example.org/x@v1.0'
    """
    return f"d2lcnn[torch] @ git+{address}@{release(version)}"


def setup_cell(address, version):
    """Return the source of the cell.

    Parameters
    ----------
    address, version : str
        As for `requirement`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        As `release`.

    Examples
    --------
    >>> 'package = "d2lcnn[torch] @ git+https://example.org/x@v1.0"' in setup_cell("https://example.org/x", "1.0")
    True
    """
    return TEMPLATE.replace("REQUIREMENT", requirement(address, version))


def origin():
    """Return where the package that is installed here comes from.

    Returns
    -------
    (str, str)
        Address of the repository, as the metadata have it, and version.

    Raises
    ------
    ValueError
        If the package is not installed, or its metadata name no repository.
    """
    try:
        found = metadata.metadata("d2lcnn")
    except metadata.PackageNotFoundError:
        raise ValueError("d2lcnn is not installed here, so nothing says where a notebook gets it from: "
                         "pip install it") from None
    urls = dict(url.split(", ", 1) for url in found.get_all("Project-URL", []))
    if "Repository" not in urls:
        raise ValueError(f"the metadata of d2lcnn {__version__} name no Repository: there are {sorted(urls)}")
    return urls["Repository"], __version__
