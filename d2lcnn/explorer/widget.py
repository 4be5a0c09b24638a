"""`ConvLab`: the interactive figure in a notebook."""

import base64
import os
from functools import cache
from html import escape
from importlib.resources import files

from d2lcnn.explorer.cases import INPUT, KERNEL, tiled
from d2lcnn.explorer.core import setting
from d2lcnn.explorer.stills import svg
from d2lcnn.explorer.words import at, name, problem, sentence

# set while notebooks are executed to be stored or compared: then the script stays out of the output
STORED = "D2LCNN_STORED"


@cache
def script() -> str:
    """Return ``conv-lab.js``: one classic script that defines the element ``<conv-lab>`` once a page."""
    return files("d2lcnn.explorer").joinpath("conv-lab.js").read_text("utf8")


def _rows(numbers) -> str:
    return "/".join(" ".join(f"{float(v):g}" for v in row) for row in numbers)


class ConvLab:
    """Show a convolution that can be touched: step through it, change its sizes and its numbers.

    Parameters
    ----------
    mode : {"conv", "transposed", "max", "avg"}
    i, k, s, p, d, output_padding : int or (rows, columns)
        Sizes as in `d2lcnn.explorer.core.setting`; s defaults to 1, for pooling to k. An impossible setting is
        explained in a sentence.
    view : {"stamp", "zeros"}
        How a transposed convolution is drawn.
    x, w : nested sequences of numbers, optional
        Input and kernel; elsewhere stand the numbers of the guide's example.
    pos : int
        The step that is shown first.
    count : bool
        Begin with the number of products at each cell instead of values.
    presets : bool
        Offer the nineteen cases of the guide.

    Raises
    ------
    ValueError, TypeError
        If an argument is unknown, no whole number, or beyond the last step.

    Notes
    -----
    The output holds the element, a still picture of it and a sentence. The script comes along only in a live session;
    stored notebooks are executed with ``D2LCNN_STORED`` set, and the book loads the script once a page.

    Examples
    --------
    >>> ConvLab(i=5, k=3, s=2, p=1)
    ConvLab(mode="conv", i="5", k="3", s="2", p="1")
    """

    def __init__(
        self,
        mode="conv",
        i=5,
        k=3,
        s=None,
        p=0,
        d=1,
        output_padding=0,
        *,
        view="stamp",
        x=None,
        w=None,
        pos=0,
        count=False,
        presets=False,
    ):
        self.setting = setting(mode, i, k, s, p, d, output_padding, view)
        self.x, self.w, self.pos, self.count, self.presets = x, w, pos, count, presets
        self.problem = problem(self.setting)
        if self.problem is None:
            at(self.setting, pos)

    def attributes(self) -> dict[str, str]:
        """Return the attributes of the element; those with their usual value are left out."""
        one = self.setting
        found = {"mode": one.mode}
        for key, usual in (
            ("i", None),
            ("k", None),
            ("s", None),
            ("p", None),
            ("d", (1, 1)),
            ("output_padding", (0, 0)),
        ):
            pair = getattr(one, key)
            if pair != usual:
                found[key.replace("_", "-")] = str(pair[0]) if pair[0] == pair[1] else f"{pair[0]},{pair[1]}"
        if one.view != "stamp":
            found["view"] = one.view
        for key, numbers in (("x", self.x), ("w", self.w)):
            if numbers is not None:
                found[key] = _rows(numbers)
        if self.pos:
            found["pos"] = str(self.pos)
        return found | {key: "" for key in ("count", "presets") if getattr(self, key)}

    def still(self) -> str | None:
        """Return the picture of the first step as SVG; None for an impossible setting."""
        if self.problem:
            return None
        return svg(self.setting, self.pos, x=self.x, w=self.w, count=self.count)

    def alternative(self) -> str:
        """Say in words what the first step shows, or why there is nothing to show."""
        if self.problem:
            return f"{name(self.setting)}. {self.problem}"
        x, w = tiled(INPUT, self.setting.i, self.x), None
        if self.setting.mode not in ("max", "avg"):
            w = tiled(KERNEL, self.setting.k, self.w)
        return f"{name(self.setting)}. {sentence(self.setting, x, w, *at(self.setting, self.pos))}"

    def html(self, *, live: bool) -> str:
        """Return the element with its still picture and sentence inside, and the script if `live`."""
        said = " ".join(f'{key}="{escape(value)}"' for key, value in self.attributes().items())
        words, picture = escape(self.alternative()), ""
        if still := self.still():
            data = base64.b64encode(still.encode()).decode()
            picture = f'<img src="data:image/svg+xml;base64,{data}" alt="{words}">'
        hint = "This figure is interactive in the book, and in a notebook after its cell is run."
        code = f"<script data-conv-lab>\n{script()}</script>" if live else ""
        return f"<conv-lab {said}>{picture}<p>{words} {hint}</p></conv-lab>{code}"

    def _repr_html_(self) -> str:
        return self.html(live=STORED not in os.environ)

    def _repr_png_(self) -> bytes | None:
        # for a PDF, which can show neither the element nor, without a converter, SVG
        if STORED not in os.environ or self.problem:
            return None
        from d2lcnn.explorer.raster import png

        return png(self.setting, self.pos, x=self.x, w=self.w, count=self.count, scale=1.0)

    def __repr__(self) -> str:
        return f"ConvLab({', '.join(f'{key}={chr(34)}{value}{chr(34)}' for key, value in self.attributes().items())})"
