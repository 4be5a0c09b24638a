"""`ConvLab`: the interactive figure in a notebook."""

from d2lcnn.explorer.ask import QUESTIONS, numbers, question
from d2lcnn.explorer.boards import steps
from d2lcnn.explorer.core import setting
from d2lcnn.explorer.figure import Figure
from d2lcnn.explorer.linked import describe
from d2lcnn.explorer.stills import Picture, picture
from d2lcnn.explorer.words import at, name, problem


def _rows(numbers) -> str:
    return "/".join(" ".join(f"{float(v):g}" for v in row) for row in numbers)


class ConvLab(Figure):
    """Show a convolution that can be touched: step through it, change its sizes and its numbers.

    Parameters
    ----------
    mode : {"conv", "transposed", "max", "avg"}
    i, k, s, p, d, output_padding : int or (rows, columns)
        Sizes as in `d2lcnn.explorer.core.setting`; s defaults to 1, for pooling to k. An impossible setting is
        explained in a sentence.
    view : {"stamp", "zeros", "matrix", "im2col", "both", "three", "backward"}
        What is drawn besides the window, or how; see `d2lcnn.explorer.core.setting`.
    x, w, g : nested sequences of numbers, optional
        Input, kernel and, for the view "backward", output gradient; elsewhere stand the usual numbers.
    pos : int
        The step that is shown first.
    count : bool
        Begin with the number of products at each cell instead of values.
    presets : bool
        Offer the nineteen cases of the guide.
    predict : {"size", "reads", "feeds", "value"}, optional
        Ask before the answer is shown: the output size, the inputs that output `pos` reads, the outputs that input
        `pos` feeds, the value of output `pos` (in the view "backward": dX at input `pos`).

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
        g=None,
        pos=0,
        count=False,
        presets=False,
        predict=None,
    ):
        if predict is not None and predict not in QUESTIONS:
            raise ValueError(f"predict must be one of {', '.join(QUESTIONS)}, got {predict!r}")
        self.setting = setting(mode, i, k, s, p, d, output_padding, view)
        self.x, self.w, self.g, self.pos, self.count = x, w, g, pos, count
        self.presets, self.predict = presets, predict
        self.problem = problem(self.setting)
        if self.problem is None:
            at(self.setting, pos, predict)

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
        for key, given in (("x", self.x), ("w", self.w), ("g", self.g)):
            if given is not None:
                found[key] = _rows(given)
        if self.pos:
            found["pos"] = str(self.pos)
        if self.predict:
            found["predict"] = self.predict
        return found | {key: "" for key in ("count", "presets") if getattr(self, key)}

    def last(self) -> int:
        """Return the number of the last step."""
        rows, columns = steps(self.setting, self.predict)[1]
        return rows * columns - 1

    def picture(self) -> Picture:
        """Lay out the first step."""
        given = dict(x=self.x, w=self.w, g=self.g, count=self.count, predict=self.predict)
        return picture(self.setting, self.pos, **given)

    def title(self) -> str:
        """Name the operation and its sizes."""
        return name(self.setting)

    def described(self) -> str:
        """Say in a sentence what the first step lights, or what is asked."""
        if self.predict:
            return question(self.setting, self.predict, self.pos)
        return describe(self.setting, *numbers(self.setting, self.x, self.w, self.g), *at(self.setting, self.pos))
