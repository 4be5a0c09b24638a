"""Marks for people, for Canvas and for Moodle: the right number for the right student, or a refusal."""

import csv
import io
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from graded import absent, case, exercise, ran, result, written
from hypothesis import given
from hypothesis import strategies as st

from d2lcnn.grading import export, marks

ROSTER = ("student,name,canvas_id,sis_login_id,section,email,id_number\n"
          "anna,Anna Å,11,al1,A,anna@example.org,007\nben,\"Doe, Ben\",12,bd2,B,ben@example.org,008\n")


@pytest.fixture
def exported(tmp_path, capsys):
    """Write results and a roster, export, and return status, rows and what was said."""

    def exporter(results, *options, roster=ROSTER):
        files = written(tmp_path, *results)
        (tmp_path / "class.csv").write_text(roster, "utf8")
        status = ran(export, files.assignment, files.results, "--roster", tmp_path / "class.csv", *options)
        out, err = capsys.readouterr()
        return status, [*csv.reader(io.StringIO(out, newline=""))], err

    return exporter


def test_the_table_for_people(exported):
    flagged = result("ben", (5, 0, 0.5), notes=["the notebook names 'Eve'"])
    flagged["exercises"][1] |= {"flags": ["calls median"], "why": "more than 10 seconds"}
    status, rows, err = exported([result("anna"), flagged])
    assert (status, err) == (0, "")
    assert rows[0] == ["student", "name", "canvas_id", "sis_login_id", "section", "email", "id_number",
                       "cross-correlation-4", "pooling-2", "cross-correlation-2", "First homework", "of", "state",
                       "why", "flags", "sandbox"]
    assert rows[1][:2] + rows[1][6:] == ["anna", "Anna Å", "007", "5.00", "4.00", "1.00", "10.00", "10", "graded",
                                         "", "", "bubblewrap 0.8.0"]
    assert rows[2][7:] == ["5.00", "0.00", "0.50", "5.50", "10", "graded", "pooling-2: more than 10 seconds",
                           "pooling-2: calls median; the notebook names 'Eve'", "bubblewrap 0.8.0"]


def test_the_file_has_a_mark_for_excel_and_lines_as_rfc_4180_has_them(exported, tmp_path):
    exported([result("anna"), result("ben")], "--out", tmp_path / "marks.csv")
    data = (tmp_path / "marks.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfstudent,") and data.count(b"\r\n") == data.count(b"\n") == 3
    exported([result("anna"), result("ben")], "--to", "canvas", "--out", tmp_path / "canvas.csv")
    assert (tmp_path / "canvas.csv").read_bytes().startswith(b"Student,ID,SIS User ID,SIS Login ID,Section,")


def test_what_canvas_imports(exported):
    status, rows, err = exported([result("anna", (5, 4, 0.125)), result("ben", (0, 0, 0))], "--to", "canvas",
                                 "--column", "Homework 1 (77)", "--scale", "100", "--decimals", "1")
    assert (status, err) == (0, "")
    assert rows == [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Homework 1 (77)"],
                    ["Points Possible", "", "", "", "", "100"],
                    ["Anna Å", "11", "", "al1", "A", "91.3"], ["Doe, Ben", "12", "", "bd2", "B", "0.0"]]


def test_what_moodle_imports(exported):
    status, rows, err = exported([result("anna"), result("ben", (5, 0, 0))], "--to", "moodle")
    assert (status, err) == (0, "")
    assert rows[0] == ["ID number", "First homework", "Feedback: First homework"]
    assert rows[1][:2] == ["007", "10.00"]
    assert rows[2] == ["008", "5.00", "cross-correlation-4: 5 of 5 points, 2 of 2 checks pass; "
                       "pooling-2: 0 of 4 points, 0 of 2 checks pass; "
                       "cross-correlation-2: 0 of 1 points, 0 of 2 checks pass"]


@pytest.mark.parametrize(("header", "first"), [("email", "Email address"), ("username", "Username")])
def test_moodle_knows_students_by_other_columns_too(exported, header, first):
    rows = exported([result("anna")], "--to", "moodle", roster=f"student,{header}\nanna,a@b\n")[1]
    assert rows[0][0] == first and rows[1][0] == "a@b"


@pytest.mark.parametrize(("to", "place", "column"), [("canvas", 3, "sis_login_id"), ("moodle", 0, "id_number")])
def test_without_columns_the_ids_stand_for_them_and_that_is_said(exported, to, place, column):
    status, rows, err = exported([result("anna")], "--to", to, roster="student\nanna\n")
    assert status == 0 and rows[-1][place] == "anna" and column in err


