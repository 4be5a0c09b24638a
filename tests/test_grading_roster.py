"""Rosters: what spreadsheets save is read, and what could mix students up is refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d2lcnn.grading import roster

CLASS = "student,name,email\nanna,Anna Å,anna@example.org\nben-2,Ben,ben@example.org\n"


@pytest.fixture
def read(tmp_path):
    """Write a roster, read it, and return it with what was said."""

    def reader(data):
        path = tmp_path / "class.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        said = []
        return roster.read(path, said.append), said

    return reader


WANTED = {"anna": {"student": "anna", "name": "Anna Å", "email": "anna@example.org"},
          "ben-2": {"student": "ben-2", "name": "Ben", "email": "ben@example.org"}}


@pytest.mark.parametrize("data", [
    CLASS, "\ufeff" + CLASS, CLASS.replace(",", ";"), CLASS.replace(",", "\t"), CLASS.replace("\n", "\r\n"),
    CLASS.replace("\n", "\r"), "sep=;\r\n" + CLASS.replace(",", ";"), CLASS.replace("\n", ",,\n"),
    CLASS + "\n,,\n \n", '"student","name","email"\n"anna","Anna Å","anna@example.org"\nben-2, Ben ,ben@example.org',
    CLASS.replace(",", " , "), CLASS.replace("Ben,", "\x85Ben\u2028,"),
], ids=["plain", "mark", "semicolons", "tabs", "crlf", "cr", "sep", "empty columns", "empty lines", "quotes", "spaces",
        "no line ends"])
def test_what_spreadsheets_save_is_read(read, data):
    found, said = read(data)
    assert found == WANTED and [*found] == ["anna", "ben-2"] and said == []


def test_cp1252_is_read_and_said(read):
    found, said = read(CLASS.replace("Anna", "Zoë").encode("cp1252"))
    assert found["anna"]["name"] == "Zoë Å"
    assert len(said) == 1 and "cp1252" in said[0] and "'Zoë Å' in line 2" in said[0]


@pytest.mark.parametrize(("data", "words"), [
    ("", "nothing in it"), ("\n\n", "nothing in it"), ("student\n", "no student below"),
    ("Student,ID\nanna,1\n", "no column is named 'student'"), ("student,,x\nanna,1,2\n", "column 2 has no name"),
    ("student,x,x\nanna,1,2\n", "names 'x' twice"), ("student,x\nanna,1,2\n", "line 2 has 3 cells and the header 2"),
    ("student,x\nanna,1\n\nben\n", "line 4 has 1 cells"), ("student,x\n,1\n", "line 2: an id is empty"),
    ("student\nanna\n\nanna\n", "line 4: the id 'anna' stands in line 2"),
    ("student\nanna\nAnna\n", "line 3: the id 'Anna' is too much like 'anna' in line 2"),
    ("student\ne\u0301va\n\u00e9va\n", "stands in line 2"),
    ("student\nstrasse\nstra\u00dfe\n", "too much like 'strasse'"),
    ("student\n\uff41nna\nanna\n", "too much like"), ("student\n../x\n", "begins with '.'"),
    ("student\na/b\n", "has '/' in it"), ("student\na\\b\n", "has '\\\\' in it"), ("student\n-rf\n", "begins with '-'"),
    ("student\na b\n", "has ' ' in it"), ("student\na\u202eb\n", "in it"), ("student\na.\n", "Windows"),
    ("student\nNUL\n", "Windows"), ("student\ncom1.x\n", "Windows"), (f"student\n{'a' * 65}\n", "has 65 characters"),
    (f"student\n{chr(0x20000) * 60}\n", "has 60 characters"), ('student,x\n"anna,1\n', "no CSV"),
    (b"PK\3\4", "workbook"), ("student\nanna\n".encode("utf-16"), "UTF-16"), (b"student\nan\0na\n", "line 2 has a NUL"),
    (b"student,x\nanna,\x81\n", "byte 0x81 in line 2"),
])
def test_what_could_mix_students_up_is_refused(read, data, words):
    with pytest.raises(ValueError, match=r"class\.csv") as error:
        read(data)
    assert words in str(error.value)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        roster.read(tmp_path / "none.csv")


def test_cp1252_is_said_on_stderr(tmp_path, capsys):
    (tmp_path / "c.csv").write_bytes("student,name\nanna,Zoë\n".encode("cp1252"))
    roster.read(tmp_path / "c.csv")
    out, err = capsys.readouterr()
    assert out == "" and "cp1252" in err


@given(st.text(max_size=70))
def test_an_id_that_is_taken_is_a_safe_name(text):
    try:
        name = roster.identity(text)
    except ValueError:
        return
    assert roster.identity(name) == name == unicodedata.normalize("NFC", name)
    assert 0 < len(name.encode()) <= 200 and not {*name} & {*'/\\:*?"<>|\0 '} and name[0] not in ".-"


@given(st.text(alphabet="aAéE\u0301ßsSＡİi\u0307", min_size=1, max_size=5))
def test_what_file_systems_mix_up_is_alike(name):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert roster.likeness(unicodedata.normalize(form, name)) == roster.likeness(name)
    assert roster.likeness(name.casefold()) == roster.likeness(name)
