"""Answers that are alike: copies are found however they are dressed, and independent work is left alone."""

import ast
import csv
import io
import itertools
import random
import time

import pytest
from graded import IDS, ran, result, written
from hypothesis import given
from hypothesis import strategies as st

from d2lcnn.exercises._statements import solutions
from d2lcnn.grading import similar
from d2lcnn.grading._shape import units

# the same question, answered by people who did not see each other's work
INDEPENDENT = {
    "loops": """
def corr(X, K):
    h, w = K.shape
    Y = np.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y
""",
    "patches": """
def corr(image, kernel):
    output = np.zeros((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1))
    rows, cols = output.shape
    for r in range(rows):
        for c in range(cols):
            patch = image[r:r + kernel.shape[0], c:c + kernel.shape[1]]
            output[r, c] = np.sum(patch * kernel)
    return output
""",
    "view": """
def corr(x, k):
    from numpy.lib.stride_tricks import sliding_window_view
    view = sliding_window_view(x, k.shape)
    return (view * k).sum(axis=(2, 3))
""",
    "lists": """
def corr(x, k):
    m, n = x.shape
    a, b = k.shape
    res = []
    for i in range(m - a + 1):
        row = []
        for j in range(n - b + 1):
            s = 0.0
            for u in range(a):
                for v in range(b):
                    s += x[i + u, j + v] * k[u, v]
            row.append(s)
        res.append(row)
    return np.array(res)
""",
    "slices": """
def corr(X, K):
    kh, kw = K.shape
    oh = X.shape[0] - kh + 1
    ow = X.shape[1] - kw + 1
    out = np.zeros((oh, ow))
    for a in range(kh):
        for b in range(kw):
            out += K[a, b] * X[a:a + oh, b:b + ow]
    return out
""",
    "four": """
def corr(X, K):
    kh, kw = K.shape
    oh, ow = X.shape[0] - kh + 1, X.shape[1] - kw + 1
    out = np.zeros((oh, ow))
    for i in range(oh):
        for j in range(ow):
            total = 0
            for a in range(kh):
                for b in range(kw):
                    total += X[i + a, j + b] * K[a, b]
            out[i, j] = total
    return out
"""}
ORIGINAL = INDEPENDENT["patches"]
DRESSED = {
    "the same": ORIGINAL,
    "renamed": ORIGINAL.replace("image", "A").replace("kernel", "B").replace("output", "out").replace("patch", "p")
    .replace("rows", "p1").replace("cols", "p2").replace(" c ", " q ").replace("c:c", "q:q").replace(", c]", ", q]"),
    "comments": ORIGINAL.replace("\n    ", "  # mine\n    ").replace("):", '):\n    """All my own work."""', 1),
    "another layout": ast.unparse(ast.parse(ORIGINAL)).replace("1", "0x1").replace("for ", "for  "),
    "lengthened": ORIGINAL
    .replace("    rows", "    print('hello')\n    low, high = [image.min(), kernel.min()], image.max()\n    rows")
    .replace("    return", "    assert output.shape\n    return"),
    "annotated": ORIGINAL
    .replace("image, kernel", "image: np.ndarray, kernel: list").replace("output =", "output: list ="),
    "import renamed": "import numpy as n\n" + ORIGINAL.replace("np.", "n."),
    "another function above": "def helper(x):\n    return x\n\n" + ORIGINAL,
}
REORDERED = """
def corr(a, b):
    q = b.mean(axis=0) * 3 - a.max()
    p = a.sum(axis=1) + np.arange(a.shape[0])
    r = np.where(a > b[0, 0], a - 1, a + 1)
    s = [t * t for t in range(a.shape[1]) if t % 2]
    return p, q, r, s
"""


def found(codes, **more):
    return {(pair.one, pair.other): pair for pair in similar.pairs("x", codes, **more)}


@pytest.mark.parametrize("dress", [*DRESSED])
def test_a_copy_is_found_however_it_is_dressed(dress):
    others = {name: code for name, code in INDEPENDENT.items() if name != "patches"}
    pairs = found(others | {"anna": ORIGINAL, "ben": DRESSED[dress]})
    assert [*pairs] == [("anna", "ben")]
    likeness = pairs["anna", "ben"].likeness
    assert 0.9 < likeness < 0.99 if dress == "lengthened" else likeness == pytest.approx(1)


def test_reordered_statements_are_found():
    lines = REORDERED.strip().split("\n")
    for order in itertools.permutations(range(1, 5)):
        code = "\n".join([lines[0], *(lines[place] for place in order), lines[5]])
        pair = found({"anna": REORDERED.strip(), "ben": code})["anna", "ben"]
        assert pair.likeness == 1
        assert pair.lines == [2, 3, 4, 5, 6] == pair.others


def test_independent_answers_are_left_alone():
    assert found(INDEPENDENT) == {}
    likeness = {0.0}
    for one, other in itertools.combinations(INDEPENDENT, 2):  # nor where no class tells what is usual
        both = found({name: INDEPENDENT[name] for name in (one, other)}, least=0.01)
        likeness |= {pair.likeness for pair in both.values()}
    assert 0.5 < max(likeness) < 0.6  # far below what is shown, and not for want of anything to see