@pytest.mark.parametrize("to", ["csv", "canvas", "moodle"])
def test_who_has_no_mark_is_named_and_gets_none(exported, to):
    roster = "student,canvas_id,id_number\nanna,1,1\nben,2,2\ncarl,3,3\ndora,4,4\n"
    results = [result("anna"), absent("ben"), absent("carl", "unreadable", "no JSON"), result("eve")]
    status, rows, err = exported(results, "--to", to, roster=roster)
    place = {"csv": 6, "canvas": 5, "moodle": 1}[to]
    assert status == 1
    assert [row[place] for row in rows[-4:]] == ["10.00", *["-" if to == "moodle" else ""] * 3]
    assert err.splitlines() == ["no mark, not graded yet: dora", "no mark, nothing handed in: ben",
                                "no mark, nothing readable handed in: carl", "not in the roster, left out: eve"]
    status, rows, err = exported(results, "--to", to, "--zero", roster=roster)
    assert [row[place] for row in rows[-4:]] == ["10.00", "0.00", "0.00", "-" if to == "moodle" else ""]
    assert status == 1 and "ben" not in err and "carl" not in err and "dora" in err
    assert not any("eve" in value for row in rows for value in row)


def test_results_of_two_makings_are_named(exported):
    status, _, err = exported([result("anna"), result("ben", version="f" * 16)])
    assert status == 1 and "another version or secret" in err


def test_marks_without_a_sandbox_are_refused_unless_told(exported):
    loose = [result("anna"), result("ben", sandbox="none")]
    with pytest.raises(ValueError, match=r"without a sandbox: ben: .*--unsafe"):
        exported(loose)
    status, rows, err = exported(loose, "--unsafe")
    assert status == 0 and rows[2][-1] == "none" and "without a sandbox: ben" in err


@pytest.mark.parametrize(("roster", "to", "words"), [
    ("student,canvas_id\nanna,1\nben,1\n", "canvas", "canvas_id '1' belongs to 'anna' and to 'ben'"),
    ("student,sis_login_id\nanna,x\nben,X\n", "canvas", "belongs to 'anna' and to 'ben'"),
    ("student,canvas_id\nanna,1\nben,\n", "canvas", "'ben' has nothing in canvas_id"),
    ("student,canvas_id\nanna,1\nben,b2\n", "canvas", "canvas_id of 'ben' is 'b2', not a number"),
    ("student,sis_login_id\nanna,=1+1\nben,b\n", "canvas", "is '=1[+]1': a spreadsheet"),
    ("student,name,canvas_id\nanna,No Points Possible,1\nben,Ben,2\n", "canvas", "no student's"),
    ("student,email\nanna,a@b\nben,a@b\n", "moodle", "belongs to 'anna' and to 'ben'"),
    ("student,email\nanna,a@b\nben,@b\n", "moodle", "a spreadsheet"),
])
def test_identities_that_would_mix_students_up_are_refused(exported, roster, to, words):
    with pytest.raises(ValueError, match=words):
        exported([result("anna"), result("ben")], "--to", to, roster=roster)


@pytest.mark.parametrize("column", ["Final Grade", "x Current Score", "Section", "ID"])
def test_columns_that_canvas_drops_are_refused(exported, column):
    with pytest.raises(ValueError, match="Canvas reads no marks"):
        exported([result("anna"), result("ben")], "--to", "canvas", "--column", column)


def test_marks_that_moodle_refuses_are_said(exported):
    assert "over 100" in exported([result("anna"), result("ben")], "--to", "moodle", "--scale", "200")[2]


@pytest.mark.parametrize(("options", "words"), [
    (("--scale", "0"), "scale is '0'"), (("--scale", "x"), "scale is 'x'"), (("--scale", "nan"), "scale"),
    (("--scale", "inf"), "scale"), (("--decimals", "-1"), "decimals"), (("--decimals", "7"), "decimals")])
def test_scales_that_are_none(exported, options, words):
    with pytest.raises(ValueError, match=words):
        exported([result("anna"), result("ben")], *options)


@pytest.mark.parametrize(("text", "safe"), [
    ("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'=1"), ("\r\n=1", "'=1"), (" =1", "'=1"), ('x";=1+2', "x\";'=1+2"), ("a,@b", "a,'@b"),
    ("\uff1d1", "'\uff1d1"), ("a\0=b", "a\ufffd=b"),
    ("-5", "-5"), ("+49123", "+49123"), ("1.5", "1.5"), ("-1,5", "-1,5"), ("well-known", "well-known"),
    ("anna@example.org", "anna@example.org"), ("O'Hara", "O'Hara"), ("\ud800", "\ufffd"), ("\u202e1", "<U+202E>1")])
