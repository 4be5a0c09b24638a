"""Where the files of Fashion-MNIST are; nothing is read whose content differs from what was published."""

import gzip
import hashlib
import io
import lzma
import os
import zlib
from pathlib import Path

import numpy as np

from ..files import locked, write

URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # where `apt install dataset-fashion-mnist` puts it
SUBSET = Path(__file__).parents[1] / "_data" / "fashion_mnist_subset"  # written by tools/make_subset.py

# SHA-256 of the published .gz files, which the download is held against. Their MD5 sums are the ones in
# the README of github.com/zalandoresearch/fashion-mnist: train-images 8d4fb7e6c68d591d4c3dfef9ec88bf0d,
# train-labels 25c81989df183df01b3e8a0aad5dffbe, t10k-images bef4ecab320f06d8554ea6380940ec79,
# t10k-labels bb300cfdad3c16e7a12a480ee83cd310.
PUBLISHED = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
# SHA-256 of what is inside. Debian compresses the same bytes without name and date, so its .gz files
# differ from the published ones; every file that is read, from wherever, is held against these.
TEST = {
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
CONTENT = {
    "full": TEST | {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    },
    "subset": TEST | {
        "train-images-idx3-ubyte": "afb9a30f709ca8c713e38793e9d74e4d1d82f2c9185fb829ab0ad63b2c4b7838",
        "train-labels-idx1-ubyte": "f2efb92fb175759431f2e6ed86ad559fc66eaf217770921d05222bb8fa338a40",
    },
}  # fmt: skip


def read_idx(path: Path, sha256: str) -> np.ndarray:
    """Read a compressed IDX file (.gz or .xz) into a writable uint8 array, if its content has this SHA-256.

    Raises ValueError, naming the file, if it cannot be decompressed or holds anything else.
    """
    try:
        with (lzma.open if path.suffix == ".xz" else gzip.open)(path) as file:
            raw = bytearray(file.read())
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"{path} is corrupt or cut short ({error}); delete it and get it again") from error
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise ValueError(f"{path} does not hold the published data: SHA-256 {found}, expected {sha256}")
    # IDX: two zero bytes, type (8 is uint8), number of axes, their sizes as big-endian int32, the values
    shape = np.frombuffer(raw, ">i4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("d2lcnn")) / "fashion-mnist"


def local_folder() -> Path | None:
    """The folder that has all four files of the full set, or None; a place that cannot be read has none."""
    chosen = os.environ.get("D2LCNN_DATA")
    if chosen:
        missing = [name for name in PUBLISHED if not _readable(Path(chosen) / name)]
        if missing:
            raise FileNotFoundError(f"D2LCNN_DATA is {chosen!r}, but that folder lacks {', '.join(missing)}, or they "
                                    "cannot be read")
        return Path(chosen)
    return next((place for place in (_cache(), DEBIAN) if all(_readable(place / name) for name in PUBLISHED)), None)


def _readable(path: Path) -> bool:
    return os.path.isfile(path) and os.access(path, os.R_OK)


def download() -> Path:
    """Fetch what the cache lacks. Who comes while another process does so waits, and finds the files."""
    folder = _cache()
    for name, sha256 in PUBLISHED.items():
        try:
            with locked(folder / name, wait=True) as path:
                if not path.is_file():
                    write(path, _fetched(URL + name, sha256))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            raise OSError(
                f"download of {URL + name} into {folder} failed ({error}); fashion_mnist('subset') works offline, "
                "or put the four files into a folder and name it in D2LCNN_DATA"
            ) from error
    return folder


def _fetched(url: str, sha256: str) -> bytes:
    import pooch

    content = io.BytesIO()
    pooch.HTTPDownloader()(url, content, None)
    found = hashlib.sha256(content.getvalue()).hexdigest()
    if found != sha256:
        raise ValueError(f"SHA-256 is {found}, expected {sha256}")
    return content.getvalue()
