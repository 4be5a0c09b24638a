"""Data: what is loaded, that the split never moves, and that no bad file is ever used."""

import gzip
import hashlib
import http.server
import importlib.util
import lzma
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from d2lcnn import data
from d2lcnn.data import files

ROOT = Path(__file__).parents[1]
NAMES = sorted(files.PUBLISHED)
needs_debian = pytest.mark.skipif(  # in CI, which installs it, its absence is a failure
    not (files.DEBIAN.is_dir() or os.environ.get("CI")), reason="Debian's dataset-fashion-mnist is not installed")


def tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def subset():
    return data.fashion_mnist("subset")


@pytest.fixture(autouse=True)
def no_outside(monkeypatch, tmp_path):
    """No test sees the caches and folders of this machine, or its network."""
    monkeypatch.delenv("D2LCNN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(files, "DEBIAN", tmp_path / "no-debian")
    monkeypatch.setattr(files, "URL", "http://127.0.0.1:9/")


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A folder with a "full" set of 60 + 20 images, and the hashes that belong to it."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "tiny"
    folder.mkdir()
    published, content = {}, {}
    for part, n in (("train", 60), ("t10k", 20)):
        images, labels = rng.integers(0, 256, (n, 28, 28), np.uint8), np.arange(n, dtype=np.uint8) % 10
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{part}-{kind}-ubyte"
            raw = bytes([0, 0, 8, array.ndim]) + b"".join(k.to_bytes(4, "big") for k in array.shape) + array.tobytes()
            packed = gzip.compress(raw, mtime=0)
            (folder / f"{name}.gz").write_bytes(packed)
            published[f"{name}.gz"] = hashlib.sha256(packed).hexdigest()
            content[name] = hashlib.sha256(raw).hexdigest()
    monkeypatch.setattr(files, "PUBLISHED", published)
    monkeypatch.setattr(files, "CONTENT", files.CONTENT | {"full": content})
    return folder


def test_subset_shapes_and_balance(subset):
    assert [len(part) for part in subset] == [9000, 1000, 10000]
    for part in subset:
        assert part.x.dtype == np.uint8 and part.x.shape == (len(part), 1, 28, 28)
        assert part.y.dtype == np.int64 and part.y.shape == (len(part),)
        assert set(np.bincount(part.y)) == {len(part) // 10}
        assert part.classes == data.CLASSES and len(data.CLASSES) == 10
        assert part.x.flags.writeable
    assert subset.train.x.max() == 255 and 60 < subset.train.x.mean() < 80


def test_split_is_disjoint_and_complete(subset):
    whole = data.fashion_mnist("subset", validation=0)
    assert len(whole.validation) == 0 and len(whole.train) == 10000
    key = lambda images: sorted(hashlib.sha256(x.tobytes()).digest() for x in images.x)  # noqa: E731
    assert sorted(key(subset.train) + key(subset.validation)) == key(whole.train)


def test_split_is_the_same_on_every_machine(subset):
    # recorded once; if this fails, every number in the book that rests on the split has moved
    digest = hashlib.sha256(subset.validation.x.tobytes() + subset.train.y.tobytes()).hexdigest()
    assert digest == "18cc735a407d58b5882fa1a77fe7b2a366748202fe806c9c42005c8b91659500"
    again = data.fashion_mnist("subset", seed=0)
    assert np.array_equal(again.validation.x, subset.validation.x)
    other = data.fashion_mnist("subset", seed=1)
    assert not np.array_equal(other.validation.x, subset.validation.x)
    assert np.array_equal(other.test.x, subset.test.x)


@pytest.mark.parametrize("validation", [1, 13, 2500, 9999])
def test_validation_counts_differ_by_one_at_most(validation):
    splits = data.fashion_mnist("subset", validation=validation)
    assert len(splits.validation) == validation and len(splits.train) == 10000 - validation
    assert np.ptp(np.bincount(splits.validation.y, minlength=10)) <= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(source="cifar"), "source must be .*'cifar'"),
        (dict(validation=-1), "validation must be at least 0, not -1"),
        (dict(validation=10000), "validation must be at most 9999, not 10000"),
        (dict(validation=0.1), "validation must be an integer, not 0.1"),
        (dict(validation=True), "validation must be an integer, not True"),
        (dict(seed="a"), "seed must be an integer, not 'a'"),
        (dict(seed=-3), "seed must be at least 0, not -3"),
        (dict(seed=2**32), "seed must be at most 4294967295"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        data.fashion_mnist(**{"source": "subset"} | arguments)


def test_numpy_integers_are_integers(subset):
    again = data.fashion_mnist("subset", validation=np.int64(1000), seed=np.uint8(0))
    assert np.array_equal(again.validation.x, subset.validation.x)


def test_images_are_values_that_are_not_changed_and_compare_by_identity(subset):
    """Arrays have no one truth, so equality by fields would raise."""
    few = subset.test[:2]
    assert few == few and few != subset.test[:2]
    assert len({few, few, subset.test[:2]}) == 2
    with pytest.raises(FrozenInstanceError):
        few.x = few.y


def test_images_can_be_selected(subset):
    boots = subset.test[subset.test.y == 9]
    assert len(boots) == 1000 and set(boots.y) == {9} and boots.classes[9] == "Ankle boot"
    assert subset.test[:5].x.shape == (5, 1, 28, 28)
    assert repr(subset.test[:5]) == "Images(x: uint8 (5, 1, 28, 28), y: int64 (5,))"
    with pytest.raises(TypeError, match=r"got 3; use images.x\[3\]"):
        subset.test[3]


def test_works_without_torch():
    code = "import sys; sys.modules['torch'] = None\nfrom d2lcnn import data; print(len(data.fashion_mnist().test))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "10000\n", done.stderr


# --- bad files


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def replace(path):
    path.write_bytes((lzma if path.suffix == ".xz" else gzip).compress(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7])))