def test_the_lines_that_are_alike_are_named():
    half = ORIGINAL.replace("np.sum(patch * kernel)", "float(sum(a * b for a, b in zip(patch.flat, kernel.flat)))")
    pair = found({"anna": ORIGINAL, "ben": "\n\n" + half}, least=0.5)["anna", "ben"]
    assert pair.lines == [3, 4, 5, 6, 7] and pair.others == [5, 6, 7, 8, 9] and 0.5 < pair.likeness < 0.9


@pytest.mark.parametrize("code", ["answer = [[1, 2, 3], [4, 5, 6]]", "def f(x):\n    return x + 1", "", "\n# nothing\n",
                                  "def corr(x, k):\n    y = np.zeros(3)\n    return y", INDEPENDENT["view"]])
def test_short_answers_are_no_evidence(code):
    assert found(dict.fromkeys("abcd", code)) == {} == found(dict.fromkeys("ab", code), least=0.01)


def test_what_everybody_has_is_no_evidence():
    assert found({f"s{n}": ORIGINAL for n in range(3)}) == {} == found({f"s{n}": ORIGINAL for n in range(50)})
    assert len(found({f"s{n}": ORIGINAL for n in range(2)})) == 1


def test_what_many_have_counts_less_than_what_two_have():
    own = "    t{0} = np.pad(image, ({0}, 1{0}), constant_values={0}) + {0} * kernel[{0}] - image[2{0}:3{0}]\n    rows"
    codes = {f"s{n}": ORIGINAL.replace("    rows", own.format(n)) for n in range(30)}
    plain = found({name: codes[name] for name in ("s1", "s2")}, least=0.5)["s1", "s2"].likeness
    assert plain > 0.75 and found(codes, least=0.3) == {}
    codes["copy"] = codes["s5"].replace("rows", "r0")
    assert [*found(codes)] == [("copy", "s5")]


def test_what_was_given_is_no_evidence():
    codes = {"anna": ORIGINAL, "ben": DRESSED["renamed"]}
    assert found(codes, known=similar.grams_of([ORIGINAL])) == {}
    head = "\n".join(ORIGINAL.strip().split("\n")[:3])
    more = {name: f"{head}\n    a{n} = {'+'.join(f'g({n}, {n}{k})' for k in range(6))}"
            for n, name in enumerate(codes, 1)}
    assert found(more, least=0.3) and found(more, least=0.3, known=similar.grams_of([head])) == {}


def test_the_solutions_of_the_book_are_known():
    shown = [code for code in solutions() if len(similar.grams_of([code])) > 20]
    assert len(shown) > 20
    for code in shown:
        assert found({"anna": code, "ben": code}, known=similar.grams_of(solutions())) == {}
        assert found({"anna": code, "ben": code})


@pytest.mark.parametrize("code", [
    ORIGINAL.replace("return", "return ("), ORIGINAL.replace("def ", "deff "), ORIGINAL + "\n    else\n",
    ORIGINAL[:-2] + "'"])
def test_a_copy_that_is_no_python_is_found_too(code):
    pair = found({"anna": ORIGINAL, "ben": code, "carl": INDEPENDENT["lists"]})["anna", "ben"]
    assert pair.likeness > 0.9 and {4, 5, 6, 7, 8} <= {*pair.others}


HUGE = ["x = 1\n" * 200_000, "(" * 10**6, "-" * 10**6 + "1", "a" + ".b" * 500_000, "f(" * 4000 + ")" * 4000,
        "0x" + "f" * 10**6, "match x:\n case 1: y=2", "a = b = " * 2000 + "1",
        "lambda:" * 3000 + "1", "x = 0x" + "f" * 9000, "1" * 10**6, "\0", "\ud800 = 1", "é\u202e = 2",
        "\\", "'''", "\r\r\n",
        "\n".join(" " * n + "if x:" for n in range(90)) + "\n" + " " * 91 + "y"]


def test_what_is_behind_the_limit_is_not_read():
    assert len(units("x = 1\n" * 200_000)) == 3334 and units("# long\n" * 4000 + "x = 1") == []


def test_overlaps_are_the_same_in_blocks(monkeypatch):
    codes = INDEPENDENT | {"anna": ORIGINAL, "ben": DRESSED["lengthened"]}
    whole = similar.pairs("x", codes, least=0.01)
    monkeypatch.setattr(similar, "BLOCK", 40)  # five k-grams at a time
    assert [pair[:3] for pair in similar.pairs("x", codes, least=0.01)] == [pair[:3] for pair in whole] != []
    assert [pair.likeness for pair in similar.pairs("x", codes, least=0.01)] \
        == pytest.approx([pair.likeness for pair in whole])


def test_strange_code_survives():
    start = time.process_time()
    assert found({f"s{n}": code for n, code in enumerate(HUGE)}) == {}
    assert time.process_time() - start < 20


