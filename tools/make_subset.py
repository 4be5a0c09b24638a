"""Write the Fashion-MNIST subset that the package carries (d2lcnn/_data/fashion_mnist_subset).

    python tools/make_subset.py [--source FOLDER] [--out FOLDER] [--check]

1,000 training images of each class and all test images, in their original order, as xz-compressed IDX files.
The source is a folder with the four published .gz files, by default that of Debian's package
dataset-fashion-mnist. A second run writes the same bytes (another version of liblzma may pack the same
content differently; the package checks the content). --check writes nothing and compares instead.
"""

import argparse
import hashlib
import lzma
import sys
from pathlib import Path

import numpy as np

from d2lcnn.data import files

PER_CLASS = 1000
SEED = 2017  # the year of the data set; any number would do, but it must stay


def idx(array):
    """Encode a uint8 array as IDX: magic, sizes as big-endian int32, values."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


def choose(labels):
    """Sorted positions of PER_CLASS images of each class."""
    rng = np.random.RandomState(SEED)  # its stream is frozen by NEP 19
    return np.sort(np.concatenate([
        rng.permutation(np.flatnonzero(labels == label))[:PER_CLASS] for label in range(10)
    ]))  # fmt: skip


def make(source):
    """Return {file name: content} of the subset."""
    arrays = {name: files.read_idx(source / f"{name}.gz", sha) for name, sha in files.CONTENT["full"].items()}
    chosen = choose(arrays["train-labels-idx1-ubyte"])
    return {name: idx(a[chosen] if name.startswith("train") else a) for name, a in sorted(arrays.items())}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=files.DEBIAN)
    parser.add_argument("--out", type=Path, default=files.SUBSET)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(argv)
    stale = []
    for name, content in make(options.source).items():
        target = options.out / f"{name}.xz"
        if options.check:
            if lzma.decompress(target.read_bytes()) != content:
                stale.append(name)
            continue
        options.out.mkdir(parents=True, exist_ok=True)
        target.write_bytes(lzma.compress(content, check=lzma.CHECK_CRC64, preset=9 | lzma.PRESET_EXTREME))
        print(f"{target.name} {target.stat().st_size} bytes, content SHA-256 {hashlib.sha256(content).hexdigest()}")
    if stale:
        sys.exit(f"differs from what {options.source} gives: {', '.join(stale)}")


if __name__ == "__main__":
    main()
