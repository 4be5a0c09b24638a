"""Short texts in the public domain, shipped with the package, so that they are the same on every machine."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "_data" / "texts"

#: name -> (title, author and year). All are in the public domain.
TEXTS = {
    "gettysburg": ("Gettysburg Address", "Abraham Lincoln, 1863"),
    "quiet_night": ("静夜思", "Li Bai, 8th century"),
    "sonnets": ("Sonnets 18, 73 and 116", "William Shakespeare, 1609"),
}


def text(name: str) -> str:
    """Load one of the short texts that the package carries.

    Parameters
    ----------
    name : str
        A key of ``TEXTS``, which also holds titles and authors.

    Returns
    -------
    str
        Lines end with a newline character.

    Raises
    ------
    ValueError
        Unknown name.

    Examples
    --------
    >>> text("sonnets").splitlines()[0]
    "Shall I compare thee to a summer's day?"
    >>> len(text("quiet_night").split())
    4
    """
    if name not in TEXTS:
        raise ValueError(f"name must be one of {', '.join(TEXTS)}, got {name!r}")
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
