"""Define the setup cell of every chapter."""

# The first code cell of every chapter, tagged `remove-cell`; tests/test_chapters.py compares it. The
# address is that of `repository.url` in _config.yml, kept equal by tools/address.py.
SETUP_CELL = '''\
import importlib.util
import os
import subprocess
import sys

# One thread, before NumPy loads its libraries: the number of threads changes the last digits.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
if importlib.util.find_spec("d2lcnn") is None:  # on Colab: install the package of the book
    package = "d2lcnn[torch] @ git+https://github.com/d2lcnn/d2lcnn"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", package], check=True)
    importlib.invalidate_caches()

from d2lcnn import plots

plots.use_style()'''
