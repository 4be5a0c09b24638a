"""What Python and the page both know, each fact once: the JSON files beside the scripts.

Limits, usual values, views, cases, formulas and sentences. A text is a pair, English and Chinese; ``$0``, ``$1`` ...
stand for what is put in, ``@`` for "row $0, column $1". `figures.script` puts the files into the scripts.
"""

import json
import re
from collections.abc import Callable
from importlib.resources import files

PAGE = files("d2lcnn.explorer") / "page"


def read(name: str) -> dict:
    """Read the facts of a script, ``"conv-lab"`` or ``"stack-lab"``."""
    return json.loads((PAGE / f"{name}.json").read_text("utf8"))


CONV, STACK = read("conv-lab"), read("stack-lab")


def fill(text: str, *values) -> str:
    """Put values into a text.

    Examples
    --------
    >>> fill("$1 before $0", "b", "a")
    'a before b'
    """
    return re.sub(r"\$(\d)", lambda found: str(values[int(found[1])]), text)


def speaker(facts: dict) -> Callable[..., str]:
    """Return a function that says one of the sentences in English: its name, then what is put in.

    Examples
    --------
    >>> speaker(CONV)("sNever", 0, 2)
    'Input row 0, column 2 is never read.'
    """
    place = CONV["texts"]["rc"][0]
    return lambda name, *values: fill(facts["texts"][name][0].replace("@", place), *values)