@given(st.text(alphabet="abx =+:()[]\n\t'\"#1.,\\{}", max_size=60))
def test_any_text_has_units(text):
    assert all(unit.signs and 1 <= unit.line <= len(text.splitlines()) for unit in units(text))


def test_200_long_answers_take_bounded_time():
    def answer(seed):
        rng = random.Random(seed)
        return "def f(x):\n" + "\n".join(
            f"    {rng.choice('abcd')} = {rng.choice('abcd')}[{rng.randrange(50)}:{rng.randrange(50)}] "
            f"{rng.choice('+-*/')} g({rng.choice('abcd')}, {rng.randrange(9)}).sum(axis={rng.randrange(4)})"
            for _ in range(60))

    codes = {f"s{n:03}": answer(n) for n in range(200)}
    codes["s007"] = codes["s123"].replace("a", "z")
    start = time.process_time()
    assert [*found(codes)] == [("s007", "s123")]
    assert time.process_time() - start < 20


@pytest.fixture
def graded(tmp_path):
    """Results of four students, two of whom share an answer."""
    codes = [("", ORIGINAL, "x = 1"), ("", "\n" + DRESSED["renamed"], "x = 1"),
             (INDEPENDENT["lists"], INDEPENDENT["four"], "x = 1"), ("", "", "")]
    return written(tmp_path, *(result(name, codes=code) for name, code in zip(("anna", "ben", "carl", "dora"), codes,
                                                                             strict=True)))


def test_the_command_prints_pairs(graded, capsys):
    assert ran(similar, graded.assignment, graded.results) == 0
    out, err = capsys.readouterr()
    head, *lines = out.splitlines()
    assert head == "pooling-2: anna (lines 3-8) and ben (lines 4-9): 1.00 alike"
    assert lines[0].strip() == ORIGINAL.split("\n")[2].strip()
    assert len(lines) == 6 and "1 pairs are alike: a reason to ask, no proof" in err


def test_the_command_writes_a_table(graded, capsys, tmp_path):
    assert ran(similar, graded.assignment, graded.results, "--out", tmp_path / "pairs.csv") == 0
    rows = [*csv.DictReader(io.StringIO((tmp_path / "pairs.csv").read_text("utf-8-sig")))]
    assert [(row["exercise"], row["student"], row["other"], row["likeness"], row["lines"]) for row in rows] \
        == [("pooling-2", "anna", "ben", "1.00", "3-8")]
    assert "patch = image" in rows[0]["alike"] and capsys.readouterr().out == ""


def test_whoever_hands_in_a_solution_of_the_book_copied_from_the_book(tmp_path, capsys):
    book = max(solutions(), key=len)
    files = written(tmp_path, result("anna", codes=("", book, "")), result("ben", codes=("", book, "")))
    assert ran(similar, files.assignment, files.results) == 0
    assert capsys.readouterr() == ("", "0 pairs are alike: a reason to ask, no proof\n")


def test_formulas_and_escape_sequences_in_code_are_harmless(tmp_path, capsys):
    code = ORIGINAL.replace("    rows", "    d = '\x1b[2J' + g(image, kernel, axis=2, k=7)\n    rows")
    files = written(tmp_path, result("anna", codes=("", code, "")), result("ben", codes=("", code, "")))
    ran(similar, files.assignment, files.results)
    assert "\x1b" not in capsys.readouterr().out
    code = "-image[image.shape[0] - 3 * kernel.max(axis=1):, ::2].sum(axis=0, keepdims=True) + np.arange(9)[:, None]"
    files = written(tmp_path, result("anna", codes=("", code, "")), result("ben", codes=("", code, "")))
    ran(similar, files.assignment, files.results, "--out", tmp_path / "pairs.csv")
    assert ",'-image" in (tmp_path / "pairs.csv").read_text("utf8").replace('"', "")


@pytest.mark.parametrize("name", ["given.py", "given.ipynb"])
def test_files_that_everybody_was_given(graded, tmp_path, capsys, name):
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ORIGINAL), nbformat.v4.new_markdown_cell("x")])
    (tmp_path / name).write_text(nbformat.writes(book) if name.endswith("ipynb") else ORIGINAL, "utf8")
    assert ran(similar, graded.assignment, graded.results, "--public", tmp_path / name) == 0
    assert capsys.readouterr().out == ""
    (tmp_path / "broken.ipynb").write_text("{}")
    with pytest.raises(ValueError, match="is no notebook"):
        ran(similar, graded.assignment, graded.results, "--public", tmp_path / "broken.ipynb")


@pytest.mark.parametrize("least", ["0", "-1", "1.1", "nan"])
def test_a_likeness_that_is_none(graded, least):
    with pytest.raises(ValueError, match=f"least is {float(least)}"):
        ran(similar, graded.assignment, graded.results, f"--least={least}")


def test_the_exercises_of_the_helper_are_compared_each_for_itself(tmp_path, capsys):
    files = written(tmp_path, result("anna", codes=(ORIGINAL, "", "")), result("ben", codes=("", ORIGINAL, "")))
    assert ran(similar, files.assignment, files.results) == 0 and len(IDS) == 3
    assert capsys.readouterr().out == ""
