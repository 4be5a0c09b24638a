"""The texts: all there, plain, and the ones that are meant."""

import pytest

from d2lcnn import data


def test_each_file_has_its_entry_and_each_entry_its_file():
    from d2lcnn.data.texts import FOLDER

    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(data.TEXTS)


def test_the_texts_are_the_ones_that_are_meant():
    address = data.text("gettysburg")
    assert address.startswith("Four score and seven years ago")
    assert address.endswith("shall not perish from the earth.\n")
    assert len(address.replace("--", " ").split()) == 271  # as historians count
    poems = data.text("sonnets").strip().split("\n\n")
    assert [len(poem.splitlines()) for poem in poems] == [14, 14, 14]
    assert [len(line) for line in data.text("quiet_night").split()] == [6, 6, 6, 6]  # five characters and a mark
    assert (address + data.text("sonnets")).isascii()


def test_an_unknown_text():
    with pytest.raises(ValueError, match="name must be one of gettysburg, quiet_night, sonnets, got 'hamlet'"):
        data.text("hamlet")
