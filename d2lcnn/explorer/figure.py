"""What the figures of the explorer share in a notebook: an element, its still picture and a sentence."""

import base64
import os
from functools import cache
from html import escape
from importlib.resources import files

from rjsmin import jsmin

from d2lcnn.explorer.canvas import Picture, write

# set while notebooks are executed to be stored or compared: then the script stays out of the output
STORED = "D2LCNN_STORED"


@cache
def script(name: str = "conv-lab") -> str:
    """Return one of the two scripts of the explorer, ``"conv-lab"`` or ``"stack-lab"``.

    Each is a classic script that asks for nothing from elsewhere and defines its elements once a page, minified;
    ``stack-lab`` needs ``conv-lab`` before it. The sources hold no template literal inside another one, whose text
    rjsmin would take for code.

    Raises
    ------
    ValueError
        If there is no such script.
    """
    if name not in ("conv-lab", "stack-lab"):
        raise ValueError(f'name must be "conv-lab" or "stack-lab", got {name!r}')
    return jsmin(files("d2lcnn.explorer").joinpath(f"{name}.js").read_text("utf8"))


class Figure:
    """A figure that a notebook shows; subclasses say what stands in it.

    ``problem`` is the sentence that explains an impossible setting, or None.
    """

    tag = "conv-lab"
    scripts = ("conv-lab",)  # what defines the tag
    problem: str | None = None

    def attributes(self) -> dict[str, str]:
        """Return the attributes of the element; those with their usual value are left out."""
        raise NotImplementedError

    def picture(self) -> Picture:
        """Lay out the still picture; ValueError for an impossible setting."""
        raise NotImplementedError

    def title(self) -> str:
        """Name what is shown."""
        raise NotImplementedError

    def described(self) -> str:
        """Say in a sentence what is lit; called only where there is no problem."""
        raise NotImplementedError

    def last(self) -> int:
        """Return the number of the last step."""
        return 0

    def still(self) -> str | None:
        """Return the picture of the first step as SVG; None for an impossible setting."""
        return None if self.problem else write(self.picture(), self.title())

    def alternative(self) -> str:
        """Say in words what the first step shows, or why there is nothing to show."""
        return f"{self.title()}. {self.problem or self.described()}"

    def html(self, *, live: bool) -> str:
        """Return the element with its still picture and sentence inside, and the script if `live`."""
        said = " ".join(f'{key}="{escape(value)}"' for key, value in self.attributes().items())
        words, picture = escape(self.alternative()), ""
        if still := self.still():
            data = base64.b64encode(still.encode()).decode()
            picture = f'<img src="data:image/svg+xml;base64,{data}" alt="{words}">'
        hint = "This figure is interactive in the book, and in a notebook after its cell is run."
        code = "".join(f"<script data-{part}>\n{script(part)}</script>" for part in self.scripts) if live else ""
        return f"<{self.tag} {said}>{picture}<p>{words} {hint}</p></{self.tag}>{code}"

    def widget(self):
        """Return the figure as a live widget, whose state and Python's follow each other.

        Returns
        -------
        anywidget.AnyWidget
            Each parameter is a trait: setting ``lab.s = 2`` moves the figure, and ``lab.s`` is what the reader has
            set. ``lab.answer`` is what the reader predicted last.

        Raises
        ------
        ImportError
            If anywidget is missing: ``pip install "d2lcnn[widget]"``.
        """
        from d2lcnn.explorer.live import live

        return live(self)

    def _repr_html_(self) -> str:
        return self.html(live=STORED not in os.environ)

    def _repr_png_(self) -> bytes | None:
        # for a PDF, which can show neither the element nor, without a converter, SVG
        if STORED not in os.environ or self.problem:
            return None
        from d2lcnn.explorer.raster import draw

        return draw(self.picture(), scale=1.0)

    def __repr__(self) -> str:
        said = ", ".join(f'{key}="{value}"' for key, value in self.attributes().items())
        return f"{type(self).__name__}({said})"
