"""The reader of stored results: what it gives, and what it says of files that are none."""

import csv
import os
import subprocess
import sys

import numpy as np
import pytest

from d2lcnn import results


def write_results(tmp_path, rows, columns=None):
    path = tmp_path / "some.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns or list(results.COLUMNS), *rows])
    return path


def line(setting, seed, metric, value, core_seconds=1.5):
    return ["some", setting, seed, metric, value, 2, 100, "", "", core_seconds, "2.0", "2.0", "cpu", "2026-01-01"]


def test_read_and_summarise(tmp_path):
    path = write_results(tmp_path, [line("a, b", 0, "test_accuracy", 0.5, 1.0),
                                    line("a, b", 1, "test_accuracy", 0.7, 2.0),
                                    line("c", 0, "test_accuracy", 0.25), line("c", 0, "loss", "")])
    table = results.read(path)
    assert table.value[:2].tolist() == [0.5, 0.7]
    assert np.isnan(table.value[3])
    assert table.params.tolist() == [-1] * 4
    first, second = results.summarise(table, "test_accuracy")
    assert first[:3] == ("a, b", "test_accuracy", 2)
    assert first[3:] == pytest.approx((0.6, np.std([0.5, 0.7], ddof=1), 0.5, 0.7))
    assert second.mean == 0.25
    assert np.isnan(second.std)
    assert results.summarise(table, "core_seconds")[0].mean == 1.5
    assert len(results.summarise(path)) == 3


def test_curves_and_confusions(tmp_path):
    rows = [line("a", seed, f"val_accuracy@{e}", seed + e / 100) for seed in (0, 1) for e in (2, 10, 1)]
    rows += [line("a", 0, f"confusion[{i},{j}]", float(10 * i + j)) for i in range(3) for j in range(3)]
    table = results.read(write_results(tmp_path, rows))
    epochs, values = results.curve(table, "a", "val_accuracy")
    assert epochs.tolist() == [1, 2, 10]
    np.testing.assert_allclose(values, [[0.01, 0.02, 0.1], [1.01, 1.02, 1.1]])
    assert results.confusion(table, "a").tolist() == [[0, 1, 2], [10, 11, 12], [20, 21, 22]]


def test_the_reader_says_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match="no result is named 'lenett'; the nearest are lenet, "):
        results.read("lenett")
    with pytest.raises(ValueError, match=r"some\.csv, line 1: the columns are 'a, b', not experiment, setting, seed"):
        results.read(write_results(tmp_path, [], ["a", "b"]))
    table = results.read(write_results(tmp_path, [line("a", 0, "loss", 1)]))
    with pytest.raises(ValueError, match=r"some\.csv, line 2: 2 fields where there are 14 columns"):
        results.read(write_results(tmp_path, [["some", "a"]]))
    with pytest.raises(ValueError, match=r"some\.csv, line 3: value is 'abc', which is no float"):
        results.read(write_results(tmp_path, [line("a", 0, "loss", 1), line("a", 1, "loss", "abc")]))
    with pytest.raises(ValueError, match=r"some\.csv, line 2: seed is 'x', which is no int"):
        results.read(write_results(tmp_path, [line("a", "x", "loss", 1)]))
    with pytest.raises(ValueError, match=r"some\.csv, line 2: seed is '99999999999999999999', which is no int"):
        results.read(write_results(tmp_path, [line("a", 10**20 - 1, "loss", 1)]))
    table = results.read(write_results(tmp_path, [line("a", 0, "loss", 1)]))
    with pytest.raises(ValueError, match="no line has the metric 'accuracy'; the metrics are loss"):
        results.summarise(table, "accuracy")
    with pytest.raises(ValueError, match="setting 'a' has no metric 'loss@1'"):
        results.curve(table, "a", "loss")
    with pytest.raises(ValueError, match="setting 'a' has no confusion matrix"):
        results.confusion(table, "a")


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"lenett\.csv"):
        results.read(tmp_path / "lenett.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name in ("pipe.csv", "folder.csv"):
        with pytest.raises(ValueError, match=rf"{name} is no file"):
            results.read(tmp_path / name)


def test_the_reader_needs_no_torch():
    subprocess.run([sys.executable, "-c", "import sys; from d2lcnn import results; results.names(); "
                                          "sys.exit('torch' in sys.modules)"], check=True)