def test_formulas_are_defused_and_nothing_else(text, safe):
    assert export.cell(text) == safe


@given(st.text(alphabet="=+-@\t\r\n\"',;| a1\uff1d", max_size=12))
def test_no_cell_begins_with_a_formula_whatever_separates(text):
    table = export._csv(["x", "y"], [[text, "z"]])
    for mark in ",;\t|":
        for value in (value for row in csv.reader(io.StringIO(table, newline=""), delimiter=mark) for value in row):
            start = value.lstrip(" \"")
            assert not start.startswith((*"=+-@\uff1d",)) or export.NUMBER.fullmatch(start.removesuffix(",z")), value


def test_a_formula_in_any_text_of_a_student_is_defused(exported):
    evil = '=HYPERLINK("http://x.example";"you";@x)'
    bad = result("anna", notes=[evil], why=evil)
    bad["exercises"][0] |= {"flags": [evil], "why": evil}
    rows = exported([bad], roster=f"student,name\nanna,\"{evil.replace(chr(34), chr(34) * 2)}\"\n")[1]
    cells = [value for value in rows[1] if "HYPERLINK" in value]
    assert len(cells) == 3 and not any(value.startswith("=") or ";@" in value for value in cells)


EXACT = {"half-up": lambda x: (x + Fraction(1, 2)).__floor__(), "half-even": round, "down": lambda x: x.__floor__()}


@given(st.decimals(0, 9, places=2), st.integers(9, 30), st.integers(1, 1000), st.integers(0, 4),
       st.sampled_from([*EXACT]))
def test_rounding_is_exact(points, of, full, decimals, how):
    expected = EXACT[how](Fraction(points) * full / of * 10**decimals)
    assert Fraction(export.Scale(of, str(full), decimals, how)(points)) * 10**decimals == expected


def test_binary_fractions_do_not_reach_the_marks(tmp_path):
    files = written(tmp_path, result("anna", (1.005, 0, 0)))
    points = marks.read(files.results, files.read)["anna"]["points"]
    assert points == Decimal("1.005") and str(export.Scale(10)(points)) == "1.01" != f"{1.005:.2f}"


@pytest.mark.parametrize(("change", "words"), [
    ({"assignment": "hw02"}, "its assignment is 'hw02'"), ({"format": 2}, "its format is 2"),
    ({"student": "ben"}, "its student is 'ben'"), ({"points": 11}, "points is 11, of 10"), ({"of": 12}, "its of is 12"),
    ({"points": True}, "points is True"), ({"points": "9"}, "not supported"), ({"points": -1}, "points is -1"),
    ({"exercises": [exercise("pooling-2")]}, "its exercises is"), ({"points": float("nan")}, "NaN is no number"),
    ({"exercises": None}, "iterable"), ({"state": "fine"}, "its state is 'fine'")])
def test_results_that_are_none_are_refused(tmp_path, change, words):
    path = written(tmp_path, result("ben"))
    (path.results / "anna.json").write_text(json.dumps(result("anna") | change), "utf8")
    with pytest.raises(ValueError, match=r"anna\.json is no result of hw01: .*") as error:
        marks.read(path.results, path.read)
    assert words in str(error.value)


def test_half_a_file_and_an_empty_folder_are_refused(tmp_path):
    files = written(tmp_path, result("anna"))
    whole = (files.results / "anna.json").read_text("utf8")
    (files.results / "anna.json").write_text(whole[:100], "utf8")
    with pytest.raises(ValueError, match=r"anna\.json is no result"):
        marks.read(files.results, files.read)
    (files.results / "anna.json").unlink()
    (files.results / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match="no result in"):
        marks.read(files.results, files.read)


def test_a_stopped_exercise_without_cases_is_said_in_the_feedback(exported):
    stopped = result("anna", (0, 4, 1))
    stopped["exercises"][0] |= {"state": "missing", "cases": []}
    stopped["exercises"][1]["cases"] = [case("a", True)]
    feedback = exported([stopped], "--to", "moodle", roster="student\nanna\n")[1][1][2]
    assert "cross-correlation-4: 0 of 5 points, missing; pooling-2: 4 of 4 points, 1 of 1 checks pass;" in feedback