def empty(path):
    path.write_bytes(b"")


DAMAGES = [truncate, flip_a_bit, replace, empty]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_subset_is_named(damage, name, tmp_path, monkeypatch):
    shutil.copytree(files.SUBSET, tmp_path / "subset")
    monkeypatch.setattr(files, "SUBSET", tmp_path / "subset")
    damage(tmp_path / "subset" / f"{name}.xz")
    with pytest.raises(ValueError, match=f"{name}.xz (is corrupt|does not hold)"):
        data.fashion_mnist("subset")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("source", ["full", "auto"])
def test_damaged_local_copy_is_named_and_never_used(damage, source, tiny, monkeypatch):
    monkeypatch.setenv("D2LCNN_DATA", str(tiny))
    damage(tiny / NAMES[2])
    with pytest.raises(ValueError, match=f"{NAMES[2]} (is corrupt|does not hold)"):
        data.fashion_mnist(source, validation=10)


# --- where the full set is looked for


def test_chosen_folder_comes_first(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(files, "DEBIAN", tmp_path / "debian")
    shutil.copytree(tiny, tmp_path / "debian")
    truncate(tmp_path / "debian" / NAMES[0])
    monkeypatch.setenv("D2LCNN_DATA", str(tiny))
    splits = data.fashion_mnist("auto", validation=20)
    assert [len(part) for part in splits] == [40, 20, 20]
    assert capsys.readouterr() == ("", "")


def test_chosen_folder_that_lacks_a_file(tiny, monkeypatch):
    monkeypatch.setenv("D2LCNN_DATA", str(tiny))
    (tiny / NAMES[1]).unlink()
    with pytest.raises(FileNotFoundError, match=f"D2LCNN_DATA is .*lacks {NAMES[1]}"):
        data.fashion_mnist("full")


def test_auto_says_in_one_line_that_it_takes_the_subset(capsys):
    assert len(data.fashion_mnist("auto").train) == 9000
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "subset" in err


BOGUS = {
    "a file for a folder": lambda cache: cache.write_text(""),
    "a file further up": lambda cache: (cache.parent.rmdir(), cache.parent.write_text("")),
    "a link to itself": lambda cache: cache.symlink_to(cache),
    "pipes": lambda cache: (cache.mkdir(), [os.mkfifo(cache / name) for name in NAMES]),
    "folders": lambda cache: [(cache / name).mkdir(parents=True) for name in NAMES],
    "a name too long": lambda cache: None,
}


@pytest.mark.parametrize("how", BOGUS)
def test_a_cache_that_cannot_be_read_is_as_if_absent_for_auto_and_named_for_full(how, tiny, tmp_path, monkeypatch,
                                                                               capsys):
    place = tmp_path / ("x" * 300) if how == "a name too long" else tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    cache = files._cache()
    if how != "a name too long":
        cache.parent.mkdir(parents=True)
    BOGUS[how](cache)
    assert len(data.fashion_mnist("auto").train) == 9000
    assert "using the subset" in capsys.readouterr().err
    with pytest.raises(OSError, match=rf"download of .* into {place}.* failed .*name it in D2LCNN_DATA"):
        data.fashion_mnist("full")
    monkeypatch.setattr(files, "DEBIAN", tiny)
    assert len(data.fashion_mnist("full", validation=10).train) == 50


def test_permission_is_asked(tiny, tmp_path, monkeypatch):
    """Root may read everything, so the answer is given by hand."""
    monkeypatch.setattr(files, "DEBIAN", tiny)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert len(data.fashion_mnist("auto").train) == 9000
    monkeypatch.setenv("D2LCNN_DATA", str(tiny))
    with pytest.raises(FileNotFoundError, match="or they cannot be read"):
        data.fashion_mnist("auto")


@needs_debian
def test_real_full_set(subset, monkeypatch):
    monkeypatch.setattr(files, "DEBIAN", REAL_DEBIAN)
    full = data.fashion_mnist("full")
    assert [len(part) for part in full] == [55000, 5000, 10000]
    assert set(np.bincount(full.train.y)) == {5500}
    assert np.array_equal(full.test.x, subset.test.x) and np.array_equal(full.test.y, subset.test.y)
    known = {x.tobytes() + bytes([y]) for part in full[:2] for x, y in zip(part.x, part.y, strict=True)}
    assert all(x.tobytes() + bytes([y]) in known for x, y in zip(subset.train.x, subset.train.y, strict=True))


REAL_DEBIAN = files.DEBIAN
# from the README of github.com/zalandoresearch/fashion-mnist
MD5 = {
    "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
}


@needs_debian
@pytest.mark.parametrize("name", MD5)
def test_published_hashes(name):
    """Debian repacked the published files without name and date; put back, they have the published MD5."""
    stripped = (REAL_DEBIAN / f"{name}.gz").read_bytes()
    date = 1504176606 if name.startswith("train") else 1504176627  # 31 August 2017
    header = b"\x1f\x8b\x08\x08" + date.to_bytes(4, "little") + stripped[8:10] + name.encode() + b"\0"
    published = header + stripped[10:]
    assert hashlib.md5(published).hexdigest() == MD5[name]
    assert hashlib.sha256(published).hexdigest() == files.PUBLISHED[f"{name}.gz"]


# --- downloads


@pytest.fixture
def server(tiny, monkeypatch):
    """Serve the tiny set; `server.spoil` turns one file's bytes into (Content-Length or None, bytes sent)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (tiny / self.path.strip("/")).read_bytes()
            length, sent = (len(body), body) if self.path[1:] != NAMES[2] else web.spoil(body)
            web.served.append(self.path[1:])
            self.send_response(200)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        web.spoil, web.served = lambda body: (len(body), body), []
        monkeypatch.setattr(files, "URL", f"http://127.0.0.1:{web.server_port}/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        thread = threading.Thread(target=web.serve_forever, args=(0.05,))
        thread.start()
        yield web
        web.shutdown()
        thread.join()


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_download_fills_the_cache_once(server, tmp_path):
    assert len(data.fashion_mnist("full", validation=10).train) == 50
    assert cached(tmp_path) == NAMES
    count = len(server.served)
    assert len(data.fashion_mnist("auto", validation=10).train) == 50
    assert len(server.served) == count == 4


SPOILT = {
    "cut, length announced": lambda body: (len(body), body[: len(body) // 2]),
    "cut, no length": lambda body: (None, body[: len(body) // 2]),
    "altered": lambda body: (len(body), body[:-1] + bytes([body[-1] ^ 1])),
}


@pytest.mark.parametrize("how", SPOILT)
def test_interrupted_download_leaves_nothing_half_written(how, server, tmp_path):
    server.spoil = SPOILT[how]
    with pytest.raises(OSError, match=f"download of http.*{NAMES[2]} into .* failed"):
        data.fashion_mnist("full", validation=10)
    # not the spoilt file, and no temporary one; the files fetched before it are whole
    assert NAMES[2] not in cached(tmp_path) and set(cached(tmp_path)) < set(NAMES)
    server.spoil = lambda body: (len(body), body)
    assert len(data.fashion_mnist("full", validation=10).train) == 50
    assert cached(tmp_path) == NAMES


def test_what_a_killed_download_left_is_cleaned(server, tmp_path):
    cache = files._cache()
    cache.mkdir(parents=True)
    (cache / f"{NAMES[0]}.12345678.unfinished").write_bytes(b"half")
    data.fashion_mnist("full", validation=10)
    assert cached(tmp_path) == NAMES


def test_two_at_once_download_each_file_once(server, tmp_path):
    first = threading.Thread(target=files.download)
    first.start()
    files.download()
    first.join()
    assert sorted(server.served) == cached(tmp_path) == NAMES


def test_damaged_cache_is_named(server, tmp_path):
    data.fashion_mnist("full", validation=10)
    truncate(next((tmp_path / "cache").rglob(NAMES[0])))
    with pytest.raises(ValueError, match=f"{NAMES[0]} is corrupt"):
        data.fashion_mnist("full", validation=10)


def test_unreachable_server_points_to_the_subset():
    with pytest.raises(OSError, match=r"fashion_mnist\('subset'\) works offline"):
        data.fashion_mnist("full")


# --- photographs


@pytest.mark.parametrize("name", data.PHOTOGRAPHS)
def test_photographs(name):
    pixels, gray = data.photograph(name), data.photograph(name, gray=True)
    assert pixels.dtype == gray.dtype == np.uint8
    assert gray.ndim == 2 and gray.shape == pixels.shape[:2] and np.ptp(gray) > 100
    assert pixels.ndim == 2 or pixels.shape[2:] == (3,)
    assert len(data.PHOTOGRAPHS[name]) == 3


def test_luminance():
    colour, gray = data.photograph("coffee"), data.photograph("coffee", gray=True)
    exact = colour @ np.array([0.2125, 0.7154, 0.0721])
    assert np.abs(gray - exact).max() <= 0.5 + 1e-9


def test_photograph_errors(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match=r"name must be one of astronaut.*'moon'"):
        data.photograph("moon")
    elsewhere = importlib.util.spec_from_file_location("skimage", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: elsewhere)
    with pytest.raises(FileNotFoundError, match="does not carry 'camera'"):
        data.photograph("camera")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install scikit-image"):
        data.photograph("camera")


# --- the tools and the wheel


def test_make_subset_is_deterministic(tiny, tmp_path, monkeypatch, capsys):
    make_subset = tool("make_subset")
    monkeypatch.setattr(make_subset, "PER_CLASS", 3)
    for run in "ab":
        make_subset.main(["--source", str(tiny), "--out", str(tmp_path / run)])
    made = sorted((tmp_path / "a").iterdir())
    assert len(made) == 4
    assert all(path.read_bytes() == (tmp_path / "b" / path.name).read_bytes() for path in made)
    labels = np.frombuffer(lzma.decompress((tmp_path / "a" / "train-labels-idx1-ubyte.xz").read_bytes())[8:], np.uint8)
    assert np.array_equal(np.bincount(labels), [3] * 10)
    make_subset.main(["--source", str(tiny), "--out", str(tmp_path / "a"), "--check"])
    replace(made[0])
    with pytest.raises(SystemExit, match="differs from what"):
        make_subset.main(["--source", str(tiny), "--out", str(tmp_path / "a"), "--check"])


@needs_debian
def test_shipped_subset_is_what_the_tool_makes():
    tool("make_subset").main(["--check", "--source", str(REAL_DEBIAN)])


@pytest.mark.slow
def test_whole_batches_beat_a_per_sample_loader():
    pytest.importorskip("torch")
    bench = tool("bench_loader")
    cost = bench.medians(bench.measure(images=4000, rounds=3))
    assert cost["per sample, PIL, 0 workers"] / cost["whole batches"] >= 10, cost


@pytest.mark.slow
def test_wheel_carries_data_and_results(tmp_path):
    source = tmp_path / "source"  # a copy: building must not leave anything in the tree
    shutil.copytree(ROOT / "d2lcnn", source / "d2lcnn", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist")]
    environment = os.environ | {"PYTHONWARNINGS": ""}
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    assert wheel.name.endswith("-py3-none-any.whl") and wheel.stat().st_size < 12e6
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert {f"d2lcnn/_data/fashion_mnist_subset/{name[:-3]}.xz" for name in NAMES} <= inside
    assert {f"d2lcnn/results/{path.name}" for path in (ROOT / "d2lcnn" / "results").glob("*.csv")} <= inside
    assert not [name for name in inside if name.endswith((".so", ".pyd", ".pyc"))]
