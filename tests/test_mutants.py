"""The tool that changes code: what it changes, what it leaves alone, and what it says of a test that sees nothing."""

import csv
import random
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
mutants = pytest.importorskip("mutants")
from cosmic_ray.mutating import mutate_code  # noqa: E402

TEXT = '''
from __future__ import annotations


def area(h: int | None, w: int = 2 + 1, *, unit: str | None = None) -> int | float:
    """Multiply."""
    if h is None:
        raise ValueError("h")
    total = 0
    for _ in range(h):
        total += w
    print("area", total, end="", sep=" ")
    return max(total, 0)
'''


def changed(name):
    """List what an operator makes of the text, the new lines alone."""
    found, occurrence = [], 0
    while (new := mutate_code(TEXT, mutants.operators()[name](), occurrence)) is not None:
        old = TEXT.splitlines()
        found += [line.strip() for n, line in enumerate(new.splitlines()) if line != old[n]]
        occurrence += 1
    return found


def test_our_operators():
    assert changed("LeaveOutKeyword") == ['print("area", total, **{}, sep=" ")', 'print("area", total, end="", **{})']
    assert changed("LeaveOutStatement") == ["pass", "pass", "pass"]
    assert changed("ExchangeArguments") == ['print( total,"area", end="", sep=" ")']  # not those of max
    for operator in mutants._Ours.__subclasses__():
        for example in operator.examples():
            assert mutate_code(example.pre_mutation_code, operator(), 0).split() == example.post_mutation_code.split()


def test_places_are_of_code_and_not_of_annotations():
    lines = TEXT.splitlines()
    found = mutants.places(TEXT)
    assert {line for line, _ in found} == {5, 7, 8, 9, 10, 11, 12, 13}
    for (line, column), changes in found.items():
        assert "|" not in lines[line - 1][column - 1 : column + 2]
        for name, occurrence in changes:
            assert mutate_code(TEXT, mutants.operators()[name](), occurrence) != TEXT
    assert not any("_Is_Eq" in name or "_Eq_Is" in name[-6:] for names in found.values() for name, _ in names)


def test_the_table_names_modules_and_fast_tests_that_exist():
    table = tomllib.loads(mutants.TABLE.read_text("utf8"))
    seen = {}
    for area in table["areas"].values():
        for module, tests in mutants.modules(area).items():
            assert (ROOT / module).is_file() and module not in seen, module
            seen[module] = tests
            assert tests and all((ROOT / test).is_file() for test in tests), module
    for part in ("ops", "layers", "train", "data", "experiments", "summary", "plots"):
        for path in (ROOT / "d2lcnn" / part).glob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            assert name in seen or mutants.places(path.read_text("utf8")) == {}, name
    for each in table["equivalent"]:
        assert each["module"] in seen and each["why"]
        assert each["old"] in [line.strip() for line in (ROOT / each["module"]).read_text("utf8").splitlines()], each


def test_the_longest_path_decides_and_draws_are_repeated():
    area = {"d2lcnn/layers/": ["a"], "d2lcnn/layers/gated.py": ["b"]}
    found = mutants.modules(area)
    assert (found["d2lcnn/layers/gated.py"], found["d2lcnn/layers/causal.py"]) == (("b",), ("a",))
    one, two, other = (mutants.draw(found, 6, random.Random(seed)) for seed in (0, 0, 1))
    assert one == two != other
    assert len(one) >= 5
    for mutant in one:
        assert mutant.old == (ROOT / mutant.module).read_text("utf8") and mutant.new != mutant.old
        number, old, new = mutant.lines()
        assert old != new and old.split()[0] in mutant.old.splitlines()[number - 1]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A repository in small: one function is tested, one is not, one change of it is known to change nothing."""
    house = tmp_path_factory.mktemp("house")
    for name in ("tools", "tests"):
        (house / name).mkdir()
    shutil.copy(ROOT / "tools" / "mutants.py", house / "tools")
    (house / "small.py").write_text("def plus(a):\n    return a + 1\n\n\ndef minus(a):\n    return a - 2\n")
    (house / "tests" / "test_small.py").write_text(
        "from small import plus\n\n\ndef test_it():\n    assert plus(3) == 4 and plus(0) == 1\n")
    (house / "tools" / "mutants.toml").write_text(
        '[areas.all]\n"small.py" = ["tests/test_small.py"]\n\n[[equivalent]]\nmodule = "small.py"\n'
        'old = "return a - 2"\nnew = "return a - 3"\nwhy = "so said"\n')
    subprocess.run(["git", "init", "-q", house], check=True)
    done = subprocess.run([sys.executable, "tools/mutants.py", "--count", "4", "--seed", "2"], cwd=house,
                          capture_output=True, text=True)
    with open(house / "mutants.csv", newline="") as file:
        return done, list(csv.DictReader(file)), house


@pytest.mark.slow
def test_what_is_tested_is_noticed_and_what_is_not_is_said(report):
    done, rows, house = report
    assert len(rows) == 4, done.stderr
    for row in rows:
        expected = "killed" if row["old"] == "return a + 1" else "survived"
        if row["new"] == "return a - 3":
            expected = "equivalent"
        assert row["outcome"] == expected
    survived = [row for row in rows if row["outcome"] == "survived"]
    assert survived and done.returncode == 1
    for row in survived:
        assert f"survived: small.py:{row['line']}\n    - {row['old']}\n    + {row['new']}\n" in done.stdout
    assert f" changes tried, {sum(row['outcome'] == 'killed' for row in rows)} noticed; " in done.stdout
    assert (house / "small.py").read_text().endswith("return a - 2\n")  # only a copy was changed


@pytest.mark.slow
def test_survivors_are_tried_again(report):
    _, rows, house = report
    (house / "tests" / "test_small.py").write_text(
        "from small import minus, plus\n\n\ndef test_it():\n    assert plus(3) == 4 and minus(9) == 7\n")
    done = subprocess.run([sys.executable, "tools/mutants.py", "--count", "4", "--seed", "2", "--again", "mutants.csv",
                           "--out", "second.csv"], cwd=house, capture_output=True, text=True)
    with open(house / "second.csv", newline="") as file:
        second = list(csv.DictReader(file))
    assert [row["new"] for row in second] == [row["new"] for row in rows if row["outcome"] == "survived"]
    assert {row["outcome"] for row in second} == {"killed"} and done.returncode == 0


@pytest.mark.slow
def test_tests_that_fail_without_any_change_are_named(report):
    *_, house = report
    (house / "tests" / "test_small.py").write_text("def test_it():\n    assert False\n")
    done = subprocess.run([sys.executable, "tools/mutants.py", "--count=4"], cwd=house, capture_output=True, text=True)
    assert done.returncode != 0 and "fails without any change: tests/test_small.py" in done.stderr
    done = subprocess.run([sys.executable, "tools/mutants.py", "nowhere"], cwd=house, capture_output=True, text=True)
    assert done.returncode == 2 and "there is no area 'nowhere'" in done.stderr
